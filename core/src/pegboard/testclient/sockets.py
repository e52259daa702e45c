"""One WebSocket served by an application, seen from the server's side: no threads, and nothing sent anywhere.

The application runs in a task of its own; the client awaits `connect`, `put`, `get` and `finish`. What the application
sends is kept until the client asks for it, up to a limit; what the client sends, until the application asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from anyio import BrokenResourceError, ClosedResourceError, EndOfStream
from anyio import create_memory_object_stream as create_buffer
from anyio.lowlevel import checkpoint

from pegboard.asgi_checks import WebSocketChecker
from pegboard.asgi_checks.fields import fail
from pegboard.testclient.library import httpx
from pegboard.testclient.running import Run
from pegboard.testclient.server import Server
from pegboard.testclient.waiting import ClientLeft, within
from pegboard.types import Message, RawHeaders, Scope
from pegboard.websockets import WebSocketDisconnect

__all__ = ["Socket", "WebSocketDenialResponse", "handshake", "taking_cookies"]

KEPT = 1024
"""Messages that the application may be ahead of the client."""


class WebSocketDenialResponse(httpx.Response, WebSocketDisconnect):  # type: ignore[misc]
    """The HTTP response with which an application has refused a WebSocket: a response that is raised."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        WebSocketDisconnect.__init__(self, 1006, "the handshake was refused with an HTTP response")
        httpx.Response.__init__(self, *args, **kwargs)


def handshake(
    client: Any, url: str, subprotocols: Sequence[str] | None, headers: Any, options: Mapping[str, Any]
) -> httpx.Request:
    """The request that asks for a WebSocket (RFC 6455 section 4.1), with what ``client`` adds to all its requests."""
    fields = httpx.Headers(headers)
    for name, value in _HANDSHAKE.items():
        fields.setdefault(name, value)
    if subprotocols is not None:
        fields.setdefault("sec-websocket-protocol", ", ".join(subprotocols))
    request: httpx.Request = client.build_request("GET", url, headers=fields, **options)
    return request


def taking_cookies(client: Any, request: httpx.Request) -> Callable[[RawHeaders], None]:
    """A function that gives ``client`` the cookies in the headers of the answer to a handshake."""

    def take(headers: RawHeaders) -> None:
        client.cookies.extract_cookies(httpx.Response(101, headers=headers, request=request))

    return take


class Socket(Run):
    """One WebSocket."""

    def __init__(self, server: Server, scope: Scope) -> None:
        super().__init__(server, WebSocketChecker(scope))
        self.close_code = 1006
        self.close_reason = ""
        self._told = False
        self._from_client, self._inbox = create_buffer[Message](math.inf)
        self._from_app, self._outbox = create_buffer[Message](KEPT)
        self._from_client.send_nowait({"type": "websocket.connect"})

    # The application's side

    async def receive(self) -> Message:
        """The next message for the application."""
        if self._told:
            self.check(fail, "receive() after 'websocket.disconnect'", "no more calls", "one")
        message = await self._inbox.receive()
        self._told = message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Take a message from the application."""
        self.check(self.checker.sent, message)
        await checkpoint()
        if not self.gone:
            try:
                await self._from_app.send(message)
            except (BrokenResourceError, ClosedResourceError):
                self.gone = True
            else:
                self._end_if_complete(message)
        if self.gone and self.server.raises_on_send:
            raise ClientLeft(f"{message['type']!r} was not sent: the client has left")

    def _end_if_complete(self, message: Message) -> None:
        if self.checker.complete:
            self.complete = True
            code = message.get("code", 1000) if message["type"] == "websocket.close" else 1006
            self._tell(code, message.get("reason") or "")

    def answer_500(self) -> None:
        """Answer for an application that failed before it did, as servers do."""
        if self.checker.state == "connecting" and not self.gone:
            start = {"status": 500, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
            self._from_app.send_nowait({"type": "websocket.http.response.start", **start})
            self._from_app.send_nowait({"type": "websocket.http.response.body", "body": b"Internal Server Error"})

    async def wind_up(self) -> None:
        """Free what the application, which has ended, may have been using."""
        self._from_app.close()
        self._inbox.close()

    # The client's side

    async def connect(self, limit: float | None) -> Message:
        """Wait until the handshake is accepted; gives the message that accepts it.

        Raises WebSocketDisconnect or WebSocketDenialResponse when it is refused, and what else went wrong.
        """
        try:
            message = await self.get(limit)
        except TimeoutError:
            self.cancel()
            raise
        if message["type"] == "websocket.close":
            raise self.closed(message)
        if message["type"] == "websocket.http.response.start":
            raise await self._denial(message, limit)
        return message

    async def put(self, message: Message) -> None:
        """Send a message to the application. Raises RuntimeError once this end is closed."""
        if self.gone:
            raise RuntimeError("this WebSocket was closed by the client; nothing can be sent on it any more")
        if not self.complete and not self.finished.is_set():
            await self._from_client.send(message)

    async def get(self, limit: float | None) -> Message:
        """The next message of the application, its close included.

        Raises what went wrong, WebSocketDisconnect when no more can come, TimeoutError after ``limit`` seconds.
        """
        try:
            return await within(limit, self._outbox.receive, lambda: self._timeout(limit))
        except (EndOfStream, ClosedResourceError):
            if self.finished.is_set():
                self.raise_failure()
            raise WebSocketDisconnect(self.close_code, self.close_reason) from None

    def closed(self, message: Message) -> WebSocketDisconnect:
        """The exception for a close that the application has sent."""
        self.close_code = message.get("code", 1000)
        self.close_reason = message.get("reason") or ""
        return WebSocketDisconnect(self.close_code, self.close_reason)

    def disconnect(self, code: int, reason: str) -> None:
        """Close this end, if it is open."""
        if not self.gone and not self.complete:
            self.gone = True
            self.close_code, self.close_reason = code, reason
            self._tell(code, reason)

    def hang_up(self) -> None:
        """Be gone for the application."""
        self.disconnect(1006, "")
        self._outbox.close()
        self._from_client.close()

    def _tell(self, code: int, reason: str) -> None:
        if not self.finished.is_set():
            self._from_client.send_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    async def _denial(self, message: Message, limit: float | None) -> WebSocketDenialResponse:
        pieces: list[bytes] = []
        more = True
        while more:
            part = await self.get(limit)
            pieces.append(part.get("body", b""))
            more = part.get("more_body", False)
        headers = [(name, value) for name, value in message.get("headers", ())]
        return WebSocketDenialResponse(message["status"], headers=headers, content=b"".join(pieces))

    def _timeout(self, limit: float | None) -> TimeoutError:
        waited = "the handshake" if self.checker.state == "connecting" else "a message"
        return TimeoutError(
            f"{self.described}: waited {limit:g} seconds for {waited} of the application, which stands "
            f"at {self.checker.state!r}. Give a longer `timeout` where that is expected, or None for no limit"
        )


_HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-key": "dGVzdCBjbGllbnQgbm9uY2U=",
    "sec-websocket-version": "13",
}
