"""The board: a list of routes, plugins, and the moment when both become pipelines.

Before the freeze a board only collects. The first lifespan event or request freezes it: plugins are found, ordered and
configured, their setup hooks run, and every route gets its plan. Routes may still be added then, and the tables are
compiled anew; plugins may not.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from pegboard.errors import ExceptionHandlers, Handler
from pegboard.exceptions import ConfigurationError, FrozenError
from pegboard.routing.endpoints import MiddlewareFactory
from pegboard.routing.router import Router
from pegboard.routing.routes import BaseRoute
from pegboard.state import State
from pegboard.stories.http import Entrance
from pegboard.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from pegboard.assembly import Assembly, Member
    from pegboard.freezing import Frozen
    from pegboard.plans import Plan
    from pegboard.settings import BoardSettings

__all__ = ["Pegboard"]

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class Pegboard(Entrance, Router):
    """An ASGI 3 application whose pipeline is made of plugins.

    - ``plugins``: a list of plugins (names, classes, objects or ``"module:attr"``) is all that is used; a mapping gives
      settings to plugins by name, or False to leave one out. Without it, every installed plugin is on.
    - ``config``: a TOML file, a directory to look in, or a mapping in the shape of ``pegboard.toml``.
    - ``lifespan``: a function from the board to an async context manager, entered inside of all plugins.
    - ``exception_handlers``: by status or exception class. ``middleware``: ASGI middleware around everything.
    - ``debug``, ``max_body_size`` (bytes), ``order``, ``autoload``, ``startup_timeout`` (seconds), ``threads`` (how
      many for ``endpoints``, ``files`` and ``background``): settings of the board, stronger than those of the
      configuration.
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
        threads: Mapping[str, int] | None = None,
        redirect_slashes: bool = True,
    ) -> None:
        Router.__init__(self, routes, redirect_slashes=redirect_slashes)
        Entrance.__init__(self)
        self.state = State(dict(state or {}))
        self.lifespan_state: dict[str, Any] = {}
        self.exception_handlers = ExceptionHandlers(exception_handlers)
        self.lifespan = lifespan
        self.middleware = list(middleware or ())
        self.given = Given(
            config,
            {
                "debug": debug,
                "max_body_size": max_body_size,
                "order": order,
                "autoload": autoload,
                "startup_timeout": startup_timeout,
                "threads": threads,
            },
        )
        self.given.take_plugins(plugins)
        self._frozen: Frozen | None = None
        self._apps: Mapping[str, ASGIApp] = {}

    # Before the freeze

    def add_plugin(self, plugin: Any) -> None:
        """Put a plugin on the board: an object, a class, a name or ``"module:attr"``; FrozenError if too late."""
        if self._frozen is not None:
            raise FrozenError(
                f"plugin {_called(plugin)!r} comes too late: this board is serving, and its plugins "
                "are fixed; add plugins before the first request or lifespan event"
            )
        self.given.take_plugin(plugin)

    def give_settings(self, settings: Mapping[str, Any]) -> None:
        """Give settings to plugins by name; False leaves a plugin out, and True says that it is wanted as it is.

        Raises FrozenError when it is too late.
        """
        if self._frozen is not None:
            raise FrozenError(
                f"settings of {', '.join(settings)} come too late: those of this board are fixed; "
                "give settings before the first request or lifespan event"
            )
        self.given.take_settings(settings)

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
        if self._apps:
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
        """The plan that a request with this scope is served by, for plugins that ask about another method.

        The scope may be that of a request that this board serves, below its mounts too; it is not changed.
        """
        return self.frozen.plan_for(scope)

    def freeze(self) -> Assembly:
        """Fix plugins, order and settings, and compile the routes, once; ConfigurationError tells all problems.

        Gives what was assembled: plugins in order, settings with their origins, what is off, warnings.
        """
        return self.frozen.assembly

    @property
    def frozen(self) -> Frozen:
        """What the board became at the freeze, for tools: `freeze`, and the stories and tables that serve.

        Raises ConfigurationError with all problems.
        """
        if self._frozen is None:
            # Loaded by boards that serve: to import an application costs no more than its routes.
            from pegboard.freezing import Frozen  # noqa: PLC0415

            routes, middleware = list(self.routes), list(self.middleware)
            handlers = self.exception_handlers.copy()
            try:
                self._frozen = Frozen(self)
                self._apps = self._frozen.prepare()
                self._story = self._frozen.entrance
            except BaseException:
                if self._frozen is not None:
                    self._frozen.assembly.take_back_settings()
                self._frozen = None
                self.routes, self.middleware, self.exception_handlers = routes, middleware, handlers
                raise
        return self._frozen

    def changed(self) -> None:
        """Compile the tables anew, when a route is added to a board that serves."""
        if self._frozen is not None and self._apps:
            self._frozen.compile()

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection that is no HTTP request, or comes first; refuse those of an unknown type."""
        if self._apps:
            if scope["type"] not in self._apps:
                raise ValueError(f"ASGI scope of type {scope['type']!r}; expected one of {', '.join(self._apps)}")
            await self._apps[scope["type"]](scope, receive, send)
            return
        try:
            self.freeze()
        except Exception as error:
            if scope["type"] != "lifespan":
                raise
            await receive()
            # An exception out of a lifespan scope would be taken for an application that has none.
            await send({"type": "lifespan.startup.failed", "message": _start_text(error)})
        else:
            await self(scope, receive, send)


def _called(plugin: Any) -> Any:
    return plugin if isinstance(plugin, str) else getattr(plugin, "name", type(plugin).__name__)


def _start_text(error: Exception) -> str:
    """Why the board cannot start, for a server's log: problems by their text, anything else with its place."""
    if isinstance(error, ConfigurationError):
        return str(error)
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"Pegboard cannot start: {type(error).__name__}: {error} ({frame.filename}, line {frame.lineno}){notes}"


