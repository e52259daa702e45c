"""An event loop in a thread, shared by everything that one synchronous client has open.

The loop starts with the first that needs it and stops with the last. Nothing waits for it without a limit: code that
blocks the loop is reported with the place where it stands, and its thread is left behind.
"""

from __future__ import annotations

import atexit
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, Self, TypeVar, cast

from anyio import create_task_group, get_cancelled_exc_class
from anyio.abc import TaskGroup
from anyio.from_thread import BlockingPortal, start_blocking_portal

__all__ = ["Portal"]

T = TypeVar("T")

MARGIN = 10.0
"""Seconds that the loop has to answer, on top of what it was asked to wait."""


class Portal:
    """The loop and its thread; ``backend`` is ``asyncio`` or ``trio``. ``group`` is a task group in the loop."""

    group: TaskGroup

    def __init__(self, backend: str, backend_options: dict[str, Any] | None) -> None:
        self._backend = backend
        self._backend_options = backend_options
        self._lock = threading.Lock()
        self._users = 0
        self._portal: BlockingPortal | None = None
        self._thread = 0
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Start the loop unless it runs, and keep it running until the matching exit."""
        with self._lock:
            if self._portal is None:
                self._start()
            self._users += 1
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the loop when nobody needs it any more."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._stop()

    def call(self, function: Callable[..., Awaitable[T]], *args: Any, limit: float | None = 0.0) -> T:
        """Await ``function(*args)`` in the loop; ``limit`` is how many seconds that itself may take, None for any.

        Raises what it raises, and TimeoutError when the loop is blocked.
        """
        if self._portal is None:
            raise RuntimeError("the client's event loop has stopped: nothing that was open in it can be used any more")
        future = self._portal.start_task_soon(_outcome, function, args)
        seconds = None if limit is None else limit + MARGIN
        try:
            result, error = future.result(seconds)
        except TimeoutError:
            raise self._blocked(seconds or 0.0) from None
        try:
            if error is not None:
                raise error
            return cast(T, result)
        finally:
            # The traceback holds this frame, and the frame would hold the exception: no cycle is left behind.
            del error

    def _start(self) -> None:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(self._backend, self._backend_options))
            self.group, self._thread = stack.enter_context(portal.wrap_async_context_manager(_task_group()))
            self._exit = stack.pop_all()
            self._portal = portal
        atexit.register(self._abandon)

    def _stop(self) -> None:
        atexit.unregister(self._abandon)
        self._portal = None
        closer = threading.Thread(target=self._close, daemon=True)
        closer.start()
        closer.join(MARGIN)
        if closer.is_alive():
            raise self._blocked(MARGIN)

    def _close(self) -> None:
        # Where the task group was cancelled, so was the task that holds it.
        with suppress(CancelledError):
            self._exit.close()

    def _abandon(self) -> None:
        """Stop what was never closed, before the interpreter goes."""
        with self._lock:
            if self._portal is not None:
                self._portal.start_task_soon(self.group.cancel_scope.cancel)
                self._stop()

    def _blocked(self, seconds: float) -> TimeoutError:
        frame = sys._current_frames().get(self._thread)
        place = "".join(traceback.format_stack(frame)[-4:]) if frame is not None else "  an unknown place\n"
        return TimeoutError(f"the application has blocked the event loop for {seconds:g} seconds, at\n{place}")


async def _outcome(function: Callable[..., Awaitable[Any]], args: Any) -> tuple[Any, BaseException | None]:
    """What ``function`` gives and what it raises: an exit that left the portal would stop the loop."""
    try:
        return await function(*args), None
    except get_cancelled_exc_class():
        raise
    except BaseException as error:  # noqa: BLE001 - raised to the caller
        return None, error


@asynccontextmanager
async def _task_group() -> AsyncIterator[tuple[TaskGroup, int]]:
    """A task group in the loop, and the loop's thread."""
    async with create_task_group() as group:
        yield group, threading.get_ident()
