"""Putting a board together: from what was asked for to plugins in order, each linted, with its settings.

All that is wrong is collected and reported at once. Nothing here runs a plugin's hooks.
"""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pluggy

from pegboard.compiling import Impl, lint_signature
from pegboard.discovery import Found, Off, discover
from pegboard.exceptions import ConfigurationError
from pegboard.hookspecs import ROUTE_HOOKS, HookSpecs
from pegboard.ordering import Peg, Place, arrange
from pegboard.plugin import PROJECT, NoSettings
from pegboard.settings import (
    BoardSettings,
    Loaded,
    Sources,
    lint_name,
    lint_settings,
    load,
    load_board,
    read_sources,
    unknown_sections,
)

__all__ = ["Assembly", "Member", "assemble", "call_named", "failed"]

logger = logging.getLogger("pegboard")


@dataclass(slots=True)
class Member:
    """A plugin on the board: what was found, its settings, its hooks and its place."""

    found: Found
    settings: Loaded[Any]
    impl: Impl
    place: Place

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.found.name

    @property
    def plugin(self) -> Any:
        """The plugin itself."""
        return self.found.plugin


@dataclass(slots=True)
class Assembly:
    """A board's plugins, outermost first, and what else was found."""

    settings: BoardSettings
    loaded: Loaded[BoardSettings]
    sources: Sources
    members: list[Member]
    off: list[Off]
    manager: pluggy.PluginManager
    warnings: list[str] = field(default_factory=list)

    def impls(self, hook: str) -> Iterator[tuple[Member, Callable[..., Any]]]:
        """The implementations of a hook, outermost plugin first, each with its plugin."""
        for member in self.members:
            for function in member.impl.hooks.get(hook, ()):
                yield member, function

    def call(self, hook: str, **arguments: Any) -> list[tuple[Member, Any]]:
        """Call a setup hook on all plugins, outermost first. Raises ConfigurationError naming all that failed."""
        results: list[tuple[Member, Any]] = []
        problems = []
        for member, function in self.impls(hook):
            try:
                results.append((member, call_named(function, **arguments)))
            except Exception as error:
                problems.append(failed(hook, member, error))
        if problems:
            raise ConfigurationError(problems)
        return results


