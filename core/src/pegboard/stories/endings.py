"""How conversations end: the hooks that are told what became of one, and the work that is left.

Rules that must not move:

- Hooks at the end run exactly once each. One that fails is logged, and the others run all the same.
- A cancelled conversation still runs them to their end, shielded; a cancellation that arrives meanwhile waits for the
  rest of them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import CancelScope

from pegboard.compiling import Call, Pipeline
from pegboard.requests import Request

__all__ = ["close_form", "complete", "run_background", "tell_from", "tell_past"]

logger = logging.getLogger("pegboard")


def tell_from(request: Any, pipeline: Pipeline, outcome: Any, call: Call, result: Any) -> Awaitable[None]:
    """What is left to await where the `complete` hook ``call`` gave ``result``: that, and the hooks behind it."""
    return _tell_rest(request, pipeline, "complete", outcome, pipeline.complete.index(call), result)


def tell_past(request: Any, pipeline: Pipeline, outcome: Any, call: Call, exc: BaseException) -> Awaitable[None] | None:
    """What is left to await where the `complete` hook ``call`` failed: the hooks behind it, if there are any.

    An Exception is logged. Anything else, such as the interpreter's exit, is raised when the others were told.
    """
    position = pipeline.complete.index(call) + 1
    if not isinstance(exc, Exception):
        return _tell_before(exc, request, pipeline, "complete", outcome, position)
    _report(pipeline, "complete", call, exc)
    if position == len(pipeline.complete):
        return None
    return _tell_rest(request, pipeline, "complete", outcome, position)


async def complete(connection: Any, pipeline: Pipeline, hook: str, outcome: Any) -> None:
    """Tell the hooks at the end, of which there are some, what became of ``connection``."""
    tell = _tell_shielded if outcome.kind == "cancelled" else _tell_rest
    await tell(connection, pipeline, hook, outcome)


async def _tell_rest(
    connection: Any, pipeline: Pipeline, hook: str, outcome: Any, position: int = 0, result: Any = None
) -> None:
    """Settle the result of the hook at ``position``, and tell those behind it; without a result, it is told first."""
    calls: tuple[Call, ...] = getattr(pipeline, hook)
    while True:
        call = calls[position]
        try:
            if result is None:
                result = call(connection, outcome)
            if result is not None:
                step = pipeline.step(hook, call)
                if step.is_async:
                    result = await result
                if result is not None:
                    raise step.misuse(result, "None")
        except Exception as exc:
            _report(pipeline, hook, call, exc)
        except BaseException:
            # The cancellation goes on when the others were told.
            if position + 1 < len(calls):
                with CancelScope(shield=True):
                    await _tell_rest(connection, pipeline, hook, outcome, position + 1, None)
            raise
        result = None
        position += 1
        if position == len(calls):
            return


async def _tell_before(
    exc: BaseException, connection: Any, pipeline: Pipeline, hook: str, outcome: Any, position: int
) -> None:
    """Raise what a hook stopped everything with, when those behind it were told."""
    if position < len(getattr(pipeline, hook)):
        await _tell_rest(connection, pipeline, hook, outcome, position, None)
    raise exc


async def _tell_shielded(connection: Any, pipeline: Pipeline, hook: str, outcome: Any) -> None:
    with CancelScope(shield=True):
        await _tell_rest(connection, pipeline, hook, outcome)


def _report(pipeline: Pipeline, hook: str, call: Call, exc: Exception) -> None:
    step = pipeline.step(hook, call)
    step.blame(exc)
    logger.error("Hook %r of %s failed", hook, step.described, exc_info=exc)


async def run_background(task: Callable[[], Awaitable[None]], error: BaseException | None) -> None:
    """Run a response's background task; what it raises goes to the server, with the task's name.

    Where the request left an ``error`` for the server already, the task's is logged.
    """
    try:
        await task()
    except Exception as exc:
        name = getattr(task, "name", None)
        if name is not None:
            exc.add_note(f"in background task {name!r}")
        if error is None:
            raise
        logger.exception("A background task failed")


async def close_form(request: Request) -> None:
    """Close the files of a form that the endpoint left open."""
    try:
        await request.close()
    except Exception:
        logger.exception("The files of a form could not be closed")
