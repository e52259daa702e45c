"""Request bodies that were sent with a coding, read as what they decode to.

Rules that must not move:

- Nothing is decoded before somebody reads it, and then one piece at a time, so that memory is bounded by the decoder's
  pieces. Between two pieces other requests have their turn.
- The limit of the body holds for the bytes that are sent and for those that they decode to.
- A reading that is cancelled loses nothing. One that has failed goes on failing: what comes behind is never read as if
  it were the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol

from anyio.lowlevel import checkpoint

from pegboard.body_limits import too_large
from pegboard.exceptions import HTTPException
from pegboard.types import Message, RawHeaders, Receive, Scope

__all__ = ["BodyDecoder", "Decoding", "decoded_headers"]

# RFC 9530: Repr-Digest, and Digest before it, speak of a representation with its coding.
_OF_BYTES = frozenset(
    {b"content-digest", b"content-encoding", b"content-length", b"content-md5", b"digest", b"repr-digest"}
)


class BodyDecoder(Protocol):
    """Decodes one body.

    What both methods give is taken piece by piece, and to its end before the next call: give it lazily, in pieces of
    bounded size. They may raise any HTTPException, which is the answer to the request then.
    """

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Decode a piece of what was sent; it may be empty."""
        ...

    def finish(self) -> Iterable[bytes]:
        """Give what is left when all was fed. Raises HTTPException 400 when the body is not complete."""
        ...


class Decoding:
    """A ``receive`` whose messages carry what ``decoder`` makes of those that ``receive`` gives.

    ``kept`` is what was received before, and ``limit`` the number of bytes that may be sent, or None.
    """

    __slots__ = (
        "_decoder",
        "_given",
        "_is_done",
        "_limit",
        "_pieces",
        "_receive",
        "_refuse",
        "_scope",
        "_sent",
        "ended",
    )

    def __init__(
        self, scope: Scope, receive: Receive, decoder: BodyDecoder, limit: int | None, kept: bytes, ended: bool
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._decoder = decoder
        self._limit = limit
        self._sent = 0
        self._given = self._is_done = False
        self._refuse: Callable[[], Exception] | None = None
        self.ended = ended
        self._pieces: Iterator[bytes] = self._decoded(kept, ended) if kept or ended else iter(())

    async def receive(self) -> Message:
        """The next message. Raises HTTPException for what the decoder refuses, and 413 above the limit."""
        if self._is_done:
            return await self._receive()
        if self._given:
            await checkpoint()
        while (piece := self._next()) is None:
            if self.ended:
                self._is_done = True
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self.ended = not message.get("more_body", False)
            self._pieces = self._decoded(message.get("body", b""), self.ended)
        self._given = True
        return {"type": "http.request", "body": piece, "more_body": True}

    def _next(self) -> bytes | None:
        if self._refuse is not None:
            raise self._refuse()
        try:
            return next(self._pieces, None)
        except HTTPException as error:
            self._refuse = partial(HTTPException, error.status_code, error.detail, error.headers)
            raise
        except Exception:
            self._refuse = partial(RuntimeError, "The body's decoder failed before, so nothing more is decoded")
            raise

    def _decoded(self, data: bytes, ended: bool) -> Iterator[bytes]:
        self._sent += len(data)
        if self._limit is not None and self._sent > self._limit:
            raise too_large(self._scope, self._limit)
        yield from self._decoder.feed(data)
        if ended:
            yield from self._decoder.finish()


def decoded_headers(raw: RawHeaders) -> RawHeaders:
    """A request's headers without those that speak of the bytes that were sent."""
    return [pair for pair in raw if pair[0] not in _OF_BYTES]
