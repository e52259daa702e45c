"""The server's messages for one request, for several readers.

ASGI gives one ``receive``. The endpoint reads the body from it, while a streaming response has to notice on it that the
client has left, and a hook may ask whether it is still there. The inbox lets all of them do so: nothing is lost, and
nothing is read ahead of the body's reader by more than one message.

Rules that must not move:

- One caller at a time waits on the server, under the lock.
- ``disconnected`` turns true when the server has said ``http.disconnect``. A piece of the body that nobody has taken
  hides what comes behind it, as it does on the wire; the last piece hides nothing, as only the disconnect can follow.
"""

from __future__ import annotations

from anyio import Event, Lock, WouldBlock, move_on_after

from pegboard.types import Message, Receive

__all__ = ["Inbox"]


class Inbox:
    """Shares one ASGI ``receive`` between the body's reader and those who watch for the client's leaving."""

    __slots__ = ("_ended", "_held", "_lock", "_receive", "_taken", "disconnected")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._lock = Lock()
        self._held: Message | None = None
        self._taken = Event()
        self._ended = False
        self.disconnected = False

    async def receive(self) -> Message:
        """The next message, in order: what was read ahead meanwhile comes first."""
        while (message := self._held) is None:
            if self.disconnected:
                return {"type": "http.disconnect"}
            async with self._lock:
                if self._held is None and not self.disconnected:
                    return await self._pull()
        self._held = None
        self._taken.set()
        return message

    async def watch(self) -> None:
        """Return when the client has left; a piece of the body waits until its reader takes it."""
        while not self.disconnected:
            async with self._lock:
                if not self._is_hidden:
                    await self._look()
            if self._is_hidden:
                await self._taken.wait()

    async def poll(self) -> bool:
        """Whether the client has left, as far as it is known without waiting."""
        if self.disconnected or self._is_hidden:
            return self.disconnected
        try:
            self._lock.acquire_nowait()
        except WouldBlock:
            # Whoever waits on the server already has nothing to tell yet.
            return False
        try:
            # A server that knows more answers at once; one that would have to wait is not waited for.
            with move_on_after(0):
                if not self._ended:
                    await self._look()
                if self._ended:
                    await self._look()
        finally:
            self._lock.release()
        return self.disconnected

    @property
    def _is_hidden(self) -> bool:
        """Whether a piece that nobody has taken stands before whatever else there is."""
        return self._held is not None and not self._ended

    async def _look(self) -> None:
        """Read one message ahead, and hold it for the body's reader."""
        ended = self._ended
        message = await self._pull()
        if not self.disconnected and not ended:
            self._held = message
            self._taken = Event()

    async def _pull(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.disconnected = True
        elif not message.get("more_body", False):
            self._ended = True
        return message
