"""What is fine while developing and not in service: one rule a function, all of them in the table at the end.

Plugins are strangers here. A rule looks at what any plugin may have: a setting of a well-known name, a capability, the
hooks on a route.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pegboard.applications import Pegboard
from pegboard.assembly import Assembly, Member
from pegboard.cli.boards import freeze
from pegboard.cli.explaining import settings_on
from pegboard.cli.requirements import outdated
from pegboard.cli.route_plans import RoutePlan, methods_of, route_plans, route_text
from pegboard.routing.router import flatten

__all__ = ["deploy_findings"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the rules look at; ``workers`` is the number of processes."""

    board: Pegboard
    assembly: Assembly
    plans: list[RoutePlan]
    workers: int

    def all_settings(self) -> Iterator[tuple[str, Any]]:
        """Every plugin's settings, for the board and as routes change them, each with words that name it."""
        for member in self.assembly.members:
            yield member.name, member.settings.unwrap()
            for flat in flatten(self.board.routes):
                given = flat.route.plugins.get(member.name)
                if given is not None and not isinstance(given, bool):
                    yield f"{member.name} on {route_text(flat)}", settings_on(member, flat.chain).unwrap()


def deploy_findings(board: Pegboard, workers: int) -> list[str]:
    """What should change before this board is deployed with so many processes."""
    deployment = Deployment(board, freeze(board), route_plans(board), workers)
    return [text for rule in RULES for text in rule(deployment)]


def autoload(deployment: Deployment) -> Iterable[str]:
    """Whatever gets installed would be on."""
    settings = deployment.assembly.settings
    if settings.autoload and settings.plugins is None:
        names = ", ".join(f'"{member.name}"' for member in deployment.assembly.members if not _is_given(member))
        yield f"every plugin that is installed is on; list those that are wanted: plugins = [{names}]"


def debug(deployment: Deployment) -> Iterable[str]:
    """Tracebacks would go to clients."""
    if deployment.assembly.settings.debug:
        origin = deployment.assembly.loaded.origin("debug")
        yield f"debug is on ({origin}), so errors are shown to clients; switch it off"


def wildcard_origins(deployment: Deployment) -> Iterable[str]:
    """Any page could read the answers."""
    for name, settings in deployment.all_settings():
        if "*" in (getattr(settings, "allow_origins", None) or ()):
            yield f'{name}: allow_origins has "*", so pages of any origin may read responses; name the origins'


def memory_stores(deployment: Deployment) -> Iterable[str]:
    """Each process would have a store of its own."""
    if deployment.workers > 1:
        for name, settings in deployment.all_settings():
            for key, value in _flat(settings):
                if isinstance(value, str) and value.startswith("memory"):
                    yield (
                        f"{name}: {key} is {value!r}, and {deployment.workers} processes would have one each; "
                        "choose a store that they share"
                    )


def public_routes(deployment: Deployment) -> Iterable[str]:
    """Open on purpose, and worth a look: the routes that let everybody through where most of them ask who calls."""
    for member in deployment.assembly.members:
        if "identity" not in getattr(member.plugin, "provides", ()) or _allows(member):
            continue
        asked = {True: [], False: []}  # type: dict[bool, list[str]]
        for plan in deployment.plans:
            hooks = plan.steps()
            steps = (*hooks.get("request", ()), *hooks.get("websocket", ()))
            is_asked = any(step.plugin == member.name for step in steps)
            asked[is_asked].append(f"{'|'.join(methods_of(plan.route))} {plan.host}{plan.path}")
        if asked[True] and asked[False]:
            routes = ", ".join(asked[False])
            yield f"{member.name} does not ask who calls on {routes}; look whether all of them are meant to be public"


def graceful_timeout(deployment: Deployment) -> Iterable[str]:
    """A server without one never stops while a stream is open."""
    for path in sorted(each for pattern in STARTERS for each in Path().glob(pattern) if each.is_file()):
        text = path.read_text(errors="replace")
        for server, option in GRACEFUL.items():
            if re.search(rf"\b{server}\b(?!\s*[\[=><~])", text) and option not in text:
                yield f"{path} starts {server} so that open streams hold its stop without limit; add {option} 5"


def old_versions(deployment: Deployment) -> Iterable[str]:
    """Older than what was tested, or known to be unsafe."""
    names = {member.found.source for member in deployment.assembly.members if member.found.version}
    return outdated(["pegboard", *sorted(names)])


def _is_given(member: Member) -> bool:
    return member.found.why == "given in code"


def _allows(member: Member) -> bool:
    return getattr(member.settings.unwrap(), "default", None) == "allow"


def _flat(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a Struct and of the tables in it, by its key."""
    items: Mapping[str, Any] = msgspec.structs.asdict(settings) if isinstance(settings, msgspec.Struct) else settings
    for key, value in items.items():
        if isinstance(value, msgspec.Struct | Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


STARTERS = ("Procfile", "Dockerfile*", "Containerfile*", "*compose*.y*ml", "*.service", "*.sh")
"""Files in which servers are started."""

GRACEFUL = {"uvicorn": "--timeout-graceful-shutdown"}
"""Servers that wait without limit when they are told to stop, and the option that gives them one."""

RULES: tuple[Callable[[Deployment], Iterable[str]], ...] = (
    autoload,
    debug,
    wildcard_origins,
    memory_stores,
    public_routes,
    graceful_timeout,
    old_versions,
)
