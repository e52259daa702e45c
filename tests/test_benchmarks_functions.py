"""Functions take part in the benchmark when they give what is wanted, and are named when they do not."""

from __future__ import annotations

import asyncio

from benchmarks.functions import Function, FunctionCase, measure


def broken() -> bool:
    """A peer that does not work."""
    raise ValueError("no key")


def test_only_what_gives_the_right_answer_is_timed() -> None:
    """Nobody is fast by doing less."""
    case = FunctionCase(
        "c",
        "C",
        lambda: [
            Function("right", "", lambda: True, bool),
            Function("wrong", "", lambda: False, bool),
            Function("broken", "", broken, bool),
        ],
    )
    rows, skipped = asyncio.run(measure(case, 2))
    assert [(row.peer, row.samples, row.unit) for row in rows] == [("right", 2, "µs")]
    assert [(each.peer, each.reason) for each in skipped] == [
        ("wrong", "gives something else than expected"),
        ("broken", "fails: ValueError: no key"),
    ]
