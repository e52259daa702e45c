"""The lock: what a board has become, as a text that is the same for the same board, and what differs from one.

It holds the plugins from outside to inside with their versions and the signatures of their hooks, and the pipelines
with the routes that have them. Settings are not in it, nor anything of the machine.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import msgspec

from pegboard.applications import Pegboard
from pegboard.assembly import Member
from pegboard.cli.boards import freeze
from pegboard.cli.route_plans import RoutePlan, methods_of, route_plans
from pegboard.compiling import signature_of
from pegboard.concurrency import is_async
from pegboard.hookspecs import REQUEST_TIME, ROUTE_HOOKS, SETUP

__all__ = ["FILE", "Lock", "LockedPipeline", "LockedPlugin", "differences", "lock_of", "read_lock", "write_lock"]

FILE = "pegboard.lock"
FORMAT = 1
NAMED = 3
TITLE = "# What this board is made of. `pegboard lock` writes it, `pegboard check --locked` compares with it."


class LockedPlugin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plugin: ``hooks`` are the signatures of what it implements, and of what it binds to routes."""

    name: str
    distribution: str
    version: str
    place: str
    hooks: tuple[str, ...]


class LockedPipeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plugins of each hook in the order of calling, and the routes that pay for them."""

    hooks: Mapping[str, tuple[str, ...]]
    routes: tuple[str, ...]


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is locked."""

    format: Annotated[int, msgspec.Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    pegboard: str
    plugins: tuple[LockedPlugin, ...] = ()
    pipelines: tuple[LockedPipeline, ...] = ()

    def of_routes(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """The pipeline of each route."""
        return {route: pipeline.hooks for pipeline in self.pipelines for route in pipeline.routes}


def lock_of(board: Pegboard) -> Lock:
    """The lock of a board as it is now. Raises ConfigurationError where it cannot start."""
    plans = route_plans(board)
    shared: dict[str, tuple[Mapping[str, tuple[str, ...]], list[str]]] = {}
    for plan in plans:
        hooks = {hook: tuple(step.plugin for step in steps) for hook, steps in plan.steps().items()}
        shared.setdefault(repr(hooks), (hooks, []))[1].append(_route_text(plan))
    return Lock(
        pegboard=version("pegboard"),
        plugins=tuple(_locked(member, plans) for member in freeze(board).members),
        pipelines=tuple(LockedPipeline(hooks=hooks, routes=tuple(routes)) for hooks, routes in shared.values()),
    )


def write_lock(lock: Lock) -> str:
    """The text of a lock, in TOML."""
    lines = [TITLE, f"format = {lock.format}", f"pegboard = {_quoted(lock.pegboard)}"]
    for plugin in lock.plugins:
        lines += ["", "[[plugins]]", *_fields(msgspec.structs.asdict(plugin))]
    for pipeline in lock.pipelines:
        lines += ["", "[[pipelines]]", *_fields({"routes": pipeline.routes})]
        lines += [
            "[pipelines.hooks]",
            *(f"{hook} = [{', '.join(map(_quoted, names))}]" for hook, names in pipeline.hooks.items()),
        ]
    return "\n".join(lines) + "\n"


def read_lock(text: str) -> Lock:
    """A lock from its text. Raises ValueError where it is none."""
    return msgspec.convert(tomllib.loads(text), Lock)


def differences(was: Lock, now: Lock) -> list[str]:
    """What has changed, in sentences."""
    return [*_release(was, now), *_plugins(was, now), *_routes(was, now)]


def _release(was: Lock, now: Lock) -> Iterator[str]:
    if was.pegboard != now.pegboard:
        yield f"pegboard {was.pegboard} has become {now.pegboard}"


def _plugins(was: Lock, now: Lock) -> Iterator[str]:
    before, after = ({plugin.name: plugin for plugin in lock.plugins} for lock in (was, now))
    for name, plugin in after.items():
        if name not in before:
            yield f"plugin {name!r} ({' '.join(filter(None, (plugin.distribution, plugin.version)))}) is new"
    for name, plugin in before.items():
        if name not in after:
            yield f"plugin {name!r} is gone"
            continue
        for key in ("distribution", "version", "place"):
            old, new = getattr(plugin, key), getattr(after[name], key)
            if old != new:
                yield f"{key} of plugin {name!r}: was {old or 'none'}, is {new or 'none'}"
        yield from _signatures(name, plugin.hooks, after[name].hooks)
    kept = [name for name in before if name in after], [name for name in after if name in before]
    if kept[0] != kept[1]:
        yield f"order of plugins: was {' > '.join(kept[0])}, is {' > '.join(kept[1])}"


def _signatures(name: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for signature in before:
        if signature not in after:
            yield f"plugin {name!r} no longer has the hook {signature}"
    for signature in after:
        if signature not in before:
            yield f"plugin {name!r} has a new hook {signature}"


def _routes(was: Lock, now: Lock) -> Iterator[str]:
    before, after = was.of_routes(), now.of_routes()
    yield from _listed("new routes", [route for route in after if route not in before])
    yield from _listed("routes that are gone", [route for route in before if route not in after])
    changed: dict[str, list[str]] = {}
    for route, hooks in before.items():
        for hook in ROUTE_HOOKS:
            old, new = hooks.get(hook, ()), after.get(route, hooks).get(hook, ())
            if old != new:
                text = f"{hook}: was {' > '.join(old) or 'nobody'}, is {' > '.join(new) or 'nobody'}"
                changed.setdefault(text, []).append(route)
    for text, routes in changed.items():
        yield f"{text}; on {_several(routes)}"


def _listed(what: str, routes: Sequence[str]) -> Iterator[str]:
    if routes:
        yield f"{what}: {_several(routes)}"


def _several(routes: Sequence[str]) -> str:
    more = len(routes) - NAMED
    return f"{', '.join(routes[:NAMED])} and {more} more" if more > 0 else ", ".join(routes)


def _locked(member: Member, plans: Iterable[RoutePlan]) -> LockedPlugin:
    own = [
        _signature(hook, function) for hook in (*SETUP, *REQUEST_TIME) for function in member.impl.hooks.get(hook, ())
    ]
    steps = [step for plan in plans for steps in plan.steps().values() for step in steps if step.plugin == member.name]
    bound = {(step.hook, step.is_async) for step in steps} if "route" in member.impl.hooks else ()
    of_routes = [
        f"route: {'async ' if is_coroutine else ''}{hook}"
        for hook, is_coroutine in sorted(bound, key=lambda each: (ROUTE_HOOKS.index(each[0]), each[1]))
    ]
    return LockedPlugin(
        name=member.name,
        distribution=member.found.source,
        version=member.found.version,
        place=member.place.reason,
        hooks=(*own, *of_routes),
    )


def _signature(hook: str, function: Any) -> str:
    arguments = ", ".join(signature_of(function).parameters)
    return f"{'async ' if is_async(function) else ''}{hook}({arguments})"


def _route_text(plan: RoutePlan) -> str:
    return f"{'|'.join(methods_of(plan.route))} {plan.host}{plan.path}"


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    """Fields as TOML, each item of a list on a line of its own, so that a change is a line."""
    for key, value in fields.items():
        if isinstance(value, str):
            yield f"{key} = {_quoted(value)}"
        else:
            yield f"{key} = [" if value else f"{key} = []"
            yield from (f"    {_quoted(item)}," for item in value)
            if value:
                yield "]"


def _quoted(text: str) -> str:
    """Text as TOML writes it: as JSON does, but for the one control character that JSON lets through."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
