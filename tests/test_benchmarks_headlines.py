"""The figures that the README quotes: no ratio is shown as nothing, and what was not measured is left out."""

from __future__ import annotations

from benchmarks.headlines import HEADLINES, quote


def test_small_ratios_keep_digits_that_count() -> None:
    """The last of 1,000 routes is a few thousandths of a list that is walked."""
    small, usual, *_ = HEADLINES
    rows = [
        {"case": key[0], "peer": key[1], "variant": key[2], "median": median}
        for key, median in [(small.ours, 4.0), (small.theirs, 1000.0), (usual.ours, 1.0), (usual.theirs, 3.0)]
    ]
    machine = {"date": "2026-11-23", "python": "CPython 3.11.7", "packages": {"starlette": "1.10.0"}}
    table = [line for line in quote({"rows": rows, "machine": machine}).splitlines() if " x" in line]
    assert table == [
        f"| {small.text} | {small.against} | 0.004 x |",
        f"| {usual.text} | {usual.against} | 0.33 x |",
    ]
