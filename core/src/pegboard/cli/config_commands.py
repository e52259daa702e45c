"""``pegboard config show`` and ``pegboard config schema``: what is set, by whom, and what can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
import msgspec

from pegboard.assembly import Assembly
from pegboard.cli.boards import board_or_bare, freeze
from pegboard.cli.console import emit_json, table
from pegboard.cli.failures import Refused, near
from pegboard.cli.options import as_json, of_application
from pegboard.settings import Loaded, json_schema

__all__ = ["config"]

BOARD = "board"


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One setting: its value as text, secrets masked, and the source that it came from."""

    key: str
    value: str
    source: str
    is_default: bool


@click.group()
def config() -> None:
    """Show the configuration, or its JSON Schema."""


@config.command()
@click.argument("section", required=False)
@click.option("--changed", is_flag=True, help="Leave out what is a default.")
@of_application
@as_json
def show(section: str | None, changed: bool, app: str | None, wrap: str | None, as_json: bool) -> int:
    """Show every setting with its value and where it came from; secrets are masked.

    SECTION is a plugin's name, or `board` for the board's own settings.
    """
    assembly = freeze(board_or_bare(app, wrap))
    sections: dict[str, Loaded[Any]] = {BOARD: assembly.loaded}
    sections.update({member.name: member.settings for member in assembly.members})
    if section is not None and section not in sections:
        off = {each.name: each.why for each in assembly.off}
        hint = f"it is off: {off[section]}" if section in off else near(section, sections, _list(sections))
        raise Refused(f"there are no settings of {section!r}; {hint}")
    rows = [
        row
        for name, loaded in sections.items()
        if section in (None, name)
        for row in _rows("" if name == BOARD else name, loaded)
        if not (changed and row.is_default)
    ]
    if as_json:
        emit_json(rows)
    elif rows:
        table(("setting", "value", "from"), [(row.key, row.value, row.source) for row in rows])
    else:
        click.echo("every setting is a default" if changed else "there are no settings")
    return 0


@config.command()
@of_application
@as_json
def schema(app: str | None, wrap: str | None, as_json: bool) -> int:
    """Print the JSON Schema of pegboard.toml, for editors."""
    emit_json(schema_of(freeze(board_or_bare(app, wrap))))
    return 0


def schema_of(assembly: Assembly) -> dict[str, Any]:
    """The JSON Schema of a board's configuration; the sections of plugins that are off may hold anything."""
    types = {
        member.name: type(member.settings.unwrap())
        for member in assembly.members
        if member.settings.unwrap().__struct_fields__
    }
    described = json_schema(types)
    for off in assembly.off:
        described["properties"].setdefault(off.name, {"type": "object", "description": f"Off: {off.why}."})
    return described


def _rows(section: str, loaded: Loaded[msgspec.Struct]) -> list[ConfigRow]:
    prefix = f"{section}." if section else ""
    rows = []
    for row in loaded.rows():
        is_default = row.origin.kind == "default"
        rows.append(ConfigRow(prefix + row.key, row.value, "default" if is_default else str(row.origin), is_default))
    return rows


def _list(sections: dict[str, Any]) -> str:
    return f"there are: {', '.join(sections)}"
