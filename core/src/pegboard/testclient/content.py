"""The content of a request as it goes over the wire: in pieces, and only as much of it as was promised.

A client breaks off when its content fails, when it ends before or goes on after the declared Content-Length
(RFC 9112 section 6.2), or when the request asks to with ``extensions={"disconnect_after": <bytes>}``.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any, TypeAlias

from anyio.to_thread import run_sync

from pegboard.testclient.library import httpx
from pegboard.testclient.waiting import ClientLeft

__all__ = ["Content", "content_of", "leaves_after"]

PIECE = 64 * 1024

Content: TypeAlias = AsyncGenerator[tuple[bytes, bool]]
"""A request's content in pieces, each with whether more follows."""


def leaves_after(request: httpx.Request) -> int | None:
    """After how many bytes of the request's content the client leaves; None when it stays.

    Raises TypeError unless ``disconnect_after`` is an int of at least 0.
    """
    size = request.extensions.get("disconnect_after")
    if size is not None and (type(size) is not int or size < 0):
        raise TypeError(f"extensions['disconnect_after'] is {size!r}; expected a number of bytes")
    return size


async def content_of(request: httpx.Request) -> Content:
    """The request's content in pieces of at most 64 KiB, each with whether more follows.

    Raises what makes the client break off.
    """
    left = leaves_after(request)
    length = request.headers.get("content-length")
    end = math.inf if length is None else int(length)
    # Only of content that is all there does the client know which piece is the last.
    whole = left is None and isinstance(request.stream, httpx.ByteStream)
    sent = 0
    async with aclosing(_pieces(request.stream)) as pieces:
        async for piece in pieces:
            sent += len(piece)
            if sent > end:
                raise httpx.LocalProtocolError(f"the content is longer than the {length} bytes of its Content-Length")
            if left is not None and sent > left:
                yield piece[: len(piece) - (sent - left)], True
                break
            yield piece, not (whole and sent == end)
    if left is not None:
        raise ClientLeft(f"the client left after {min(sent, left)} bytes of its content, as `disconnect_after` asks")
    if sent < end < math.inf:
        raise httpx.LocalProtocolError(f"the content ended after {sent} of the {length} bytes of its Content-Length")
    if not (whole and 0 < sent == end):
        yield b"", False


async def _pieces(stream: Any) -> AsyncGenerator[bytes]:
    async with aclosing(_parts(stream)) as parts:
        async for part in parts:
            if not isinstance(part, bytes | bytearray | memoryview):
                raise TypeError(f"a piece of the request's content is {part!r}; expected bytes")
            view = memoryview(part)
            for start in range(0, len(view), PIECE):
                yield bytes(view[start : start + PIECE])


async def _parts(stream: Any) -> AsyncGenerator[Any]:
    """What the HTTP library's stream gives; one that may block is read in a thread."""
    if isinstance(stream, httpx.ByteStream):
        for part in stream:
            yield part
    elif isinstance(stream, httpx.AsyncByteStream):
        async for part in stream:
            yield part
    else:
        parts: Iterator[bytes] = iter(stream)
        while (part := await run_sync(partial(next, parts, None), abandon_on_cancel=True)) is not None:
            yield part
