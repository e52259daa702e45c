"""Pegboard without plugins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records

from pegboard.applications import Pegboard
from pegboard.requests import Request
from pegboard.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard.websockets import WebSocket, WebSocketDisconnect

__all__ = ["PEER", "board", "file", "plain"]


def board(*routes: Any, plugins: Any = (), **options: Any) -> Pegboard:
    """A board that takes nothing from its surroundings."""
    return Pegboard(routes=routes, plugins=plugins, config={}, **options)


async def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse(PLAIN)


async def typed(request: Request) -> JSONResponse:
    return JSONResponse({"item_id": request.path_params["item_id"], "q": request.query_params["q"]})


async def echo(request: Request) -> JSONResponse:
    return JSONResponse(await request.json())


def json_10k() -> App:
    payload = records(10_000)

    async def endpoint(request: Request) -> JSONResponse:
        return JSONResponse(payload)

    return board(Route("/", endpoint))


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="text/plain")


def file(chunk_size: int | None = None) -> App:
    """The file response, as it comes or with pieces of so many bytes."""
    from pegboard.responses import FileResponse

    path = big_file()
    pieces = {} if chunk_size is None else {"chunk_size": chunk_size}
    response: Any = type("Pieces", (FileResponse,), pieces)

    async def endpoint(request: Request) -> Any:
        return response(path)

    return board(Route("/", endpoint))


async def websocket(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def table(templates: list[str]) -> App:
    return board(*(Route(template, numbered(number)) for number, template in enumerate(templates)))


def numbered(number: int) -> Callable[[Request], Any]:
    """An endpoint that answers a number."""
    text = str(number)

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    return endpoint


PEER = Peer(
    "Pegboard",
    "pegboard",
    {
        "plain": lambda: board(Route("/", plain)),
        "typed": lambda: board(Route("/items/{item_id:int}", typed)),
        "echo": lambda: board(Route("/", echo, methods=["POST"])),
        "json-10k": json_10k,
        "missing": lambda: board(Route("/", plain)),
        "stream": lambda: board(Route("/", stream)),
        "file": file,
        "websocket": lambda: board(WebSocketRoute("/", websocket)),
    },
    table,
)
