"""``pegboard plugins``: every plugin there is, on, off or broken, and why."""

from __future__ import annotations

import click

from pegboard.cli.boards import board_or_bare
from pegboard.cli.console import bullets, emit_json, table
from pegboard.cli.options import as_json, of_application
from pegboard.cli.survey import PluginRow, survey

__all__ = ["plugins"]

HEADERS = ("plugin", "distribution", "version", "state", "why", "phase", "hooks", "settings")


@click.command()
@of_application
@as_json
def plugins(app: str | None, wrap: str | None, as_json: bool) -> int:
    """List the plugins from outside to inside, then those that are off; why each is on, off or broken."""
    found = survey(board_or_bare(app, wrap))
    if as_json:
        emit_json(found)
    elif not found.plugins and not found.problems:
        click.echo("no plugin is installed or given")
    else:
        table(HEADERS, [_cells(row) for row in found.plugins])
        bullets("\nproblems:", found.problems)
        bullets("\nwarnings:", found.warnings)
    return 1 if found.problems else 0


def _cells(row: PluginRow) -> tuple[str, ...]:
    why = "; ".join(filter(None, (row.why, row.place)))
    return (
        row.name,
        row.distribution,
        row.version or "-",
        row.state,
        why,
        row.phase or "-",
        ", ".join(_hook_text(hook, row) for hook in row.hooks) or "-",
        row.section or "-",
    )


def _hook_text(hook: str, row: PluginRow) -> str:
    """A hook's name; behind `route` stand the hooks that it binds."""
    return f"route ({', '.join(row.bound)})" if hook == "route" and row.bound else hook
