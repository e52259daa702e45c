"""The calls of one request are counted the same way each time, and are those of the request."""

from __future__ import annotations

import asyncio

from benchmarks import calls
from benchmarks.cases import every


def test_the_same_request_has_the_same_calls() -> None:
    """It is a count, not a measurement."""
    first, second = (asyncio.run(calls.profile(every.entrant("no-op", "Pegboard", "none"))) for _ in range(2))
    assert first == second


def test_functions_of_the_board_stand_by_name_and_plugins_are_seen() -> None:
    """Twenty hooks of no-op plugins and the endpoint are the benchmark's own."""
    frames, builtins = asyncio.run(calls.profile(every.entrant("no-op", "Pegboard", "four, every hook")))
    assert [name for name in frames if name.startswith("pegboard.")]
    assert frames["(benchmarks)"] == 21
    assert sum(builtins.values()) > 0
