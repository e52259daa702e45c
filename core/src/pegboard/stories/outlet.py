"""What goes out to the server for one response, and what is known of it: status, bytes, times, and failures.

Whatever the server raises ends the response: an OSError says that the client has left, anything else that the server
will not go on.

A response is in one of four stages:

- ``IDLE``: nothing has been started;
- ``HELD``: the start is known, and waits for the first filtered bytes;
- ``OPEN``: the head goes out, or went out;
- ``DONE``: the last byte went out. Only trailers may follow, and the server's own extensions.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from pegboard import raw_headers
from pegboard.requests import ClientDisconnect
from pegboard.responses import Head
from pegboard.stories.shaping import BODILESS
from pegboard.types import Message, Send

__all__ = ["DONE", "HELD", "IDLE", "OPEN", "Outlet"]

IDLE, HELD, OPEN, DONE = range(4)


class Outlet:
    """The server's ``send``, counted. ``silent`` responses have no content.

    The fields are those of whoever is one, an `Exchange`.
    """

    if not TYPE_CHECKING:
        # The struct has them; type checkers would take this for the whole of it.
        __slots__ = ()

    _send: Send
    silent: bool
    status_code: int
    bytes_out: int
    first_byte: float | None
    gone: bool
    broken: bool

    def opening(self, head: Head, message: Message) -> dict[str, Any]:
        """``message``, which starts a response, as it goes out: with what ``head`` says."""
        if head.status_code in BODILESS:
            # RFC 9110 section 8.6: a 204 has no Content-Length either, and that of a 304 would be the other answer's.
            self.silent = True
            raw_headers.remove(head.raw_headers, b"content-length")
        return {**message, "status": head.status_code, "headers": head.raw_headers}

    async def put_start(self, head: Head, message: Message) -> None:
        """Send ``message``, which starts a response, with what ``head`` says."""
        opening = self.opening(head, message)
        try:
            await self._send(opening)
        except Exception as error:
            self._fail(error)
        self.status_code = opening["status"]
        self.first_byte = perf_counter()

    async def put_piece(self, message: Message) -> None:
        """Send ``message``, which holds a piece of the body."""
        if self.silent:
            # RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5: no content in answers to HEAD, in 204 and in 304.
            message = {**message, "body": b""}
        try:
            await self._send(message)
        except Exception as error:
            self._fail(error)
        self.bytes_out += len(message.get("body", b""))

    async def put(self, message: Message) -> None:
        """Send any other message. Raises ClientDisconnect when the client has left."""
        try:
            await self._send(message)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        if isinstance(error, OSError):
            self.gone = True
            raise ClientDisconnect("The client left before the whole response was sent") from error
        self.broken = True
        raise error
