"""Plans: everything that serving a route needs, decided once.

For each route, the settings that the board, its mounts and the route itself give to each plugin are laid over one
another, and the hooks that result become the route's pipeline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pegboard.assembly import Member, broken_settings, call_named, failed
from pegboard.compiling import Pipeline, PipelineFactory, lint_signature, route_hooks
from pegboard.hookspecs import ROUTE_HOOKS
from pegboard.plugin import NoSettings, RouteHooks
from pegboard.routing import BaseRoute
from pegboard.settings import Loaded, overlay

__all__ = ["Plan", "Planner"]

Hooks = Mapping[str, tuple[Callable[..., Any], ...]]


class Plan:
    """One route, its endpoint as a plain async callable, and its pipeline."""

    __slots__ = ("call", "max_body_size", "pipeline", "route")

    def __init__(
        self, route: BaseRoute, call: Callable[[Any], Awaitable[Any]], pipeline: Pipeline, max_body_size: int | None
    ) -> None:
        self.route = route
        self.call = call
        self.pipeline = pipeline
        self.max_body_size = max_body_size


class Planner:
    """Makes plans for routes. What is wrong with a route is added to ``problems``, with the route named."""

    def __init__(self, members: Sequence[Member], off: Sequence[str], max_body_size: int | None) -> None:
        self.problems: list[str] = []
        self._members = members
        self._names = {member.name for member in members}
        self._off = set(off)
        self._max_body_size = max_body_size
        self._pipelines = PipelineFactory()
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
        for member in self._members:
            of_route = self._hooks(member, route, overriding)
            if of_route:
                hooks.append((member.impl, of_route))
        limits = [outer.max_body_size for outer in chain if outer.max_body_size is not None]
        limit = limits[-1] if limits else self._max_body_size
        return Plan(route, call or route.call, self._pipelines.make(hooks), limit)  # type: ignore[attr-defined]

    def _hooks(self, member: Member, route: BaseRoute, overriding: Sequence[BaseRoute]) -> Hooks:
        """What one plugin contributes to one route; empty when it is switched off here."""
        settings = self._settings(member, overriding)
        if settings is None:
            return {}
        bind = member.impl.hooks.get("route")
        if bind is None:
            return self._direct[member.name]
        merged: dict[str, tuple[Callable[..., Any], ...]] = {}
        for function in bind:
            try:
                result = call_named(function, route=route, settings=settings)
            except Exception as error:
                self.problems.append(f"{failed('route', member, error)}; it looked at {route.label}")
                continue
            for hook, functions in self._checked(member, route, result).items():
                merged[hook] = (*merged.get(hook, ()), *functions)
        return merged

    def _checked(self, member: Member, route: BaseRoute, result: Any) -> Hooks:
        if result is None:
            return {}
        described = f"{member.found.described}, for {route.label}"
        if not isinstance(result, RouteHooks):
            self.problems.append(
                f"hook 'route' of {described} returned {type(result).__name__}; expected RouteHooks or None"
            )
            return {}
        hooks = route_hooks(result)
        problems = [
            problem
            for hook, functions in hooks.items()
            for function in functions
            for problem in lint_signature(hook, function, described)
        ]
        self.problems += problems
        return {} if problems else hooks

    def _settings(self, member: Member, overriding: Sequence[BaseRoute]) -> Any:
        """The plugin's settings for a route, or None where it is switched off."""
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
