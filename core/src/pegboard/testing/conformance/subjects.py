"""The plugin under test: how to make it anew, on a board of its own, and where it comes from."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import Distribution, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from pegboard.assembly import Member
from pegboard.discovery import GROUP
from pegboard.references import name_of, nameless, resolve
from pegboard.testing.boards import CheckedBoard, make_board
from pegboard.testing.scopes import Headers

__all__ = ["DEFAULT_HEADERS", "Subject", "installed_names", "subject_of"]

DEFAULT_HEADERS: Mapping[str, str] = {
    "accept": "*/*",
    "accept-encoding": "gzip",
    "origin": "https://conformance.example",
    "user-agent": "pegboard-conformance",
}
"""What every request of the suite carries, so that plugins have something to react to."""


@dataclass(frozen=True)
class Subject:
    """A plugin under test.

    ``make`` gives it anew; ``settings`` are its own on every board; ``headers`` come with every request; ``budget`` is
    how many calls of functions it may add to a plain request; ``backends`` are the event loops to walk the exit paths
    in; ``others`` are settings of other plugins that it is paired with.
    """

    name: str
    make: Callable[[], Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    budget: int = 60
    backends: Sequence[str] = ("asyncio",)
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def board(self, *more: Any, settings: Mapping[str, Any] | None = None, **options: Any) -> CheckedBoard:
        """A board with a new one of it, and with ``more`` plugins; ``settings`` stand in place of its own."""
        own = self.settings if settings is None else settings
        given = {**options.pop("others", {}), self.name: own}
        return make_board([self.make(), *more], settings=given, **options)

    def member(self) -> Member:
        """It, as a board has it. Raises ConfigurationError."""
        return next(member for member in self.board().plugins if member.name == self.name)

    @property
    def distribution(self) -> Distribution | None:
        """The installed distribution that announces it, None when none does."""
        top = self.module.__name__.partition(".")[0]
        announced = entry_points(group=GROUP, name=self.name)
        return next((entry.dist for entry in announced if entry.module.partition(".")[0] == top), None)

    @property
    def module(self) -> ModuleType:
        """Its top-level package, or the module it stands in where that belongs to no package."""
        plugin = self.make()
        module = sys.modules[(plugin if inspect.ismodule(plugin) else type(plugin)).__module__]
        top = sys.modules.get(module.__name__.partition(".")[0])
        return module if top is None or top.__file__ is None else top

    @property
    def folder(self) -> Path:
        """Where its code is."""
        return Path(str(self.module.__file__)).parent


def subject_of(plugin: Any, **options: Any) -> Subject:
    """The subject for a name of an installed plugin, ``"module:attr"``, a class, or a function that makes plugins.

    Raises LookupError for a name that nobody announces, TypeError for a plugin object, as each check needs one of its
    own, and for what is no plugin.
    """
    maker = _announced(plugin) if isinstance(plugin, str) else plugin
    if not callable(maker):
        if isinstance(plugin, str):
            return Subject(_name(maker, plugin), lambda: maker, **options)
        raise TypeError(
            f"conformance needs a new plugin for each check; got the object {plugin!r}; give its class or its name, "
            "and its settings as settings={...}"
        )
    return Subject(_name(maker() if not inspect.isclass(maker) else maker, plugin), maker, **options)


def _name(plugin: Any, given: Any) -> str:
    name = name_of(plugin)
    if not name or not isinstance(name, str):
        raise TypeError(f"{given!r} is no plugin: it {nameless(name)}; give a plugin's class, or its module:attr")
    return name


def installed_names() -> list[str]:
    """The names of all plugins that are installed."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def _announced(reference: str) -> Any:
    if ":" in reference:
        try:
            return resolve(reference)
        except AttributeError as error:
            near = get_close_matches(error.name or "", dir(error.obj), 1)
            raise LookupError(f"{error}{f'; did you mean {near[0]}?' if near else ''}") from error
    found = next(iter(entry_points(group=GROUP, name=reference)), None)
    if found is None:
        known = ", ".join(installed_names()) or "none"
        raise LookupError(f"no plugin called {reference!r} is installed; installed are: {known}; or give 'module:attr'")
    return found.load()
