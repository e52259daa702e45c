"""Which gate a route gets, from three voices: its settings, its endpoint's decorators, and the default.

| settings' access | decorator | gets |
|---|---|---|
| left out | none | `required` where the default is to deny, else `optional` |
| left out | `@public` | nothing |
| left out, `required`, `optional` | `@requires` | `required`, with what both ask |
| `public` | none | nothing |
| `public` | `@requires` | refused: they contradict each other |
| `required`, `optional`, or scopes | `@public` | refused likewise |

Methods of classes that require something ask for it themselves; their route is not public, and its callers may be
anybody unless the route itself asks for more.

Answers for paths and methods that no route has hold nothing to protect: they are `optional`, so that a page for errors
can greet its reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pegboard.routing import BaseRoute, Host, Mount
from pegboard.routing.misses import MissRoute
from pegboard.routing.router import Router, flatten
from pegboard.settings import Invalid
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.gates import Gate, make_gate
from pegboard_auth.open_sockets import OpenSockets
from pegboard_auth.requirements import Requirement, is_public, required_within, requirements_of
from pegboard_auth.schemes import Scheme
from pegboard_auth.settings import AuthSettings, RouteSettings

__all__ = ["Binder", "open_routes"]

ANYBODY_KNOWN = Requirement()


class Binder:
    """Gives routes their gates; routes that ask for the same share one."""

    def __init__(
        self,
        settings: AuthSettings,
        schemes: Sequence[Scheme],
        answers: Answers,
        audit: Audit,
        sockets: OpenSockets | None = None,
    ) -> None:
        self.denies = settings.default == "deny" or (settings.default is None and bool(schemes))
        self._settings = settings
        self.schemes = tuple(schemes)
        self._answers = answers
        self._audit = audit
        self._sockets = sockets
        self._gates: dict[Any, Gate] = {}
        self._bound: dict[int, tuple[BaseRoute, Gate]] = {}

    def bind(self, route: BaseRoute, settings: RouteSettings) -> Gate | None:
        """The gate of ``route``, or None where it is public. Raises `Invalid` with all that does not fit together."""
        self._bound.pop(id(route), None)
        if isinstance(route, MissRoute):
            return self._gate(self.schemes, None, ()) if self.schemes else None
        asked = requirements_of(route.endpoint)
        own = Requirement.make(settings.scopes, settings.roles, settings.policy)
        access = settings.access or self._implied(route, asked, own)
        requirement = sum(asked, own) if access == "required" or asked else None
        schemes = self._chosen(settings)
        self._check(route, settings, access, requirement, schemes)
        if access == "public" or not schemes:
            return None
        gate = self._gate(schemes, requirement, asked)
        self._bound[id(route)] = route, gate
        return gate

    def gate_of(self, route: BaseRoute) -> Gate | None:
        """The gate that a route was given, if any."""
        bound = self._bound.get(id(route))
        return None if bound is None else bound[1]

    def _implied(self, route: BaseRoute, asked: Sequence[Requirement], own: Requirement) -> str:
        """What holds where the settings leave ``access`` out."""
        if is_public(route.endpoint) and own == ANYBODY_KNOWN:
            return "public"
        return "required" if asked or own != ANYBODY_KNOWN or self.denies else "optional"

    def _chosen(self, settings: RouteSettings) -> tuple[Scheme, ...]:
        if settings.schemes is None:
            return self.schemes
        return tuple(scheme for scheme in self.schemes if scheme.name in settings.schemes)

    def _check(
        self,
        route: BaseRoute,
        settings: RouteSettings,
        access: str,
        requirement: Requirement | None,
        schemes: Sequence[Scheme],
    ) -> None:
        names = [scheme.name for scheme in self.schemes]
        problems = [
            ("schemes", f"{name!r} is no scheme that is configured; there are: {', '.join(names) or 'none'}")
            for name in settings.schemes or ()
            if name not in names
        ]
        within = required_within(route.endpoint)
        asking = [each for each in (requirement, *within) if each is not None]
        if access == "public" and (requirements_of(route.endpoint) or within):
            problems.append(
                ("access", "the route is public and its endpoint requires something; take one of the two away")
            )
        if access != "public" and is_public(route.endpoint):
            problems.append(("access", "the endpoint is marked public and the route's settings ask for more; keep one"))
        known = self._settings.policies
        problems += [
            ("policy", f"{name!r} is none of the setting policies; there are: {', '.join(known) or 'none'}")
            for name in dict.fromkeys(name for each in asking for name in each.policies)
            if name not in known
        ]
        if asking and not schemes and not problems:
            problems.append(("", f"callers must be known, and there is no scheme; {_CONFIGURE}"))
        if problems:
            raise Invalid(problems)

    def _gate(self, schemes: Sequence[Scheme], requirement: Requirement | None, asked: Sequence[Requirement]) -> Gate:
        covered = () if requirement is None else tuple(dict.fromkeys((*asked, ANYBODY_KNOWN)))
        key = tuple(scheme.name for scheme in schemes), requirement, covered
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = make_gate(
                schemes, requirement, covered, self._settings.policies, self._answers, self._audit, self._sockets
            )
        return gate


def open_routes(board: Any, binder: Binder) -> list[str]:
    """The board's routes that are open to anonymous callers."""
    found: list[str] = []
    for flat in flatten(board.routes):
        route = flat.route
        if isinstance(route, Mount | Host) and (route.app is None or isinstance(route.app, Router)):
            continue
        gate = binder.gate_of(route)
        if gate is None or gate.requirement is None:
            found.append(f"{route.label.rpartition(' ')[0] or type(route).__name__} {flat.template.text}")
    return found


_CONFIGURE = "configure tokens, jwt, api_keys, basic or sessions"
