"""Every way in which a request, a WebSocket or a board's life ends, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pegboard.testing.faults import NO_FAULTS, Faults

__all__ = ["EXIT_PATHS", "PLAIN_PATHS", "WEBSOCKETS", "ExitPath"]


@dataclass(frozen=True, slots=True)
class ExitPath:
    """One conversation with the routes of `pegboard.testing.example_routes`; ``incoming`` makes it a WebSocket."""

    name: str
    path: str = "/"
    method: str = "GET"
    chunks: Sequence[bytes] = (b"",)
    faults: Faults = NO_FAULTS
    incoming: Sequence[str] | None = None
    extensions: Sequence[str] = ()

    def __str__(self) -> str:
        return self.name


PLAIN_PATHS: tuple[ExitPath, ...] = (
    ExitPath("answer"),
    ExitPath("long-answer", "/text"),
    ExitPath("answer-from-a-thread", "/thread"),
    ExitPath("json", "/json"),
    ExitPath("no-content", "/empty"),
    ExitPath("head", method="HEAD"),
    ExitPath("head-of-a-stream", "/stream", "HEAD"),
    ExitPath("body-read", "/echo", "POST", (b"he", b"llo")),
    ExitPath("not-found-404", "/nowhere"),
    ExitPath("not-allowed-405", "/", "DELETE"),
    ExitPath("options", "/", "OPTIONS"),
    ExitPath("redirect", "/slash"),
    ExitPath("too-large-413", "/echo", "POST", (b"x" * 600, b"x" * 600)),
    ExitPath("http-exception", "/teapot"),
    ExitPath("handled-exception", "/handled"),
    ExitPath("unhandled-exception-500", "/fail"),
    ExitPath("below-a-mount", "/inner/"),
    ExitPath("500-below-a-mount", "/inner/fail"),
    ExitPath("stream", "/stream"),
    ExitPath("stream-fails", "/stream/fails"),
    ExitPath("file", "/file"),
    ExitPath("file-by-the-server", "/file", extensions=("http.response.pathsend",)),
    ExitPath("background-task", "/background"),
    ExitPath("foreign-app", "/foreign/whole"),
    ExitPath("foreign-app-streams", "/foreign/stream"),
    ExitPath("foreign-app-reads", "/foreign/echo", "POST", (b"he", b"llo")),
    ExitPath("foreign-app-fails", "/foreign/fails"),
    ExitPath("foreign-app-fails-midway", "/foreign/midway"),
    ExitPath("early-answer-of-another-plugin", "/company/answers"),
    ExitPath("another-plugin-fails", "/company/fails"),
    ExitPath("error-answered-by-another-plugin", "/fail?company=answers"),
    ExitPath("response-replaced-by-another-plugin", "/?company=replaces"),
    ExitPath("stream-replaced-by-another-plugin", "/stream?company=replaces"),
    ExitPath("foreign-app-replaced-by-another-plugin", "/foreign/stream?company=replaces"),
    ExitPath("response-hook-of-another-plugin-fails", "/?company=fails"),
    ExitPath("response-hook-of-another-plugin-fails-on-a-stream", "/stream?company=fails"),
)
"""Requests that nothing disturbs."""


def _disturbed() -> Iterator[ExitPath]:
    """Clients that leave, servers that fail, requests that are cancelled: at each message of several answers."""
    for kind, path, messages in (("answer", "/", 2), ("stream", "/stream", 5), ("foreign-app", "/foreign/stream", 5)):
        for number in range(messages):
            yield ExitPath(f"{kind}-gone-after-{number}", path, faults=Faults(leave_after=number))
            yield ExitPath(f"{kind}-send-fails-at-{number + 1}", path, faults=Faults(fail_send=number + 1))
            yield ExitPath(f"{kind}-cancelled-at-{number + 1}", path, faults=Faults(cancel_at=number + 1))
    yield ExitPath("endless-stream-gone", "/stream/waits", faults=Faults(leave_after=3))
    yield ExitPath("endless-stream-gone-politely", "/stream/waits", faults=Faults(leave_after=3, polite=True))
    yield ExitPath("error-gone", "/fail", faults=Faults(leave_after=0))
    yield ExitPath("gone-while-sending", "/echo", "POST", (b"he",), Faults(leave_after=0, incomplete=True))
    yield ExitPath("gone-while-waiting", "/wait", faults=Faults(leave_after=0))
    yield ExitPath("cancelled-while-waiting", "/wait", faults=Faults(cancel_at=0))


_DENIAL = ("websocket.http.response",)

WEBSOCKETS: tuple[ExitPath, ...] = (
    ExitPath("websocket-client-leaves", "/ws", incoming=("a", "b")),
    ExitPath("websocket-closed", "/ws/close", incoming=()),
    ExitPath("websocket-denied", "/ws/deny", incoming=()),
    ExitPath("websocket-denied-by-another-plugin", "/ws?company=denies", incoming=()),
    ExitPath("websocket-refused-by-a-response", "/ws/refuse", incoming=(), extensions=_DENIAL),
    ExitPath("websocket-refused-by-a-close", "/ws/refuse", incoming=()),
    ExitPath("websocket-not-found", "/ws/nowhere", incoming=(), extensions=_DENIAL),
    ExitPath("websocket-fails", "/ws/fail", incoming=()),
    ExitPath("websocket-gone-at-once", "/ws", incoming=("a",), faults=Faults(leave_after=1)),
    ExitPath("websocket-send-fails", "/ws", incoming=("a",), faults=Faults(fail_send=2)),
    ExitPath("websocket-cancelled", "/ws", incoming=("a",), faults=Faults(cancel_at=2)),
)

EXIT_PATHS: tuple[ExitPath, ...] = (*PLAIN_PATHS, *_disturbed(), *WEBSOCKETS)
"""All of them."""
