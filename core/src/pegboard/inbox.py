"""The server's messages for one request, for several readers.

ASGI gives one ``receive``. The endpoint reads the body from it, while a streaming response has to notice on it that the
client has left. The inbox lets both do so: nothing is lost, and nothing is read ahead of the body's reader by more than
one message.

``disconnected`` turns true when the server has said ``http.disconnect``; a request body that is left unread hides what
comes behind it, as it does on the wire.
"""

from __future__ import annotations

from anyio import Event, Lock

from pegboard.types import Message, Receive

__all__ = ["Inbox"]


class Inbox:
    """Shares one ASGI ``receive`` between the body's reader and a watcher for the client's leaving."""

    __slots__ = ("_held", "_lock", "_receive", "_taken", "disconnected")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._lock = Lock()
        self._held: Message | None = None
        self._taken = Event()
        self.disconnected = False

    async def receive(self) -> Message:
        """The next message, in order: what the watcher has found meanwhile comes first."""
        async with self._lock:
            message = self._held
            if message is None:
                return await self._pull() if not self.disconnected else {"type": "http.disconnect"}
            self._held = None
            self._taken.set()
            return message

    async def watch(self) -> None:
        """Return when the client has left; a message of the body waits until its reader takes it."""
        while not self.disconnected:
            async with self._lock:
                if self._held is None:
                    message = await self._pull()
                    if message["type"] == "http.disconnect":
                        return
                    self._held = message
                    self._taken = Event()
                ended = not self._held.get("more_body", False)
                taken = self._taken
            if ended:
                # The last piece of the body may stay held: what comes behind it can only be the disconnect.
                await self._watch_behind_the_body()
                return
            await taken.wait()

    def peek(self) -> Message | None:
        """The message that waits for the body's reader, if any."""
        return self._held

    def hold(self, message: Message) -> None:
        """Keep a message that was received on behalf of the body's reader."""
        self._held = message
        self._taken = Event()

    async def _watch_behind_the_body(self) -> None:
        while not self.disconnected:
            await self._pull()

    async def _pull(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.disconnected = True
        return message
