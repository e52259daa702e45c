"""Waiting with a limit, and what a client that has left looks like to the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import move_on_after

__all__ = ["CLOSING_LIMIT", "ClientLeft", "has_left", "within"]

T = TypeVar("T")

CLOSING_LIMIT = 5.0
"""Seconds that an application has to end once its client has left, and again once it was cancelled."""


class ClientLeft(OSError):
    """The client has left: raised by calls with ``disconnect_after``, and by ``send()`` from ASGI version 2.4 on."""


def has_left(error: BaseException | None) -> bool:
    """Whether an exception is the one that ``send()`` raised, is made from it, or is a group of such."""
    if isinstance(error, BaseExceptionGroup):
        return all(has_left(each) for each in error.exceptions)
    return isinstance(error, ClientLeft) or (error is not None and has_left(error.__cause__))


async def within(limit: float | None, wait: Callable[[], Awaitable[T]], failure: Callable[[], Exception]) -> T:
    """Await ``wait()`` for ``limit`` seconds at most. Raises what ``failure()`` gives when that is not enough."""
    with move_on_after(limit):
        return await wait()
    raise failure()
