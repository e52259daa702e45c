"""The one interception of a response that is pushed message by message.

Streams, files and foreign applications push ASGI messages. An exchange stands between them and the server, for all
plugins together: it turns the start into the head that hooks see, passes the body through the filters, counts, and
notices when the client has left. It knows the order of messages; what hooks do is the story's business.

A response is in one of four stages:

- ``IDLE``: nothing has been started;
- ``HELD``: the start is known, and waits for the first filtered bytes;
- ``OPEN``: the head went out;
- ``DONE``: the last byte went out, or the response was replaced and what still comes is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any

from pegboard import raw_headers
from pegboard.concurrency import FILES, run_in
from pegboard.filters import FilterChain
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import Head, content_length
from pegboard.types import ASGIApp, Message, Send

__all__ = ["DONE", "HELD", "IDLE", "OPEN", "Exchange"]

IDLE, HELD, OPEN, DONE = range(4)

FILE_CHUNK = 64 * 1024

Shape = Callable[[Any], Awaitable[tuple[Any, FilterChain | None, BaseException | None]]]
"""Runs `response` and `body` hooks on a head: gives the head to send, the filters, and what a hook raised."""


class Exchange:
    """One response on its way out."""

    __slots__ = (
        "_head",
        "_held",
        "_send",
        "_shape",
        "_silent",
        "_watching",
        "bytes_out",
        "error",
        "filters",
        "first_byte",
        "gone",
        "request",
        "stage",
        "status_code",
    )

    def __init__(self, request: Request, send: Send, shape: Shape, filters: FilterChain | None) -> None:
        self.request = request
        self._send = send
        self._shape = shape
        self._silent = request.scope["method"] == "HEAD"
        self._head: Head | None = None
        self._watching = False
        self._held: tuple[Head, Message] | None = None
        self.filters = filters
        self.stage = IDLE
        self.status_code = 0
        self.bytes_out = 0
        self.first_byte: float | None = None
        self.gone = False
        self.error: BaseException | None = None

    @property
    def started(self) -> bool:
        """Whether anything of the response has gone out."""
        return self.stage in (OPEN, DONE)

    async def run(self, response: Any) -> None:
        """Send ``response``: whole through its filters, or by letting it push."""
        if response.whole:
            await self._send_whole(response)
            return
        if not response.is_app:
            self._head = response
            self._watching = True
        push: ASGIApp = response.push if response.plain_call else response
        await push(self.request.scope, self.receive, self.send)

    def check_complete(self) -> None:
        """Raise RuntimeError when the response returned without having sent all of itself to a client still there."""
        if self.stage != DONE and not self.gone:
            raise RuntimeError(f"The response returned {_MISSING[self.stage]}")

    def reset(self) -> None:
        """Forget a response that failed before anything of it went out."""
        self.close()
        self.filters = self._head = self._held = None
        self._watching = False
        self.stage = IDLE

    def close(self) -> None:
        """Close the filters."""
        if self.filters is not None:
            self.filters.close()

    async def receive(self) -> Message:
        """The client's next message for a foreign application; for a stream of our own, its wait for the disconnect."""
        if self._watching:
            await self.request.inbox().watch()
            message: Message = {"type": "http.disconnect"}
        else:
            message = await self.request.read_message()
        if message["type"] == "http.disconnect":
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """Take a message that the response pushes."""
        if self.stage == DONE:
            return
        act = _ACTS.get(message["type"])
        if act is None:
            await self._pass(message)
        else:
            await act(self, message)

    async def _on_start(self, message: Message) -> None:
        if self.stage != IDLE:
            raise RuntimeError("The response was started already; 'http.response.start' is sent once")
        if self._head is None:
            await self._on_foreign_start(message)
        else:
            await self._begin(self._head, message)

    async def _on_foreign_start(self, message: Message) -> None:
        """A foreign application's start becomes a head, which hooks may change or replace."""
        head = Head(message["status"], [(bytes(name), bytes(value)) for name, value in message.get("headers", ())])
        shaped, self.filters, self.error = await self._shape(head)
        self._head = shaped
        if shaped is head:
            await self._begin(head, {**message, "status": head.status_code, "headers": head.raw_headers})
            return
        await self.run(shaped)
        self.stage = DONE

    async def _begin(self, head: Head, message: Message) -> None:
        if self.filters is None:
            await self._start(head, message)
            return
        if self.filters.holds_head:
            self._held = (head, message)
            self.stage = HELD
            return
        raw_headers.remove(head.raw_headers, b"content-length")
        await self._start(head, message)

    async def _on_body(self, message: Message) -> None:
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        if self.filters is None:
            if self.stage == IDLE:
                raise RuntimeError("The response has no start; send 'http.response.start' before the body")
            await self._body(chunk, more)
        else:
            await self._filtered(self.filters, bytes(chunk), more)

    async def _filtered(self, filters: FilterChain, chunk: bytes, more: bool) -> None:
        data = await filters.feed(chunk, more)
        if self._held is not None:
            if more and filters.holds_head:
                return
            head, message = self._held
            self._held = None
            await self._release(head, message, data, more)
        if data or not more:
            await self._body(data, more)

    async def _release(self, head: Head, message: Message, data: bytes, more: bool) -> None:
        """Send the head that was held; its length is known when the first bytes are the last as well."""
        raw_headers.remove(head.raw_headers, b"content-length")
        if not more and not self._silent:
            head.raw_headers.append(content_length(len(data)))
        await self._start(head, {**message, "status": head.status_code, "headers": head.raw_headers})

    async def _on_path(self, message: Message) -> None:
        """`pathsend`: the server reads the file, unless filters have to see its bytes."""
        if self.filters is None:
            self.bytes_out += await run_in(FILES, partial(os.path.getsize, message["path"]))
            await self._pass(message)
            self.stage = DONE
            return
        file = await run_in(FILES, lambda: open(message["path"], "rb"))  # noqa: SIM115, PTH123  closed below
        try:
            while chunk := await run_in(FILES, partial(file.read, FILE_CHUNK)):
                await self._filtered(self.filters, chunk, True)
        finally:
            await run_in(FILES, file.close)
        await self._filtered(self.filters, b"", False)

    async def _on_zero_copy(self, message: Message) -> None:
        """`zerocopysend`: the server reads the descriptor, unless filters have to see its bytes."""
        more = message.get("more_body", False)
        if self.filters is None:
            self.bytes_out += message.get("count") or 0
            await self._pass(message)
            self.stage = OPEN if more else DONE
            return
        offset, left = message.get("offset"), message.get("count")
        if offset is not None:
            await run_in(FILES, partial(os.lseek, message["file"], offset, os.SEEK_SET))
        while left is None or left > 0:
            size = FILE_CHUNK if left is None else min(left, FILE_CHUNK)
            chunk = await run_in(FILES, partial(os.read, message["file"], size))
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            await self._filtered(self.filters, chunk, True)
        if not more:
            await self._filtered(self.filters, b"", False)

    async def _send_whole(self, response: Any) -> None:
        body = response.body
        if self.filters is not None:
            body = await self.filters.feed(body, False)
            if body is not response.body:
                raw_headers.replace(response.raw_headers, *content_length(len(body)))
        await self._start(response, response.start_message())
        await self._body(body, False)

    async def _start(self, head: Head, message: Message) -> None:
        self.status_code = head.status_code
        await self._pass(message)
        self.stage = OPEN
        self.first_byte = perf_counter()

    async def _body(self, data: bytes, more: bool) -> None:
        if self._silent:
            # RFC 9110 section 9.3.2: no content in the answer to HEAD.
            data = b""
        self.bytes_out += len(data)
        await self._pass({"type": "http.response.body", "body": data, "more_body": more})
        if not more:
            self.stage = DONE

    async def _pass(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:
            self.gone = True
            raise ClientDisconnect("The client left before the whole response was sent") from error


_MISSING = {
    IDLE: "without having started: nothing was sent",
    HELD: "before its body had ended: nothing was sent",
    OPEN: "before its body had ended",
}

_ACTS: dict[str, Callable[[Exchange, Message], Awaitable[None]]] = {
    "http.response.start": Exchange._on_start,
    "http.response.body": Exchange._on_body,
    "http.response.pathsend": Exchange._on_path,
    "http.response.zerocopysend": Exchange._on_zero_copy,
}
