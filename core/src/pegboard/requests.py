"""One HTTP request as hooks and endpoints see it: the connection, its body, and the client's presence.

The body is limited, counted while it arrives, and read from the server once; whoever asks later gets the same bytes. A
slot that is not filled yet means "not read yet".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec
from anyio import Event

from pegboard.body_limits import announces_more, too_large
from pegboard.connections import HTTPConnection, no_receive, no_send
from pegboard.exceptions import ClientDisconnect, HTTPException
from pegboard.inbox import Inbox
from pegboard.raw_headers import field_value
from pegboard.typed_json import decode_json
from pegboard.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from pegboard.decoding import BodyDecoder
    from pegboard.formparsers import FormLimits, FormReading
    from pegboard.multidict import FormData

__all__ = ["ClientDisconnect", "HTTPConnection", "Request"]

T = TypeVar("T")


class Request(HTTPConnection):
    """One HTTP request: the connection, its body, and the client's presence.

    ``max_body_size`` is the limit of the whole body in bytes, or None for no limit.
    """

    __slots__ = (
        "_body",
        "_inbox",
        "_kept_pieces",
        "_limit",
        "_passed_on",
        "_read",
        "_reading",
        "_receive",
        "_send",
        "_taken",
        "bytes_in",
        "kept_form",
    )

    _body: bytes
    _inbox: Inbox
    # True while a task reads the body, an Event when others wait for it.
    _reading: bool | Event

    def __init__(
        self, scope: Scope, receive: Receive = no_receive, send: Send = no_send, max_body_size: int | None = None
    ) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._limit = max_body_size
        self.bytes_in = 0
        self._read = self._taken = self._passed_on = self._reading = False
        # The form, once it was read: whoever ends the request sees at no cost whether there is something to close.
        self.kept_form: FormData | None = None

    @property
    def method(self) -> str:
        """The request's method, in upper case as clients send it."""
        method: str = self.scope["method"]
        return method

    @property
    def receive(self) -> Receive:
        """The ASGI channel this request reads from."""
        return self._receive

    @property
    def send(self) -> Send:
        """The ASGI channel this request is answered on."""
        return self._send

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body piece by piece, as it arrives; ends with an empty piece.

        Raises ClientDisconnect when the client leaves first, HTTPException 413 above the limit, and RuntimeError
        when the stream was read before (a body kept by ``body()`` is given again).
        """
        if self._reading:
            await self.body()  # The body that another task reads; for one that it streams, this raises.
        try:
            body = self._body
        except AttributeError:
            if self._read and not self._pieces():
                raise RuntimeError("The request's stream was read before; `await request.body()` keeps it") from None
            self._taken = True
            for piece in self._pieces(take=True):
                yield piece
            while not self._read:
                self._reading = True
                try:
                    chunk = self._chunk(await self._receive())
                finally:
                    self._end_reading()
                if chunk:
                    yield chunk
        else:
            yield body
        yield b""

    async def body(self) -> bytes:
        """The whole body, for several tasks at once, too. Raises as ``stream`` does, also when that was read in part.

        A reading that is cancelled loses nothing: the next goes on where it stopped.
        """
        try:
            return self._body
        except AttributeError:
            self._check_untaken("")
        if self._reading:
            self._reading = ends = Event() if self._reading is True else self._reading
            await ends.wait()
            return await self.body()
        if self._read and self._limit is not None and self.bytes_in > self._limit:
            raise too_large(self.scope, self._limit)
        pieces = self._kept_pieces = self._pieces()
        self._reading = True
        try:
            while not self._read:
                pieces.append(self._chunk(await self._receive()))
        finally:
            self._end_reading()
        self._body = body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        del self._kept_pieces
        return body

    def _end_reading(self) -> None:
        """Let those go on who wait for the one that reads."""
        others, self._reading = self._reading, False
        if not isinstance(others, bool):
            others.set()

    def _pieces(self, *, take: bool = False) -> list[bytes]:
        """What a reading of the body that was cancelled had received; with ``take`` it is the caller's from now on."""
        pieces: list[bytes] = getattr(self, "_kept_pieces", [])
        if take and pieces:
            del self._kept_pieces
        return pieces

    def _check_untaken(self, whom: str) -> None:
        """Raise RuntimeError when pieces of the body were given away by ``stream``."""
        if self._taken:
            raise RuntimeError(
                f"The request's stream was read before, at least in part, so its body is gone{whom}; "
                "use `await request.body()` to keep it"
            )

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, type: type[T]) -> T: ...
    async def json(self, type: Any = Any) -> Any:
        """The body decoded from JSON (RFC 8259), into ``type`` when one is given: a Struct, a dataclass, a model.

        Raises HTTPException 400 when the body is not JSON, and 422 with the place of the fault when it does not fit;
        of all faults where the type is a model.
        """
        body = await self.body()
        try:
            return decode_json(body, type)
        except msgspec.ValidationError as error:
            raise HTTPException(422, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(400, f"The body is not valid JSON: {error}") from error

    def form(
        self,
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: float = 1024 * 1024,
        max_total_size: float | None = None,
    ) -> FormReading:
        """The form's fields and files: ``await request.form()``, or ``async with request.form() as form``.

        The latter closes the files at its end; `close` does it for the former. A form is read once and kept, and what
        is neither urlencoded nor multipart/form-data is an empty one. ``max_part_size`` is in bytes for each field of
        text, ``max_total_size`` for the whole; files are limited by these and by ``max_body_size`` alone.

        Raises MultiPartException, an HTTPException with 400 for a broken form and 413 for one over a limit, and
        RuntimeError for a multipart form when python-multipart is not installed.
        """
        from pegboard.formparsers import FormLimits, FormReading  # noqa: PLC0415  for applications that have forms

        return FormReading(partial(self._read_form, FormLimits(max_files, max_fields, max_part_size, max_total_size)))

    async def _read_form(self, limits: FormLimits) -> FormData:
        if self.kept_form is None:
            from pegboard.formparsers import read_form  # noqa: PLC0415  as above

            self.kept_form = await read_form(self, limits)
        return self.kept_form

    async def close(self) -> None:
        """Close the files of a form that was read; nothing happens when there is none."""
        if self.kept_form is not None:
            await self.kept_form.close()

    async def is_disconnected(self) -> bool:
        """Whether the client has left, without waiting and without losing any of the body."""
        return await self.inbox().poll()

    def inbox(self) -> Inbox:
        """The inbox through which the body's reader and a watcher for disconnects share the server's messages."""
        try:
            return self._inbox
        except AttributeError:
            self._inbox = inbox = Inbox(self._receive)
            self._receive = inbox.receive
            return inbox

    async def read_message(self) -> Message:
        """The body's next message for an ASGI application behind this request: counted, limited, replayed if kept.

        Raises RuntimeError when a hook has read the stream without keeping the body.
        """
        try:
            body = self._body
        except AttributeError:
            if not self._passed_on:
                self._check_untaken(" for the application behind")
                self._passed_on = True
            if pieces := self._pieces(take=True):
                return {"type": "http.request", "body": b"".join(pieces), "more_body": not self._read}
            message = await self._receive()
            if message["type"] == "http.request":
                self._chunk(message)
            return message
        if self._read:
            self._read = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()

    def decode_body(self, decoder: BodyDecoder) -> None:
        """Let everyone who reads the body from now on, applications behind included, have what ``decoder`` gives.

        It is for `request` hooks. What was kept before is decoded, too. Headers lose what speaks of the bytes sent.
        ``max_body_size`` limits those and the decoded ones. Raises RuntimeError when ``stream`` gave pieces away, and
        when a form was made of what was sent.
        """
        from pegboard.decoding import Decoding, decoded_headers  # noqa: PLC0415  for bodies that have a coding

        self._check_untaken(" for a decoder")
        if self.kept_form is not None:
            raise RuntimeError(
                "The request's form was read before its body is decoded, so it is made of other bytes; read it after "
                "the hook that decodes, in a later phase"
            )
        kept = b"".join(self._pieces(take=True))
        if hasattr(self, "_body"):
            kept = self._body
            del self._body
        self.inbox()  # It stays below: those who watch for the client's leaving see the server's own messages.
        self._receive = Decoding(self.scope, self._receive, decoder, self._limit, kept, self._read).receive
        self.replace_headers(decoded_headers(self.scope["headers"]))
        self._read = False
        self.bytes_in = 0

    async def send_early_hints(self, link: str, /, *more: str) -> None:
        """Send a 103 with Link headers (RFC 8297) ahead of the response, where the server offers it."""
        if "http.response.early_hint" in self.scope.get("extensions", {}):
            links = [field_value("link", each) for each in (link, *more)]
            await self._send({"type": "http.response.early_hint", "links": links})

    async def send_push_promise(self, path: str) -> None:
        """Ask the server to push ``path``, where it offers ``http.response.push``."""
        if "http.response.push" in self.scope.get("extensions", {}):
            headers = [pair for pair in self.scope["headers"] if pair[0] in _PUSHED_HEADERS]
            await self._send({"type": "http.response.push", "path": path, "headers": headers})

    def _chunk(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect("The client left before its whole body had arrived")
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            self._read = True
        elif self.bytes_in == 0 and announces_more(self.header(b"content-length"), self._limit):
            raise too_large(self.scope, self._limit)
        self.bytes_in += len(chunk)
        if self._limit is not None and self.bytes_in > self._limit:
            raise too_large(self.scope, self._limit)
        return chunk


_PUSHED_HEADERS = frozenset({b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"user-agent"})
