"""What became of every plugin, also where the board cannot start.

A board that freezes says it itself. One that does not is looked at piece by piece, as far as the pieces go: what is
installed, what the configuration asks for, and which problem speaks of which plugin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.metadata import entry_points, version
from typing import Any

import msgspec

from pegboard.applications import Pegboard
from pegboard.assembly import Assembly
from pegboard.cli.boards import freeze
from pegboard.cli.route_plans import route_plans
from pegboard.compiling import Pipeline
from pegboard.discovery import GROUP, Discovery, Found, Off, discover
from pegboard.exceptions import ConfigurationError
from pegboard.hookspecs import REQUEST_TIME, ROUTE_HOOKS, SETUP
from pegboard.linting import read_wishes
from pegboard.ordering import Peg, arrange
from pegboard.settings import BoardSettings, load_board, read_sources

__all__ = ["PluginRow", "Survey", "survey"]

HOOKS = (*SETUP, *REQUEST_TIME)


@dataclass(slots=True)
class PluginRow:
    """One plugin: ``state`` is ``on``, ``off`` or ``broken``; ``causes`` says what broke it.

    ``hooks`` are those that it implements, ``bound`` those that its `route` hook gives to some route.
    """

    name: str
    distribution: str
    version: str
    state: str
    why: str
    phase: str = ""
    place: str = ""
    hooks: list[str] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)
    section: str = ""
    causes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Survey:
    """All plugins, those that are on first and from outside to inside, and what is wrong with the board."""

    plugins: list[PluginRow]
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def survey(board: Pegboard) -> Survey:
    """Look at a board's plugins. Raises nothing that is wrong with the configuration: it is in the result."""
    try:
        assembly = freeze(board)
    except ConfigurationError as error:
        return _of_broken(board, list(error.problems))
    return _of_frozen(board, assembly)


def _of_frozen(board: Pegboard, assembly: Assembly) -> Survey:
    rows = [_on(member.found, member.place.phase, member.place.reason) for member in assembly.members]
    pipelines = [plan.plan.pipeline for plan in route_plans(board)]
    for row in rows:
        if "route" in row.hooks:
            row.bound = [hook for hook in ROUTE_HOOKS if any(_uses(each, hook, row.name) for each in pipelines)]
    return Survey(rows + [_off(off) for off in assembly.off], [], list(assembly.warnings))


def _of_broken(board: Pegboard, problems: list[str]) -> Survey:
    given = board.given
    loaded, selection = load_board(read_sources(given.config), given.keywords)
    settings = loaded.value or BoardSettings()
    origins = map(loaded.origin, ("plugins", "blocked"))
    discovery = discover(selection, given.plugins, settings.autoload, version("pegboard"), *origins)
    places, _ = arrange([_peg(found) for found in discovery.found], settings.order)
    order = {place.name: (index, place) for index, place in enumerate(places)}
    rows = []
    for found in sorted(discovery.found, key=lambda found: order.get(found.name, (len(order),))[0]):
        _, place = order.get(found.name, (0, None))
        rows.append(_on(found, _phase(found), place.reason if place else ""))
    rows += _unloadable(discovery)
    for row in rows:
        row.causes = [problem for problem in problems if _speaks_of(problem, row.name)]
        if row.causes:
            row.state = "broken"
    return Survey(rows + [_off(off) for off in discovery.off], problems, discovery.warnings)


def _unloadable(discovery: Discovery) -> list[PluginRow]:
    """What is announced, and neither found nor off: it could not be loaded."""
    seen = {found.name for found in discovery.found} | {off.name for off in discovery.off}
    rows = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        if entry.name not in seen:
            source, release = (entry.dist.name, entry.dist.version) if entry.dist else (entry.value, "")
            rows.append(PluginRow(entry.name, source, release, "broken", "installed"))
    return rows


def _uses(pipeline: Pipeline, hook: str, plugin: str) -> bool:
    return any(step.plugin == plugin for step in pipeline.steps(hook))


def _speaks_of(problem: str, name: str) -> bool:
    """Whether a problem is this plugin's: it is named, or one of its settings is."""
    quoted = re.escape(repr(name))
    own = re.escape(name)
    pattern = (
        rf"plugin {quoted}|called {quoted}|(?:^|: ){own}[.:\[]|PEGBOARD_{re.escape(name.upper().replace('-', '_'))}__"
    )
    return re.search(pattern, problem) is not None


def _on(found: Found, phase: str, place: str) -> PluginRow:
    return PluginRow(
        name=found.name,
        distribution=found.source,
        version=found.version,
        state="on",
        why=found.why,
        phase=phase,
        place=place,
        hooks=_hooks(found.plugin),
        section=_section(found),
    )


def _off(off: Off) -> PluginRow:
    return PluginRow(off.name, off.source, off.version, "off", off.why)


def _peg(found: Found) -> Peg:
    wishes, _ = read_wishes(found)
    return Peg(found.name, wishes.phase, wishes.before, wishes.after)


def _phase(found: Found) -> str:
    return read_wishes(found)[0].phase


def _section(found: Found) -> str:
    cls: Any = getattr(found.plugin, "Settings", None)
    has_fields = isinstance(cls, type) and issubclass(cls, msgspec.Struct) and bool(cls.__struct_fields__)
    return f"[{found.name}]" if has_fields else ""


def _hooks(plugin: Any) -> list[str]:
    """The hooks that a plugin implements, in the order of a board's life; unknown names at the end."""
    names = set()
    for attribute in dir(plugin):
        options = getattr(getattr(plugin, attribute, None), "pegboard_impl", None)
        if isinstance(options, dict):
            names.add(options.get("specname") or attribute)
    return sorted(names, key=lambda name: (HOOKS.index(name) if name in HOOKS else len(HOOKS), name))
