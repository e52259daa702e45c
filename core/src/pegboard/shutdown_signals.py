"""Hearing that the process is told to stop, while a server waits for the connections that are open.

A server stops in this order: it takes no more connections, waits for those that are open, and then ends the
application's lifespan. A response without an end would hold it up until it is cut off, and nothing in ASGI tells it.
What does is the signal to the process.

Rules that must not move:

- Nobody's handling of a signal is changed. Ours passes it on to the one that was there, and is taken away again when
  nobody listens. A signal that nobody handles in Python is left alone.
- Python handles signals in the main thread. A loop elsewhere hears them only while one there listens too.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

from anyio import Event

__all__ = ["shutdown_event"]

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_listeners: set[Callable[[], Any]] = set()
_before: dict[int, Callable[[int, FrameType | None], Any]] = {}


@contextmanager
def shutdown_event() -> Iterator[Event]:
    """An event of the running loop, set when the process is told to stop within the block."""
    event = Event()
    wake = partial(_loop_caller(), event.set)
    _listeners.add(wake)
    try:
        _listen()
        yield event
    finally:
        _listeners.discard(wake)
        if not _listeners:
            _stop_listening()


def _loop_caller() -> Callable[..., Any]:
    """What calls a function in the running loop, from a signal handler or another thread."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        import trio  # noqa: PLC0415  only where it runs

        return trio.lowlevel.current_trio_token().run_sync_soon


def _listen() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler) and handler is not _handle:
            _before[number] = handler
            signal.signal(number, _handle)


def _stop_listening() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number, handler in list(_before.items()):
        # Whoever came after us stays.
        if signal.getsignal(number) is _handle:
            signal.signal(number, handler)
            del _before[number]


def _handle(number: int, frame: FrameType | None) -> None:
    for wake in list(_listeners):
        # Its loop has ended meanwhile.
        with suppress(RuntimeError):
            wake()
    handler = _before.get(number)
    if handler is not None:
        handler(number, frame)
