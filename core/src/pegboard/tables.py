"""From a board's routes to the tables that requests are matched with.

A mount whose routes are known is flattened: its routes stand in the table with their whole paths. Behind them stands
the mount itself as a wall: what it does not have is answered there, with the settings of the mount, and never by routes
further on. Hosts have a table each, of what stands before them and what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pegboard.errors import OUTER_BOARDS
from pegboard.plans import Plan, Planner
from pegboard.raw_headers import find
from pegboard.routing.endpoints import as_app, as_app_call, wrap_in_middleware
from pegboard.routing.misses import MissRoute
from pegboard.routing.router import FlatRoute, flatten
from pegboard.routing.routes import BaseRoute, Host, Inner, Mount, Route, WebSocketRoute
from pegboard.routing.tree import Entry, Miss, MissKind, Table
from pegboard.types import ASGIApp, Receive, Scope, Send
from pegboard.urls import valid_host
from pegboard.websockets import WebSocket

__all__ = ["Tables"]

Found = tuple[Plan, dict[str, Any]]


class Tables:
    """The compiled routes of a board, for HTTP requests and for WebSockets."""

    def __init__(self, routes: Sequence[FlatRoute], planner: Planner, redirect_slashes: bool) -> None:
        makers = _Http(planner, redirect_slashes), _WebSocket(planner, False)
        self.http = _matcher(routes, makers[0])
        self.websocket = _matcher(routes, makers[1])
        self.warnings = [*dict.fromkeys([*makers[0].warnings, *makers[1].warnings, *_ambiguous_names(routes)])]


class _Maker:
    """Makes the entries and tables of one protocol."""

    serves: type[BaseRoute]

    def __init__(self, planner: Planner, redirect_slashes: bool) -> None:
        self.planner = planner
        self.redirect_slashes = redirect_slashes
        self.middleware: dict[int, ASGIApp] = {}
        self.warnings: list[str] = []

    def table(self, routes: Sequence[FlatRoute], around: tuple[BaseRoute, ...]) -> Table[Plan]:
        """The table of these routes; ``around`` is whose settings hold for what is not found in it."""
        entries = [entry for flat in routes for entry in self.entries(flat)]
        # Made now as well, so that settings that do not hold here are found now.
        self.miss(around, Miss(MissKind.NOT_FOUND))
        table = Table(entries, fallback=partial(self.miss, around), redirect_slashes=self.redirect_slashes)
        for late, early in table.shadowed():
            if not isinstance(late.payload.route, MissRoute):
                self.warnings.append(
                    f"route {late.payload.route.label} ({late.template.text}) is never reached: "
                    f"{early.payload.route.label} ({early.template.text}) stands before it and takes its path; "
                    "put it first"
                )
        return table

    def miss(self, around: tuple[BaseRoute, ...], miss: Miss) -> Plan:
        """The plan for what is not found."""
        route = MissRoute(miss)
        return self.planner.plan(route, (*around, route))

    def entries(self, flat: FlatRoute) -> Iterable[Entry[Plan]]:
        """The entries of one route in its place."""
        route = flat.route
        if isinstance(route, self.serves):
            yield Entry(
                flat.template,
                getattr(route, "methods", None),
                self.planner.plan(route, flat.chain, self.call(flat)),
                mount_segments=flat.mount_segments,
            )
        elif isinstance(route, Inner) and not route.is_flattened:
            app = wrap_in_middleware(_mounted(route.app), route.middleware)
            call = self.app_call(self.through_mounts(flat, app))
            yield Entry(flat.template, None, self.planner.plan(route, flat.chain, call), prefix=True)
        elif isinstance(route, Mount):
            yield self.wall(flat)

    def call(self, flat: FlatRoute) -> Callable[[Any], Any]:
        """What serves this route: its endpoint, behind the middleware around it."""
        route: Any = flat.route
        if not any(outer.middleware for outer in flat.chain):
            call: Callable[[Any], Any] = route.call
            return call
        return self.app_call(self.through_mounts(flat, wrap_in_middleware(self.as_app(route), route.middleware)))

    def as_app(self, route: Any) -> ASGIApp:
        """A route's endpoint as an ASGI application."""
        raise NotImplementedError

    def app_call(self, app: ASGIApp) -> Callable[[Any], Any]:
        """An ASGI application as an endpoint."""
        raise NotImplementedError

    def wall(self, flat: FlatRoute) -> Entry[Plan]:
        """The entry behind a flattened mount: whatever else is below its path is not found."""
        chain, route = flat.chain, MissRoute(Miss(MissKind.NOT_FOUND))
        made: list[Table[Plan | None]] = []

        async def answer(connection: Any) -> Any:
            if not made:
                inner = [entry for below in flatten(flat.route.routes) for entry in self.shapes(below)]  # type: ignore[attr-defined]
                made.append(Table(inner, fallback=partial(self.miss, chain), redirect_slashes=self.redirect_slashes))
            scope = connection.scope
            plan, _, _ = made[0].match(scope.get("method", "GET"), route_path(scope))
            return await (plan or self.miss(chain, route.miss)).call(connection)

        return Entry(flat.template, None, self.planner.plan(route, (*chain, route), answer), prefix=True)

    def shapes(self, flat: FlatRoute) -> Iterable[Entry[Plan | None]]:
        """The paths and methods of one route, without a plan: enough to tell how something was missed."""
        route = flat.route
        is_app = isinstance(route, Inner) and not route.is_flattened
        if is_app or isinstance(route, self.serves):
            yield Entry(flat.template, getattr(route, "methods", None), None, prefix=is_app)

    def through_mounts(self, flat: FlatRoute, app: ASGIApp) -> ASGIApp:
        """``app`` behind the middleware of the mounts around it."""
        for outer in reversed(flat.around):
            if outer.middleware:
                app = partial(_enter, self.mount_middleware(outer), app)
        return app

    def mount_middleware(self, outer: BaseRoute) -> ASGIApp:
        """The middleware of a mount: one instance for everything below it."""
        if id(outer) not in self.middleware:
            self.middleware[id(outer)] = wrap_in_middleware(_go_on, outer.middleware)
        return self.middleware[id(outer)]


