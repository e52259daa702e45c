"""The middleware of routes and mounts: made once, around whatever is served inside.

The innermost application of every chain of middleware finds in the scope what it goes on to. So one instance serves
everything below its mount, requests and WebSockets alike, and lives as long as its board.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pegboard.routing.endpoints import wrap_in_middleware
from pegboard.routing.routes import BaseRoute
from pegboard.types import ASGIApp, Receive, Scope, Send

__all__ = ["Layers"]


class Layers:
    """Makes the middleware of each route or mount when it is first asked for. What is wrong is a problem each time."""

    def __init__(self) -> None:
        # By identity, each with its route, which lives as long as its middleware.
        self._made: dict[int, tuple[BaseRoute, ASGIApp]] = {}

    def around(self, app: ASGIApp, chain: Sequence[BaseRoute], problems: list[str]) -> ASGIApp:
        """``app`` behind the middleware of everything in ``chain``, which is from outside to inside."""
        for outer in reversed(chain):
            if outer.middleware:
                app = partial(_enter, self._of(outer, problems), app)
        return app

    def _of(self, outer: BaseRoute, problems: list[str]) -> ASGIApp:
        if id(outer) not in self._made:
            wrong: list[str] = []
            made = wrap_in_middleware(_go_on, outer.middleware, outer.label, wrong)
            problems.extend(wrong)
            if wrong:
                return made
            self._made[id(outer)] = outer, made
        return self._made[id(outer)][1]


async def _enter(middleware: ASGIApp, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Go through middleware to ``app``."""
    await middleware({**scope, _NEXT: app}, receive, send)


async def _go_on(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_NEXT](scope, receive, send)


_NEXT = "pegboard.next"
