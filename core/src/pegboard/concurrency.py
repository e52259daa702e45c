"""Running synchronous code in threads, without losing the request's context.

Rules that must not move:

- Context variables flow both ways. The thread sees what hooks set, and what the thread sets is seen by whoever
  awaits it: the call runs in a copy of the context, and changed variables are carried back.
- Each kind of work has its own limiter, so that slow endpoints never starve file reads or background tasks.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

__all__ = [
    "BACKGROUND",
    "ENDPOINTS",
    "FILES",
    "ThreadLimit",
    "is_async",
    "iterate_in_threadpool",
    "run_in",
    "run_in_threadpool",
]

P = ParamSpec("P")
T = TypeVar("T")

_MISSING: Any = object()


class ThreadLimit:
    """How many threads one kind of work may hold at a time, in each event loop."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self._limiter: RunVar[CapacityLimiter] = RunVar(f"pegboard.threads.{name}")

    def limiter(self) -> CapacityLimiter:
        """The limiter of the running event loop, sized ``threads``."""
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = CapacityLimiter(self.threads)
            self._limiter.set(limiter)
        if limiter.total_tokens != self.threads:
            limiter.total_tokens = self.threads
        return limiter


ENDPOINTS = ThreadLimit("endpoints", 40)
FILES = ThreadLimit("files", 40)
BACKGROUND = ThreadLimit("background", 10)


async def run_in_threadpool(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``func`` in a worker thread and return what it returns; context variables flow both ways."""
    return await run_in(ENDPOINTS, partial(func, *args, **kwargs))


async def run_in(limit: ThreadLimit, call: Callable[[], T]) -> T:
    """Call ``call`` in a thread counted against ``limit``; context variables flow both ways."""
    changed: list[tuple[ContextVar[Any], Any]] = []

    def tracked() -> T:
        before = copy_context()
        try:
            return call()
        finally:
            changed.extend(pair for pair in copy_context().items() if before.get(pair[0], _MISSING) is not pair[1])

    try:
        return await run_sync(tracked, limiter=limit.limiter())
    finally:
        for variable, value in changed:
            variable.set(value)


async def iterate_in_threadpool(iterable: Iterable[T]) -> AsyncIterator[T]:
    """Iterate a synchronous iterable, each step in a worker thread; closes a generator on every path."""
    iterator = await run_in(ENDPOINTS, partial(iter, iterable))
    try:
        while True:
            item = await run_in(ENDPOINTS, partial(next, iterator, _MISSING))
            if item is _MISSING:
                return
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            with CancelScope(shield=True):
                await run_in(ENDPOINTS, close)


def is_async(function: Any) -> bool:
    """Whether calling ``function`` gives a coroutine, looking through partials and callable objects."""
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or (
        not inspect.isroutine(function) and inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
    )
