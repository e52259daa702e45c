"""The plugin: its hooks, and nothing else. What they decide stands in the other modules.

Each route gets a gate or none when the board freezes, from its settings, its endpoint's decorators and the default. At
request time the plugin itself is not asked any more.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.routing import BaseRoute
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.binding import Binder, open_routes
from pegboard_auth.building import build_schemes
from pegboard_auth.oidc_building import build_oidc
from pegboard_auth.open_sockets import OpenSockets
from pegboard_auth.requirements import PROVIDED
from pegboard_auth.schemes import running
from pegboard_auth.session_building import build_sessions
from pegboard_auth.sessions import Sessions
from pegboard_auth.settings import AuthSettings
from pegboard_auth.settings import RouteSettings as OfRoute

__all__ = ["Auth"]

logger = logging.getLogger("pegboard.auth")


class Auth(Plugin[AuthSettings]):
    """Finds out who calls, and lets nobody through to a route who may not.

    Keyword arguments are settings, see `AuthSettings`; routes are told apart with ``plugins={"auth": {...}}``, see
    `RouteSettings`, or by the decorators `requires` and `public`.
    """

    name = "auth"
    phase = "identify"
    provides = ("identity", *PROVIDED)
    state_keys = ("user", "auth")
    Settings = AuthSettings
    RouteSettings = OfRoute

    sessions: Sessions | None = None
    """The sessions of browsers, once the board is frozen, if any are configured."""

    _binder: Binder
    _sockets: OpenSockets

    @hookimpl
    def setup(self, board: Any) -> None:
        """Make the schemes, and the pages of a login at a provider."""
        settings, audit = self.settings, Audit(logger)
        answers = Answers(settings.realm, settings.page_to_log_in())
        self.sessions = build_sessions(settings.sessions, audit)
        login = build_oidc(settings, self.sessions, audit)
        if login is not None:
            # In front: an application that is mounted at the root, or wrapped, would take the paths of these.
            board.routes[:0] = login.routes()
        self._sockets = OpenSockets(settings.websocket_check)
        schemes = build_schemes(settings, self.sessions)
        self._binder = Binder(settings, schemes, answers, audit, self._sockets if settings.websocket_check else None)

    @hookimpl
    def route(self, route: BaseRoute, settings: OfRoute) -> RouteHooks | None:
        """Bind a gate to the route, or nothing where it is public."""
        gate = self._binder.bind(route, settings)
        return RouteHooks(note="public: nobody is asked who calls") if gate is None else gate.hooks()

    @hookimpl
    def commands(self, cli: Any) -> None:
        """Add ``pegboard auth``."""
        # Imported when it is needed: boards are served without the libraries of the command line.
        from pegboard_auth.commands import make_commands  # noqa: PLC0415

        cli.add_command(make_commands(self.settings))

    @hookimpl
    def lifespan(self, board: Any) -> AbstractAsyncContextManager[None]:
        """Say at start-up which routes are open to everybody."""
        return self._announced(board)

    @asynccontextmanager
    async def _announced(self, board: Any) -> AsyncIterator[None]:
        if self._binder.denies:
            logger.info("open to anonymous callers: %s", ", ".join(open_routes(board, self._binder)) or "nothing")
        try:
            async with running(self._binder.schemes, *([self._sockets.run] if self.settings.websocket_check else [])):
                yield
        finally:
            if self.sessions is not None:
                await self.sessions.aclose()
