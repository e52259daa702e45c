"""``pegboard routes``: every route, and which hooks it pays for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import click

from pegboard.cli.boards import the_board
from pegboard.cli.console import emit_json, table
from pegboard.cli.options import as_json, of_application
from pegboard.cli.route_plans import RoutePlan, endpoint_text, methods_of, route_plans
from pegboard.routing.misses import MissRoute

__all__ = ["routes"]

MISS = "(404 Not Found)"
HEADERS = ("methods", "path", "endpoint", "name", "pays for", "notes")


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route; ``hooks`` holds the plugins of each hook that it pays for, in the order of calling.

    ``notes`` is what plugins say that they do for it.
    """

    methods: list[str]
    host: str
    path: str
    endpoint: str
    name: str
    hooks: dict[str, list[str]]
    notes: dict[str, str]


@click.command()
@of_application
@as_json
def routes(app: str | None, wrap: str | None, as_json: bool) -> int:
    """List the routes in the order in which they are tried, and the hooks that each of them pays for."""
    rows = [_row(plan) for plan in route_plans(the_board(app, wrap))]
    if as_json:
        emit_json(rows)
    else:
        _print(rows)
    return 0


def _row(plan: RoutePlan) -> RouteRow:
    route = plan.route
    hooks = {hook: list(dict.fromkeys(step.plugin for step in steps)) for hook, steps in plan.steps().items()}
    endpoint = MISS if isinstance(route, MissRoute) else endpoint_text(route.endpoint)
    notes = dict(plan.plan.notes)
    return RouteRow(methods_of(route), plan.host, plan.path, endpoint, route.name, hooks, notes)


def _print(rows: Sequence[RouteRow]) -> None:
    """A table with a letter for each pipeline, and what the letters stand for: routes share pipelines.

    What plugins say about routes is the last column, where there is anything of it.
    """
    shown = len(HEADERS) if any(row.notes for row in rows) else len(HEADERS) - 1
    letters: dict[str, str] = {}
    cells = []
    for row in rows:
        text = _hooks_text(row)
        letter = letters.setdefault(text, _letter(len(letters))) if text else "-"
        notes = "\n".join(f"{plugin}: {note}" for plugin, note in row.notes.items())
        cells.append((", ".join(row.methods), row.host + row.path, row.endpoint, row.name, letter, notes)[:shown])
    table(HEADERS[:shown], cells)
    for text, letter in letters.items():
        click.echo(f"\n{letter}  " + text.replace("\n", f"\n{' ' * len(letter)}  "))


def _hooks_text(row: RouteRow) -> str:
    width = max(map(len, row.hooks), default=0)
    return "\n".join(f"{hook:<{width}}  {', '.join(plugins)}" for hook, plugins in row.hooks.items())


def _letter(index: int) -> str:
    """A, B, ... Z, A1, B1, ..."""
    round_number, place = divmod(index, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(round_number) if round_number else "")