class Given:
    """What a board was given before its freeze: settings in code, plugins, and where to look for configuration."""

    def __init__(self, config: Any, keywords: Mapping[str, Any]) -> None:
        self.config = config
        self.keywords = {key: value for key, value in keywords.items() if value is not None}
        self.plugins: list[Any] = []
        self.limits_bodies = True
        self.sections: dict[str, Mapping[str, Any]] = {}

    def take_plugins(self, plugins: Sequence[Any] | Mapping[str, Any] | None) -> None:
        """Sort what the ``plugins`` argument holds: names, plugins themselves, or settings by name."""
        if isinstance(plugins, Mapping):
            self.take_settings(plugins)
        elif plugins is not None and (isinstance(plugins, str) or not isinstance(plugins, Iterable)):
            got = type(plugins).__name__
            raise TypeError(f'plugins={got}; expected a list such as ["cors"], or a mapping of settings by name')
        elif plugins is not None:
            self.plugins = [plugin for plugin in plugins if not isinstance(plugin, str)]
            self.keywords["plugins"] = [plugin for plugin in plugins if isinstance(plugin, str)]

    def take_plugin(self, plugin: Any) -> None:
        """Add one plugin to those that are wanted anyway; ``-name`` switches one off."""
        if isinstance(plugin, str) and plugin.startswith("-"):
            self._block(plugin[1:])
        else:
            self.plugins.append(plugin)

    def take_settings(self, settings: Mapping[str, Any]) -> None:
        """Take settings of plugins by name; False leaves a plugin out."""
        for name, given in settings.items():
            if isinstance(given, Mapping):
                self.sections[name] = given
            elif given is False:
                self._block(name)
            elif given is True:
                # No settings, and yet a plugin that has to be there.
                self.sections.setdefault(name, {})
            else:
                got = type(given).__name__
                raise TypeError(f"settings of plugin {name!r} are given as {got}; expected a mapping, True or False")

    def _block(self, name: str) -> None:
        self.keywords["blocked"] = [*self.keywords.get("blocked", ()), name]
