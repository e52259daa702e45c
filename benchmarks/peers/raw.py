"""Raw ASGI: the floor. Hand-written applications that do what the case asks and nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import anyio.to_thread
import msgspec
from benchmarks.asgi import App, Peer
from benchmarks.content import CHUNK, CHUNKS, PLAIN, big_file, records

__all__ = ["PEER"]

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
TEXT = (b"content-type", b"text/plain; charset=utf-8")
JSON = (b"content-type", b"application/json")


async def answer(send: Any, body: bytes, media_type: tuple[bytes, bytes], status: int = 200) -> None:
    """Send a whole answer."""
    headers = [(b"content-length", b"%d" % len(body)), media_type]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def plain(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, PLAIN.encode(), TEXT)


async def typed(scope: Any, receive: Any, send: Any) -> None:
    item_id = int(scope["path"].removeprefix("/items/"))
    query = parse_qs(scope["query_string"].decode("latin-1"))
    await answer(send, encode({"item_id": item_id, "q": query["q"][0]}), JSON)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    await answer(send, encode(decode(body)), JSON)


def json_10k() -> App:
    payload = records(10_000)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, encode(payload), JSON)

    return app


async def missing(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] != "/":
        await answer(send, b"Not Found", TEXT, 404)


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def file(scope: Any, receive: Any, send: Any) -> None:
    # The floor is one visit to a thread; what it costs is that the whole file is held in memory.
    body = await anyio.to_thread.run_sync(big_file().read_bytes)
    await answer(send, body, (b"content-type", b"application/octet-stream"))


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


PEER = Peer(
    "raw ASGI",
    None,
    {
        "plain": lambda: plain,
        "typed": lambda: typed,
        "echo": lambda: echo,
        "json-10k": json_10k,
        "missing": lambda: missing,
        "stream": lambda: stream,
        "file": lambda: file,
        "websocket": lambda: websocket,
    },
)
