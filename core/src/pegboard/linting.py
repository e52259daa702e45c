"""What a plugin object says of itself, read with suspicion: its wishes, and the methods it marks as hooks.

Nothing that looks like a hook is passed over: a method that is named like one and not marked, an override that lost
the mark, and a mark on what cannot be a hook are refused, as they would never be called. Whatever a plugin's own
attributes raise becomes a problem that names the plugin.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partialmethod
from typing import Any

import msgspec
import pluggy

from pegboard.compiling import lint_signature
from pegboard.discovery import Found
from pegboard.hookspecs import REQUEST_TIME, ROUTE_HOOKS, SETUP
from pegboard.plugin import PROJECT, NoSettings
from pegboard.settings import lint_name, lint_settings

__all__ = ["Claims", "Mark", "Wishes", "lint", "marks_of", "read_claims", "read_wishes", "settings_class"]

# pluggy alone knows what its markers leave on a function, and which attributes of an object can be hooks.
_PLUGGY = pluggy.PluginManager(PROJECT)

_MARK = f"{PROJECT}_impl"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a plugin wants to stand, and the capabilities that it gives and needs."""

    phase: str = "app"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claims:
    """What no other plugin should set as well: response headers, in lower case, and keys of the scope or the state."""

    response_headers: tuple[str, ...] = ()
    state_keys: tuple[str, ...] = ()


def read_wishes(found: Found) -> tuple[Wishes, list[str]]:
    """A plugin's wishes, with the default in place of each that cannot be read, and the problems."""
    problems: list[str] = []
    phase = _read(found, "phase", "app", problems)
    names = [_names(found, key, problems) for key in ("before", "after", "provides", "requires")]
    return Wishes(phase, *names), problems


def read_claims(found: Found) -> tuple[Claims, list[str]]:
    """What a plugin claims, and the problems. It may depend on its settings, so the board has to be frozen."""
    problems: list[str] = []
    headers, keys = (_names(found, key, problems) for key in ("response_headers", "state_keys"))
    return Claims(tuple(header.lower() for header in headers), keys), problems


def _names(found: Found, key: str, problems: list[str]) -> tuple[str, ...]:
    given = _read(found, key, (), problems)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        names = tuple(given)
        if all(isinstance(name, str) for name in names):
            return names
        got = f"one that holds {', '.join(sorted({type(name).__name__ for name in names}))}"
    else:
        got = f"{key} = {given!r}" if isinstance(given, str) else type(given).__name__
    hint = f'; write {key} = ("{given}",)' if isinstance(given, str) else ""
    problems.append(f"{found.described}: `{key}` is a sequence of names; got {got}{hint}")
    return ()


def _read(found: Found, key: str, default: Any, problems: list[str]) -> Any:
    try:
        return getattr(found.plugin, key, default)
    except Exception as error:  # noqa: BLE001  it is told with all other problems
        problems.append(f"{found.described}: its `{key}` cannot be read: {type(error).__name__}: {error}")
        return default


@dataclass(frozen=True, slots=True)
class Mark:
    """A method marked as an implementation: of which hook, and with which of pluggy's options."""

    hook: str
    function: Any
    options: Any


def marks_of(plugin: Any) -> Iterator[Mark]:
    """The methods that a plugin marks as hooks."""
    for attribute in dir(plugin):
        options = _PLUGGY.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield Mark(options.get("specname") or attribute, getattr(plugin, attribute), options)


def lint(found: Found, marks: Sequence[Mark]) -> list[str]:
    """Everything wrong with one plugin that can be seen without calling it."""
    problems = [f"{found.described}: {problem}" for problem in lint_name(found.name)]
    problems += _lint_settings(found)
    problems += [f"{found.described}: {problem}" for problem in _passed_over(found.plugin)]
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


def _passed_over(plugin: Any) -> Iterator[str]:
    """What looks like a hook and would never be called."""
    hooks = {*SETUP, *REQUEST_TIME}
    for attribute in dir(plugin):
        if attribute.startswith("__") or _PLUGGY.parse_hookimpl_opts(plugin, attribute) is not None:
            continue
        value = inspect.getattr_static(plugin, attribute, None)
        if _is_marked(value):
            yield (
                f"{attribute!r} is marked with @hookimpl, but a {type(value).__name__} cannot be a hook and would "
                "never be called; write a method that calls it"
            )
        elif not (callable(value) or isinstance(value, staticmethod | classmethod | partialmethod)):
            continue
        elif any(_is_marked(vars(base).get(attribute)) for base in type(plugin).__mro__):
            yield f"{attribute!r} overrides a hook without @hookimpl and would never be called; mark it as well"
        elif attribute in hooks:
            yield (
                f"{attribute!r} is named like a hook but not marked, and would never be called; "
                "decorate it with @hookimpl, or give it another name"
            )


def _is_marked(value: Any) -> bool:
    try:
        return isinstance(getattr(value, _MARK, None), Mapping)
    except Exception:  # noqa: BLE001  an object that answers attributes by raising bears no mark
        return False


def _lint_settings(found: Found) -> list[str]:
    problems: list[str] = []
    given = _read(found, "Settings", NoSettings, problems)
    route_settings = _read(found, "RouteSettings", None, problems)
    if problems:
        return problems
    problems = lint_settings(found.described, given)
    if route_settings is not None and not problems:
        problems += lint_settings(found.described, route_settings, base=settings_class(found))
    return problems


def settings_class(found: Found) -> Any:
    """The class of a plugin's settings; that of none where it names none, or nonsense."""
    cls = getattr(found.plugin, "Settings", NoSettings)
    return cls if isinstance(cls, type) and issubclass(cls, msgspec.Struct) else NoSettings
