"""Processes that are started so that Ctrl-C is quiet, also while they are still importing.

A terminal sends the interrupt to all processes at once. One that has just been started has no handler yet, and would
write a traceback; so interrupts are held back from its first moment, and let through when it serves.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from uvicorn.supervisors import ChangeReload, Multiprocess

__all__ = ["Reloader", "Workers", "let_interrupts_through"]

# Windows has no such masks, and no groups of processes that a terminal interrupts in this way.
_CAN_HOLD = hasattr(signal, "pthread_sigmask")


class Workers(Multiprocess):
    """Several processes that serve."""

    def init_processes(self) -> None:
        """Start them."""
        with _held():
            super().init_processes()


class Reloader(ChangeReload):  # type: ignore[misc, valid-type]  # whichever of two that uvicorn has
    """One process that serves, started again when a file changes."""

    def startup(self) -> None:
        """Start it."""
        with _held():
            super().startup()

    def restart(self) -> None:
        """Start it again."""
        with _held():
            super().restart()


def let_interrupts_through() -> None:
    """Called by a process that was started, once it has its handlers."""
    if _CAN_HOLD:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _held() -> Iterator[None]:
    """Hold interrupts back: a process that is started meanwhile begins with that."""
    if not _CAN_HOLD:
        yield
        return
    from multiprocessing import resource_tracker  # noqa: PLC0415  not for Windows

    # The first start of a process starts this one before it, which lets interrupts through at its end.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
