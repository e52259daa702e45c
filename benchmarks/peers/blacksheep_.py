"""BlackSheep, with its compiled core, a router per application, and its JSON settings set to msgspec.

Its documentation recommends replacing the JSON functions for speed (with orjson there). They give str, so the encoder's
bytes are decoded once, as it is done there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from blacksheep import Application, Request, Response, Router, StreamedContent, WebSocket, json, text
from blacksheep.server.responses import file as file_response
from blacksheep.server.websocket import WebSocketDisconnectError
from blacksheep.settings.json import json_settings

__all__ = ["PEER"]

encode = msgspec.json.Encoder().encode
json_settings.use(loads=msgspec.json.Decoder().decode, dumps=lambda value: encode(value).decode())  # type: ignore[no-untyped-call]


def new() -> Application:
    """An application with routes of its own (the default router is shared by all)."""
    return Application(router=Router(), show_error_details=False)


def plain() -> App:
    app = new()

    @app.router.get("/")
    async def endpoint(request: Request) -> Response:
        return text(PLAIN)

    return app


def typed() -> App:
    app = new()

    @app.router.get("/items/{int:item_id}")
    async def endpoint(request: Request) -> Response:
        # Binders, which take the parameters as arguments, are a third slower.
        values: Any = request.route_values
        return json({"item_id": int(values["item_id"]), "q": request.query["q"][0]})

    return app


def echo() -> App:
    app = new()

    @app.router.post("/")
    async def endpoint(request: Request) -> Response:
        return json(await request.json())

    return app


def json_10k() -> App:
    app = new()
    payload = records(10_000)

    @app.router.get("/")
    async def endpoint(request: Request) -> Response:
        return json(payload)

    return app


def stream() -> App:
    app = new()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    @app.router.get("/")
    async def endpoint(request: Request) -> Response:
        return Response(200, content=StreamedContent(b"text/plain", chunks))

    return app


def file() -> App:
    app = new()

    @app.router.get("/")
    async def endpoint(request: Request) -> Response:
        return file_response(str(big_file()), "application/octet-stream")

    return app


def websocket() -> App:
    app = new()

    @app.router.ws("/")
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnectError:
            pass

    return app


def table(templates: list[str]) -> App:
    app = new()
    for number, template in enumerate(templates):
        # BlackSheep writes {int:name} where the tables of cases have {name:int}.
        app.router.add_get(re.sub(r"\{(\w+):int\}", r"{int:\1}", template), numbered(number))
    return app


def numbered(number: int) -> Any:
    """A handler that answers a number."""
    body = str(number)

    async def endpoint(request: Request) -> Response:
        return text(body)

    return endpoint


PEER = Peer(
    "BlackSheep",
    "blacksheep",
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
