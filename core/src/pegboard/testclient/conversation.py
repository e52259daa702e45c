"""One HTTP request served by an application, seen from the server's side: no threads, and nothing sent anywhere.

The application runs in a task of its own; the client awaits `head`, `next_piece` and `leave`. Between the two stands a
buffer of one piece of body: a response is seen as it is sent, and an endless one waits for its reader. Every wait of
the client has a limit, and ends when the application ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from anyio import BrokenResourceError, CancelScope, ClosedResourceError, EndOfStream, Event, Lock
from anyio import create_memory_object_stream as create_buffer
from anyio.lowlevel import checkpoint

from pegboard.asgi_checks import HTTPChecker
from pegboard.testclient.content import Content
from pegboard.testclient.files import read_slice
from pegboard.testclient.library import httpx
from pegboard.testclient.running import Run
from pegboard.testclient.server import Server
from pegboard.testclient.waiting import ClientLeft, within
from pegboard.types import Message, RawHeaders, Scope

__all__ = ["Conversation"]


class Conversation(Run):
    """One request and its response.

    ``body`` gives the request's content in pieces, each with whether more follows; ``limit`` is in seconds for each
    wait, None for none. ``settled`` says that all is over: the response was read to its end, and nothing is left to
    wait for or to raise.
    """

    def __init__(self, server: Server, scope: Scope, body: Content, limit: float | None) -> None:
        super().__init__(server, HTTPChecker(scope))
        self.limit = limit
        self.status = 0
        self.headers: RawHeaders = []
        self.early_hints: list[bytes] = []
        self.trailers: RawHeaders = []
        self.pushes: list[Message] = []
        self.debug: dict[str, Any] = {}
        self.settled = False
        self._started = Event()
        self._over = Event()
        self._body = body
        self._body_ended = False
        self._reader = Lock()
        self._reading = CancelScope()
        self._pieces, self._taken = create_buffer[bytes](1)

    # The application's side

    async def receive(self) -> Message:
        """The next message for the application."""
        async with self._reader:
            if not self._over.is_set() and not self._body_ended:
                message = await self._next_request()
                if message is not None:
                    return message
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message from the application."""
        self.check(self.checker.sent, message)
        await checkpoint()
        if not self.gone:
            await _ACTS[message["type"]](self, message)
        if self.gone and self.server.raises_on_send:
            raise ClientLeft(f"{message['type']!r} was not sent: the client has left")

    async def _next_request(self) -> Message | None:
        """The next piece of the request, or None when the client leaves instead."""
        try:
            with CancelScope() as self._reading:
                piece, more = await anext(self._body, (b"", False))
                self._body_ended = not more
                return {"type": "http.request", "body": piece, "more_body": more}
        except Exception as error:  # noqa: BLE001 - whatever the content raises is raised to the caller
            self.broke_off = error
            self.hang_up()
        return None

    async def _on_start(self, message: Message) -> None:
        self.status = self.checker.status
        self.headers = self.checker.headers
        self._started.set()

    async def _on_body(self, message: Message) -> None:
        await self._put(message.get("body", b""))
        self._end_if_complete()

    async def _on_path(self, message: Message) -> None:
        await read_slice(message["path"], None, None, self._put)
        self._end_if_complete()

    async def _on_zero_copy(self, message: Message) -> None:
        await read_slice(message["file"], message.get("offset"), message.get("count"), self._put)
        self._end_if_complete()

    async def _on_trailers(self, message: Message) -> None:
        self.trailers.extend((name, value) for name, value in message.get("headers", ()))
        self._end_if_complete()

    async def _on_hint(self, message: Message) -> None:
        self.early_hints.extend(message["links"])

    async def _on_push(self, message: Message) -> None:
        self.pushes.append(message)

    async def _on_debug(self, message: Message) -> None:
        self.debug.update(message["info"])

    async def _put(self, piece: bytes) -> None:
        if piece and not self.gone and self.scope["method"] != "HEAD":
            try:
                await self._pieces.send(piece)
            except (BrokenResourceError, ClosedResourceError):
                self.gone = True

    def _end_if_complete(self) -> None:
        if self.checker.complete and not self.gone:
            self.complete = True
            self._pieces.close()
            self._end_receiving()

    def _end_receiving(self) -> None:
        self._over.set()
        self._reading.cancel()

    def answer_500(self) -> None:
        """Answer for an application that failed before it did, as servers do."""
        if not self.status and not self.gone:
            self.status = 500
            self.headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")]
            self._pieces.send_nowait(b"Internal Server Error")
            self.complete = True

    async def wind_up(self) -> None:
        """Free what the application, which has ended, may have been using."""
        self._pieces.close()
        self._started.set()
        self._end_receiving()
        # A task that the application left behind may still be reading; it has been cancelled just now.
        with suppress(RuntimeError):
            await self._body.aclose()

    # The client's side

    async def head(self) -> None:
        """Wait until the response has begun. Raises what keeps it from it."""
        await self._within(self._started.wait)
        if not self.status or self.gone:
            await self._settle()

    async def next_piece(self) -> bytes | None:
        """The next piece of the response's body, or None at its end. Raises what went wrong."""
        try:
            piece: bytes = await self._within(self._taken.receive)
        except (EndOfStream, ClosedResourceError):
            await self._settle()
            return None
        return piece

    async def leave(self) -> None:
        """Close the response, wherever it stands. Raises what went wrong and was not raised before."""
        self.hang_up()
        if not self.detached:
            await self.finish()

    @property
    def detached(self) -> bool:
        """Whether the application runs on after its response, and may."""
        return self.complete and self.server.background == "detach" and not self.finished.is_set()

    def hang_up(self) -> None:
        """Be gone for the application, unless its response is complete."""
        self.gone = self.gone or not self.complete
        self._taken.close()
        self._started.set()
        self._end_receiving()

    async def _settle(self) -> None:
        """The response has ended: wait for the application, unless it may run on, and raise what went wrong."""
        if self.gone:
            await self.finish()
        elif not self.detached:
            await self._within(self.finished.wait)
        self.raise_failure()
        if not self.complete and not self.gone:
            raise httpx.RemoteProtocolError(f"{self.described}: the application ended before its response was complete")
        self._taken.close()
        self.settled = self.finished.is_set()

    async def _within(self, wait: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await within(self.limit, wait, self._timeout)
        except httpx.ReadTimeout:
            self.hang_up()
            self.cancel()
            raise

    def _timeout(self) -> Exception:
        text = f"{self.described}: for {self.limit:g} seconds, the application has neither sent anything nor ended"
        if self.complete:
            text += '. The response is complete; with background="detach", work after it may run on'
        return httpx.ReadTimeout(f"{text}. Where that is expected, give a longer `timeout`, or None for no limit")


_ACTS: dict[str, Callable[[Conversation, Message], Awaitable[None]]] = {
    "http.response.start": Conversation._on_start,
    "http.response.body": Conversation._on_body,
    "http.response.pathsend": Conversation._on_path,
    "http.response.zerocopysend": Conversation._on_zero_copy,
    "http.response.trailers": Conversation._on_trailers,
    "http.response.early_hint": Conversation._on_hint,
    "http.response.push": Conversation._on_push,
    "http.response.debug": Conversation._on_debug,
}
