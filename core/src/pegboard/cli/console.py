"""What commands print: a table or lines for people, and the same data as JSON for programs.

On a terminal a table is as wide as the terminal and its cells wrap. Elsewhere nothing is cut or wrapped, and there are
no colours, so that it can be searched and compared. Standard output is for that alone: what an application's own code
prints meanwhile goes to standard error.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click
import msgspec

__all__ = ["aside", "bullets", "counted", "emit_json", "table"]

_UNLIMITED = 100_000
_STYLES: Mapping[str, str] = {
    "on": "green",
    "off": "dim",
    "broken": "bold red",
    "missing": "yellow",
    "present": "green",
}


@contextmanager
def aside() -> Iterator[None]:
    """Send what is printed to standard error: around code of an application that a command only looks at."""
    with redirect_stdout(sys.stderr):
        yield


def counted(number: int, word: str) -> str:
    """A number and its word: ``1 route``, ``2 routes``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def emit_json(data: Any) -> None:
    """Print ``data`` as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headers; the words of states have colours on a terminal."""
    # Only tables need it, and it takes longer to import than most commands take.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    # Whoever has closed standard output wants nothing of it.
    if sys.stdout is not None and sys.stdout.isatty():
        Console().print(made)
        return
    buffer = io.StringIO()
    Console(file=buffer, width=_UNLIMITED, color_system=None).print(made)
    click.echo("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()))


def bullets(title: str, texts: Sequence[str]) -> None:
    """Print texts as a list under a title; nothing where there are none."""
    if texts:
        click.echo(title)
        for text in texts:
            click.echo("  - " + text.replace("\n", "\n    "))
