"""From a board's routes to the tables that requests are matched with.

A mount whose routes are known is flattened: its routes stand in the table with their whole paths. Behind them stands
the mount itself as a wall: what it does not have is answered there, with the settings of the mount, and never by routes
further on. A host is a wall without a path.

There is a table for each set of hosts that a request can be for at once, of the routes that are for all hosts and of
those for these. Every route has one plan and one entry, which all tables share.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pegboard.errors import OUTER_BOARDS
from pegboard.plans import Plan, Planner
from pegboard.routing.endpoints import AppEndpoint, as_app
from pegboard.routing.flattening import FlatRoute
from pegboard.routing.host_names import host_matcher, host_name
from pegboard.routing.layers import Layers
from pegboard.routing.misses import MissRoute
from pegboard.routing.routes import BaseRoute, Host, Inner, Route, WebSocketRoute
from pegboard.routing.tree import Entry, Miss, MissKind, Table
from pegboard.types import ASGIApp, Receive, Scope, Send
from pegboard.websockets import WebSocket

__all__ = ["Tables", "route_path"]

Found = tuple[Plan, dict[str, Any]]
Fixed = Mapping[str, Mapping[str, Plan]]
Chain = tuple[BaseRoute, ...]


class Tables:
    """The compiled routes of a board, for HTTP requests and for WebSockets.

    ``http`` and ``websocket`` find the plan for a scope; ``fixed`` holds, by method and path, what they find for
    requests without a root path where no host and no parameter has a say. ``layers`` keeps the middleware of routes,
    ``own_root`` is the key in the scope of the board's own root path.
    What is wrong with a route is a problem of the ``planner``.
    """

    def __init__(
        self, routes: Sequence[FlatRoute], planner: Planner, layers: Layers, own_root: str, redirect_slashes: bool
    ) -> None:
        http = _Http(routes, planner, layers, redirect_slashes)
        websocket = _WebSocket(routes, planner, layers, False)
        self.http = _finder(http, own_root)
        self.websocket = _finder(websocket, own_root)
        self.fixed = _fixed(http)
        self.warnings = [*dict.fromkeys([*http.warnings, *websocket.warnings, *_ambiguous_names(routes)])]


class _Maker:
    """Makes the entries and tables of one protocol."""

    serves: type[BaseRoute]

    def __init__(self, routes: Sequence[FlatRoute], planner: Planner, layers: Layers, redirect_slashes: bool) -> None:
        self.planner = planner
        self.layers = layers
        self.redirect_slashes = redirect_slashes
        self.warnings: list[str] = []
        self.misses: dict[tuple[Miss, Chain], Plan] = {}
        self.hosts: dict[Plan, tuple[Host, ...]] = {}
        self.tables: dict[tuple[Host, ...], Table[Plan]] = {}
        self.placed = [(flat, entry) for flat in routes if (entry := self.entry(flat)) is not None]
        self.prepare_misses()

    def table(self, hosts: tuple[Host, ...]) -> Table[Plan]:
        """The table for requests that are for these hosts."""
        if hosts not in self.tables:
            entries = []
            for flat, entry in self.placed:
                if set(flat.hosts) <= set(hosts):
                    entries.append(entry)
                    if isinstance(flat.route, Host) and not flat.around:
                        break
            table = Table(entries, fallback=self.miss, redirect_slashes=self.redirect_slashes)
            self.tables[hosts] = table
            self.warnings += _hidden(table)
        return self.tables[hosts]

    def miss(self, miss: Miss, around: Chain | None) -> Plan:
        """The plan for what is not found inside of a mount or host, or outside of all of them."""
        chain = around or ()
        if (miss, chain) not in self.misses:
            route = MissRoute(miss, chain)
            call = self.call(route, (*chain, route))
            self.misses[miss, chain] = self.plan(route, (*chain, route), call)
        return self.misses[miss, chain]

    def plan(self, route: BaseRoute, chain: Chain, call: Callable[[Any], Any]) -> Plan:
        """A plan, known by the hosts with parameters that it is for."""
        plan = self.planner.plan(route, chain, call)
        self.hosts[plan] = tuple(outer for outer in chain if isinstance(outer, Host) and outer.host_template.params)
        return plan

    def entry(self, flat: FlatRoute) -> Entry[Any] | None:
        """The entry of one route in its place, where it is for this protocol."""
        route = flat.route
        if isinstance(route, self.serves):
            plan = self.plan(route, flat.chain, self.call(route, flat.chain))
            return Entry(flat.template, getattr(route, "methods", None), plan, mount_segments=flat.mount_segments)
        if not isinstance(route, Inner):
            return None
        if not route.is_flattened:
            app = self.layers.around(_mounted(route.app), flat.chain, self.planner.problems)
            return Entry(flat.template, None, self.plan(route, flat.chain, self.app_call(app)), prefix=True)
        redirects = self.redirect_slashes if flat.redirect_slashes is None else flat.redirect_slashes
        return Entry(flat.template, None, flat.chain, True, wall=True, redirect_slashes=redirects and self.is_http)

    def call(self, route: Any, chain: Chain) -> Callable[[Any], Any]:
        """What serves a route: its endpoint, behind the middleware around it."""
        if not any(outer.middleware for outer in chain):
            call: Callable[[Any], Any] = route.call
            return call
        return self.app_call(self.layers.around(self.as_app(route), chain, self.planner.problems))

    @property
    def is_http(self) -> bool:
        """Whether there are redirects and methods here."""
        return self.serves is Route

    def prepare_misses(self) -> None:
        """Make the plans of the misses that routes with parameters will have if nothing else takes their paths.

        Those that the tables can tell for certain are made with them. So `route` hooks run, and fail, at the freeze.
        """
        if not self.is_http:
            return
        allowed: dict[tuple[str, Chain], set[str]] = {}
        for flat, entry in self.placed:
            if entry.methods is not None:
                allowed.setdefault((flat.template.text, flat.around), {"OPTIONS"}).update(entry.methods)
        for allow, around in {(tuple(sorted(methods)), around) for (_, around), methods in allowed.items()}:
            self.miss(Miss(MissKind.METHOD_NOT_ALLOWED, allow), around)
            self.miss(Miss(MissKind.OPTIONS, allow), around)

    def as_app(self, route: Any) -> ASGIApp:
        """A route's endpoint as an ASGI application."""
        raise NotImplementedError

    def app_call(self, app: ASGIApp) -> Callable[[Any], Any]:
        """An ASGI application as an endpoint."""
        raise NotImplementedError


