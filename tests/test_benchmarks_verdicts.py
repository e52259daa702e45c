"""The verdict on a target: met, missed, or not measured; never a guess."""

from __future__ import annotations

from benchmarks.rows import Row
from benchmarks.verdicts import Bytes, Fastest, Floor, Target, Term, judge


def row(peer: str, variant: str, median: float, sent: int | None = None) -> Row:
    """A row of the case "c"."""
    made = Row.of("c", peer, variant, [median])
    made.sent = sent
    return made


OURS, NONE, THEIRS = ("c", "Pegboard", "on"), ("c", "Pegboard", "none"), ("c", "Starlette", "on")
ROWS = [row("Pegboard", "none", 2.0), row("Pegboard", "on", 3.0, 50), row("Starlette", "on", 6.0, 100)]


def test_a_target_compares_medians_and_their_differences() -> None:
    """One term over another, or alone."""
    targets = [
        Target("ratio", "at most half", 0.5, Term(OURS), Term(THEIRS)),
        Target("added", "at most +0.9", 0.9, Term(OURS, NONE)),
        Target("bytes", "at most half", 0.5, Bytes(OURS), Bytes(THEIRS)),
        Target("fastest", "at most a third", 0.33, Term(OURS), Fastest("c", "on")),
    ]
    found = [(each.measured, each.verdict) for each in judge(targets, ROWS, {"c"})]
    assert found == [(0.5, "met"), (1.0, "**missed**"), (0.5, "met"), (0.5, "**missed**")]


def test_what_was_not_measured_has_no_verdict() -> None:
    """Neither met nor missed; targets of cases that nobody asked for are left out."""
    targets = [
        Target("other row", "-", 1.0, Term(("c", "Pegboard", "off"))),
        Target("no bytes", "-", 1.0, Bytes(NONE)),
        Target("nobody else", "-", 1.0, Term(OURS), Fastest("c", "off")),
        Target("other case", "-", 1.0, Term(("d", "Pegboard", ""))),
    ]
    assert [(each.what, each.measured, each.verdict) for each in judge(targets, ROWS, {"c"})] == [
        ("other row", None, "not measured"),
        ("no bytes", None, "not measured"),
        ("nobody else", None, "not measured"),
    ]


def test_a_floor_takes_the_place_of_what_was_measured() -> None:
    """Over the same, or as a ratio of its own; a floor that was not measured is none."""
    floor = Term(NONE)
    targets = [
        Target("same", "-", 0.1, Term(OURS), Term(THEIRS), Floor(floor, "the least")),
        Target("own", "-", 0.1, Term(OURS), Term(THEIRS), Floor(floor, "the least", Term(OURS))),
        Target("none", "-", 0.1, Term(OURS), None, Floor(Term(("c", "floor", "")), "the least")),
    ]
    found = [(each.floor, each.floor_is) for each in judge(targets, ROWS, {"c"})]
    assert found == [(2 / 6, "the least"), (2 / 3, "the least"), (None, "the least")]
