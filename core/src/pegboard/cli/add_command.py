"""``pegboard add``: the configuration of a plugin, shown as the change that it is, and written if asked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from difflib import unified_diff
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import click
import msgspec

from pegboard.applications import Pegboard
from pegboard.cli.adding import add_section, add_to_list, section_text
from pegboard.cli.boards import BARE, the_board
from pegboard.cli.console import emit_json
from pegboard.cli.failures import Refused, near
from pegboard.cli.options import as_json, of_application
from pegboard.cli.targets import locate
from pegboard.discovery import GROUP, discover
from pegboard.exceptions import ConfigurationError
from pegboard.settings import PluginSelection, Sources, load_board, read_sources

__all__ = ["add"]

NEW_FILE = "pegboard.toml"


@dataclass(frozen=True, slots=True)
class Addition:
    """A change of a configuration file; ``diff`` is empty where nothing has to change."""

    file: str
    diff: str
    written: bool


@dataclass(frozen=True, slots=True)
class Document:
    """The file that is changed, as it is now; ``autoload`` says whether plugins are on that no list names."""

    path: Path
    text: str
    data: dict[str, Any]
    root: tuple[str, ...]
    autoload: bool


@click.command()
@click.argument("name")
@click.option("--write", is_flag=True, help="Write it, instead of showing it only.")
@of_application
@as_json
def add(name: str, write: bool, app: str | None, wrap: str | None, as_json: bool) -> int:
    """Show the configuration that plugin NAME would get, with every setting and its default."""
    settings = _settings_of(name)
    if locate(app, wrap) is None:
        click.echo(BARE, err=True)
        board = Pegboard()
    else:
        board = the_board(app, wrap)
    document = _document(board, read_sources(board.given.config), name)
    text = add_to_list(document.text, name, document.root) if _is_unlisted(document, name) else document.text
    if name not in document.data and settings.__struct_fields__:
        text = add_section(text, name, section_text(name, settings, document.root), document.root)
    addition = Addition(str(document.path), _diff(document, text), write and text != document.text)
    if addition.written:
        _write(document.path, text)
    _show(addition, name, as_json)
    return 0


def _is_unlisted(document: Document, name: str) -> bool:
    """Whether a plugin is off until the list has its name. Raises Refused where there is no list to put it in."""
    listed = document.data.get("plugins")
    if not isinstance(listed, list):
        if not document.autoload:
            raise Refused(
                f'autoload is off, and no list has {name!r}; write plugins = ["{name}"] in {document.path} first'
            )
        return False
    # Names behind a minus alone list nothing: all others are on, and a name would switch them off.
    lists = not listed or not all(each.startswith("-") for each in listed)
    return name not in listed and (lists or not document.autoload)


def _settings_of(name: str) -> Any:
    """The settings class of an installed plugin. Raises Refused for an unknown one, ConfigurationError for a broken."""
    installed = {entry.name for entry in entry_points(group=GROUP)}
    if name not in installed:
        hint = near(name, installed, "install the distribution that brings it, and ask again")
        raise Refused(f"no plugin called {name!r} is installed; {hint}")
    found = discover(PluginSelection((name,)), (), True, version("pegboard"))
    if found.problems:
        raise ConfigurationError(found.problems)
    return getattr(found.found[0].plugin, "Settings", msgspec.Struct)


def _document(board: Pegboard, sources: Sources, name: str) -> Document:
    """The strongest file that configures the board, or a new one. Raises Refused where no file can switch it on."""
    if sources.problems:
        raise ConfigurationError([str(problem) for problem in sources.problems])
    loaded, selection = load_board(sources, board.given.keywords)
    if name in selection.blocked or selection.bare:
        what = f"-{name}" if name in selection.blocked else "none"
        raise Refused(f"plugin {name!r} is switched off by {what}, and would stay off; take that away first")
    if selection.listed is not None and name not in selection.listed:
        origin = loaded.origin("plugins") if loaded.value else None
        if origin is not None and origin.kind != "file":
            raise Refused(f"the plugins are listed in another place ({origin}); add {name!r} there")
    autoload = loaded.value is None or loaded.value.autoload
    for file in sources.files:
        if file.kind == "mapping":
            raise Refused("this board is given its configuration in code (config=...), so no file can add to it")
        path = Path(file.place)
        return Document(path, path.read_bytes().decode("utf-8-sig"), dict(file.data), file.root, autoload)
    given = board.given.config
    folder = Path(given) if given is not None and Path(given).is_dir() else Path()
    return Document(folder / NEW_FILE, "", {}, (), autoload)


def _diff(document: Document, text: str) -> str:
    was = document.text.replace("\r\n", "\n").splitlines()
    now = text.replace("\r\n", "\n").splitlines()
    return "\n".join(unified_diff(was, now, str(document.path), str(document.path), lineterm="", n=2))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all; a link stays one, and the file keeps its mode."""
    path = path.resolve()
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(text.encode())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _show(addition: Addition, name: str, as_json: bool) -> None:
    if as_json:
        emit_json(addition)
    elif not addition.diff:
        click.echo(f"{addition.file} has everything that {name} needs")
    else:
        click.echo(addition.diff)
        click.echo(
            f"\nwritten to {addition.file}" if addition.written else "\nnothing is written yet; --write writes it"
        )
