"""Putting a board together: from what was asked for to plugins in order, each linted, with its settings.

All that is wrong is collected and reported at once. Nothing here runs a plugin's hooks.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pegboard.compiling import Impl, signature_of
from pegboard.discovery import Found, Off, discover
from pegboard.exceptions import ConfigurationError
from pegboard.linting import Mark, Wishes, lint, marks_of, read_wishes, settings_class
from pegboard.ordering import Peg, Place, arrange
from pegboard.plugin import NoSettings
from pegboard.settings import (
    BoardSettings,
    Loaded,
    Sources,
    idle_sections,
    load,
    load_board,
    overruled_lists,
    read_sources,
    suggest,
    unknown_sections,
)

__all__ = ["Assembly", "Member", "assemble", "broken_settings", "call_named", "failed", "place_of"]

logger = logging.getLogger("pegboard")


@dataclass(slots=True)
class Member:
    """A plugin on the board: what was found, its settings, its hooks and its place."""

    found: Found
    settings: Loaded[Any]
    impl: Impl
    place: Place
    was_given_settings: bool = False

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
    warnings: list[str] = field(default_factory=list)
    limits_bodies: bool = True

    @property
    def max_body_size(self) -> int | None:
        """The limit of request bodies in bytes; None where only the default would limit, and that is not wanted."""
        is_default = self.loaded.origin("max_body_size").kind == "default"
        return None if is_default and not self.limits_bodies else self.settings.max_body_size

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep warnings for whoever asks, and log each of them once."""
        for warning in warnings:
            if warning not in self.warnings:
                self.warnings.append(warning)
                logger.warning("%s", warning)

    def give_settings(self) -> None:
        """Give every plugin its settings. Raises ConfigurationError where one cannot take them."""
        try:
            for member in self.members:
                _give_settings(member)
        except ConfigurationError:
            self.take_back_settings()
            raise

    def take_back_settings(self) -> None:
        """Take from the plugins what this board gave them, for a start that failed; another may follow."""
        for member in self.members:
            if member.was_given_settings:
                member.was_given_settings = False
                with suppress(AttributeError):
                    del member.plugin.settings

    def impls(self, hook: str) -> Iterator[tuple[Member, Callable[..., Any]]]:
        """The implementations of a hook, outermost plugin first, each with its plugin."""
        for member in self.members:
            for function in member.impl.hooks.get(hook, ()):
                yield member, function

    def call(self, hook: str, **arguments: Any) -> list[tuple[Member, Any]]:
        """Call a setup hook on all plugins, outermost first. Raises ConfigurationError naming all that failed."""
        return list(self.calls(hook, **arguments))

    def calls(self, hook: str, **arguments: Any) -> Iterator[tuple[Member, Any]]:
        """The same, one plugin at a time; what failed is raised at the end."""
        problems = []
        for member, function in self.impls(hook):
            try:
                result = call_named(function, **arguments)
            except Exception as error:
                problems.append(failed(hook, member, error))
            else:
                yield member, result
        if problems:
            raise ConfigurationError(problems)


