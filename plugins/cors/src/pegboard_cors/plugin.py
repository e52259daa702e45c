"""The plugin: which hooks a route gets.

A route that never sees OPTIONS does not pay for preflights, and one without origins pays for nothing else. A preflight
is judged by the policy of the route that its actual request would reach, not of the one that its OPTIONS reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import astuple

from pegboard import Plugin, RouteHooks, hookimpl
from pegboard.requests import Request
from pegboard.routing import BaseRoute, WebSocketRoute
from pegboard.types import Scope
from pegboard_cors.guard import OWNED, Guard
from pegboard_cors.policy import Policy
from pegboard_cors.preflights import Preflight
from pegboard_cors.settings import CORSSettings

__all__ = ["CORS"]


class CORS(Plugin[CORSSettings]):
    """Cross-origin resource sharing, as the Fetch standard has it.

    Keyword arguments are those of `CORSSettings`. Without origins it allows none and does nothing.
    """

    name = "cors"
    phase = "guard"
    response_headers = tuple(sorted(name.decode("ascii") for name in OWNED))
    Settings = CORSSettings

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._guards: dict[tuple[Any, ...], Guard] = {}
        self._owners: dict[Callable[..., Any], Guard] = {}

    @hookimpl
    def route(self, route: BaseRoute, settings: CORSSettings) -> RouteHooks | None:
        """Bind the policy of one route."""
        guard = self._guard(settings)
        check = guard.check if settings.websocket_check_origin else None
        if isinstance(route, WebSocketRoute):
            return RouteHooks(websocket=check)
        methods = getattr(route, "methods", None)
        sees_options = methods is None or "OPTIONS" in methods
        respond = guard.respond_unless_preflight if sees_options else guard.respond
        return RouteHooks(
            request=self.answer_preflight if sees_options else None,
            response=respond if settings.allows_some else None,
            websocket=check,
        )

    def answer_preflight(self, request: Request) -> Any:
        """Answer a preflight by the policy of the route it asks about; anything else goes on to the application.

        The answer is a response, or an application that responds (see `Guard.answer`).
        """
        if request.scope["method"] != "OPTIONS":
            return None
        preflight = Preflight.read(request.scope["headers"])
        if preflight is None:
            return None
        guard = self._guard_of(request.scope, preflight.method.decode("latin-1"))
        return None if guard is None else guard.answer(request, preflight)

    def _guard(self, settings: CORSSettings) -> Guard:
        # Functions count by identity: objects that can be called need not be hashable.
        key = tuple(id(value) if callable(value) else value for value in astuple(settings))
        guard = self._guards.get(key)
        if guard is None:
            guard = self._guards[key] = Guard(Policy(settings))
            self._owners[guard.respond] = self._owners[guard.respond_unless_preflight] = guard
        return guard

    def _guard_of(self, scope: Scope, method: str) -> Guard | None:
        """The policy of the route that a request with ``method`` would reach; None where it has none."""
        # Cheaper than a display that spreads the scope among other keys.
        asked = dict(scope)
        asked["method"] = method
        for call in asked["app"].plan_for(asked).pipeline.response:
            guard = self._owners.get(call)
            if guard is not None:
                return guard
        return None
