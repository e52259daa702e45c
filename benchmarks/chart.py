"""The chart: for a few cases, every peer's median as a multiple of Pegboard's, drawn as SVG without any library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from benchmarks.rows import Row

__all__ = ["draw"]

CASES = {
    "plain": "",
    "typed": "",
    "echo": "",
    "json-10k": "",
    "routes-1000": "last",
    "missing": "",
    "stream": "",
    "websocket": "",
}
"""What is drawn: the case, and the variant of it."""

WIDTH, LABEL, BAR, GAP, HEAD = 900, 190, 14, 26, 60
DECADES = 3
COLOURS = {"Pegboard": "#0b6e4f", "raw ASGI": "#9aa5b1"}
OTHERS = "#5b7db1"


def draw(rows: Sequence[Row], titles: dict[str, str]) -> str:
    """The chart of a run; cases that were not measured are left out."""
    parts: list[str] = []
    top = HEAD
    for case, variant in CASES.items():
        chosen = sorted(
            (row for row in rows if row.case == case and row.variant == variant), key=lambda row: row.median
        )
        ours = next((row.median for row in chosen if row.peer == "Pegboard"), None)
        if ours is None:
            continue
        title = ", ".join(filter(None, (titles.get(case, case), variant)))
        parts.append(text(8, top + 12, title, bold=True))
        top += 20
        for row in chosen:
            parts += bar(top, row, row.median / ours)
            top += BAR + 4
        top += GAP - 8
    heading = text(8, 24, "Time per request in process, as a multiple of Pegboard's (logarithmic)", bold=True)
    note = text(8, 44, "Medians of one run; shorter is faster. Raw ASGI is the floor: it does no routing at all.")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img">\n'
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>\n' + "\n".join([heading, note, *parts]) + "\n</svg>\n"
    )


def bar(top: int, row: Row, multiple: float) -> list[str]:
    """One peer: its name, its bar from a tenth of Pegboard's time on, and its figures."""
    room = WIDTH - LABEL - 150
    length = max(2.0, room * min(1.0, (log10(multiple) + 1) / DECADES))
    colour = COLOURS.get(row.peer, OTHERS)
    return [
        text(LABEL - 8, top + 11, row.peer, anchor="end"),
        f'<rect x="{LABEL}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>',
        text(LABEL + length + 6, top + 11, f"{multiple:.2f} x ({row.median:.1f} {row.unit})"),
    ]


def text(x: float, y: float, content: str, *, bold: bool = False, anchor: str = "start") -> str:
    """A line of text."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="#1f2933"{weight}>{escape(content)}</text>'
