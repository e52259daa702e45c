"""Making forms as clients send them, and requests that carry them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from tempfile import SpooledTemporaryFile
from typing import Any

import anyio
import pytest

from pegboard.requests import Request

MULTIPART = "multipart/form-data; boundary=limit"
URLENCODED = "application/x-www-form-urlencoded"


def field(name: str, value: bytes, *headers: bytes) -> bytes:
    """A part without a filename."""
    return part(b'form-data; name="%b"' % name.encode(), value, *headers)


def file(name: str, value: bytes, filename: str = "a.bin", *headers: bytes) -> bytes:
    """A part with a filename."""
    return part(b'form-data; name="%b"; filename="%b"' % (name.encode(), filename.encode()), value, *headers)


def part(disposition: bytes, value: bytes, *headers: bytes) -> bytes:
    lines = [b"--limit", b"Content-Disposition: " + disposition, *headers, b"", value, b""]
    return b"\r\n".join(lines)


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--limit--\r\n"


def pieces(body: bytes, size: int) -> list[bytes]:
    """``body`` cut into chunks of ``size`` bytes."""
    return [body[start : start + size] for start in range(0, len(body), size)] or [b""]


def request(chunks: bytes | Sequence[bytes], content_type: str | None = MULTIPART, **more: Any) -> Request:
    """A request whose body arrives in these pieces.

    ``incomplete=True`` says that more would come, and it never does; ``waiting`` is an event that is set then.
    ``leaves=True`` lets the client go behind the last piece.
    """
    chunks = [chunks] if isinstance(chunks, bytes) else chunks
    open_end = more.pop("incomplete", False) or more.get("leaves", False)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": open_end or index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]
    if more.pop("leaves", False):
        messages.append({"type": "http.disconnect"})
    messages.reverse()
    waiting = more.pop("waiting", None) or anyio.Event()

    async def receive() -> dict[str, Any]:
        if not messages:
            waiting.set()
            await anyio.sleep_forever()
        return messages.pop()

    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": headers,
        "query_string": b"",
        "http_version": more.pop("http_version", "1.1"),
    }
    return Request(scope, receive, max_body_size=more.pop("max_body_size", None))


class SpoolWitness:
    """Every spooled file that was made, and on which threads each moved to the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[SpooledTemporaryFile[bytes]] = []
        self.rolled_over_on: list[int] = []
        witness = self

        class Witnessed(SpooledTemporaryFile):  # type: ignore[type-arg]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                witness.files.append(self)

            def rollover(self) -> None:
                witness.rolled_over_on.append(threading.get_ident())
                super().rollover()

        monkeypatch.setattr("pegboard.multipart_forms.SpooledTemporaryFile", Witnessed)

    @property
    def all_closed(self) -> bool:
        return all(file.closed for file in self.files)
