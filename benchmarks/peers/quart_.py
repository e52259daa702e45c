"""Quart, with a JSON provider that uses msgspec."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from quart import Quart, Response, request, send_file
from quart import websocket as current_websocket
from quart.json.provider import JSONProvider

__all__ = ["PEER"]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


class MsgspecProvider(JSONProvider):
    """JSON by msgspec, at the place that Flask and Quart document for it."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return encode(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return decode(s)


class MsgspecQuart(Quart):
    json_provider_class = MsgspecProvider


def new() -> Quart:
    """An application without a folder of static files."""
    return MsgspecQuart("benchmarks", static_folder=None, root_path=str(Path(__file__).parent))


def plain() -> App:
    app = new()

    @app.get("/")
    async def endpoint() -> Response:
        return Response(PLAIN, content_type="text/plain; charset=utf-8")

    return app


def typed() -> App:
    app = new()

    @app.get("/items/<int:item_id>")
    async def endpoint(item_id: int) -> dict[str, Any]:
        return {"item_id": item_id, "q": request.args["q"]}

    return app


def echo() -> App:
    app = new()

    @app.post("/")
    async def endpoint() -> Any:
        return await request.get_json()

    return app


def json_10k() -> App:
    app = new()
    payload = records(10_000)

    @app.get("/")
    async def endpoint() -> Any:
        return payload

    return app


def stream() -> App:
    app = new()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    @app.get("/")
    async def endpoint() -> Response:
        return Response(chunks(), content_type="text/plain")

    return app


def file() -> App:
    app = new()

    @app.get("/")
    async def endpoint() -> Response:
        return await send_file(big_file())

    return app


def websocket() -> App:
    app = new()

    @app.websocket("/")
    async def endpoint() -> None:
        while True:
            await current_websocket.send(await current_websocket.receive())

    return app


def table(templates: list[str]) -> App:
    app = new()
    for number, template in enumerate(templates):
        rule = re.sub(r"\{(\w+):int\}", r"<int:\1>", template)
        app.add_url_rule(rule, f"e{number}", numbered(number))
    return app


def numbered(number: int) -> Any:
    """A view that answers a number."""
    text = str(number)

    async def endpoint(**params: Any) -> Response:
        return Response(text, content_type="text/plain; charset=utf-8")

    return endpoint


PEER = Peer(
    "Quart",
    "quart",
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
