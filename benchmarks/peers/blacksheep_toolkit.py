"""BlackSheep, for the cases of the toolkit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import CHUNK, big_file, records
from benchmarks.peers.blacksheep_ import new, websocket
from benchmarks.toolkit_content import LONG_STREAM, WANTED_HEADERS, upload_text
from blacksheep import Request, Response, StreamedContent, json, text
from blacksheep.server.responses import file as file_response

__all__ = ["APPS"]

WANTED = [name.encode() for name in WANTED_HEADERS]


def answering(endpoint: Callable[[Request], Awaitable[Response]], method: str = "GET") -> App:
    """An application with one handler."""
    app = new()
    app.router.add(method, "/", endpoint)
    return app


def json_of(size: int) -> App:
    payload = records(size)

    async def endpoint(request: Request) -> Response:
        return json(payload)

    return answering(endpoint)


async def read(request: Request) -> Response:
    query, cookies = request.query, request.cookies
    return text(
        f"{query['page'][0]} {query['size'][0]} {query['q'][0]} {','.join(query['tag'])} "
        f"{cookies['session']} {cookies['theme']}"
    )


async def headers(request: Request) -> Response:
    found = [request.get_first_header(name) for name in WANTED]
    return text(",".join([value.decode("latin-1") for value in found if value is not None]))


async def form(request: Request) -> Response:
    fields: Any = await request.form()
    return text(f"{len(fields)} {fields[f'field{len(fields) - 1}']}")


async def upload(request: Request) -> Response:
    fields: Any = await request.form()
    return text(upload_text(fields["title"], fields["file"][0].file.read()))


async def file(request: Request) -> Response:
    return file_response(str(big_file(100)), "application/octet-stream")


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(LONG_STREAM):
        yield CHUNK


async def stream(request: Request) -> Response:
    return Response(200, content=StreamedContent(b"text/plain", chunks))


APPS = {
    "json-1k": partial(json_of, 1_000),
    "json-100k": partial(json_of, 100_000),
    "query-cookies": partial(answering, read),
    "headers-50": partial(answering, headers),
    "form": partial(answering, form, "POST"),
    "upload-10m": partial(answering, upload, "POST"),
    "file-100m": partial(answering, file),
    "stream-1000": partial(answering, stream),
    "websocket-1000": websocket,
}
