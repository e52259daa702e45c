"""A list of routes, and the ways to add to it.

A router only collects. A board flattens it, with every mount's routes in the place of the mount, and compiles the
result into tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pegboard.routing.endpoints import MiddlewareFactory
from pegboard.routing.flattening import FlatRoute, flatten
from pegboard.routing.lists import RouteList
from pegboard.routing.names import NoMatchFound, path_for
from pegboard.routing.routes import BaseRoute, Host, Mount, PluginOverrides, Route, WebSocketRoute
from pegboard.types import ASGIApp
from pegboard.urls import URLPath

__all__ = ["FlatRoute", "NoMatchFound", "Router", "flatten"]

E = TypeVar("E", bound=Callable[..., Any])


class Router:
    """A list of routes, to be mounted or served by a board.

    Without ``redirect_slashes`` no path below where it is mounted is redirected to itself with or without its slash.
    """

    def __init__(self, routes: Sequence[BaseRoute] | None = None, *, redirect_slashes: bool = True) -> None:
        self._routes: RouteList[BaseRoute] = RouteList(routes or ())
        self.redirect_slashes = redirect_slashes

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes in order, to be changed in any way.

        Boards that serve them take the change in at once, or refuse it (ConfigurationError) and stay as they were.
        Each change compiles their tables anew, so add many routes with one ``extend``.
        """
        return self._routes

    @routes.setter
    def routes(self, routes: Iterable[BaseRoute]) -> None:
        if routes is not self._routes:
            self._routes[:] = routes

    def append(self, route: BaseRoute) -> None:
        """Add a route to the end. A board that serves refuses a wrong one (ConfigurationError) and stays as it was."""
        self.routes.append(route)

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        *,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
        max_body_size: int | None = None,
    ) -> None:
        """Add a `Route`."""
        self.append(
            Route(
                path,
                endpoint,
                methods=methods,
                name=name,
                include_in_schema=include_in_schema,
                middleware=middleware,
                plugins=plugins,
                max_body_size=max_body_size,
            )
        )

    def add_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
    ) -> None:
        """Add a `WebSocketRoute`."""
        self.append(WebSocketRoute(path, endpoint, name=name, middleware=middleware, plugins=plugins))

    def mount(
        self,
        path: str,
        app: ASGIApp | Router,
        name: str | None = None,
        *,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
        max_body_size: int | None = None,
    ) -> None:
        """Add a `Mount` of an ASGI application or a router."""
        self.append(
            Mount(path, app=app, name=name, middleware=middleware, plugins=plugins, max_body_size=max_body_size)
        )

    def host(
        self, host: str, app: ASGIApp | Router, name: str | None = None, *, plugins: PluginOverrides | None = None
    ) -> None:
        """Add a `Host` for an ASGI application or a router."""
        self.append(Host(host, app=app, name=name, plugins=plugins))

    def route(self, path: str, methods: Collection[str] | None = None, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for ``path``; options as `add_route` takes them."""

        def add(endpoint: E) -> E:
            self.add_route(path, endpoint, methods, **options)
            return endpoint

        return add

    def websocket(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate a WebSocket endpoint for ``path``; options as `add_websocket_route` takes them."""

        def add(endpoint: E) -> E:
            self.add_websocket_route(path, endpoint, **options)
            return endpoint

        return add

    def get(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for GET (and HEAD)."""
        return self.route(path, ["GET"], **options)

    def post(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for POST."""
        return self.route(path, ["POST"], **options)

    def put(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for PUT."""
        return self.route(path, ["PUT"], **options)

    def patch(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for PATCH."""
        return self.route(path, ["PATCH"], **options)

    def delete(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for DELETE."""
        return self.route(path, ["DELETE"], **options)

    def query(self, path: str, **options: Any) -> Callable[[E], E]:
        """Decorate an endpoint for QUERY."""
        return self.route(path, ["QUERY"], **options)

    def schema_routes(self) -> Iterator[FlatRoute]:
        """The routes to be told of in a description of the API, in order: those with ``include_in_schema``.

        Each is in its place: ``template.text`` is its path from the root, ``hosts`` those that it is for, ``route`` has
        the methods and the endpoint. Mounted applications, WebSockets and routes that are wrong are left out.
        """
        return (flat for flat in flatten(self.routes) if flat.route.include_in_schema)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route called ``name``; ``mount:route`` goes into a mount or host.

        Raises NoMatchFound when no route has this name and takes these parameters, ValueError for a value that no path
        can carry, and for a route that no board can serve where it stands.
        """
        found = path_for(self.routes, name, path_params)
        if found is None:
            raise NoMatchFound(name, path_params)
        return found
