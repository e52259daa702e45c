"""The few figures that the top README quotes, taken from the results that are kept: ``python -m benchmarks.headlines``.

They are ratios of medians of one run. A whole run writes them by itself; with ``--check`` nothing is written, and the
README has to say what the results say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["HEADLINES", "Headline", "quote", "update"]

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "results.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"

Key = tuple[str, str, str]
"""Case, peer and variant of a row."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One line: what of ours is compared with what of others. ``rate``: of requests per second, so more is better."""

    text: str
    ours: Key
    theirs: Key
    against: str
    rate: bool = False


def plain(text: str, case: str, variant: str = "") -> Headline:
    """A case that both frameworks have, without plugins."""
    return Headline(text, (case, "Pegboard", variant), (case, "Starlette", variant), "Starlette")


HEADLINES = [
    plain("plain text", "plain"),
    plain("typed parameter and query to JSON", "typed"),
    plain("JSON echo", "echo"),
    plain("last of 1,000 routes", "routes-1000", "last"),
    plain("404", "missing"),
    Headline(
        "**all four plugins on**, 13 bytes",
        ("all-13", "Pegboard", "all four"),
        ("all-13", "Starlette", "none"),
        "Starlette without any middleware",
    ),
    Headline(
        "all four plugins on, 13 bytes",
        ("all-13", "Pegboard", "all four"),
        ("all-13", "Starlette", "its four"),
        "Starlette with the same four",
    ),
    Headline(
        "all four on, 2 KB of JSON, gzip",
        ("all-2k", "Pegboard", "all four"),
        ("all-2k", "Starlette", "its four"),
        "Starlette with the same four",
    ),
    plain("import of the application class", "import"),
    Headline(
        "requests per second over the wire, plain text, uvicorn",
        ("wire-uvicorn-64", "Pegboard", ""),
        ("wire-uvicorn-64", "raw ASGI", ""),
        "an application without a framework",
        rate=True,
    ),
    Headline(
        "requests per second over the wire, all four plugins on",
        ("wire-uvicorn-64", "Pegboard", "all four"),
        ("wire-uvicorn-64", "Starlette", "its four"),
        "Starlette with the same four",
        rate=True,
    ),
]


def quote(results: Mapping[str, Any]) -> str:
    """The figures as the README has them: a table, and where they come from."""
    return "".join(line + "\n" for line in _lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    medians = {(row["case"], row["peer"], row["variant"]): row["median"] for row in results["rows"]}
    machine = results["machine"]
    yield "| | compared with | time |"
    yield "|---|---|---|"
    for headline in HEADLINES:
        if headline.ours in medians and headline.theirs in medians:
            ratio = medians[headline.ours] / medians[headline.theirs]
            more = " (more is better)" if headline.rate else ""
            # The smallest would be shown as nothing.
            digits = 2 if ratio >= 0.1 else 3
            yield f"| {headline.text} | {headline.against} | {ratio:.{digits}f} x{more} |"
    yield ""
    yield (
        f"Ratios of medians of one run, {machine['date']}, {machine['python']}, Starlette "
        f"{machine['packages']['starlette']}; [all results](benchmarks/results/results.md), "
        "[how they are measured](benchmarks/README.md), `make bench` to repeat them."
    )


def update(text: str, figures: str) -> str:
    """The README's text with these figures in their place. Raises ValueError when it has no place for them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no place for figures; expected {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}{figures}{END}{after}"


def main(check: bool) -> int:
    """Write the figures, or say whether they are right."""
    text = README.read_text()
    updated = update(text, quote(json.loads(RESULTS.read_text())))
    if not check:
        README.write_text(updated)
    elif text != updated:
        print("README.md quotes other figures than benchmarks/results has; run python -m benchmarks.headlines")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
