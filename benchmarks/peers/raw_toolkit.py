"""Raw ASGI, for the cases of the toolkit: parsers of the standard library, and python-multipart for the upload."""

from __future__ import annotations

from functools import partial
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import anyio.to_thread
from benchmarks.asgi import App
from benchmarks.content import CHUNK, big_file, records
from benchmarks.peers.raw import JSON, TEXT, answer, encode, websocket
from benchmarks.toolkit_content import LONG_STREAM, UPLOAD_TYPE, WANTED_HEADERS, upload_text
from python_multipart.multipart import MultipartParser

__all__ = ["APPS"]

PIECE = 256 * 1024


def json_of(size: int) -> App:
    payload = records(size)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, encode(payload), JSON)

    return app


async def read(scope: Any, receive: Any, send: Any) -> None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    cookies = SimpleCookie(dict(scope["headers"])[b"cookie"].decode("latin-1"))
    text = (
        f"{query['page'][0]} {query['size'][0]} {query['q'][0]} {','.join(query['tag'])} "
        f"{cookies['session'].value} {cookies['theme'].value}"
    )
    await answer(send, text.encode(), TEXT)


async def headers(scope: Any, receive: Any, send: Any) -> None:
    found = dict(scope["headers"])
    text = ",".join([found[name.encode()].decode("latin-1") for name in WANTED_HEADERS])
    await answer(send, text.encode(), TEXT)


async def body_of(receive: Any) -> bytes:
    """A request's whole body."""
    pieces = []
    more = True
    while more:
        message = await receive()
        pieces.append(message["body"])
        more = message["more_body"]
    return b"".join(pieces)


async def form(scope: Any, receive: Any, send: Any) -> None:
    fields = dict(parse_qsl((await body_of(receive)).decode("latin-1")))
    await answer(send, f"{len(fields)} {fields[f'field{len(fields) - 1}']}".encode(), TEXT)


async def upload(scope: Any, receive: Any, send: Any) -> None:
    # Two parts: what it costs is that the file is held in memory, and that nothing is checked.
    parts: list[bytearray] = []

    def data(chunk: bytes, start: int, end: int) -> None:
        parts[-1].extend(memoryview(chunk)[start:end])

    parser = MultipartParser(
        UPLOAD_TYPE.partition(b"=")[2], {"on_part_begin": lambda: parts.append(bytearray()), "on_part_data": data}
    )
    more = True
    while more:
        message = await receive()
        parser.write(message["body"])
        more = message["more_body"]
    await answer(send, upload_text(parts[0].decode(), bytes(parts[1])).encode(), TEXT)


async def file(scope: Any, receive: Any, send: Any) -> None:
    run = anyio.to_thread.run_sync
    with await run(partial(open, big_file(100), "rb", buffering=0)) as opened:  # type: ignore[arg-type]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while chunk := await run(opened.read, PIECE):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(LONG_STREAM):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


APPS = {
    "json-1k": partial(json_of, 1_000),
    "json-100k": partial(json_of, 100_000),
    "query-cookies": lambda: read,
    "headers-50": lambda: headers,
    "form": lambda: form,
    "upload-10m": lambda: upload,
    "file-100m": lambda: file,
    "stream-1000": lambda: stream,
    "websocket-1000": lambda: websocket,
}
