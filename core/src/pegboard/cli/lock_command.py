"""``pegboard lock``: write down what the board is made of, for ``check --locked``."""

from __future__ import annotations

from pathlib import Path

import click

from pegboard.applications import Pegboard
from pegboard.cli.boards import the_board
from pegboard.cli.console import bullets, counted, emit_json
from pegboard.cli.failures import Refused
from pegboard.cli.locking import FILE, Lock, differences, lock_of, read_lock, write_lock
from pegboard.cli.options import as_json, of_application

__all__ = ["lock", "locked_findings"]


@click.command()
@of_application
@as_json
def lock(app: str | None, wrap: str | None, as_json: bool) -> int:
    """Write plugins, versions, hooks and pipelines to pegboard.lock, which `check --locked` compares with."""
    made = lock_of(the_board(app, wrap))
    text = write_lock(made)
    path = Path(FILE)
    was = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text != was:
        path.write_text(text, encoding="utf-8", newline="\n")
    changes = differences(_read(path, was), made) if was else []
    if as_json:
        emit_json({"file": FILE, "written": text != was, "changes": changes})
    elif text == was:
        click.echo(f"{FILE} is up to date")
    else:
        # The last of them is that of paths that no route has.
        plugins, routes = counted(len(made.plugins), "plugin"), counted(len(made.of_routes()) - 1, "route")
        click.echo(f"{FILE} is written: {plugins}, {routes}")
        bullets("changes:", changes)
    return 0


def locked_findings(board: Pegboard) -> list[str]:
    """What differs from the lock. Raises Refused where there is none."""
    path = Path(FILE)
    if not path.is_file():
        raise Refused(f"there is no {FILE} here to compare with; write it: pegboard lock")
    return differences(_read(path, path.read_text(encoding="utf-8")), lock_of(board))


def _read(path: Path, text: str) -> Lock:
    try:
        return read_lock(text)
    except ValueError as error:
        raise Refused(f"{path} is no lock that this version reads ({error}); remove it, and write it anew") from None
