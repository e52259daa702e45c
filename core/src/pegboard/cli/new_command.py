"""``pegboard new plugin`` and ``pegboard new app``: a folder with everything, green at once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import click

from pegboard.cli.console import emit_json
from pegboard.cli.creating import app_files, plugin_files, write_files
from pegboard.cli.options import as_json

__all__ = ["new"]

INTO = click.option(
    "--into", default=".", show_default=True, type=click.Path(path_type=Path), help="The folder to make it in."
)

# Groups of dependencies are read by pip from 25.1 on, and new environments may have an older one.
PLUGIN_STEPS = (
    'python -m pip install --upgrade "pip>=25.1" && python -m pip install -e . --group dev && python -m pytest'
)


@click.group()
def new() -> None:
    """Make a plugin's package, or an application, with tests that run."""


@new.command()
@click.argument("name")
@INTO
@as_json
def plugin(name: str, into: Path, as_json: bool) -> int:
    """Make the package pegboard-NAME: settings, policy, hooks, tests, CI, ready to be published."""
    texts = plugin_files(name, version("pegboard"))
    _make(into / f"pegboard-{name}", texts, PLUGIN_STEPS, as_json)
    return 0


@new.command()
@click.argument("name")
@INTO
@as_json
def app(name: str, into: Path, as_json: bool) -> int:
    """Make the folder NAME with an application, its configuration and tests."""
    _make(into / name, app_files(name, version("pegboard")), "pegboard dev", as_json)
    return 0


def _make(folder: Path, texts: Mapping[str, str], then: str, as_json: bool) -> None:
    write_files(folder, texts)
    if as_json:
        emit_json({"folder": str(folder), "files": list(texts)})
        return
    for path in texts:
        click.echo(f"  {folder / path}")
    click.echo(f"\nmade; go on with: cd {shlex.quote(str(folder))} && {then}")
