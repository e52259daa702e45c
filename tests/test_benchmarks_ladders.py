"""The steps that show where the time goes."""

from __future__ import annotations

import pytest
from benchmarks.cases.every import CASES
from benchmarks.ladders import LADDERS, Ladder, Rung, climbed
from benchmarks.rows import Row
from benchmarks.wire import CASES as WIRE_CASES

STEPS = Ladder("a", [("one", ("c", "p", "1")), ("two", ("c", "p", "2")), ("three", ("c", "p", "3"))])


def rows(unit: str, *medians: float) -> dict[tuple[str, str, str], Row]:
    """A row for each step."""
    made = [Row.of("c", "p", str(number), [median], unit) for number, median in enumerate(medians, 1)]
    return {row.key: row for row in made}


def test_each_step_is_compared_with_the_first_and_with_the_one_before() -> None:
    assert climbed(STEPS, rows("µs", 1.0, 3.0, 2.5)) == [
        Rung("one", 1.0, 0.0, 0.0),
        Rung("two", 3.0, 2.0, 2.0),
        Rung("three", 2.5, 1.5, -0.5),
    ]


def test_rates_are_shown_as_the_time_of_a_request() -> None:
    assert [rung.cost for rung in climbed(STEPS, rows("requests/s", 50_000, 40_000, 20_000))] == [20, 25, 50]


def test_a_ladder_with_a_missing_step_is_not_shown() -> None:
    assert climbed(STEPS, rows("µs", 1.0, 3.0)) == []


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder.title)
def test_every_step_is_a_row_that_a_run_measures(ladder: Ladder) -> None:
    names = {key[0] for _, key in ladder.steps}
    cases = [case for case in CASES if case.name in names]
    measured = {(case.name, each.peer, each.variant) for case in cases for each in case.entrants()}
    measured |= {(case.name, *key) for case in WIRE_CASES if case.name in names for key in case.entrants.values()}
    assert {key for _, key in ladder.steps} <= measured
