"""``pegboard hooks``: who implements each hook, in the order of calling, and why there."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass

import click

from pegboard.applications import Pegboard
from pegboard.assembly import Assembly
from pegboard.cli.boards import board_or_bare, freeze
from pegboard.cli.console import emit_json, table
from pegboard.cli.failures import Refused, near
from pegboard.cli.options import as_json, of_application
from pegboard.cli.route_plans import RoutePlan, route_plans, served_hooks
from pegboard.concurrency import is_async
from pegboard.hookspecs import OUTSIDE_IN, REQUEST_TIME, ROUTE_HOOKS, SETUP, SYNC_ONLY, HookSpecs

__all__ = ["hooks"]

HOOKS = (*SETUP, *REQUEST_TIME)
HEADERS = ("hook", "#", "plugin", "kind", "place", "routes")


@dataclass(frozen=True, slots=True)
class HookRow:
    """One plugin's part in one hook: its place in the order of calling, why there, and on how many routes."""

    hook: str
    position: int
    plugin: str
    kind: str
    place: str
    routes: int | None = None
    all_routes: int | None = None


@click.command()
@click.argument("hook", required=False)
@of_application
@as_json
def hooks(hook: str | None, app: str | None, wrap: str | None, as_json: bool) -> int:
    """Show the final order of every HOOK, or of one, and the constraint behind each place."""
    if hook is not None and hook not in HOOKS:
        raise Refused(f"there is no hook {hook!r}; {near(hook, HOOKS, 'hooks are: ' + ', '.join(HOOKS))}")
    rows = hook_rows(board_or_bare(app, wrap))
    wanted = [row for row in rows if hook in (None, row.hook)]
    if as_json:
        emit_json(wanted)
        return 0
    if hook is not None:
        click.echo(_about(hook) + "\n")
    if wanted:
        table(HEADERS, [_cells(row) for row in wanted])
    unused = [each for each in HOOKS if each not in {row.hook for row in rows}]
    if hook is None and unused:
        click.echo(f"\nnobody implements: {', '.join(unused)}")
    elif not wanted:
        click.echo("nobody implements it")
    return 0


def hook_rows(board: Pegboard) -> list[HookRow]:
    """Every hook's implementations, in the order of a board's life and of calling."""
    assembly = freeze(board)
    plans = route_plans(board)
    return [
        row
        for hook in HOOKS
        for row in (_bound_rows(hook, assembly, plans) if hook in ROUTE_HOOKS else _direct_rows(hook, assembly))
    ]


def _direct_rows(hook: str, assembly: Assembly) -> Iterable[HookRow]:
    """A hook of the whole board."""
    for position, (member, function) in enumerate(assembly.impls(hook), 1):
        yield HookRow(hook, position, member.name, _kind(hook, is_async(function)), member.place.reason)


def _bound_rows(hook: str, assembly: Assembly, plans: Iterable[RoutePlan]) -> Iterable[HookRow]:
    """A hook that routes may or may not pay for; the plugins' order is the same on all of them."""
    pipelines = [plan.plan.pipeline.steps(hook) for plan in plans if hook in served_hooks(plan.route)]
    position = 0
    for member in assembly.members if hook in OUTSIDE_IN else reversed(assembly.members):
        using = [step for steps in pipelines for step in steps if step.plugin == member.name]
        on = sum(any(step.plugin == member.name for step in steps) for steps in pipelines)
        if on:
            position += 1
            kind = _kind(hook, using[0].is_async)
            yield HookRow(hook, position, member.name, kind, member.place.reason, on, len(pipelines))


def _kind(hook: str, is_coroutine: bool) -> str:
    if hook in SETUP:
        return "setup"
    return "sync only" if hook in SYNC_ONLY else "async" if is_coroutine else "sync"


def _about(hook: str) -> str:
    """A hook's signature and what it is for, from where it is declared."""
    spec = getattr(HookSpecs, hook)
    arguments = ", ".join(list(inspect.signature(spec).parameters)[1:])
    return f"{hook}({arguments})\n{inspect.getdoc(spec)}"


def _cells(row: HookRow) -> tuple[str, ...]:
    routes = "-" if row.routes is None else f"{row.routes} of {row.all_routes}"
    return row.hook, str(row.position), row.plugin, row.kind, row.place, routes