class _Http(_Maker):
    serves = Route

    def as_app(self, route: Any) -> ASGIApp:
        return as_app(route.call, route.max_body_size)

    def app_call(self, app: ASGIApp) -> Callable[[Any], Any]:
        return as_app_call(app)


class _WebSocket(_Maker):
    serves = WebSocketRoute

    def as_app(self, route: Any) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await route.call(WebSocket(scope, receive, send))

        return app

    def app_call(self, app: ASGIApp) -> Callable[[Any], Any]:
        async def call(websocket: WebSocket) -> None:
            await app(websocket.scope, websocket.receive, websocket.send)

        return call


def _matcher(routes: Sequence[FlatRoute], maker: _Maker) -> Callable[[Scope], Found]:
    """What finds the plan for a scope."""
    main = partial(_match, maker.table([flat for flat in routes if _host_of(flat) is None], ()))
    hosts = [flat.route for flat in routes if isinstance(flat.route, Host)]
    if not hosts:
        return main
    by_host = [(host.host_template, maker.table(_seen_from(host, routes), (host,))) for host in hosts]

    def match(scope: Scope) -> Found:
        name = _host_name(scope)
        for template, table in by_host:
            found = template.regex.fullmatch(name)
            if found is not None:
                plan, params = _match(table, scope)
                return plan, {
                    **{key: template.params[key].convert(text) for key, text in found.groupdict().items()},
                    **params,
                }
        return main(scope)

    return match


def _seen_from(host: Host, routes: Sequence[FlatRoute]) -> list[FlatRoute]:
    """The routes that a request for ``host`` can reach: the host's own, and those of no host that stand before it."""
    end = next(index for index, flat in enumerate(routes) if flat.route is host)
    return [flat for flat in routes[: end + 1] if _host_of(flat) in (None, host)]


def _ambiguous_names(routes: Sequence[FlatRoute]) -> list[str]:
    """Names given to several routes that take the same parameters: the way back finds only the first."""
    first: dict[tuple[Any, ...], FlatRoute] = {}
    warnings = []
    for flat in routes:
        if not flat.route.is_named:
            continue
        names = tuple(outer.name for outer in flat.around if outer.name)
        key = (*names, flat.route.name, frozenset(flat.template.params), isinstance(flat.route, WebSocketRoute))
        earlier = first.setdefault(key, flat)
        if earlier.template.text != flat.template.text:
            full = ":".join((*names, flat.route.name))
            warnings.append(
                f"two routes are called {full!r} and take the same parameters: {earlier.template.text} and "
                f"{flat.template.text}; url_path_for always gives the first, so rename one"
            )
    return warnings


def _host_of(flat: FlatRoute) -> Host | None:
    return flat.route if isinstance(flat.route, Host) else flat.host


def _host_name(scope: Scope) -> str:
    """The host that was asked for, in lower case and without its port; empty when there is none or it is malformed."""
    value = find(scope["headers"], b"host")
    name = (valid_host(value) if value is not None else None) or ""
    return (name if name.endswith("]") else _PORT.sub("", name)).lower()


def _match(table: Table[Plan], scope: Scope) -> Found:
    root = scope.get("root_path")
    path = route_path(scope) if root else scope["path"]
    plan, params, prefix = table.match(scope.get("method", "GET"), path)
    if prefix:
        scope.setdefault("pegboard.root_path", root or "")
        scope["root_path"] = (root or "") + path[:prefix]
    return plan, params or {}


def route_path(scope: Scope) -> str:
    """The path below ``root_path`` (ASGI: the path includes it)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path


def _mounted(app: Any) -> ASGIApp:
    """An application with a scope of its own, so that what it changes there stays there.

    What a mounted board takes over from those around it goes by names that no other framework reads.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        board = scope["app"]
        outer = (board, *scope.get(OUTER_BOARDS, ()))
        await app({"pegboard.router": board, **scope, OUTER_BOARDS: outer}, receive, send)

    return call


async def _enter(middleware: ASGIApp, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Go through a mount's middleware to ``app``, which the middleware's innermost application finds in the scope."""
    await middleware({**scope, _NEXT: app}, receive, send)


async def _go_on(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_NEXT](scope, receive, send)


_NEXT = "pegboard.next"

_PORT = re.compile(r":\d*$")
