"""Looking at hooks while they run: what a pipeline calls is wrapped, in copies of the pipelines that the tables hold.

In debug mode, synchronous hooks that hold up the event loop are reported, with their name and time: such a hook runs
inline, so that every other request waits for it. Asynchronous hooks are left alone, as their time is not their own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from pegboard.compiling import Call, Pipeline, Step
from pegboard.hookspecs import ROUTE_HOOKS
from pegboard.plans import Plan
from pegboard.types import Scope

__all__ = ["LIMIT", "Watch", "Wrap"]

LIMIT = 0.05
"""Seconds that a synchronous hook may take before it is reported."""

logger = logging.getLogger("pegboard")

Match = Callable[[Scope], tuple[Plan, dict[str, Any]]]

Wrap = Callable[[Call, Step], Call]
"""Gives what is called in the place of a hook: with the same arguments, and as synchronous or not as ``step`` says."""


class Watch:
    """Puts ``wrap(call, step)`` in the place of every hook, around the ``inner`` watch.

    Pipelines that were seen before are not made again.
    """

    def __init__(self, wrap: Wrap | None = None, inner: Watch | None = None) -> None:
        self._wrap = wrap or stopwatch
        self._inner = inner
        self._pipelines: dict[Pipeline, Pipeline] = {}

    def match(self, match: Match) -> Match:
        """``match`` with watched pipelines."""

        def watched(scope: Scope) -> tuple[Plan, dict[str, Any]]:
            plan, params = match(scope)
            return Plan(plan.route, plan.call, self.pipeline(plan.pipeline), plan.max_body_size, plan.notes), params

        return watched

    def pipeline(self, pipeline: Pipeline) -> Pipeline:
        """``pipeline`` with its hooks watched."""
        found = self._pipelines.get(pipeline)
        if found is None:
            found = self._pipelines[pipeline] = Pipeline(
                {
                    hook: self.hooks(tuple(zip(getattr(pipeline, hook), pipeline.steps(hook), strict=True)))
                    for hook in ROUTE_HOOKS
                }
            )
        return found

    def hooks(self, hooks: Sequence[tuple[Call, Step]]) -> tuple[tuple[Call, Step], ...]:
        """The hooks of one kind, watched."""
        watched = hooks if self._inner is None else self._inner.hooks(hooks)
        return tuple((self._wrap(call, step), step) for call, step in watched)


def stopwatch(call: Call, step: Step) -> Call:
    """``call`` with a stopwatch where it is synchronous."""
    return call if step.is_async else timed(call, step)


def timed(call: Call, step: Step) -> Call:
    """``call`` with a stopwatch; ``step`` says whose it is."""

    def watched(*arguments: Any) -> Any:
        begun = perf_counter()
        try:
            return call(*arguments)
        finally:
            took = perf_counter() - begun
            if took > LIMIT:
                logger.warning(
                    "Hook %r of %s held up the event loop for %.0f ms, and every other request with it; "
                    "make it `async def`, or move its work to a thread",
                    step.hook,
                    step.described,
                    took * 1000,
                )

    return watched
