"""The server's messages for one request, for several readers.

ASGI gives one ``receive``. The endpoint reads the body from it, while a streaming response has to notice on it that the
client has left, and a hook may ask whether it is still there. The inbox lets all of them do so: nothing is lost, and
nothing is read ahead of the body's reader by more than one message.

Rules that must not move:

- One caller at a time waits on the server, under the lock.
- ``disconnected`` turns true when the server has said ``http.disconnect``. A piece of the body that nobody has taken
  hides what comes behind it, as it does on the wire; the last piece hides nothing, as only the disconnect can follow.
- Whoever watches beside an answer has stopped when the answer is done, however it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from anyio import CancelScope, Event, Lock, WouldBlock, create_task_group, move_on_after

from pegboard.exceptions import HTTPException
from pegboard.types import Message, Receive

__all__ = ["Inbox", "cancel_on_disconnect", "push_while_present"]


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


async def cancel_on_disconnect(receive: Receive, scope: CancelScope) -> None:
    """Cancel ``scope`` when the client has left; for who pushes an answer, and has no use for other messages."""
    try:
        while not (await receive())["type"].endswith(".disconnect"):
            pass
    except HTTPException:
        # The request's body, which nobody asked for, is over its limit; the answer to the request is on its way.
        return
    scope.cancel()


async def push_while_present(receive: Receive, push: Callable[[], Awaitable[None]]) -> None:
    """Run ``push`` to its end, or until the client leaves: it is cancelled where it stands then.

    What ``push`` raises, or ``receive``, is raised as it is.
    """
    failures: list[Exception] = []
    with CancelScope() as scope:
        await (_beside_task if _is_asyncio() else _beside_group)(receive, push, scope, failures)
    if failures:
        try:
            raise failures[0]
        finally:
            # The traceback holds this frame, which must not hold the failure.
            failures.clear()


async def _beside_group(
    receive: Receive, push: Callable[[], Awaitable[None]], scope: CancelScope, failures: list[Exception]
) -> None:
    async with create_task_group() as group:
        group.start_soon(_watch, receive, scope, failures)
        await _run(push, failures)
        group.cancel_scope.cancel()


async def _beside_task(
    receive: Receive, push: Callable[[], Awaitable[None]], scope: CancelScope, failures: list[Exception]
) -> None:
    """The same with a task of asyncio's own: to start and to cancel one in a group costs more than most streams do."""
    watcher = asyncio.create_task(_watch(receive, scope, failures))
    try:
        await _run(push, failures)
    finally:
        watcher.cancel()
        with CancelScope(shield=True):
            await asyncio.wait((watcher,))


async def _run(push: Callable[[], Awaitable[None]], failures: list[Exception]) -> None:
    try:
        await push()
    except Exception as error:  # noqa: BLE001  it is raised again outside, so that no group wraps it
        failures.append(error)


async def _watch(receive: Receive, scope: CancelScope, failures: list[Exception]) -> None:
    try:
        await cancel_on_disconnect(receive, scope)
    except Exception as error:  # noqa: BLE001  as above
        failures.append(error)
        scope.cancel()


def _is_asyncio() -> bool:
    """Whether this is a task of asyncio's; one of trio's may run in asyncio's loop, as its guest."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False
