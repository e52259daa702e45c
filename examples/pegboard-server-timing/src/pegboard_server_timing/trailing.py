"""Trailers: the one way to tell what is known only when the last byte is out (RFC 9110, section 6.5).

They are sent only where nobody is surprised: the server offers the extension, the client says ``TE: trailers``, and the
response has content and, before HTTP/2, no Content-Length, which leaves no room for trailers.
"""

from __future__ import annotations

from collections.abc import Iterable

from pegboard.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SEND", "Trailing", "may_trail"]

SEND = "pegboard_server_timing.send_trailers"
"""The key of the scope under which a response that waits for its trailers has the function that sends them."""

BODILESS = (204, 304)


class Trailing:
    """ASGI middleware that announces a trailer, and leaves it to a hook to send it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if not _is_wanted(scope):
            await self.app(scope, receive, send)
            return

        async def announce(message: Message) -> None:
            if message["type"] == "http.response.start" and may_trail(scope, message):
                headers = [*message.get("headers", ()), (b"trailer", b"server-timing")]
                message = {**message, "headers": headers, "trailers": True}
                scope[SEND] = send
            await send(message)

        await self.app(scope, receive, announce)


def may_trail(scope: Scope, start: Message) -> bool:
    """Whether this response can have a trailer of ours: with content, and no trailers of its own."""
    if start.get("trailers") or start["status"] in BODILESS or scope["method"] == "HEAD":
        return False
    return scope["http_version"] >= "2" or not _has(start.get("headers", ()), b"content-length")


def _is_wanted(scope: Scope) -> bool:
    if scope["type"] != "http" or "http.response.trailers" not in (scope.get("extensions") or {}):
        return False
    values = b",".join(value for name, value in scope["headers"] if name == b"te")
    return b"trailers" in (part.strip().lower() for part in values.split(b","))


def _has(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bool:
    return any(bytes(name).lower() == wanted for name, _ in headers)
