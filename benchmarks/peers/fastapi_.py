"""FastAPI: responses returned directly where there is no JSON, models as return types where there is.

Its documentation ("Custom Response", JSON performance) recommends a return type that is a model, serialised by Pydantic
in Rust, as faster than a JSONResponse. The schema pages are switched off, and so is its telemetry, which otherwise
looks for a provider in each request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel

__all__ = ["PEER", "new"]


class Item(BaseModel):
    """The answer to a typed parameter and a query."""

    item_id: int
    q: str


class Maker(BaseModel):
    """Part of what is echoed."""

    name: str
    city: str


class Product(BaseModel):
    """What is echoed."""

    name: str
    price: float
    count: int
    tags: list[str]
    maker: Maker


class Record(BaseModel):
    """One of the records of 10 KB."""

    id: int
    name: str
    email: str
    active: bool
    score: float
    tags: list[str]


def new() -> FastAPI:
    """An application without schema pages and telemetry."""
    off: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
    return FastAPI(openapi_url=None, telemetry=off)


def plain() -> App:
    app = new()

    @app.get("/", response_class=PlainTextResponse)
    async def endpoint() -> Any:
        return PlainTextResponse(PLAIN)

    return app


def typed() -> App:
    app = new()

    @app.get("/items/{item_id}")
    async def endpoint(item_id: int, q: str) -> Item:
        return Item(item_id=item_id, q=q)

    return app


def echo() -> App:
    app = new()

    @app.post("/")
    async def endpoint(product: Product) -> Product:
        return product

    return app


def json_10k() -> App:
    app = new()
    payload = [Record(**record) for record in records(10_000)]

    @app.get("/")
    async def endpoint() -> list[Record]:
        return payload

    return app


def stream() -> App:
    app = new()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    @app.get("/", response_class=StreamingResponse)
    async def endpoint() -> Any:
        return StreamingResponse(chunks(), media_type="text/plain")

    return app


def file() -> App:
    app = new()

    @app.get("/", response_class=FileResponse)
    async def endpoint() -> Any:
        return FileResponse(big_file())

    return app


def websocket() -> App:
    app = new()

    @app.websocket("/")
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnect:
            pass

    return app


def table(templates: list[str]) -> App:
    app = new()
    for number, template in enumerate(templates):
        app.get(template, response_class=PlainTextResponse)(numbered(number))
    return app


def numbered(number: int) -> Callable[[], Any]:
    """An endpoint that answers a number."""
    text = str(number)

    async def endpoint() -> Any:
        return PlainTextResponse(text)

    return endpoint


PEER = Peer(
    "FastAPI",
    "fastapi",
    {
        "plain": plain,
        "typed": typed,
        "echo": echo,
        "json-10k": json_10k,
        "missing": plain,
        "stream": stream,
        "file": file,
        "websocket": websocket,
    },
    table,
)
