"""Every route of a frozen board with its plan.

The board's own tables keep their plans to themselves, so they are made once more, in the same way: from the same
plugins, with the same settings. What is served is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pegboard.applications import Pegboard
from pegboard.cli.boards import freeze
from pegboard.compiling import Step
from pegboard.concurrency import is_async
from pegboard.hookspecs import ROUTE_HOOKS
from pegboard.plans import Plan, Planner
from pegboard.routing.endpoints import is_function
from pegboard.routing.misses import MissRoute
from pegboard.routing.router import FlatRoute, flatten
from pegboard.routing.routes import BaseRoute, Host, Inner, Route, WebSocketRoute
from pegboard.routing.tree import Miss, MissKind

__all__ = [
    "RoutePlan",
    "endpoint_text",
    "host_of",
    "kind_of_endpoint",
    "methods_of",
    "path_of",
    "route_plans",
    "route_text",
    "served_hooks",
    "served_routes",
]

HTTP_ONLY = ("request", "error", "response", "body", "complete")
WEBSOCKET_ONLY = ("websocket", "websocket_complete")


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A route in its place: ``path`` is its template from the root; ``host`` is empty where any host is served."""

    route: BaseRoute
    plan: Plan
    path: str
    host: str = ""

    def steps(self) -> dict[str, tuple[Step, ...]]:
        """The hooks that connections of this route pay for, in calling order; hooks that nobody uses are left out."""
        found = {hook: self.plan.pipeline.steps(hook) for hook in served_hooks(self.route)}
        return {hook: steps for hook, steps in found.items() if steps}


def route_plans(board: Pegboard) -> list[RoutePlan]:
    """The plans of all routes in the order in which they are tried, and last that of paths that no route has."""
    assembly = freeze(board)
    off = [each.name for each in assembly.off]
    planner = Planner(assembly.members, off, assembly.max_body_size)
    plans = [_plan(planner, flat) for flat in served_routes(board)]
    miss = MissRoute(Miss(MissKind.NOT_FOUND))
    return [*plans, RoutePlan(miss, planner.plan(miss, (miss,)), "(anything else)")]


def served_hooks(route: BaseRoute) -> tuple[str, ...]:
    """The hooks that connections to a route can meet: a mounted application may serve requests and WebSockets."""
    if isinstance(route, WebSocketRoute):
        return WEBSOCKET_ONLY
    return HTTP_ONLY if isinstance(route, Route | MissRoute) else ROUTE_HOOKS


def methods_of(route: BaseRoute) -> list[str]:
    """The methods that a route answers; ``WEBSOCKET`` for WebSockets, and ``*`` for all."""
    if isinstance(route, WebSocketRoute):
        return ["WEBSOCKET"]
    methods = getattr(route, "methods", None)
    return sorted(methods) if methods else ["*"]


def path_of(flat: FlatRoute) -> str:
    """The template of a route from the root; a mounted application has all that is below its path."""
    path = flat.template.text
    return path.rstrip("/") + "/*" if isinstance(flat.route, Inner) else path


def host_of(flat: FlatRoute) -> str:
    """The host that a route is for, empty where it is for any."""
    host = flat.route if isinstance(flat.route, Host) else flat.host
    return host.host if host else ""


def route_text(flat: FlatRoute) -> str:
    """A route in its place, in one line: methods, host and path."""
    return f"{'|'.join(methods_of(flat.route))} {host_of(flat)}{path_of(flat)}"


def endpoint_text(endpoint: Any) -> str:
    """An endpoint's module and name."""
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}".replace(".<locals>", "")


def kind_of_endpoint(route: BaseRoute) -> str:
    """How an endpoint runs: ``async``, in a ``thread``, or as an ``ASGI`` application, which answers by itself."""
    if isinstance(route, Inner) or not is_function(route.endpoint):
        return "ASGI"
    return "async" if is_async(route.endpoint) else "thread"


def served_routes(board: Pegboard) -> Iterator[FlatRoute]:
    """The routes that serve something themselves: a mount of routes only stands behind them."""
    for flat in flatten(board.routes):
        if not (isinstance(flat.route, Inner) and flat.route.is_flattened):
            yield flat


def _plan(planner: Planner, flat: FlatRoute) -> RoutePlan:
    route = flat.route
    call = getattr(route, "call", None) or _never
    return RoutePlan(route, planner.plan(route, flat.chain, call), path_of(flat), host_of(flat))


async def _never(connection: Any) -> Any:
    """Stands in for the endpoint of a mounted application: nothing is served with these plans."""
    raise NotImplementedError
