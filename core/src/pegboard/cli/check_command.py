"""``pegboard check``: everything that start-up would find, without serving."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import anyio
import click

from pegboard.applications import Pegboard
from pegboard.cli.boards import freeze, the_board
from pegboard.cli.combining import combination_findings
from pegboard.cli.console import aside, bullets, counted, emit_json
from pegboard.cli.deploying import deploy_findings
from pegboard.cli.lock_command import locked_findings
from pegboard.cli.locking import FILE
from pegboard.cli.options import as_json, of_application
from pegboard.cli.route_plans import route_plans
from pegboard.exceptions import ConfigurationError
from pegboard.settings import read_sources
from pegboard.stories.lifespan import foreign_lifespan

__all__ = ["check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``kind`` is one of `TITLES`; only with a ``problem`` it does not start."""

    kind: str
    text: str


TITLES = {
    "problem": "problems, with which it does not start:",
    "warning": "warnings:",
    "clash": "plugins that get in each other's way:",
    "locked": f"changes since {FILE}; if they are meant, run pegboard lock:",
    "deploy": "before it is deployed:",
}


@click.command()
@click.option("--deploy", is_flag=True, help="Also what is fine for developing, and not in service.")
@click.option("--locked", is_flag=True, help=f"Also what has changed since {FILE} was written.")
@click.option("--lifespan", is_flag=True, help="Also start and stop it, without a port; this may open connections.")
@click.option(
    "--workers",
    default=1,
    envvar="WEB_CONCURRENCY",
    type=click.IntRange(min=1),
    help="For --deploy: the processes that are to serve; by default WEB_CONCURRENCY, or 1.",
)
@of_application
@as_json
def check(
    deploy: bool, locked: bool, lifespan: bool, workers: int, app: str | None, wrap: str | None, as_json: bool
) -> int:
    """Find everything that start-up would find: settings, plugins, routes. Nothing is served or connected to."""
    board = the_board(app, wrap)
    findings = [Finding("problem", text) for text in _problems(board, lifespan)]
    if not findings:
        findings += [Finding("warning", text) for text in freeze(board).warnings]
        findings += [Finding("clash", text) for text in combination_findings(board)]
        if locked:
            findings += [Finding("locked", text) for text in locked_findings(board)]
        if deploy:
            findings += [Finding("deploy", text) for text in deploy_findings(board, workers)]
    configuration = read_sources(board.given.config).described
    if as_json:
        emit_json({"configuration": configuration, "findings": findings})
    else:
        click.echo(f"configuration: {configuration}")
        for kind, title in TITLES.items():
            bullets(title, [finding.text for finding in findings if finding.kind == kind])
        if not findings:
            click.echo(_fine(board))
    return 1 if findings else 0


def _problems(board: Pegboard, lifespan: bool) -> Iterable[str]:
    try:
        freeze(board)
    except ConfigurationError as error:
        return error.problems
    if lifespan:
        try:
            with aside():
                anyio.run(_start_and_stop, board)
        except RuntimeError as error:
            return [str(error).replace("the mounted application", "the application").rstrip()]
    return ()


async def _start_and_stop(board: Pegboard) -> None:
    async with foreign_lifespan(board, {}):
        pass


def _fine(board: Pegboard) -> str:
    members, routes = len(freeze(board).members), len(route_plans(board)) - 1
    return f"nothing found: {counted(members, 'plugin')} on, {counted(routes, 'route')}"
