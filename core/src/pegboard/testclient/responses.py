"""The responses of the asynchronous client, which leave no unfinished iterator behind.

An asynchronous generator that is dropped half-way is cleaned up at some later time; trio warns of it. A test that reads
the beginning of an endless response drops several, as the HTTP library's iterators are generators within generators.
Here they are all closed with the response.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeVar

from pegboard.testclient.library import httpx

__all__ = ["TidyResponse"]

T = TypeVar("T")


class Tidy:
    """Generators that are closed together: the first opened, which the others are inside of, first."""

    def __init__(self) -> None:
        self._open: list[AsyncGenerator[Any]] = []

    def keep(self, iterator: AsyncIterator[T]) -> AsyncIterator[T]:
        """Close ``iterator`` with the others, if it is a generator."""
        if isinstance(iterator, AsyncGenerator):
            self._open.append(iterator)
        return iterator

    async def aclose(self) -> None:
        """Close what is not at work: a generator may be what asks, at its end or when it is closed itself."""
        while self._open:
            generator = self._open.pop(0)
            if not getattr(generator, "ag_running", False):
                await generator.aclose()


class TidyStream(httpx.AsyncByteStream):
    """A stream whose iterators are closed with its response."""

    def __init__(self, stream: Any, tidy: Tidy) -> None:
        self._stream = stream
        self._tidy = tidy

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._tidy.keep(aiter(self._stream))

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()


class TidyResponse(httpx.Response):
    """A response whose iterators are closed with it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._tidy = Tidy()
        super().__init__(*args, **kwargs)

    @property
    def stream(self) -> Any:
        """The stream that the response is read from; the client puts one around it."""
        return self._stream

    @stream.setter
    def stream(self, stream: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._stream = TidyStream(stream, self._tidy) if isinstance(stream, httpx.AsyncByteStream) else stream

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The body as it was sent, piece by piece."""
        return self._tidy.keep(super().aiter_raw(chunk_size))

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The decoded body, piece by piece."""
        return self._tidy.keep(super().aiter_bytes(chunk_size))

    def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """The body's text, piece by piece."""
        return self._tidy.keep(super().aiter_text(chunk_size))

    def aiter_lines(self) -> AsyncIterator[str]:
        """The body's text, line by line."""
        return self._tidy.keep(super().aiter_lines())

    async def aclose(self) -> None:
        """Close the response and its iterators."""
        try:
            await super().aclose()
        finally:
            await self._tidy.aclose()
