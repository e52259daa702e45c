"""The one interception of a response that is pushed message by message.

Streams, files and foreign applications push ASGI messages. An exchange stands between them and the server, for all
plugins together: it turns the start into the head that hooks see, passes the body through the filters, counts, and
notices when the client has left. It knows the order of messages; what hooks do is the story's business.

The stages of a response are the outlet's. What the server sends by itself, files by name or descriptor, is in `files`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import msgspec

from pegboard import raw_headers
from pegboard.compiling import Pipeline
from pegboard.exceptions import HTTPException
from pegboard.filters import FilterChain
from pegboard.outcome import OutcomeKind
from pegboard.requests import Request
from pegboard.responses import Head, content_length
from pegboard.stories.files import send_descriptor, send_path
from pegboard.stories.outlet import DONE, HELD, IDLE, OPEN, Outlet
from pegboard.stories.shaping import BODILESS, Shaped, shape
from pegboard.types import Message, Send

__all__ = ["Exchange"]


class Exchange(Outlet, msgspec.Struct, eq=False):
    """One response on its way out.

    ``answered_by`` and ``error`` are what hooks did to a head that was known only when the response started.
    ``is_shaped`` says that hooks have seen the response already, so that its start is not theirs to see again.
    ``failure`` is the first thing that `receive` or `send` raised: it counts, whatever an application makes of it.

    It is a struct since one is made for every answer of an application: the fields are filled without a Python frame.
    """

    request: Request
    _send: Send
    _pipeline: Pipeline
    _debug: bool
    filters: FilterChain | None
    is_shaped: bool
    silent: bool
    stage: int = IDLE
    status_code: int = 0
    bytes_out: int = 0
    first_byte: float | None = None
    gone: bool = False
    broken: bool = False
    failure: Exception | None = None
    error: BaseException | None = None
    answered_by: str | None = None
    _head: Head | None = None
    _held: tuple[Head, Message] | None = None
    _watching: bool = False
    _replaced: bool = False

    # Applications show it with their `send`, and it holds headers and errors of others.
    __repr__ = object.__repr__

    @property
    def is_settled(self) -> bool:
        """Whether it is too late for another answer: something went out, or nothing can go out any more."""
        return self.stage in (OPEN, DONE) or self.gone or self.broken

    @property
    def kind(self) -> OutcomeKind:
        """What became of the response, once it was run."""
        if self.stage == DONE:
            return "sent"
        return "client_disconnect" if self.gone else "error"

    async def run(self, response: Any) -> Exception | None:
        """Send ``response``: whole through its filters, or by letting it push; gives what it failed with.

        That is a ClientDisconnect when the client left, RuntimeError for messages out of order or an answer that is not
        complete, and whatever the response raises.
        """
        # What is caught is kept by nobody here: its traceback holds this frame, which would keep the request alive.
        try:
            if response.whole:
                await self._send_whole(response)
                return None
            if self.is_shaped or not response.is_app:
                self._head = response
            self._watching = not response.is_app
            push = response.push if response.plain_call else response
            await push(self.request.scope, self.receive, self.send)
            if self.stage != DONE and not self.gone and self.failure is None:
                return RuntimeError(f"The response returned {_MISSING[self.stage]}")
        except Exception as exc:
            return self.failure or exc
        # An application may have gone on as if nothing had happened; its answer is not what it meant to send.
        return self.failure

    def reset(self) -> None:
        """Forget a response that failed before anything of it went out."""
        self.close()
        self.filters = self._head = self._held = self.error = self.answered_by = None
        self._watching = self.is_shaped = False
        self.stage = IDLE

    def close(self) -> None:
        """Close the filters, and let go of a failure: its traceback leads back here."""
        self.failure = None
        if self.filters is not None:
            self.filters.close()

    async def receive(self) -> Message:
        """The client's next message for a foreign application; for a stream of our own, its wait for the disconnect."""
        if self._watching:
            await self.request.inbox().watch()
            message: Message = {"type": "http.disconnect"}
        else:
            try:
                message = await self.request.read_message()
            except HTTPException as exc:
                self.failure = self.failure or exc
                raise
        if message["type"] == "http.disconnect":
            self.gone = True
        return message

    async def send(self, message: Message) -> None:  # noqa: C901, PLR0912
        """Take a message that the response pushes. Raises RuntimeError when it is out of order."""
        if self._replaced:
            return
        if self.failure is not None:
            raise self.failure
        kind = message["type"]
        try:
            if kind == "http.response.body" and self.stage == OPEN and self.filters is None:
                # The way of nearly every piece of a stream.
                if self.silent:
                    message = {**message, "body": b""}
                try:
                    await self._send(message)
                except Exception as error:
                    self._fail(error)
                self.bytes_out += len(message.get("body", b""))
                if not message.get("more_body", False):
                    self.stage = DONE
            elif kind == "http.response.start":
                begun = self._on_start(message)
                if not isinstance(begun, dict):
                    await begun
                    return
                # What `put_start` does from here, without a coroutine of its own.
                try:
                    await self._send(begun)
                except Exception as error:
                    self._fail(error)
                self.status_code = begun["status"]
                self.first_byte = perf_counter()
            else:
                await _ACTS.get(kind, Exchange.put)(self, message)
        except Exception as exc:
            self.failure = exc
            raise

    def _on_start(self, message: Message) -> dict[str, Any] | Awaitable[None]:
        """Begin the response: the start as it goes out, or what is to be awaited where that takes more."""
        if self.stage != IDLE:
            raise RuntimeError("The response was started already; 'http.response.start' is sent once")
        head = self._head
        headers = message.get("headers", ())
        if head is None:
            # A foreign application's start becomes a head, which hooks may change or replace.
            head = self._head = Head(message["status"], raw_headers.normalized(headers))
            if self._pipeline.shapes:
                shaped = shape(self.request, self._pipeline, self._debug, head)
                if shaped is not None:
                    return self._on_shaped(head, message, shaped)
        else:
            if headers is not head.raw_headers:
                # A start of its own. Hooks and filters hold the head's list, so it stays the one sent.
                head.raw_headers[:] = raw_headers.normalized(headers)
            head.status_code = message["status"]
        if self.filters is not None:
            return self._begin_filtered(self.filters, head, message)
        self.stage = OPEN
        return self.opening(head, message)

    async def _on_shaped(self, head: Head, message: Message, shaped: Shaped | Awaitable[Shaped]) -> None:
        """Go on with what hooks made of a foreign application's head."""
        if not isinstance(shaped, tuple):
            shaped = await shaped
        response, self.filters, self.error, self.answered_by = shaped
        del shaped
        if response is not head:
            await self._replace(response)
        elif self.filters is not None:
            await self._begin_filtered(self.filters, head, message)
        else:
            self.stage = OPEN
            await self.put_start(head, message)

    async def _begin_filtered(self, filters: FilterChain, head: Head, message: Message) -> None:
        if filters.holds_head:
            self._held = (head, message)
            self.stage = HELD
            return
        raw_headers.remove(head.raw_headers, b"content-length")
        self.stage = OPEN
        await self.put_start(head, message)

    async def _replace(self, response: Any) -> None:
        """Send what a hook put in the place of a foreign application's answer."""
        self._head = response
        self.is_shaped = True
        failure = await self.run(response)
        self._replaced = True
        self._watching = False
        if failure is not None:
            raise failure

    def check_open(self, kind: str) -> None:
        """Raise RuntimeError unless a message of this kind, which holds a piece of the body, may be sent now."""
        if self.stage in _UNREADY:
            raise RuntimeError(f"The response sent {kind!r}, but {_UNREADY[self.stage]}")

    async def on_body(self, message: Message) -> None:
        """Take a piece of the body."""
        self.check_open(message["type"])
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        if self.filters is None:
            await self._body(chunk, more)
        else:
            await self.pass_through(self.filters, bytes(chunk), more)

    async def pass_through(self, filters: FilterChain, chunk: bytes, more: bool) -> None:
        """Send what the filters make of a piece, and the head first where it has waited for them."""
        data = await filters.feed(chunk, more)
        if self._held is not None:
            if more and filters.holds_head:
                return
            head, message = self._held
            self._held = None
            # The length is known when the first bytes are the last as well.
            self._set_length(head, None if more or self.silent else len(data))
            self.stage = OPEN
            await self.put_start(head, message)
        if data or not more:
            await self._body(data, more)

    async def _send_whole(self, response: Any) -> None:
        body = response.body
        if self.filters is not None:
            body = await self.filters.feed(body, False)
            if body is not response.body:
                self._set_length(response, len(body))
        self.stage = OPEN
        await self.put_start(response, response.start_message())
        await self._body(body, False)

    def _set_length(self, head: Head, size: int | None) -> None:
        """The core owns Content-Length: ``size`` when it is known, and where the status has one."""
        if size is None or head.status_code in BODILESS:
            raw_headers.remove(head.raw_headers, b"content-length")
        else:
            raw_headers.replace(head.raw_headers, *content_length(size))

    async def _body(self, data: bytes, more: bool) -> None:
        await self.put_piece({"type": "http.response.body", "body": data, "more_body": more})
        if not more:
            self.stage = DONE


_MISSING = {
    IDLE: "without having started: nothing was sent",
    HELD: "before its body had ended: nothing was sent",
    OPEN: "before its body had ended",
}

_UNREADY = {
    IDLE: "has not started; send 'http.response.start' first",
    DONE: "its body had ended already; only trailers may follow",
}

_ACTS: dict[str, Callable[[Exchange, Message], Awaitable[None]]] = {
    "http.response.body": Exchange.on_body,
    "http.response.pathsend": send_path,
    "http.response.zerocopysend": send_descriptor,
}
