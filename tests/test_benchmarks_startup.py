"""Programs in processes of their own take turns; those that need minutes run once."""

from __future__ import annotations

import pytest
from benchmarks import startup


def test_who_needs_minutes_runs_once_and_the_others_in_every_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one turn more for the others, which is not kept: it writes bytecode."""
    ran: list[tuple[str, int]] = []

    def run(program: str, seconds: int) -> float:
        ran.append((program, seconds))
        return 1.0

    monkeypatch.setattr(startup, "run", run)
    programs = {("Pegboard", ""): "quick", ("Falcon", ""): "slow"}
    case = startup.ProcessCase("c", "C", "ms", programs, 3, frozenset({"Falcon"}))
    rows, skipped = startup.measure(case, 15, None)
    assert skipped == []
    assert [(row.peer, row.samples) for row in rows] == [("Pegboard", 3), ("Falcon", 1)]
    assert sorted(ran) == [("quick", startup.SECONDS)] * 4 + [("slow", startup.SLOW_SECONDS)]
