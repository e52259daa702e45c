"""Answers whose body is pushed piece by piece, as it is made."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from functools import partial

from anyio import CancelScope
from anyio.lowlevel import checkpoint

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.base_responses import Response, bytes_of, type_headers
from pegboard.concurrency import iterate_in_threadpool
from pegboard.headers import MutableHeaders
from pegboard.presence import push_while_present
from pegboard.types import Receive, Scope, Send

__all__ = ["StreamingResponse"]

Content = str | bytes | memoryview

BREATH = 64
"""Pieces that may be sent without waiting for anything."""


class StreamingResponse(Response):
    """A body pushed piece by piece from an iterable, synchronous (run in threads) or not.

    The iterator is closed on every path; when the client leaves, it is cancelled where it stands.
    """

    def __init__(
        self,
        content: Iterable[Content] | AsyncIterable[Content],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
    ) -> None:
        self.body_iterator: AsyncIterable[Content] = (
            content if isinstance(content, AsyncIterable) else iterate_in_threadpool(content)
        )
        self.status_code = status_code
        self.background = background
        if media_type is not None:
            self.media_type = media_type
        self.init_headers(headers)

    def init_headers(self, headers: Mapping[str, str] | None) -> None:
        """Fill ``raw_headers``: the given ones, and Content-Type; the length is not known."""
        self.raw_headers = MutableHeaders(headers).raw
        if not any(name == b"content-type" for name, _ in self.raw_headers):
            self.raw_headers.extend(type_headers(self.media_type, self.charset))

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Push the body until it ends or the client leaves."""
        try:
            if scope["method"] == "HEAD":
                await send(self.start_message())
                await send({"type": "http.response.body", "body": b""})
                return
            await push_while_present(receive, partial(self._push_chunks, send))
        finally:
            await self.discard()

    async def _push_chunks(self, send: Send) -> None:
        await send(self.start_message())
        charset = self.charset
        pieces = 0
        async for chunk in self.body_iterator:
            data = chunk
            if type(data) is not bytes:
                data = bytes_of(data, charset)
            await send({"type": "http.response.body", "body": data, "more_body": True})
            pieces += 1
            if pieces % BREATH == 0:
                # Neither an iterator nor a server has to wait for anything. The others get their turn, and so does
                # whoever hears that the client has left.
                await checkpoint()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def discard(self) -> None:
        """Close the iterator."""
        close = getattr(self.body_iterator, "aclose", None)
        if close is not None:
            with CancelScope(shield=True):
                await close()