class _Http(_Maker):
    serves = Route

    def as_app(self, route: Any) -> ASGIApp:
        return as_app(route.call, route.max_body_size)

    def app_call(self, app: ASGIApp) -> Callable[[Any], Any]:
        return AppEndpoint(app)


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


def _fixed(maker: _Maker) -> Fixed:
    """The answers of the table that leave the scope as it is; none where the table depends on the host."""
    if any(isinstance(flat.route, Host) for flat, _ in maker.placed):
        return {}
    return {
        method: {path: plan for path, (plan, _, prefix) in answers.items() if not prefix}
        for method, answers in maker.table(()).fixed.items()
    }


def _finder(maker: _Maker, own_root: str) -> Callable[[Scope], Found]:
    """What finds the plan for a scope, and its path parameters."""
    main = _in_table(maker.table(()), own_root, maker.is_http)
    flats = [flat for flat, _ in maker.placed if isinstance(flat.route, Host)]
    if not flats:
        return main
    finders: dict[tuple[Host, ...], Callable[[Scope], Found]] = {(): main}
    for flat in flats:
        finders[flat.hosts] = _in_table(maker.table(flat.hosts), own_root, maker.is_http)
    match = host_matcher([(flat.hosts[-1], not flat.around) for flat in flats])

    def find(scope: Scope) -> Found:
        matched = match(host_name(scope))
        hosts = tuple(matched)
        if hosts not in finders:
            finders[hosts] = _in_table(maker.table(hosts), own_root, maker.is_http)
        plan, params = finders[hosts](scope)
        for host in maker.hosts[plan]:
            params.update(matched[host])
        return plan, params

    return find


def _in_table(table: Table[Plan], own_root: str, is_http: bool) -> Callable[[Scope], Found]:
    """What finds the plan of a scope in one table; WebSockets have no method, and their entries take any."""
    match = table.match
    sole = table.sole
    if sole is not None:
        # All there is is an application at the root: what `wrap` makes.
        return lambda scope: (sole, dict(scope["path_params"]) if "path_params" in scope else {})

    def find(scope: Scope) -> Found:
        root = scope.get("root_path", "")
        path = route_path(scope) if root else scope["path"]
        plan, params, prefix = match(scope["method"] if is_http else "GET", path)
        if prefix:
            scope.setdefault("pegboard.root_path", root)
            scope[own_root] = root
            scope["root_path"] = root + path[:prefix]
        if "path_params" in scope:
            return plan, {**scope["path_params"], **(params or {})}
        return plan, params or {}

    return find


def _hidden(table: Table[Plan]) -> list[str]:
    """The warnings for routes that no request reaches."""
    return [
        f"route {_route_of(late).label} ({late.template.text}) is never reached: {_route_of(early).label} "
        f"({early.template.text}) stands before it and takes its path; put it first"
        for late, early in table.shadowed()
        if not late.wall
    ]


def _route_of(entry: Entry[Any]) -> BaseRoute:
    route: BaseRoute = entry.payload[-1] if entry.wall else entry.payload.route
    return route


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

    # What it awaits is the application's own, so this needs no coroutine around it.
    def call(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        board = scope["app"]
        # A quarter of the time of a display that spreads the scope among other keys.
        inner = dict(scope)
        inner.setdefault("pegboard.router", board)
        inner[OUTER_BOARDS] = (board, *scope[OUTER_BOARDS]) if OUTER_BOARDS in scope else (board,)
        awaitable: Awaitable[None] = app(inner, receive, send)
        return awaitable

    return call
