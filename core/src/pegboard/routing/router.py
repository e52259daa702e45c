"""A list of routes, the ways to add to it, and the way back from names to paths.

A router only collects. A board flattens it, with every mount's routes in the place of the mount, and compiles the
result into tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pegboard.routing.endpoints import MiddlewareFactory
from pegboard.routing.routes import BaseRoute, Host, Inner, Mount, PluginOverrides, Route, WebSocketRoute
from pegboard.routing.templates import Template
from pegboard.types import ASGIApp
from pegboard.urls import URLPath

__all__ = ["FlatRoute", "NoMatchFound", "Router", "flatten"]

E = TypeVar("E", bound=Callable[..., Any])


class NoMatchFound(Exception):
    """No route has this name and these parameters."""

    def __init__(self, name: str, path_params: Mapping[str, Any]) -> None:
        given = ", ".join(path_params) or "none"
        super().__init__(f"No route is called {name!r} and takes exactly these path parameters: {given}")


@dataclass(frozen=True, slots=True)
class FlatRoute:
    """A route in its place: with the template from the root, and the mounts and hosts around it, outermost first."""

    route: BaseRoute
    template: Template
    around: tuple[BaseRoute, ...]
    mount_segments: int

    @property
    def host(self) -> Host | None:
        """The host around this route, if any."""
        return next((outer for outer in self.around if isinstance(outer, Host)), None)

    @property
    def chain(self) -> tuple[BaseRoute, ...]:
        """Everything whose settings hold here, outermost first."""
        return (*self.around, self.route)


def flatten(routes: Sequence[BaseRoute], around: tuple[BaseRoute, ...] = ()) -> Iterator[FlatRoute]:
    """Every route in its place, in order; behind the routes of a mount or host stands the mount or host itself."""
    for route in routes:
        mounts = [outer for outer in (*around, route) if isinstance(outer, Mount) and outer.path]
        template = route.template
        for outer in reversed([mount for mount in mounts if mount is not route]):
            template = template.join(outer.template)
        yield from flatten_inner(route, around)
        yield FlatRoute(route, template, around, sum(mount.template.depth for mount in mounts))


def flatten_inner(route: BaseRoute, around: tuple[BaseRoute, ...]) -> Iterator[FlatRoute]:
    """The routes below a mount or host whose routes are the board's to serve."""
    if isinstance(route, Inner) and route.is_flattened:
        yield from flatten(route.routes, (*around, route))


class Router:
    """A list of routes. ``plugins`` are settings inherited by all of them."""

    def __init__(self, routes: Sequence[BaseRoute] | None = None, *, redirect_slashes: bool = True) -> None:
        self.routes: list[BaseRoute] = list(routes or ())
        self.redirect_slashes = redirect_slashes

    def changed(self) -> None:
        """Called when a route was added."""

    def append(self, route: BaseRoute) -> None:
        """Add a route to the end."""
        self.routes.append(route)
        self.changed()

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
        self, path: str, app: ASGIApp | Router, name: str | None = None, *, plugins: PluginOverrides | None = None
    ) -> None:
        """Add a `Mount` of an ASGI application or a router."""
        self.append(Mount(path, app=app, name=name, plugins=plugins))

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

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route called ``name``; ``mount:route`` goes into a mount or host.

        Raises NoMatchFound when no route has this name and takes these parameters.
        """
        found = _path_for(self.routes, name, path_params)
        if found is None:
            raise NoMatchFound(name, path_params)
        return found


def _path_for(routes: Sequence[BaseRoute], name: str, params: Mapping[str, Any]) -> URLPath | None:
    for route in routes:
        find: Callable[..., URLPath | None] = _FINDERS.get(type(route), _find_route)
        found = find(route, name, params)
        if found is not None:
            return found
    return None


def _find_route(route: Any, name: str, params: Mapping[str, Any]) -> URLPath | None:
    if name != route.name or set(params) != set(route.template.params):
        return None
    path, _ = route.template.build(params)
    return URLPath(path, protocol="websocket" if isinstance(route, WebSocketRoute) else "http")


def _find_in_mount(mount: Mount, name: str, params: Mapping[str, Any]) -> URLPath | None:
    inner_name = _inner_name(mount.name, name)
    needed = set(mount.template.params) if mount.path else set()
    if name == mount.name and mount.name and set(params) == needed | {"path"}:
        prefix = mount.template.build(params)[0] if mount.path else ""
        return URLPath(prefix + "/" + str(params["path"]).lstrip("/"))
    if inner_name is None or not needed <= set(params):
        return None
    prefix = mount.template.build(params)[0] if mount.path else ""
    found = _path_for(mount.routes, inner_name, {key: value for key, value in params.items() if key not in needed})
    return None if found is None else URLPath(prefix + str(found), protocol=found.protocol, host=found.host)


def _find_in_host(host: Host, name: str, params: Mapping[str, Any]) -> URLPath | None:
    inner_name = _inner_name(host.name, name)
    template = host.host_template
    needed = set(template.params)
    if not needed <= set(params):
        return None
    text, rest = template.build(params)
    if name == host.name and host.name and set(rest) == {"path"}:
        return URLPath("/" + str(params["path"]).lstrip("/"), host=text)
    if inner_name is None:
        return None
    found = _path_for(host.routes, inner_name, rest)
    return None if found is None else URLPath(str(found), protocol=found.protocol, host=text)


def _inner_name(outer: str, name: str) -> str | None:
    """What is left of ``name`` inside of ``outer``; a mount without a name passes all names on."""
    if not outer:
        return name
    first, colon, rest = name.partition(":")
    return rest if colon and first == outer else None


_FINDERS: dict[type, Callable[..., URLPath | None]] = {Mount: _find_in_mount, Host: _find_in_host}
