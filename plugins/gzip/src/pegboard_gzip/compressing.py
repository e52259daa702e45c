"""The body filter: a response's bytes on their way through a codec.

A body that arrives whole is compressed at once, and sent as it was where that would not make it smaller. One that comes
in pieces is compressed piece by piece, each with a flush. Which of the two it is shows at the first feed; until then
the head waits, unless someone waits for the first piece (server-sent events): such a response is ``settled`` from the
start, its head changed before it goes out.

Work on more bytes than the codec's ``inline`` is done in a thread. Feeds come one after the other, so a stream is
never in two threads at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio.to_thread import run_sync

from pegboard.concurrency import ThreadLimit
from pegboard.filters import BodyFilter
from pegboard.types import RawHeaders
from pegboard_gzip.codecs import Codec, Stream
from pegboard_gzip.kept_bodies import KeptBodies
from pegboard_gzip.response_rules import encode_head

__all__ = ["Compressing"]


class Compressing(BodyFilter):
    """Compresses one response.

    ``raw`` is the head's list of headers, ``minimum`` the number of bytes below which a whole body stays as it is, and
    ``gather`` the number of bytes to wait for; with zero the response is compressed whatever comes. A body that arrives
    whole is looked for in ``kept``, if that is given, and kept there.
    """

    def __init__(
        self,
        codec: Codec,
        raw: RawHeaders,
        minimum: int,
        gather: int,
        threads: ThreadLimit,
        kept: KeptBodies | None = None,
    ) -> None:
        self.gather = gather
        self._codec = codec
        self._raw = raw
        self._minimum = minimum
        self._threads = threads
        self._kept = kept
        self._stream: Stream | None = None
        if gather == 0:
            self._start()

    def feed(self, chunk: bytes, more: bool) -> bytes | Awaitable[bytes]:
        """Compress a piece, in a thread where it is large."""
        stream = self._stream
        if stream is None:
            if not more:
                return self._whole(chunk)
            stream = self._start()
        if not more:
            return self._run(stream.finish, chunk)
        return self._run(stream.feed, chunk) if chunk else b""

    def close(self) -> None:
        """Let go of the codec's memory."""
        self._stream = None

    def _start(self) -> Stream:
        encode_head(self._raw, self._codec)
        self._stream = stream = self._codec.stream()
        return stream

    def _whole(self, body: bytes) -> bytes | Awaitable[bytes]:
        if len(body) < self._minimum:
            return body
        if self._kept is not None:
            return self._whole_to_keep(body, self._kept)
        if len(body) < self._codec.inline:
            return self._smaller(body, self._codec.whole(body), self._codec)
        return self._whole_in_thread(body)

    async def _whole_in_thread(self, body: bytes) -> bytes:
        return self._smaller(body, await self._in_thread(self._codec.whole, body), self._codec)

    async def _whole_to_keep(self, body: bytes, kept: KeptBodies) -> bytes:
        coding = self._codec.coding
        codec = kept.codec(coding)
        found = kept.find(coding, body)
        if found is not None:
            return self._smaller(body, found, codec)
        if not kept.begin(coding, body):
            return await self._whole_in_thread(body)
        compressed: bytes | None = None
        try:
            compressed = await self._in_thread(codec.whole, body)
            return self._smaller(body, compressed, codec)
        finally:
            kept.end(coding, body, compressed)

    def _smaller(self, body: bytes, compressed: bytes, codec: Codec) -> bytes:
        if len(compressed) >= len(body):
            return body
        encode_head(self._raw, codec)
        return compressed

    async def _in_thread(self, work: Callable[[bytes], bytes], data: bytes) -> bytes:
        return await run_sync(work, data, limiter=self._threads.limiter())

    def _run(self, work: Callable[[bytes], bytes], chunk: bytes) -> bytes | Awaitable[bytes]:
        if len(chunk) < self._codec.inline or not chunk:
            return work(chunk)
        return self._in_thread(work, chunk)
