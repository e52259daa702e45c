"""Functions that are called, where a case is no request to an application: timed by the harness as applications are."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns, process_time_ns
from typing import Any

from benchmarks.harness import Sampler, describe, take_samples, takes_part
from benchmarks.rows import Row, Skipped

__all__ = ["Function", "FunctionCase", "measure"]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that is called without arguments; ``right`` tells whether its result is what is wanted."""

    peer: str
    variant: str
    call: Callable[[], Any]
    right: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class FunctionCase:
    """A group of functions measured together, as applications are."""

    name: str
    title: str
    functions: Callable[[], Sequence[Function]]


@dataclass(slots=True, kw_only=True)
class _Called(Sampler):
    """Samples calls of a function."""

    call: Callable[[], Any]

    async def sample(self, pause: float = 0.0) -> tuple[float, float]:
        """One sample."""
        call, calls = self.call, range(self.calls)
        gc.collect()
        cpu, start = process_time_ns(), perf_counter_ns()
        for _ in calls:
            call()
        took = perf_counter_ns() - start
        return took / self.calls, (process_time_ns() - cpu) / self.calls


async def measure(
    case: FunctionCase, rounds: int, peers: frozenset[str] | None = None
) -> tuple[list[Row], list[Skipped]]:
    """A row for each function that gives what is wanted, and a reason for each that does not."""
    skipped: list[Skipped] = []
    runners: list[_Called] = []
    for function in case.functions():
        if not takes_part(function.peer, peers):
            continue
        try:
            wrong = "" if function.right(function.call()) else "gives something else than expected"
        except Exception as error:  # noqa: BLE001  as with applications: reported, and the others go on
            wrong = f"fails: {describe(error)}"
        if wrong:
            skipped.append(Skipped(case.name, function.peer, function.variant, wrong))
        else:
            runners.append(_Called(function.peer, function.variant, call=function.call))
    await take_samples(runners, rounds, 0.0)
    return [runner.row(case.name) for runner in runners], skipped
