"""Falcon, for the cases of the toolkit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import CHUNK, big_file, records
from benchmarks.peers.falcon_ import WebSocketEcho, new
from benchmarks.toolkit_content import LONG_STREAM, WANTED_HEADERS, upload_text
from falcon import MEDIA_TEXT

__all__ = ["APPS"]


class Records:
    def __init__(self, size: int) -> None:
        self.payload = records(size)

    async def on_get(self, req: Any, resp: Any) -> None:
        resp.media = self.payload


class Read:
    async def on_get(self, req: Any, resp: Any) -> None:
        cookies = req.cookies
        resp.content_type = MEDIA_TEXT
        resp.text = (
            f"{req.get_param('page')} {req.get_param('size')} {req.get_param('q')} "
            f"{','.join(req.get_param_as_list('tag'))} {cookies['session']} {cookies['theme']}"
        )


class Headers:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = MEDIA_TEXT
        resp.text = ",".join([req.get_header(name) for name in WANTED_HEADERS])


class Form:
    async def on_post(self, req: Any, resp: Any) -> None:
        fields = await req.get_media()
        resp.content_type = MEDIA_TEXT
        resp.text = f"{len(fields)} {fields[f'field{len(fields) - 1}']}"


class Upload:
    async def on_post(self, req: Any, resp: Any) -> None:
        found = {part.name: await part.stream.read() async for part in await req.get_media()}
        resp.content_type = MEDIA_TEXT
        resp.text = upload_text(found["title"].decode(), found["file"])


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(LONG_STREAM):
        yield CHUNK


class Stream:
    async def on_get(self, req: Any, resp: Any) -> None:
        resp.content_type = "text/plain"
        resp.stream = chunks()


def file() -> App:
    app = new()
    app.add_static_route("/", big_file(100).parent)
    return app


def answering(resource: type) -> App:
    """An application with one resource."""
    return new(("/", resource()))


APPS = {
    "json-1k": lambda: new(("/", Records(1_000))),
    "json-100k": lambda: new(("/", Records(100_000))),
    "query-cookies": partial(answering, Read),
    "headers-50": partial(answering, Headers),
    "form": partial(answering, Form),
    "upload-10m": partial(answering, Upload),
    "file-100m": file,
    "stream-1000": partial(answering, Stream),
    "websocket-1000": partial(answering, WebSocketEcho),
}
