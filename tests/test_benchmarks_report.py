"""The benchmark's report shows what was missed beside its floor, and each case with the columns that say something."""

from __future__ import annotations

from benchmarks import calls
from benchmarks.ladders import LADDERS
from benchmarks.report import Results, figure, markdown
from benchmarks.rows import Row, Skipped
from benchmarks.verdicts import Verdict

MACHINE = {
    "packages": {"starlette": "1.10"},
    "date": "2026-11-22",
    "python": "CPython",
    "system": "Linux",
    "processor": "one",
    "cores": 2,
    "load": [],
    "rounds": 3,
    "seconds": 1,
    "sources": "0",
}


def report(rows: list[Row], verdicts: list[Verdict] | None = None, skipped: list[Skipped] | None = None) -> str:
    """A report of these."""
    return markdown(Results(MACHINE, {row.case: row.case for row in rows}, rows, skipped or [], verdicts or []))


def test_a_missed_target_stands_beside_its_floor() -> None:
    """Those that are met, or have no floor, do not stand there."""
    verdicts = [
        Verdict("a", "at most 1", 1.0, 2.0, "**missed**", 1.5, "An empty loop."),
        Verdict("b", "at most 1", 1.0, 0.5, "met", 0.25, "Another."),
        Verdict("c", "at most 1", 1.0, 2.0, "**missed**"),
    ]
    floors = report([], verdicts).partition("## Floors")[2]
    assert "| a | at most 1 | 2.00 | 1.50 | An empty loop. |" in floors
    assert "| b |" not in floors
    assert "| c |" not in floors
    assert "## Floors" not in report([], verdicts[1:])


def test_compressed_answers_show_their_bytes_and_ratio() -> None:
    """Of whoever compressed; other cases have no such columns."""
    plain, coded = Row.of("compress", "Pegboard", "none", [2.0]), Row.of("compress", "Pegboard", "gzip", [10.0])
    plain.size = plain.sent = coded.size = 1000
    coded.sent = 250
    text = report([plain, coded])
    assert "| bytes sent | ratio | MB/s |" in text
    assert "| 250 | 4.00 | 100 |" in text
    assert "bytes sent" not in report([plain])


def test_calls_stand_as_a_table_of_functions() -> None:
    """Sums first, then each function with a column for each entrant."""
    rows = []
    for peer, parts in (("plain", {"pegboard.a": 2}), ("four", {"pegboard.a": 2, "pegboard.b": 1, "(other)": 7})):
        for kind, counts in (("frames", parts), ("C functions", {"len": 3})):
            row = Row.of(calls.NAME, peer, kind, [sum(counts.values())], "calls")
            row.parts = counts
            rows.append(row)
    assert report(rows).partition("## calls\n\n")[2].splitlines() == [
        "|  | plain | four |",
        "|---|---|---|",
        "| **frames** | 2 | 10 |",
        "| **C functions** | 3 | 3 |",
        "| pegboard.a | 2 | 2 |",
        "| pegboard.b |  | 1 |",
        "| (other) |  | 7 |",
        "",
    ]


def test_figures_have_three_digits_that_count() -> None:
    """Whatever their size."""
    assert [figure(value) for value in (12_345.6, 12.34, 1.234, 0.0123, -0.5)] == [
        "12,346",
        "12.3",
        "1.23",
        "0.012",
        "-0.50",
    ]


def test_ladders_stand_where_all_their_steps_were_measured() -> None:
    """With what each step is over the first and over the one before."""
    ladder = LADDERS[-1]
    rows = [Row.of(*key, [float(number)]) for number, (_, key) in enumerate(ladder.steps, 1)]
    text = report(rows).partition("## Where the time goes")[2]
    assert f"### {ladder.title}" in text
    assert f"| {ladder.steps[2][0]} | 3.00 | +2.00 | +1.00 |" in text
    assert "## Where the time goes" not in report(rows[1:])