def call_named(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call ``function`` with those of ``arguments`` that it names."""
    names = inspect.signature(function).parameters
    return function(**{name: value for name, value in arguments.items() if name in names})


def failed(hook: str, member: Member, error: Exception) -> str:
    """The problem of a setup hook that raised ``error``, with the line it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"hook {hook!r} of {member.found.described} failed: {type(error).__name__}: {error}{place}"


def assemble(
    keywords: Mapping[str, Any],
    config: Any,
    given: Sequence[Any],
    sections: Mapping[str, Mapping[str, Any]],
    version: str,
) -> Assembly:
    """Find, lint, configure and order the plugins.

    ``keywords`` are the board's settings given in code, ``given`` its plugins, and ``sections`` the settings of
    plugins. Raises ConfigurationError with everything that is wrong.
    """
    sources = read_sources(config)
    loaded, selection = load_board(sources, keywords)
    problems = [str(problem) for problem in (*sources.problems, *loaded.problems)]
    # With settings that do not hold, the order given in code is still looked at, for its own problems.
    board = loaded.value or BoardSettings(order=tuple(keywords.get("order", ())))

    discovery = discover(selection, given, board.autoload, version)
    problems += discovery.problems
    places, wrong = arrange([_peg(found) for found in discovery.found], board.order)
    problems += wrong
    problems += [str(problem) for problem in unknown_sections(sources, discovery.known)]
    problems += _unknown_names(board.order, sections, discovery.known)

    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    members: dict[str, Member] = {}
    by_name = {place.name: place for place in places}
    for found in discovery.found:
        marks = list(_marks(manager, found))
        if linted := _lint(found, marks):
            problems += linted
            continue
        settings = load(
            _settings_class(found),
            found.name,
            sources,
            {**getattr(found.plugin, "given_settings", {}), **sections.get(found.name, {})},
            caller=f"{type(found.plugin).__name__}()",
        )
        problems += [str(problem) for problem in settings.problems]
        place = by_name.get(found.name, Place(found.name, "app", "unknown phase"))
        members[found.name] = Member(found, settings, _impl(found, marks), place)
    problems += _missing_capabilities(discovery.found)
    if problems:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    ordered = [members[place.name] for place in places]
    for member in reversed(ordered):
        # pluggy calls the last registered first, so its order is ours from outside to inside.
        manager.register(member.plugin, member.name)
        _give_settings(member)
    for warning in discovery.warnings:
        logger.warning("%s", warning)
    return Assembly(board, loaded, sources, ordered, discovery.off, manager, discovery.warnings)


def _peg(found: Found) -> Peg:
    plugin = found.plugin
    return Peg(
        found.name,
        getattr(plugin, "phase", "app"),
        tuple(getattr(plugin, "before", ())),
        tuple(getattr(plugin, "after", ())),
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """A method marked as an implementation: of which hook, and with which of pluggy's options."""

    hook: str
    function: Any
    options: Any


def _marks(manager: pluggy.PluginManager, found: Found) -> Iterator[_Mark]:
    for attribute in dir(found.plugin):
        options = manager.parse_hookimpl_opts(found.plugin, attribute)
        if options is not None:
            yield _Mark(options.get("specname") or attribute, getattr(found.plugin, attribute), options)


def _lint(found: Found, marks: Sequence[_Mark]) -> list[str]:
    problems = [f"{found.described}: {problem}" for problem in lint_name(found.name)]
    problems += _lint_settings(found)
    hooks = {mark.hook for mark in marks}
    for mark in marks:
        problems += lint_signature(mark.hook, mark.function, found.described)
        if mark.options.get("wrapper") or mark.options.get("hookwrapper"):
            problems.append(
                f"{found.described}: {mark.hook!r} is marked as a wrapper; hooks of Pegboard are not wrapped: "
                "use `request` and `response`, or `asgi` to wrap the whole board"
            )
    direct = sorted(hooks & set(ROUTE_HOOKS))
    if "route" in hooks and direct:
        problems.append(
            f"{found.described} implements `route` and also {', '.join(direct)}; "
            "what `route` returns is all that a route gets: return RouteHooks with these hooks from it"
        )
    return problems


def _lint_settings(found: Found) -> list[str]:
    cls = _settings_class(found)
    problems = lint_settings(found.described, cls)
    route_settings = getattr(found.plugin, "RouteSettings", None)
    if route_settings is not None and not problems:
        problems += lint_settings(found.described, route_settings, base=cls)
    return problems


def _settings_class(found: Found) -> Any:
    cls = getattr(found.plugin, "Settings", NoSettings)
    return cls if isinstance(cls, type) and issubclass(cls, msgspec.Struct) else NoSettings


def _impl(found: Found, marks: Sequence[_Mark]) -> Impl:
    impl = Impl(found.name, found.described)
    for hook in {mark.hook for mark in marks}:
        of_hook = [mark for mark in marks if mark.hook == hook]
        of_hook.sort(key=lambda mark: (not mark.options.get("tryfirst"), bool(mark.options.get("trylast"))))
        impl.hooks[hook] = tuple(mark.function for mark in of_hook)
    return impl


def _give_settings(member: Member) -> None:
    plugin, settings = member.plugin, member.settings.unwrap()
    previous = getattr(plugin, "settings", None)
    if isinstance(previous, msgspec.Struct) and previous != settings:
        two_boards = "is on two boards with different settings; make one plugin object for each board"
        raise ConfigurationError([f"{member.found.described} {two_boards}"])
    if not isinstance(settings, NoSettings) or hasattr(plugin, "given_settings"):
        plugin.settings = settings


def _missing_capabilities(found: Sequence[Found]) -> list[str]:
    provided = {capability for each in found for capability in getattr(each.plugin, "provides", ())}
    return [
        f"{each.described} requires {capability!r}, which no plugin that is on provides; "
        f"provided are: {', '.join(sorted(provided)) or 'none'}"
        for each in found
        for capability in getattr(each.plugin, "requires", ())
        if capability not in provided
    ]


def _unknown_names(order: Sequence[str], sections: Mapping[str, Any], known: set[str]) -> list[str]:
    names = ", ".join(sorted(known)) or "none"
    problems = [
        f"order names {name!r}, which is no plugin; plugins are: {names}" for name in order if name not in known
    ]
    problems += [
        f"settings are given for {name!r}, which is no plugin; plugins are: {names}"
        for name in sections
        if name not in known
    ]
    return problems
