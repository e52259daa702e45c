"""Starlette, as it comes, and with a JSON response that uses msgspec.

Its documentation names a JSONResponse of one's own as the way to another encoder ("Custom JSON serialization"); the
second peer takes that way, with the very encoder that Pegboard uses. It stands only where JSON is encoded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

__all__ = ["PEER", "WITH_MSGSPEC", "file", "plain"]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


class MsgspecResponse(JSONResponse):
    """JSON encoded by msgspec."""

    def render(self, content: Any) -> bytes:
        return encode(content)


async def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse(PLAIN)


def typed(respond: type[JSONResponse]) -> App:
    async def endpoint(request: Request) -> JSONResponse:
        return respond({"item_id": request.path_params["item_id"], "q": request.query_params["q"]})

    return Starlette(routes=[Route("/items/{item_id:int}", endpoint)])


def echo() -> App:
    async def endpoint(request: Request) -> JSONResponse:
        return JSONResponse(await request.json())

    return Starlette(routes=[Route("/", endpoint, methods=["POST"])])


def echo_with_msgspec() -> App:
    async def endpoint(request: Request) -> JSONResponse:
        return MsgspecResponse(decode(await request.body()))

    return Starlette(routes=[Route("/", endpoint, methods=["POST"])])


def json_10k(respond: type[JSONResponse]) -> App:
    payload = records(10_000)

    async def endpoint(request: Request) -> JSONResponse:
        return respond(payload)

    return Starlette(routes=[Route("/", endpoint)])


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="text/plain")


def file(chunk_size: int = FileResponse.chunk_size) -> App:
    """The file response, as it comes or with pieces of so many bytes."""
    response: Any = type("Pieces", (FileResponse,), {"chunk_size": chunk_size})

    async def endpoint(request: Request) -> Any:
        return response(big_file())

    return Starlette(routes=[Route("/", endpoint)])


async def websocket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def table(templates: list[str]) -> App:
    return Starlette(routes=[Route(template, numbered(number)) for number, template in enumerate(templates)])


def numbered(number: int) -> Callable[[Request], Any]:
    """An endpoint that answers a number."""
    text = str(number)

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    return endpoint


PEER = Peer(
    "Starlette",
    "starlette",
    {
        "plain": lambda: Starlette(routes=[Route("/", plain)]),
        "typed": lambda: typed(JSONResponse),
        "echo": echo,
        "json-10k": lambda: json_10k(JSONResponse),
        "missing": lambda: Starlette(routes=[Route("/", plain)]),
        "stream": lambda: Starlette(routes=[Route("/", stream)]),
        "file": file,
        "websocket": lambda: Starlette(routes=[WebSocketRoute("/", websocket)]),
    },
    table,
)

WITH_MSGSPEC = Peer(
    "Starlette with msgspec",
    "starlette",
    {
        "typed": lambda: typed(MsgspecResponse),
        "echo": echo_with_msgspec,
        "json-10k": lambda: json_10k(MsgspecResponse),
    },
)
