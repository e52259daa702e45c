"""Plans: everything that serving a route needs, decided once.

For each route, the settings that the board, its mounts and the route itself give to each plugin are laid over one
another, and the hooks that result become the route's pipeline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from difflib import get_close_matches
from typing import Any

from pegboard.assembly import Member, broken_settings, by_name, failed
from pegboard.compiling import Pipeline, PipelineFactory, identity, lint_signature, route_hooks
from pegboard.hookspecs import ROUTE_HOOKS
from pegboard.plugin import NoSettings, RouteHooks
from pegboard.routing import BaseRoute
from pegboard.routing.endpoints import AppEndpoint, needs_of
from pegboard.settings import Loaded, overlay

__all__ = ["Plan", "Planner"]

Hooks = Mapping[str, tuple[Callable[..., Any], ...]]

NAMED = 3
"""How many routes a problem names that many routes have."""

NO_NOTES: Mapping[str, str] = {}


class Plan:
    """One route, its endpoint as a plain async callable, and its pipeline.

    ``notes`` is what plugins say that they do here, by their names. ``app`` is the answer of an endpoint that is an
    application, which is the same for every request.
    """

    __slots__ = ("app", "call", "max_body_size", "notes", "pipeline", "route")

    def __init__(
        self,
        route: BaseRoute,
        call: Callable[[Any], Awaitable[Any]],
        pipeline: Pipeline,
        max_body_size: int | None,
        notes: Mapping[str, str] = NO_NOTES,
    ) -> None:
        self.route = route
        self.call = call
        self.app = call.response if isinstance(call, AppEndpoint) else None
        self.pipeline = pipeline
        self.max_body_size = max_body_size
        self.notes = notes


class Planner:
    """Makes plans for routes. What is wrong is in `all_problems` then.

    ``problems`` are those that name their route themselves. One that a plugin has with several routes is told once.
    """

    def __init__(self, members: Sequence[Member], off: Sequence[str], max_body_size: int | None) -> None:
        self.problems: list[str] = []
        self._shared: dict[str, dict[str, None]] = {}
        self._members = members
        self._names = {member.name for member in members}
        self._off = set(off)
        self._max_body_size = max_body_size
        self._pipelines = PipelineFactory()
        # Thousands of routes are mostly alike: what was found for one of them is kept for the others.
        self._binders = {
            member.name: [by_name(bind) for bind in member.impl.hooks.get("route", ())] for member in members
        }
        self._found: dict[tuple[Any, ...], Any] = {}
        self._linted: dict[tuple[Any, ...], tuple[Callable[..., Any], list[str]]] = {}
        self._direct: dict[str, Hooks] = {
            member.name: {hook: member.impl.hooks[hook] for hook in ROUTE_HOOKS if hook in member.impl.hooks}
            for member in members
        }

    def plan(
        self, route: BaseRoute, chain: Sequence[BaseRoute], call: Callable[[Any], Awaitable[Any]] | None = None
    ) -> Plan:
        """The plan of ``route``; ``chain`` is all whose settings hold for it, outermost first."""
        overriding = [outer for outer in chain if outer.plugins]
        for outer in overriding:
            self._check_names(outer)
        hooks = []
        notes: dict[str, str] = {}
        for member in self._members:
            of_route = self._hooks(member, route, overriding, notes)
            if of_route:
                hooks.append((member.impl, of_route))
        self._check_needs(route, overriding)
        limits = [outer.max_body_size for outer in chain if outer.max_body_size is not None]
        limit = limits[-1] if limits else self._max_body_size
        pipeline = self._pipelines.make(hooks)
        return Plan(route, call or route.call, pipeline, limit, notes or NO_NOTES)  # type: ignore[attr-defined]

    @property
    def is_timed(self) -> bool:
        """Whether any hook of the plans so far is told how long a request took."""
        return any(pipeline.complete for pipeline in self._pipelines)

    def all_problems(self) -> list[str]:
        """Everything that is wrong with the routes so far, each once."""
        shared = [f"{problem}; it looked at {_several(list(labels))}" for problem, labels in self._shared.items()]
        return list(dict.fromkeys((*self.problems, *shared)))

    def _hooks(
        self, member: Member, route: BaseRoute, overriding: Sequence[BaseRoute], notes: MutableMapping[str, str]
    ) -> Hooks:
        """What one plugin contributes to one route; empty when it is switched off here."""
        settings = self._settings(member, overriding)
        if settings is None:
            return {}
        binders = self._binders[member.name]
        if not binders:
            return self._direct[member.name]
        merged: dict[str, tuple[Callable[..., Any], ...]] = {}
        for bind in binders:
            try:
                result = bind(route=route, settings=settings)
            except Exception as error:
                self._share([failed("route", member, error)], route)
                continue
            if result is None:
                continue
            problems = self._misuses(member, result)
            if problems:
                self._share(problems, route)
                continue
            if result.note:
                notes[member.name] = "; ".join(filter(None, (notes.get(member.name), result.note)))
            for hook, functions in route_hooks(result).items():
                merged[hook] = (*merged.get(hook, ()), *functions)
        return merged

    def _misuses(self, member: Member, result: Any) -> list[str]:
        """What is wrong with the result of a `route` hook."""
        described = member.found.described
        if not isinstance(result, RouteHooks):
            return [f"hook 'route' of {described} returned {type(result).__name__}; expected RouteHooks or None"]
        return [
            problem
            for hook, functions in route_hooks(result).items()
            for function in functions
            for problem in self._lint(hook, function, described)
        ]

    def _lint(self, hook: str, function: Callable[..., Any], described: str) -> list[str]:
        key = (described, hook, *identity(function))
        if key not in self._linted:
            # The function is kept with what was found, so that no other has its identity.
            self._linted[key] = function, lint_signature(hook, function, described)
        return self._linted[key][1]

    def _share(self, problems: Sequence[str], route: BaseRoute) -> None:
        for problem in problems:
            self._shared.setdefault(problem, {})[route.label] = None

    def _settings(self, member: Member, overriding: Sequence[BaseRoute]) -> Any:
        """The plugin's settings for a route, or None where it is switched off."""
        key = (member.name, *(id(outer) for outer in overriding if member.name in outer.plugins))
        if key not in self._found:
            self._found[key] = self._found_settings(member, overriding)
        return self._found[key]

    def _found_settings(self, member: Member, overriding: Sequence[BaseRoute]) -> Any:
        plugin, current = member.plugin, member.settings
        cls = getattr(plugin, "RouteSettings", None) or type(current.unwrap())
        on = True
        for outer in overriding:
            given = outer.plugins.get(member.name)
            if given is None:
                continue
            on = given is not False
            if isinstance(given, bool):
                continue
            current = self._overlaid(member, cls, current, given, outer)
        if not on:
            return None
        value = current.unwrap()
        if isinstance(value, cls):
            return value
        return self._overlaid(member, cls, current, {}, overriding[-1] if overriding else None).value

    def _overlaid(
        self, member: Member, cls: Any, current: Loaded[Any], given: Any, outer: BaseRoute | None
    ) -> Loaded[Any]:
        where = f'{outer.label}, plugins={{"{member.name}": ...}}' if outer is not None else member.found.described
        if cls is NoSettings or "route" not in member.impl.hooks:
            self.problems.append(
                f"{where}: {member.found.described} takes no settings for single routes; use False or True"
            )
            return current
        try:
            laid = overlay(cls, current, given, section=member.name, where=where)
        except Exception as error:
            self.problems.append(f"{where}: {broken_settings(member.found.described, error)}")
            return current
        self.problems += [str(problem) for problem in laid.problems]
        return current if laid.value is None else laid

    def _check_needs(self, route: BaseRoute, overriding: Sequence[BaseRoute]) -> None:
        """An endpoint that says that it needs something of a plugin is never served where no plugin provides it."""
        for need in needs_of(route.endpoint):
            able = [member for member in self._members if need in member.plugin.provides]
            if not any(self._settings(member, overriding) is not None for member in able):
                what = f"{able[0].name!r} is switched off here" if able else "no plugin of this board provides it"
                self.problems.append(
                    f"{route.label}: its endpoint needs {need!r}, and {what}; "
                    "switch a plugin that provides it on, or take away from the endpoint what needs it"
                )

    def _check_names(self, outer: BaseRoute) -> None:
        for name, given in outer.plugins.items():
            if given is None:
                self.problems.append(
                    f"{outer.label}: plugins gives None to {name!r}; expected False to leave it out, True, or settings"
                )
            if name in self._names or name in self._off or given is False:
                continue
            guess = get_close_matches(name, self._names, 1)
            hint = f"did you mean {guess[0]!r}?" if guess else "install the plugin, or take its settings away"
            self.problems.append(f"{outer.label}: plugins names {name!r}, which is no plugin of this board; {hint}")


def _several(labels: Sequence[str]) -> str:
    more = len(labels) - NAMED
    return f"{', '.join(labels[:NAMED])} and {more} more" if more > 0 else ", ".join(labels)
