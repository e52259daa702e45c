"""Starlette, for the cases of the toolkit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import CHUNK, big_file, records
from benchmarks.peers.starlette_ import MsgspecResponse, websocket
from benchmarks.toolkit_content import LONG_STREAM, WANTED_HEADERS, upload_text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

__all__ = ["APPS", "WITH_MSGSPEC", "file"]

NO_LIMIT = 1 << 30


def json_of(size: int, respond: type[JSONResponse]) -> App:
    payload = records(size)

    async def endpoint(request: Request) -> JSONResponse:
        return respond(payload)

    return Starlette(routes=[Route("/", endpoint)])


async def read(request: Request) -> PlainTextResponse:
    query, cookies = request.query_params, request.cookies
    return PlainTextResponse(
        f"{query['page']} {query['size']} {query['q']} {','.join(query.getlist('tag'))} "
        f"{cookies['session']} {cookies['theme']}"
    )


async def headers(request: Request) -> PlainTextResponse:
    found = request.headers
    return PlainTextResponse(",".join([found[name] for name in WANTED_HEADERS]))


async def form(request: Request) -> PlainTextResponse:
    fields = await request.form(max_fields=NO_LIMIT)
    return PlainTextResponse(f"{len(fields)} {fields[f'field{len(fields) - 1}']}")


async def upload(request: Request) -> PlainTextResponse:
    async with request.form() as fields:
        file: Any = fields["file"]
        return PlainTextResponse(upload_text(str(fields["title"]), await file.read()))


def file(chunk_size: int = FileResponse.chunk_size) -> App:
    """The file response, as it comes or with pieces of so many bytes."""
    path = big_file(100)
    response: Any = type("Pieces", (FileResponse,), {"chunk_size": chunk_size})

    async def endpoint(request: Request) -> Any:
        return response(path)

    return Starlette(routes=[Route("/", endpoint)])


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(LONG_STREAM):
        yield CHUNK


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="text/plain")


APPS = {
    "json-1k": partial(json_of, 1_000, JSONResponse),
    "json-100k": partial(json_of, 100_000, JSONResponse),
    "query-cookies": lambda: Starlette(routes=[Route("/", read)]),
    "headers-50": lambda: Starlette(routes=[Route("/", headers)]),
    "form": lambda: Starlette(routes=[Route("/", form, methods=["POST"])]),
    "upload-10m": lambda: Starlette(routes=[Route("/", upload, methods=["POST"])]),
    "file-100m": file,
    "stream-1000": lambda: Starlette(routes=[Route("/", stream)]),
    "websocket-1000": lambda: Starlette(routes=[WebSocketRoute("/", websocket)]),
}

WITH_MSGSPEC = {
    "json-1k": partial(json_of, 1_000, MsgspecResponse),
    "json-100k": partial(json_of, 100_000, MsgspecResponse),
}
