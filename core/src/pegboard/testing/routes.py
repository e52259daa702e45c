"""An application that ends in every way that a request or a WebSocket can end.

It is what the boards of the kit serve unless told otherwise, and what the conformance suite walks through.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from anyio.lowlevel import checkpoint

from pegboard.background import BackgroundTask
from pegboard.exceptions import HTTPException
from pegboard.file_responses import FileResponse
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import BaseRoute, Mount, Route, WebSocketRoute
from pegboard.testing.strict import StrictASGI
from pegboard.types import Message, Receive, Scope, Send
from pegboard.websockets import WebSocket, WebSocketDisconnect

__all__ = ["EXCEPTION_HANDLERS", "TEXT", "ExampleError", "HandledError", "example_routes", "foreign_app"]

TEXT = "hello, " * 300
"""The body of ``/text``: long enough to be worth compressing."""


class ExampleError(Exception):
    """Nobody handles it."""


class HandledError(Exception):
    """`EXCEPTION_HANDLERS` answer it."""


async def hello(request: Request) -> str:
    """Answer with one word."""
    return "hello"


async def text(request: Request) -> PlainTextResponse:
    """Answer with two kilobytes."""
    return PlainTextResponse(TEXT)


def in_thread(request: Request) -> str:
    """Answer from a worker thread."""
    return "hello"


async def json(request: Request) -> dict[str, Any]:
    """Answer with JSON."""
    return {"hello": "world"}


async def empty(request: Request) -> Response:
    """Answer without a body."""
    return Response(status_code=204)


async def echo(request: Request) -> bytes:
    """Answer with what was sent."""
    return await request.body()


async def _pieces() -> AsyncIterator[bytes]:
    for piece in (b"a", b"b", b"c"):
        await checkpoint()
        yield piece


async def stream(request: Request) -> StreamingResponse:
    """Answer in three pieces."""
    return StreamingResponse(_pieces(), media_type="text/plain")


async def failing_stream(request: Request) -> StreamingResponse:
    """Begin an answer, and fail."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        raise ExampleError("the stream failed")

    return StreamingResponse(pieces())


async def waiting_stream(request: Request) -> StreamingResponse:
    """Begin an answer, and go on until the client leaves or the server stops."""

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            await checkpoint()
            yield b"a"

    return StreamingResponse(pieces())


async def file(request: Request) -> FileResponse:
    """Answer with this file."""
    return FileResponse(Path(__file__))


async def teapot(request: Request) -> None:
    """Refuse with 418."""
    raise HTTPException(418, headers={"x-tea": "none"})


async def handled(request: Request) -> None:
    """Fail with what a handler answers."""
    raise HandledError("expected")


async def fail(request: Request) -> None:
    """Fail with what nobody handles."""
    raise ExampleError("the endpoint failed")


async def wait(request: Request) -> None:
    """Wait for the client to leave."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def background(request: Request) -> PlainTextResponse:
    """Answer, and have something left to do."""
    return PlainTextResponse("hello", background=BackgroundTask(checkpoint))


async def answer_handled(request: Request, exc: Exception) -> PlainTextResponse:
    """Answer `HandledError`."""
    return PlainTextResponse("handled", status_code=409)


EXCEPTION_HANDLERS: Mapping[int | type[Exception], Any] = {HandledError: answer_handled}
"""The handlers that belong to the routes."""


async def foreign_app(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application that knows nothing of boards: the last segment of the path says what it does.

    ``whole``, ``stream``, ``fails``, ``midway`` (fails after it began), ``echo`` (answers with what it is sent).
    """
    act = scope["path"].rpartition("/")[2]
    headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    if act == "fails":
        raise ExampleError("the application failed")
    body = await _read(receive) if act == "echo" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if act == "midway":
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise ExampleError("the application failed")
    if act == "stream":
        for piece in (b"a", b"b", b"c"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message: Message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def ws_echo(websocket: WebSocket) -> None:
    """Send back what comes, until the client leaves."""
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(await websocket.receive_text())


async def ws_close(websocket: WebSocket) -> None:
    """Accept, say one word, close."""
    await websocket.accept()
    await websocket.send_bytes(b"bye")
    await websocket.close(4000)


async def ws_deny(websocket: WebSocket) -> None:
    """Close before the handshake is accepted."""
    await websocket.close()


async def ws_refuse(websocket: WebSocket) -> None:
    """Refuse with a response, where the server can send one."""
    raise HTTPException(403)


async def ws_fail(websocket: WebSocket) -> None:
    """Accept, and fail."""
    await websocket.accept()
    raise ExampleError("the endpoint failed")


def example_routes() -> list[BaseRoute]:
    """The routes, new ones each time."""
    endpoints = {
        "/": hello,
        "/text": text,
        "/thread": in_thread,
        "/json": json,
        "/empty": empty,
        "/stream": stream,
        "/stream/fails": failing_stream,
        "/stream/waits": waiting_stream,
        "/file": file,
        "/teapot": teapot,
        "/handled": handled,
        "/fail": fail,
        "/wait": wait,
        "/background": background,
    }
    sockets = {"/ws": ws_echo, "/ws/close": ws_close, "/ws/deny": ws_deny, "/ws/refuse": ws_refuse, "/ws/fail": ws_fail}
    return [
        *(Route(path, endpoint) for path, endpoint in endpoints.items()),
        Route("/echo", echo, methods=["POST"], max_body_size=1000),
        Route("/slash/", hello),
        Mount("/inner", routes=[Route("/", hello), Route("/fail", fail)]),
        Mount("/foreign", app=StrictASGI(foreign_app)),
        *(WebSocketRoute(path, endpoint) for path, endpoint in sockets.items()),
    ]
