"""How conversations end: the outcome, the hooks that are told, and the work that is left.

Rules that must not move:

- Hooks at the end run exactly once each. One that fails is logged, and the others run all the same.
- A cancelled conversation still runs them to their end, shielded; a cancellation that arrives meanwhile waits for the
  rest of them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from anyio import CancelScope

from pegboard.compiling import Pipeline
from pegboard.outcome import Outcome, OutcomeKind
from pegboard.plans import Plan
from pegboard.requests import Request
from pegboard.stories.exchange import Exchange

__all__ = ["complete", "conclude", "run_background"]

logger = logging.getLogger("pegboard")


def conclude(
    request: Request,
    plan: Plan,
    kind: OutcomeKind,
    response: Any,
    exchange: Exchange | None,
    error: BaseException | None,
    answered_by: str | None,
    started: float,
    first_byte: float | None,
) -> Outcome:
    """What became of the request, as `complete` hooks are told."""
    status, bytes_out = 0, 0
    if exchange is not None:
        status, bytes_out, first_byte = exchange.out.status_code, exchange.out.bytes_out, exchange.out.first_byte
    elif first_byte is not None:
        status = response.status_code
        bytes_out = len(response.body) if kind == "sent" and request.scope["method"] != "HEAD" else 0
    first = None if first_byte is None else first_byte - started
    duration = perf_counter() - started
    return Outcome(plan.route, kind, status, error, answered_by, request.bytes_in, bytes_out, started, first, duration)


async def complete(
    connection: Any, pipeline: Pipeline, hook: str, outcome: Any, start: int = 0, shielded: bool = False
) -> None:
    """Tell the hooks at the end, from the one at ``start`` on, what became of ``connection``."""
    if outcome.kind == "cancelled" and not shielded:
        with CancelScope(shield=True):
            await complete(connection, pipeline, hook, outcome, start, True)
        return
    for position, call in enumerate(getattr(pipeline, hook)[start:], start + 1):
        try:
            result = call(connection, outcome)
            if result is not None:
                await pipeline.step(hook, call).settle_nothing(result)
        except Exception as exc:
            step = pipeline.step(hook, call)
            step.blame(exc)
            logger.exception("Hook %r of %s failed", hook, step.described)
        except BaseException:
            with CancelScope(shield=True):
                await complete(connection, pipeline, hook, outcome, position, True)
            raise


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
