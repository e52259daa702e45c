"""The board: a list of routes, plugins, and the moment when both become pipelines.

Before the freeze a board only collects. The first lifespan event or request freezes it: plugins are found, ordered and
configured, their setup hooks run, and every route gets its plan. Routes may still be added then, and the tables are
compiled anew; plugins may not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from importlib.metadata import version
from typing import Any, cast

from pegboard.assembly import Assembly, Member, assemble, call_named
from pegboard.compiling import compile_hook
from pegboard.errors import ExceptionHandlers, Handler
from pegboard.exceptions import ConfigurationError, FrozenError
from pegboard.plans import Plan, Planner
from pegboard.routing.endpoints import MiddlewareFactory, wrap_in_middleware
from pegboard.routing.router import Router, flatten
from pegboard.routing.routes import BaseRoute, Host, Mount
from pegboard.settings import BoardSettings
from pegboard.state import State
from pegboard.stories.http import HTTPStory
from pegboard.stories.lifespan import LifespanStory, Tenant, foreign_lifespan, refuse
from pegboard.stories.websocket import WebSocketStory
from pegboard.tables import Tables
from pegboard.types import ASGIApp, Receive, Scope, Send

__all__ = ["Pegboard"]

logger = logging.getLogger("pegboard")

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class Pegboard(Router):
    """An ASGI 3 application whose pipeline is made of plugins.

    - ``plugins``: a list of plugins (names, classes, objects or ``"module:attr"``) is all that is used; a mapping gives
      settings to plugins by name, or False to leave one out. Without it, every installed plugin is on.
    - ``config``: a TOML file, a directory to look in, or a mapping in the shape of ``pegboard.toml``.
    - ``lifespan``: a function from the board to an async context manager, entered inside of all plugins.
    - ``exception_handlers``: by status or exception class. ``middleware``: ASGI middleware around everything.
    - ``debug``, ``max_body_size`` (bytes), ``order``, ``autoload``, ``startup_timeout`` (seconds): settings of the
      board, stronger than those of the configuration.
    """

    def __init__(
        self,
        debug: bool | None = None,
        routes: Sequence[BaseRoute] | None = None,
        middleware: Sequence[MiddlewareFactory] | None = None,
        exception_handlers: Mapping[int | type[Exception], Handler] | None = None,
        lifespan: Lifespan | None = None,
        *,
        max_body_size: int | None = None,
        state: Mapping[str, Any] | None = None,
        plugins: Sequence[Any] | Mapping[str, Any] | None = None,
        config: Any = None,
        order: Sequence[str] | None = None,
        autoload: bool | None = None,
        startup_timeout: float | None = None,
        redirect_slashes: bool = True,
    ) -> None:
        super().__init__(routes, redirect_slashes=redirect_slashes)
        self.state = State(dict(state or {}))
        self.exception_handlers = ExceptionHandlers(exception_handlers)
        self.lifespan = lifespan
        self.middleware = list(middleware or ())
        self._config = config
        self._plugins: list[Any] = []
        self._sections: dict[str, Any] = {}
        given = {
            "debug": debug,
            "max_body_size": max_body_size,
            "order": order,
            "autoload": autoload,
            "startup_timeout": startup_timeout,
        }
        self._keywords: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        self._take_plugins(plugins)
        self._assembly: Assembly | None = None
        self._stories: dict[str, ASGIApp] = {}
        self._app: ASGIApp = self._freeze_and_serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        await self._app(scope, receive, send)

    # Before the freeze

    def add_plugin(self, plugin: Any) -> None:
        """Put a plugin on the board: an object, a class, a name or ``"module:attr"``; FrozenError if too late."""
        if self._assembly is not None:
            raise FrozenError(
                f"plugin {getattr(plugin, 'name', plugin)!r} comes too late: this board is serving, and its plugins "
                "are fixed; add plugins before the first request or lifespan event"
            )
        if isinstance(plugin, str):
            self._keywords["plugins"] = [*self._keywords.get("plugins", ()), plugin]
        else:
            self._plugins.append(plugin)

    def give_settings(self, settings: Mapping[str, Any]) -> None:
        """Give settings to plugins by name; False leaves a plugin out, and True says that it is wanted as it is."""
        for name, given in settings.items():
            if isinstance(given, Mapping):
                self._sections[name] = given
            elif given is False:
                self._keywords["blocked"] = [*self._keywords.get("blocked", ()), name]
            elif given is not True:
                raise TypeError(f"settings of plugin {name!r} are {given!r}; expected a mapping, True or False")

    def add_exception_handler(self, key: int | type[Exception], handler: Handler) -> None:
        """Handle a status or an exception class with ``handler(request, exc)``."""
        self.exception_handlers.add(key, handler)

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Handler], Handler]:
        """Decorate a handler for a status or an exception class."""

        def add(handler: Handler) -> Handler:
            self.add_exception_handler(key, handler)
            return handler

        return add

    def add_middleware(self, middleware: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        """Put ASGI middleware around the board, outside of what is there. Raises FrozenError when it is too late."""
        if self._assembly is not None:
            raise FrozenError("middleware comes too late: this board is serving; add it before the first request")
        self.middleware.insert(0, lambda app: middleware(app, *args, **kwargs))

    # After the freeze

    @property
    def plugins(self) -> tuple[Member, ...]:
        """The plugins from outside to inside, as they became fixed at the freeze."""
        return tuple(self.freeze().members)

    @property
    def settings(self) -> BoardSettings:
        """The board's settings, as they became fixed at the freeze."""
        return self.freeze().settings

    @property
    def debug(self) -> bool:
        """Whether errors are shown to clients."""
        return self.settings.debug

    def plan_for(self, scope: Scope) -> Plan:
        """The plan that a request with this scope would be served by; for plugins that ask about another method."""
        return self._http.match(scope)[0]

    def freeze(self) -> Assembly:
        """Fix plugins, order and settings, and compile the routes, once; ConfigurationError tells all problems."""
        if self._assembly is None:
            assembly = assemble(self._keywords, self._config, self._plugins, self._sections, version("pegboard"))
            routes = list(self.routes)
            try:
                self._assembly = assembly
                self._app = self._set_up(assembly)
            except BaseException:
                self._assembly = None
                self.routes = routes
                raise
        return self._assembly

    def changed(self) -> None:
        """Compile the tables anew, when a route is added to a board that serves."""
        if self._assembly is not None and self._stories:
            self._compile(self._assembly)

    def _set_up(self, assembly: Assembly) -> ASGIApp:
        """Run the setup hooks and compile everything; gives the application to serve."""
        assembly.call("setup", board=self)
        for _, routes in assembly.call("routes", board=self):
            self.routes.extend(routes)
        rewrite = tuple(
            compile_hook("rewrite", function, member.impl) for member, function in assembly.impls("rewrite")
        )
        self._http = HTTPStory(self, rewrite, self.exception_handlers, assembly.settings.debug)
        self._websocket = WebSocketStory(self, rewrite, self.exception_handlers, assembly.settings.debug)
        lifespan = LifespanStory(self._tenants, assembly.settings.startup_timeout)
        self._compile(assembly)
        self._stories = {"http": self._http.serve, "websocket": self._websocket.serve, "lifespan": lifespan.serve}
        app = wrap_in_middleware(self._serve, self.middleware)
        for member, function in reversed(list(assembly.impls("asgi"))):
            wrapped = call_named(function, app=app)
            if not callable(wrapped):
                raise ConfigurationError(
                    [f"hook 'asgi' of {member.found.described} returned {wrapped!r}; expected an ASGI application"]
                )
            app = cast("ASGIApp", wrapped)
        return app

    def _compile(self, assembly: Assembly) -> None:
        """Make the tables of the routes as they are now."""
        planner = Planner(assembly.members, [off.name for off in assembly.off], assembly.settings.max_body_size)
        tables = Tables(list(flatten(self.routes)), planner, self.redirect_slashes)
        if planner.problems:
            raise ConfigurationError(list(dict.fromkeys(planner.problems)))
        for warning in tables.warnings:
            if warning not in assembly.warnings:
                assembly.warnings.append(warning)
                logger.warning("%s", warning)
        self._http.match = tables.http
        self._websocket.match = tables.websocket

    def _tenants(self, state: dict[str, Any]) -> list[Tenant]:
        """Whoever has a part in the lifespan, outermost first: plugins, mounted applications, the board's own."""
        tenants = [
            Tenant(member.found.described, partial(call_named, function, board=self))
            for member, function in self.freeze().impls("lifespan")
        ]
        for flat in flatten(self.routes):
            app = flat.route.endpoint if isinstance(flat.route, Mount | Host) else None
            if app is not None and not isinstance(app, Router):
                where = f"the application mounted at {flat.template.text!r}"
                tenants.append(Tenant(where, partial(foreign_lifespan, app, state)))
        if self.lifespan is not None:
            tenants.append(Tenant("the board's lifespan function", partial(self.lifespan, self)))
        return tenants

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        story = self._stories.get(scope["type"])
        if story is None:
            raise ValueError(f"ASGI scope of type {scope['type']!r}; expected one of {', '.join(self._stories)}")
        await story(scope, receive, send)

    async def _freeze_and_serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.freeze()
        except ConfigurationError as error:
            if scope["type"] != "lifespan":
                raise
            await refuse(receive, send, error)
            return
        await self._app(scope, receive, send)

    def _take_plugins(self, plugins: Sequence[Any] | Mapping[str, Any] | None) -> None:
        """Sort what the ``plugins`` argument holds: names, plugins themselves, or settings by name."""
        if isinstance(plugins, Mapping):
            self.give_settings(plugins)
        elif plugins is not None:
            self._plugins = [plugin for plugin in plugins if not isinstance(plugin, str)]
            self._keywords["plugins"] = [plugin for plugin in plugins if isinstance(plugin, str)]
