"""The results of a run: JSON for programs, Markdown for readers, a chart for those in a hurry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import calls, chart, headlines, ladders
from benchmarks.rows import Row, Skipped
from benchmarks.verdicts import Verdict

__all__ = ["Results", "markdown", "write"]

FOLDER = Path(__file__).parent / "results"

_THREADED = ("all-", "alone-", "compress-", "file", "log")
"""The cases in which threads work beside the event loop, so that CPU time tells more than the clock."""


@dataclass(slots=True)
class Results:
    """Everything about one run."""

    machine: dict[str, Any]
    titles: dict[str, str]
    rows: list[Row]
    skipped: list[Skipped]
    verdicts: list[Verdict]

    def of(self, case: str) -> list[Row]:
        """The rows of one case."""
        return [row for row in self.rows if row.case == case]


def write(results: Results) -> str:
    """Write all three, and what the README quotes; gives their folder, seen from the repository's root."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "results.json").write_text(json.dumps(asdict(results), indent=1, ensure_ascii=False) + "\n")
    (FOLDER / "results.md").write_text(markdown(results))
    (FOLDER / "chart.svg").write_text(chart.draw(results.rows, results.titles))
    headlines.main(check=False)
    return f"{FOLDER.parent.name}/{FOLDER.name}/"


def markdown(results: Results) -> str:
    """The whole report."""
    return (
        "\n".join(
            [
                *_head(results),
                *_targets(results.verdicts),
                *_floors(results.verdicts),
                *_ladders(results.rows),
                *_cases(results),
                *_skipped(results.skipped),
            ]
        )
        + "\n"
    )


def _head(results: Results) -> Iterator[str]:
    machine = results.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield "# Results"
    yield ""
    yield (
        f"{machine['date']}, {machine['python']} on {machine['system']}, {machine['processor']}, "
        f"{machine['cores']} cores, load at the end {machine['load']}; at least {machine['rounds']} rounds, "
        f"{machine['seconds']} seconds; sources {machine['sources']}. {packages}."
    )
    yield ""
    yield "How it is measured: [README](../README.md). Times are per request; ratios are of medians."
    yield ""


def _targets(verdicts: Sequence[Verdict]) -> Iterator[str]:
    if not verdicts:
        return
    yield "## What is wanted"
    yield ""
    yield from _table(
        ["case", "wanted", "measured", "verdict"],
        (
            [each.what, each.wanted, "-" if each.measured is None else figure(each.measured), each.verdict]
            for each in verdicts
        ),
    )


def _floors(verdicts: Sequence[Verdict]) -> Iterator[str]:
    missed = [each for each in verdicts if each.verdict == "**missed**" and each.floor is not None]
    if not missed:
        return
    yield "## Floors"
    yield ""
    yield (
        "What was missed, beside the least that could take its place: measured in the same run, with nothing in it but "
        "what the sentence says."
    )
    yield ""
    yield from _table(
        ["case", "wanted", "measured", "floor", "what the floor is"],
        (
            [each.what, each.wanted, figure(each.measured or 0.0), figure(each.floor or 0.0), each.floor_is]
            for each in missed
        ),
    )


def _ladders(rows: Sequence[Row]) -> Iterator[str]:
    measured = {row.key: row for row in rows}
    found = {ladder.title: rungs for ladder in ladders.LADDERS if (rungs := ladders.climbed(ladder, measured))}
    if not found:
        return
    yield "## Where the time goes"
    yield ""
    yield (
        "From the least to the whole, each step measured in the same run. Steps of Pegboard's stand on each other; "
        "those before them are other ways to do the job, or parts of it, which show what it takes by itself."
    )
    yield ""
    for title, rungs in found.items():
        yield f"### {title}"
        yield ""
        yield from _table(
            ["step", "µs", "over the first", "over the line above"],
            ([each.what, figure(each.cost), f"{each.over_first:+.2f}", f"{each.over_last:+.2f}"] for each in rungs),
        )


def _cases(results: Results) -> Iterator[str]:
    for case, title in results.titles.items():
        rows = results.of(case)
        if rows:
            yield f"## {title}"
            yield ""
        if case == calls.NAME:
            head, *lines = calls.table(rows)
            yield from _table(head, lines)
        elif rows:
            columns = _columns(case, rows)
            yield from _table(list(columns), ([show(row) for show in columns.values()] for row in rows))


def _columns(case: str, rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    """The columns of a case, each with what it shows of a row; those that say nothing are left out."""
    floor = {row.variant: row.median for row in rows if row.peer == "raw ASGI"}
    starlette = _starlette(rows)
    columns: dict[str, Callable[[Row], str]] = {
        "peer": lambda row: row.peer,
        "variant": lambda row: row.variant,
        f"median, {rows[0].unit}": lambda row: figure(row.median),
        "minimum": lambda row: figure(row.minimum),
        "quartiles": lambda row: f"{figure(row.lower_quartile)} to {figure(row.upper_quartile)}",
        "CPU": lambda row: figure(row.cpu or 0.0),
        "p50, ms": lambda row: figure(row.p50 or 0.0),
        "p99, ms": lambda row: figure(row.p99 or 0.0),
        "bytes sent": lambda row: f"{row.sent:,}",
        "ratio": lambda row: figure((row.size or 0) / row.sent) if row.sent and row.is_coded else "",
        "MB/s": lambda row: figure((row.size or 0) / row.median) if row.is_coded else "",
        "x raw ASGI": lambda row: _over(row, floor),
        "x Starlette": lambda row: _over(row, starlette),
    }
    says = {
        "variant": any(row.variant for row in rows),
        "quartiles": any(row.samples > 1 for row in rows),
        "minimum": any(row.samples > 1 for row in rows),
        "CPU": case.startswith(_THREADED),
        "p50, ms": rows[0].p50 is not None,
        "p99, ms": rows[0].p99 is not None,
        **dict.fromkeys(("bytes sent", "ratio", "MB/s"), any(row.is_coded for row in rows)),
        "x raw ASGI": bool(floor),
        "x Starlette": bool(starlette),
    }
    return {name: show for name, show in columns.items() if says.get(name, True)}


def _starlette(rows: Sequence[Row]) -> dict[str, float]:
    """Starlette's medians by variant; where variants are its own, all are compared with its bare one."""
    theirs = {row.variant: row.median for row in rows if row.peer == "Starlette"}
    if "none" in theirs:
        return {row.variant: theirs["none"] for row in rows}
    return theirs


def _over(row: Row, base: dict[str, float]) -> str:
    return figure(row.median / base[row.variant]) if row.variant in base else ""


def _skipped(skipped: Sequence[Skipped]) -> Iterator[str]:
    if skipped:
        yield "## Not measured"
        yield ""
        yield from _table(
            ["case", "peer", "variant", "why"], ([each.case, each.peer, each.variant, each.reason] for each in skipped)
        )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def figure(value: float) -> str:
    """A number with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    return f"{value:.{digits}f}"
