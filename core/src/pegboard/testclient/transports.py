"""The transports that connect the HTTP library's clients with an application.

The asynchronous one does the work. The synchronous one waits for it, in an event loop of its own.

A response is open until it is closed, by its reader or with its client. With ``background="detach"``, the application
behind a complete response may run until the client closes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

from anyio import CancelScope
from anyio.abc import TaskGroup

from pegboard.testclient.content import content_of, leaves_after
from pegboard.testclient.conversation import Conversation
from pegboard.testclient.library import httpx
from pegboard.testclient.portals import Portal
from pegboard.testclient.responses import TidyResponse
from pegboard.testclient.running import Run
from pegboard.testclient.server import Server
from pegboard.testclient.waiting import CLOSING_LIMIT, ClientLeft

__all__ = ["AsyncTransport", "SyncTransport"]


class AsyncTransport(httpx.AsyncBaseTransport):
    """Runs the application for each connection in the task group that ``group()`` gives."""

    def __init__(self, server: Server, group: Callable[[], TaskGroup]) -> None:
        self.server = server
        self.group = group
        self.open: set[Run] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Serve one request until its response begins. Raises what keeps it from that."""
        conversation = await self.begin(request)
        return to_response(TidyResponse, conversation, request, AsyncStream(self, conversation))

    async def begin(self, request: httpx.Request) -> Conversation:
        """A conversation whose response has begun. Raises what keeps it from that, once the application has ended."""
        group = self.group()
        after = leaves_after(request)
        limit = request.extensions.get("timeout", {}).get("read")
        conversation = Conversation(self.server, self.server.http_scope(request), content_of(request), limit)
        if after == 0:
            conversation.hang_up()
        self.start(conversation, group)
        try:
            await conversation.head()
            if after is not None:
                raise ClientLeft(f"the client left after {after} bytes of its content, as `disconnect_after` asks")
        except BaseException:
            await self.leave(conversation)
            raise
        return conversation

    def start(self, run: Run, group: TaskGroup) -> None:
        """Start the application for one connection, which is open until ``forget``."""
        group.start_soon(run.run)
        self.open.add(run)

    def forget(self, run: Run) -> None:
        """Take note that a connection's application has ended."""
        self.open.discard(run)

    async def leave(self, conversation: Conversation) -> None:
        """Close a response. Raises what went wrong and was not raised before."""
        try:
            with CancelScope(shield=True):
                await conversation.leave()
        finally:
            if not conversation.detached:
                self.forget(conversation)

    async def aclose(self) -> None:
        """Close what is open. Raises what went wrong."""
        with CancelScope(shield=True):
            async with AsyncExitStack() as stack:
                for run in tuple(self.open):
                    stack.callback(self.forget, run)
                    stack.push_async_callback(run.finish)


class AsyncStream(httpx.AsyncByteStream):
    """The body of a response, read as the application sends it."""

    def __init__(self, transport: AsyncTransport, conversation: Conversation) -> None:
        self._transport = transport
        self._conversation = conversation

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._conversation.next_piece()) is not None:
            yield piece

    async def aclose(self) -> None:
        """Leave the conversation."""
        await self._transport.leave(self._conversation)


class SyncTransport(httpx.BaseTransport):
    """Serves a synchronous client in the loop of ``portal``, which is kept running for what is open."""

    def __init__(self, server: Server, portal: Portal) -> None:
        self.portal = portal
        self.inner = AsyncTransport(server, lambda: portal.group)
        self._streams: set[SyncStream] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Serve one request until its response begins. Raises what keeps it from that."""
        self.portal.__enter__()
        try:
            limit = in_all(request.extensions.get("timeout", {}).get("read"))
            conversation = self.portal.call(self.inner.begin, request, limit=limit)
        except BaseException:
            self.portal.__exit__()
            raise
        stream = SyncStream(self, conversation)
        self._streams.add(stream)
        return to_response(httpx.Response, conversation, request, stream)

    def release(self, stream: SyncStream) -> None:
        """Let go of the loop for a response that is closed."""
        self._streams.discard(stream)
        self.portal.__exit__()

    def holds(self, stream: SyncStream) -> bool:
        """Whether a response is open."""
        return stream in self._streams

    def close(self) -> None:
        """Close what is open. Raises what went wrong."""
        try:
            if self.inner.open:
                self.portal.call(self.inner.aclose, limit=in_all(0.0))
        finally:
            for stream in list(self._streams):
                self.release(stream)


class SyncStream(httpx.SyncByteStream):
    """The body of a response, read as the application sends it."""

    def __init__(self, transport: SyncTransport, conversation: Conversation) -> None:
        self._transport = transport
        self._conversation = conversation

    def __iter__(self) -> Iterator[bytes]:
        conversation, call = self._conversation, self._transport.portal.call
        limit = in_all(conversation.limit)
        while (piece := call(conversation.next_piece, limit=limit)) is not None:
            yield piece

    def close(self) -> None:
        """Leave the conversation."""
        conversation, transport = self._conversation, self._transport
        if not transport.holds(self):
            return
        try:
            if conversation.settled:
                transport.inner.forget(conversation)
            else:
                transport.portal.call(transport.inner.leave, conversation, limit=in_all(0.0))
        finally:
            if not conversation.detached:
                transport.release(self)


def to_response(
    kind: type[httpx.Response], conversation: Conversation, request: httpx.Request, stream: AsyncStream | SyncStream
) -> httpx.Response:
    """The response as the HTTP library has it, with ``stream`` to read its body from."""
    extensions: dict[str, Any] = {
        "http_version": b"HTTP/1.1",
        "early_hints": conversation.early_hints,
        "trailers": conversation.trailers,
        "pushes": conversation.pushes,
        "http.response.debug": conversation.debug,
    }
    response = kind(
        conversation.status, headers=conversation.headers, stream=stream, request=request, extensions=extensions
    )
    for name in ("template", "context"):
        if name in conversation.debug:
            setattr(response, name, conversation.debug[name])
    return response


def in_all(limit: float | None) -> float | None:
    """How many seconds one step may take, with what comes after it when it fails; None for no limit."""
    return None if limit is None else 2 * limit + 2 * CLOSING_LIMIT
