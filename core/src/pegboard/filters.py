"""Body filters: what a `body` hook may put between a response's bytes and the client.

A filter is fed pieces and gives pieces back. It does not know whether they come from one block, a stream, a file or a
foreign application. Several filters form a chain, innermost first: what one gives, the next is fed.

Rules that must not move:

- ``feed(chunk, more)`` is called in order, the last time with ``more`` false; after that only ``close`` is called.
- ``close()`` is called exactly once, on every path.
- Until its first ``feed`` returns, a filter may still change the response's head. The head waits for that when the
  whole body is known, or when the filter gathers; with ``gather`` zero the head of a stream goes out at once.
- What leaves a filter as an exception names the hook that gave the filter.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from pegboard.exceptions import HookError

__all__ = ["BodyFilter", "FilterChain"]

logger = logging.getLogger("pegboard")

Blame = Callable[[BaseException], None]
"""Notes on an exception whose filter raised it."""


class BodyFilter:
    """Base of body filters. Override ``feed``, and ``close`` where something has to be released.

    ``gather`` is the number of bytes that are collected before the first ``feed``: a body that ends below it arrives
    whole, with ``more`` false.
    """

    gather: int = 0

    def feed(self, chunk: bytes, more: bool) -> bytes | Awaitable[bytes]:
        """Take a piece (possibly empty) and give what can go out now; ``async def`` is as welcome."""
        raise NotImplementedError

    def close(self) -> None:
        """Release what the filter holds. What this raises is logged: the response has had its end by then."""


class _Link:
    """One filter of a chain with the bytes gathered for its first feed."""

    __slots__ = ("blame", "fed", "filter", "gathered", "size")

    def __init__(self, body_filter: BodyFilter, blame: Blame) -> None:
        self.filter = body_filter
        self.blame = blame
        self.fed = False
        self.gathered: list[bytes] = []
        self.size = 0

    def gather(self, chunk: bytes, more: bool) -> bytes | None:
        """The bytes to feed now, or None while the filter's wish is not met."""
        if self.fed:
            return chunk
        if more and self.size + len(chunk) < self.filter.gather:
            self.gathered.append(chunk)
            self.size += len(chunk)
            return None
        self.fed = True
        if not self.gathered:
            return chunk
        self.gathered.append(chunk)
        chunk = b"".join(self.gathered)
        self.gathered.clear()
        return chunk


class FilterChain:
    """The filters of one response, innermost first, each with what names its giver on an exception."""

    __slots__ = ("_links", "closed")

    def __init__(self, filters: Sequence[tuple[BodyFilter, Blame]]) -> None:
        self._links = [_Link(body_filter, blame) for body_filter, blame in filters]
        self.closed = False

    @property
    def holds_head(self) -> bool:
        """Whether some filter may still change the head of a stream."""
        return any(link.filter.gather and not link.fed for link in self._links)

    async def feed(self, chunk: bytes, more: bool) -> bytes:
        """Pass a piece through all filters; returns what can go out now."""
        data = chunk
        for link in self._links:
            gathered = link.gather(data, more)
            if gathered is None:
                return b""
            try:
                result = link.filter.feed(gathered, more)
                if not isinstance(result, bytes):
                    result = await _awaited(link.filter, result)
            except Exception as error:
                link.blame(error)
                raise
            data = result
            if not data and more:
                return b""
        return data

    def close(self) -> None:
        """Close every filter, once; one that fails is logged, and the others are closed all the same."""
        if self.closed:
            return
        self.closed = True
        for link in self._links:
            try:
                link.filter.close()
            except Exception as error:
                link.blame(error)
                logger.exception("Closing the body filter %s failed", type(link.filter).__name__)


async def _awaited(body_filter: BodyFilter, result: object) -> bytes:
    if isinstance(result, Awaitable):
        result = await result
    if isinstance(result, bytes | bytearray | memoryview):
        return bytes(result)
    raise HookError(
        f"{type(body_filter).__name__}.feed returned {type(result).__name__}; "
        "expected bytes (b'' when nothing can go out yet)"
    )
