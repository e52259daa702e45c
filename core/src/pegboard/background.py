"""Work that runs after the response was sent.

One task that fails does not drop the others, and each failure is reported with the task's name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ParamSpec

from pegboard.concurrency import BACKGROUND, is_async, run_in

__all__ = ["BackgroundTask", "BackgroundTasks"]

P = ParamSpec("P")

logger = logging.getLogger("pegboard.background")


class BackgroundTask:
    """One call to make after the response: an async function, or a synchronous one (run in a thread)."""

    def __init__(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.is_async = is_async(func)

    @property
    def name(self) -> str:
        """The function's name, for reports."""
        func = self.func.func if isinstance(self.func, partial) else self.func
        return getattr(func, "__qualname__", repr(func))

    async def __call__(self) -> None:
        """Make the call; what it raises is raised."""
        if self.is_async:
            await self.func(*self.args, **self.kwargs)
        else:
            await run_in(BACKGROUND, partial(self.func, *self.args, **self.kwargs))


class BackgroundTasks:
    """Several tasks, run one after the other; each runs whatever became of those before it."""

    def __init__(self, tasks: Sequence[BackgroundTask] | None = None) -> None:
        self.tasks = list(tasks or ())

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Add a call to the end."""
        self.tasks.append(BackgroundTask(func, *args, **kwargs))

    async def __call__(self) -> None:
        """Run all tasks; a failure is logged with the task's name, and the first is raised when all have run."""
        failures: list[Exception] = []
        for task in self.tasks:
            try:
                await task()
            except Exception as error:
                error.add_note(f"in background task {task.name!r}")
                failures.append(error)
        for failure in failures[1:]:
            logger.error("A background task failed", exc_info=failure)
        if failures:
            raise failures[0]
