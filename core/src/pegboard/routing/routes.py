"""Routes: what a user writes to bind a path to an endpoint. Matching is the table's work.

``plugins`` on any of them is a mapping from plugin names to False (the plugin is left out) or to settings for this
route; it is inherited inward.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from pegboard.routing.endpoints import MiddlewareFactory, adapt, adapt_websocket, endpoint_name, is_function
from pegboard.routing.lists import RouteList
from pegboard.routing.templates import Template
from pegboard.types import ASGIApp

__all__ = ["BaseRoute", "HasRoutes", "Host", "Inner", "Mount", "PluginOverrides", "Route", "WebSocketRoute"]

PluginOverrides = Mapping[str, Any]


class HasRoutes(Protocol):
    """A router: something that holds routes."""

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The routes, in order."""
        ...


class BaseRoute:
    """What all routes share: a template of paths, a name, and settings for plugins."""

    path: str
    name: str
    is_named: bool
    template: Template
    plugins: PluginOverrides
    middleware: tuple[MiddlewareFactory, ...]
    max_body_size: int | None
    endpoint: Any
    include_in_schema: bool = False

    def _set(
        self,
        path: str,
        name: str | None,
        plugins: PluginOverrides | None,
        middleware: Sequence[MiddlewareFactory] | None,
        max_body_size: int | None,
    ) -> None:
        self.path = path
        self.name = name or self._default_name()
        self.is_named = bool(name)
        self.template = Template.parse(path)
        self.plugins = dict(plugins or {})
        self.middleware = tuple(middleware or ())
        self.max_body_size = max_body_size

    def _default_name(self) -> str:
        return ""

    @property
    def label(self) -> str:
        """How messages name this route."""
        return f"{type(self).__name__} {self.path!r}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(path={self.path!r}, name={self.name!r})"


class Route(BaseRoute):
    """Requests for ``path`` with one of ``methods`` go to ``endpoint``.

    Without ``methods`` a function answers GET (and HEAD), an ASGI application or class answers every method.
    ``max_body_size`` is in bytes.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
        max_body_size: int | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._set(path, name, plugins, middleware, max_body_size)
        self.call = adapt(endpoint)
        self.include_in_schema = include_in_schema
        self.methods = _methods(endpoint, methods)

    def _default_name(self) -> str:
        return endpoint_name(self.endpoint)

    @property
    def label(self) -> str:
        """Methods and path, as messages name this route."""
        return f"{'|'.join(sorted(self.methods)) if self.methods else '*'} {self.path}"


class WebSocketRoute(BaseRoute):
    """WebSockets opened at ``path`` go to ``endpoint``."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._set(path, name, plugins, middleware, None)
        self.call = adapt_websocket(endpoint)

    def _default_name(self) -> str:
        return endpoint_name(self.endpoint)

    @property
    def label(self) -> str:
        """How messages name this route."""
        return f"WEBSOCKET {self.path}"


class Inner(BaseRoute):
    """What mounts and hosts share: an ASGI application of their own, or routes that are the board's to serve."""

    app: Any
    _routes: Sequence[BaseRoute] | None

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The routes inside, where they are known."""
        if self._routes is not None:
            return self._routes
        routes: Sequence[BaseRoute] = getattr(self.app, "routes", ())
        return routes

    @property
    def is_flattened(self) -> bool:
        """Whether the board serves these routes itself: a router holds routes, and is no application."""
        return self._routes is not None or not callable(self.app)

    def _set_inside(self, app: Any, routes: Iterable[BaseRoute] | None) -> None:
        if (app is None) == (routes is None):
            got = "neither" if app is None else "both"
            raise TypeError(f"{self.label} takes either app= or routes=, got {got}")
        if app is not None and not callable(app) and not hasattr(app, "routes"):
            raise TypeError(f"{self.label} has app={app!r}; expected an ASGI application or a Router")
        self.app = self.endpoint = app
        self._routes = None if routes is None else RouteList(routes)


class Mount(Inner):
    """Everything below ``path``: an ASGI application, or routes."""

    def __init__(
        self,
        path: str,
        app: ASGIApp | HasRoutes | None = None,
        routes: Iterable[BaseRoute] | None = None,
        name: str | None = None,
        *,
        middleware: Sequence[MiddlewareFactory] | None = None,
        plugins: PluginOverrides | None = None,
        max_body_size: int | None = None,
    ) -> None:
        text = path.rstrip("/")
        self._set(text or "/", name, plugins, middleware, max_body_size)
        self.path = text
        self._set_inside(app, routes)


class Host(Inner):
    """Everything asked of hosts that match ``host``, such as ``api.example.org`` or ``{tenant}.example.org``.

    A host is named without its port, and matched whatever the port and the case. Raises TemplateError for one that
    no request can be for.
    """

    def __init__(
        self,
        host: str,
        app: ASGIApp | HasRoutes | None = None,
        name: str | None = None,
        *,
        routes: Iterable[BaseRoute] | None = None,
        plugins: PluginOverrides | None = None,
    ) -> None:
        self.host = host
        self.host_template = Template.parse_host(host)
        self._set("/", name, plugins, None, None)
        self.path = ""
        self._set_inside(app, routes)

    @property
    def label(self) -> str:
        """How messages name this host."""
        return f"Host {self.host!r}"


def _methods(endpoint: Any, methods: Collection[str] | None) -> frozenset[str] | None:
    if isinstance(methods, str):
        raise TypeError(f"methods={methods!r} is a string; expected a list such as [{methods!r}]")
    if methods is not None:
        names = frozenset(map(_method, methods))
        if not names:
            raise ValueError("methods is empty, so no request could reach the route; leave it out, or name methods")
    elif is_function(endpoint):
        names = frozenset({"GET"})
    elif getattr(endpoint, "allowed_methods", None):
        names = frozenset(map(_method, endpoint.allowed_methods))
    else:
        return None
    return names | {"HEAD"} if "GET" in names else names


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _method(name: Any) -> str:
    """A method's name in upper case, which must be a token (RFC 9110 section 9.1)."""
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise ValueError(f"methods hold {name!r}; expected the name of one method each, such as ['GET', 'POST']")
    return name.upper()
