"""Litestar, for the cases of the toolkit: what is not read from the request by a handler's arguments is read from it.

Forms are read with ``request.form()``, which has no limit on fields that are urlencoded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import CHUNK, big_file, records
from benchmarks.peers.litestar_ import new, websocket
from benchmarks.toolkit_content import LONG_STREAM, WANTED_HEADERS, upload_text
from litestar import Litestar, MediaType, Request, get, post
from litestar.response import File, Stream

__all__ = ["APPS"]


def json_of(size: int) -> App:
    payload = records(size)

    @get("/")
    async def endpoint() -> list[dict[str, Any]]:
        return payload

    return new(endpoint)


@get("/", media_type=MediaType.TEXT)
async def read(request: Request[Any, Any, Any]) -> str:
    query, cookies = request.query_params, request.cookies
    return (
        f"{query['page']} {query['size']} {query['q']} {','.join(query.getall('tag'))} "
        f"{cookies['session']} {cookies['theme']}"
    )


@get("/", media_type=MediaType.TEXT)
async def headers(request: Request[Any, Any, Any]) -> str:
    found = request.headers
    return ",".join([found[name] for name in WANTED_HEADERS])


@post("/", media_type=MediaType.TEXT, status_code=200)
async def form(request: Request[Any, Any, Any]) -> str:
    fields = await request.form()
    return f"{len(fields)} {fields[f'field{len(fields) - 1}']}"


@post("/", media_type=MediaType.TEXT, status_code=200)
async def upload(request: Request[Any, Any, Any]) -> str:
    fields = await request.form()
    return upload_text(str(fields["title"]), await fields["file"].read())


@get("/")
async def file() -> File:
    return File(big_file(100), media_type="application/octet-stream")


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(LONG_STREAM):
        yield CHUNK


@get("/")
async def stream() -> Stream:
    return Stream(chunks(), media_type="text/plain")


APPS = {
    "json-1k": partial(json_of, 1_000),
    "json-100k": partial(json_of, 100_000),
    "query-cookies": lambda: new(read),
    "headers-50": lambda: new(headers),
    "form": lambda: new(form),
    "upload-10m": lambda: Litestar(
        route_handlers=[upload], openapi_config=None, logging_config=None, request_max_body_size=None
    ),
    "file-100m": lambda: new(file),
    "stream-1000": lambda: new(stream),
    "websocket-1000": lambda: new(websocket),
}
