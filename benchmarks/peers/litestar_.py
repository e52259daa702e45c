"""Litestar: async handlers with annotated results, which it encodes with msgspec; schema pages off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from litestar import Litestar, MediaType, WebSocket, get, post
from litestar import websocket as websocket_handler
from litestar.exceptions import WebSocketDisconnect
from litestar.response import File, Stream

__all__ = ["PEER"]


def new(*handlers: Any) -> Litestar:
    """An application without schema pages."""
    return Litestar(route_handlers=list(handlers), openapi_config=None, logging_config=None)


@get("/", media_type=MediaType.TEXT)
async def plain() -> str:
    return PLAIN


@get("/items/{item_id:int}")
async def typed(item_id: int, q: str) -> dict[str, Any]:
    return {"item_id": item_id, "q": q}


@post("/", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    return data


def json_10k() -> App:
    payload = records(10_000)

    @get("/")
    async def endpoint() -> list[dict[str, Any]]:
        return payload

    return new(endpoint)


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@get("/")
async def stream() -> Stream:
    return Stream(chunks(), media_type="text/plain")


@get("/")
async def file() -> File:
    return File(big_file(), media_type="application/octet-stream")


@websocket_handler("/")
async def websocket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def table(templates: list[str]) -> App:
    return new(*(numbered(number, template) for number, template in enumerate(templates)))


def numbered(number: int, template: str) -> Any:
    """A handler that answers a number."""
    text = str(number)

    # Every parameter of the path is taken from the tables of cases, which call it ``id``.
    if "{" in template:

        async def with_id(id: int) -> str:
            return text

        return get(template, media_type=MediaType.TEXT)(with_id)

    async def without() -> str:
        return text

    return get(template, media_type=MediaType.TEXT)(without)


PEER = Peer(
    "Litestar",
    "litestar",
    {
        "plain": lambda: new(plain),
        "typed": lambda: new(typed),
        "echo": lambda: new(echo),
        "json-10k": json_10k,
        "missing": lambda: new(plain),
        "stream": lambda: new(stream),
        "file": lambda: new(file),
        "websocket": lambda: new(websocket),
    },
    table,
)
