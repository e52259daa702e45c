"""Files that a response hands to the server by name or descriptor (the extensions ``pathsend`` and ``zerocopysend``).

The server reads them, unless filters have to see their bytes: then they are read here.

The reads run in threads of their own kind. A descriptor that was opened here is closed on every path, without a thread:
a cancelled request could not wait for one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pegboard.concurrency import FILES, run_in
from pegboard.stories.outlet import DONE, OPEN
from pegboard.types import Message

if TYPE_CHECKING:
    from pegboard.filters import FilterChain
    from pegboard.stories.exchange import Exchange

__all__ = ["Span", "path_size", "send_descriptor", "send_path"]

CHUNK = 64 * 1024


async def send_path(exchange: Exchange, message: Message) -> None:
    """Send a whole file, given by its path."""
    exchange.check_open(message["type"])
    if exchange.silent:
        await exchange.on_body({**message, "more_body": False})
    elif exchange.filters is None:
        size = await path_size(message["path"])
        await exchange.put(message)
        exchange.bytes_out += size
        exchange.stage = DONE
    else:
        async with Span.of_path(message["path"]) as span:
            await _read_through(exchange, exchange.filters, span, False)


async def send_descriptor(exchange: Exchange, message: Message) -> None:
    """Send a part of an open file; others may follow."""
    exchange.check_open(message["type"])
    more = message.get("more_body", False)
    if exchange.silent:
        await exchange.on_body(message)
        return
    span = Span(message["file"], message.get("offset"), message.get("count"))
    if exchange.filters is None:
        size = await span.size()
        await exchange.put(message)
        exchange.bytes_out += size
        exchange.stage = OPEN if more else DONE
    else:
        await _read_through(exchange, exchange.filters, span, more)


async def _read_through(exchange: Exchange, filters: FilterChain, span: Span, more: bool) -> None:
    while chunk := await span.read():
        await exchange.pass_through(filters, chunk, True)
    if not more:
        await exchange.pass_through(filters, b"", False)


class Span:
    """A part of an open file: from ``offset`` (or where the file stands), ``count`` bytes (or all there are).

    ``file`` is a descriptor or an object that has one.
    """

    __slots__ = ("_descriptor", "_left", "_offset")

    def __init__(self, file: Any, offset: int | None = None, count: int | None = None) -> None:
        self._descriptor: int = file if isinstance(file, int) else file.fileno()
        self._offset = offset
        self._left = count

    @classmethod
    @asynccontextmanager
    async def of_path(cls, path: str) -> AsyncIterator[Span]:
        """The whole file at ``path``, open while in the context. Raises OSError."""
        descriptor = await run_in(FILES, partial(os.open, path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    async def size(self) -> int:
        """How many bytes there are, without reading them."""
        return self._left if self._left is not None else await run_in(FILES, self._rest)

    async def read(self) -> bytes:
        """The next piece; empty at the end."""
        size = CHUNK if self._left is None else min(self._left, CHUNK)
        chunk = await run_in(FILES, partial(self._read, size)) if size else b""
        if self._left is not None:
            self._left -= len(chunk)
        return chunk

    def _read(self, size: int) -> bytes:
        if self._offset is not None:
            os.lseek(self._descriptor, self._offset, os.SEEK_SET)
            self._offset = None
        return os.read(self._descriptor, size)

    def _rest(self) -> int:
        start = os.lseek(self._descriptor, 0, os.SEEK_CUR) if self._offset is None else self._offset
        return max(os.fstat(self._descriptor).st_size - start, 0)


async def path_size(path: str) -> int:
    """How many bytes the file at ``path`` has. Raises OSError."""
    return await run_in(FILES, partial(os.path.getsize, path))
