"""Falcon's ASGI application, with the JSON handler of its msgspec recipe and coders made once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi
import falcon.media
import msgspec
from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records
from falcon import MEDIA_TEXT, WebSocketDisconnected

__all__ = ["PEER"]

HANDLER = falcon.media.JSONHandler(dumps=msgspec.json.Encoder().encode, loads=msgspec.json.Decoder().decode)


def new(*routes: tuple[str, Any]) -> falcon.asgi.App[Any, Any]:
    """An application with these resources."""
    app: falcon.asgi.App[Any, Any] = falcon.asgi.App()
    app.req_options.media_handlers[falcon.MEDIA_JSON] = HANDLER
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = HANDLER
    for template, resource in routes:
        app.add_route(template, resource)
    return app


class Plain:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = MEDIA_TEXT
        resp.text = PLAIN


class Typed:
    async def on_get(self, req: Any, resp: Any, item_id: int) -> None:
        resp.media = {"item_id": item_id, "q": req.get_param("q")}


class Echo:
    async def on_post(self, req: Any, resp: Any) -> None:
        resp.media = await req.get_media()


class Records:
    def __init__(self) -> None:
        self.payload = records(10_000)

    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = self.payload


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


class Stream:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = "text/plain"
        resp.stream = chunks()


class WebSocketEcho:
    async def on_websocket(self, req: Any, ws: Any) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except WebSocketDisconnected:
            pass


def file() -> App:
    path = big_file()
    app = new()
    app.add_static_route("/", path.parent)
    return app


class Numbered:
    def __init__(self, number: int) -> None:
        self.text = str(number)

    async def on_get(self, req: Any, resp: Any, **params: Any) -> None:
        resp.content_type = MEDIA_TEXT
        resp.text = self.text


def table(templates: list[str]) -> App:
    return new(*((template, Numbered(number)) for number, template in enumerate(templates)))


PEER = Peer(
    "Falcon",
    "falcon",
    {
        "plain": lambda: new(("/", Plain())),
        "typed": lambda: new(("/items/{item_id:int}", Typed())),
        "echo": lambda: new(("/", Echo())),
        "json-10k": lambda: new(("/", Records())),
        "missing": lambda: new(("/", Plain())),
        "stream": lambda: new(("/", Stream())),
        "file": file,
        "websocket": lambda: new(("/", WebSocketEcho())),
    },
    table,
)