def call_named(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call ``function`` with those of ``arguments`` that it names."""
    return by_name(function)(**arguments)


def by_name(function: Callable[..., Any]) -> Callable[..., Any]:
    """What calls ``function``, many times, with those of the arguments given by name that it names."""
    names = tuple(signature_of(function).parameters)
    return lambda **arguments: function(*(arguments[name] for name in names if name in arguments))


def failed(hook: str, member: Member, error: Exception) -> str:
    """The problem of a setup hook that raised ``error``, with the line it came from."""
    return f"hook {hook!r} of {member.found.described} failed: {type(error).__name__}: {error}{place_of(error)}"


def place_of(error: BaseException) -> str:
    """The line that ``error`` was raised in, in parentheses; nothing where none is known."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def broken_settings(described: str, error: Exception) -> str:
    """The problem of a settings class that raised what no check raises; without its text, which may show a secret."""
    return (
        f"{described}: checking its settings failed with {type(error).__name__}{place_of(error)}; "
        "a check yields its problems, or raises ValueError"
    )


def assemble(
    keywords: Mapping[str, Any],
    config: Any,
    given: Sequence[Any],
    sections: Mapping[str, Mapping[str, Any]],
    version: str,
    *,
    limits_bodies: bool = True,
) -> Assembly:
    """Find, lint, configure and order the plugins.

    ``keywords`` are the board's settings given in code, ``given`` its plugins, and ``sections`` the settings of
    plugins. Without ``limits_bodies`` the default limit of request bodies does not hold. Raises ConfigurationError with
    everything that is wrong.
    """
    sources = read_sources(config)
    loaded, selection = load_board(sources, keywords)
    problems = [str(problem) for problem in (*sources.problems, *loaded.problems)]
    # With settings that do not hold, the order given in code is still looked at, for its own problems.
    board = loaded.value or BoardSettings(order=_names(keywords.get("order")))

    discovery = discover(selection, given, board.autoload, version, *map(loaded.origin, ("plugins", "blocked")))
    problems += discovery.problems
    wishes: dict[str, Wishes] = {}
    for found in discovery.found:
        wishes[found.name], wrong = read_wishes(found)
        problems += wrong
    pegs = [Peg(name, wish.phase, wish.before, wish.after) for name, wish in wishes.items()]
    where = f"{loaded.origin('order')}: " if board.order else ""
    places, wrong = arrange(pegs, board.order, where)
    problems += wrong
    problems += [str(problem) for problem in unknown_sections(sources, discovery.known)]
    problems += _unknown_names(board.order, sections, discovery.known, where)

    members: dict[str, Member] = {}
    by_name = {place.name: place for place in places}
    for found in discovery.found:
        marks, settings, wrong = _read(found, sources, sections)
        problems += wrong
        if settings is not None:
            place = by_name.get(found.name, Place(found.name, "app", "unknown phase"))
            members[found.name] = Member(found, settings, _impl(found, marks), place)
    problems += _missing_capabilities(discovery.found, wishes)
    if problems:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    ordered = [members[place.name] for place in places]
    assembly = Assembly(board, loaded, sources, ordered, discovery.off, limits_bodies=limits_bodies)
    assembly.give_settings()
    if board.plugins or given:
        assembly.warn(overruled_lists(sources, loaded))
    assembly.warn(idle_sections(sources, loaded, {off.name: off.why for off in discovery.off}))
    assembly.warn(discovery.warnings)
    return assembly


def _names(order: Any) -> tuple[str, ...]:
    return tuple(name for name in order if isinstance(name, str)) if isinstance(order, list | tuple) else ()


def _read(
    found: Found, sources: Sources, sections: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Mark], Loaded[Any] | None, list[str]]:
    """One plugin's hooks, its settings if they could be looked for, and the problems."""
    try:
        marks = list(marks_of(found.plugin))
        problems = lint(found, marks)
        keywords = {**getattr(found.plugin, "given_settings", {}), **sections.get(found.name, {})}
    except Exception as error:
        return [], None, [f"{found.described} cannot be read: {type(error).__name__}: {error}{place_of(error)}"]
    if problems:
        return marks, None, problems
    caller = f"{type(found.plugin).__name__}()"
    try:
        settings = load(settings_class(found), found.name, sources, keywords, caller=caller)
    except Exception as error:
        return marks, None, [broken_settings(found.described, error)]
    return marks, settings, [str(problem) for problem in settings.problems]


def _impl(found: Found, marks: Sequence[Mark]) -> Impl:
    impl = Impl(found.name, found.described)
    for hook in {mark.hook for mark in marks}:
        of_hook = [mark for mark in marks if mark.hook == hook]
        of_hook.sort(key=lambda mark: (not mark.options.get("tryfirst"), bool(mark.options.get("trylast"))))
        impl.hooks[hook] = tuple(mark.function for mark in of_hook)
    return impl


def _give_settings(member: Member) -> None:
    plugin, settings = member.plugin, member.settings.unwrap()
    if isinstance(settings, NoSettings) and not hasattr(plugin, "given_settings"):
        return
    try:
        previous = getattr(plugin, "settings", None)
        is_other = isinstance(previous, msgspec.Struct) and previous != settings
        if not is_other:
            plugin.settings = settings
    except Exception as error:
        advice = f"a plugin's Settings become its attribute `settings`; make {type(plugin).__name__} take it"
        problem = f"{member.found.described} cannot be given its settings: {type(error).__name__}: {error}; {advice}"
        raise ConfigurationError([problem]) from error
    if is_other:
        two_boards = "is on two boards with different settings; make one plugin object for each board"
        raise ConfigurationError([f"{member.found.described} {two_boards}"])
    member.was_given_settings = not isinstance(previous, msgspec.Struct)


def _missing_capabilities(found: Sequence[Found], wishes: Mapping[str, Wishes]) -> list[str]:
    provided = {capability for wish in wishes.values() for capability in wish.provides}
    return [
        f"{each.described} requires {capability!r}, which no plugin that is on provides; "
        f"provided are: {', '.join(sorted(provided)) or 'none'}"
        for each in found
        for capability in wishes[each.name].requires
        if capability not in provided
    ]


def _unknown_names(order: Sequence[str], sections: Mapping[str, Any], known: set[str], where: str) -> list[str]:
    def hint(name: str) -> str:
        return suggest(name, known, otherwise=f"plugins are: {', '.join(sorted(known)) or 'none'}")

    problems = [f"{where}order names {name!r}, which is no plugin; {hint(name)}" for name in order if name not in known]
    problems += [
        f"settings are given for {name!r}, which is no plugin; {hint(name)}" for name in sections if name not in known
    ]
    return problems
