"""The plugin: its hooks, and nothing else. What they decide stands in the other modules.

Each route gets a gate or none when the board freezes, from its settings, its endpoint's decorators and the default. At
request time the plugin itself is not asked any more.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pegboard.exceptions import ConfigurationError
from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.routing import BaseRoute
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.binding import Binder, doors
from pegboard_auth.building import build_schemes
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
    provides = ("identity",)
    Settings = AuthSettings
    RouteSettings = OfRoute

    _binder: Binder

    @hookimpl
    def setup(self, board: Any) -> None:
        """Make the schemes."""
        answers = Answers(self.settings.realm, self.settings.login_path)
        self._binder = Binder(self.settings, build_schemes(self.settings), answers, Audit(logger))

    @hookimpl
    def route(self, route: BaseRoute, settings: OfRoute) -> RouteHooks | None:
        """Bind a gate to the route, or nothing where it is public."""
        gate = self._binder.bind(route, settings)
        return None if gate is None else gate.hooks()

    @hookimpl
    def lifespan(self, board: Any) -> AbstractAsyncContextManager[None]:
        """Say at start-up which routes are open to everybody."""
        return self._announced(board)

    @asynccontextmanager
    async def _announced(self, board: Any) -> AsyncIterator[None]:
        found = doors(board, self._binder)
        if found.contradictions:
            raise ConfigurationError(found.contradictions)
        if self._binder.denies:
            logger.info("open to anonymous callers: %s", ", ".join(found.open) or "nothing")
        yield
