"""A client without a network: it asks a board over ASGI and keeps every message of the answer."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import anyio
import brotli
import pytest

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

DECODERS: dict[str | None, Callable[[bytes], bytes]] = {
    None: lambda body: body,
    "gzip": lambda body: zlib.decompress(body, 31),
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


class Answer:
    """What came back: the head, and the pieces of the body as they were sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        """Every header; a repeated one shows as joined."""
        headers: dict[str, str] = {}
        for name, value in self.messages[0]["headers"]:
            key = name.decode()
            headers[key] = f"{headers[key]} | {value.decode()}" if key in headers else value.decode()
        return headers

    @property
    def pieces(self) -> list[bytes]:
        return [message.get("body", b"") for message in self.messages[1:] if message["type"] == "http.response.body"]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def coding(self) -> str | None:
        return self.headers.get("content-encoding")

    @property
    def decoded(self) -> bytes:
        return DECODERS[self.coding](self.body)


class Client:
    """Asks one board. ``leave`` is an event at which the client goes; ``on_message`` sees what is sent, when it is."""

    async def __call__(
        self,
        board: Any,
        path: str = "/",
        accept: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        method: str = "GET",
        *,
        leave: anyio.Event | None = None,
        on_message: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> Answer:
        answer = Answer()
        gone = leave or anyio.Event()
        sent = False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if not sent:
                sent = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if gone.is_set():
                raise OSError("the client has left")
            answer.messages.append(message)
            if on_message is not None:
                await on_message(message)

        raw = [(b"host", b"testserver"), *((name.lower().encode(), value.encode()) for name, value in headers)]
        if accept is not None:
            raw.append((b"accept-encoding", accept.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": raw,
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
            "extensions": extensions or {},
        }
        with anyio.fail_after(30):
            await board(scope, receive, send)
        return answer


@pytest.fixture
def ask() -> Client:
    """``await ask(board, path, accept)`` gives the answer."""
    return Client()
