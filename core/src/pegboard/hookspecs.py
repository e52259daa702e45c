"""The hook contract: every extension point, declared once.

pluggy's marker says which methods of a plugin are hooks, and nothing is dispatched through it: setup hooks are called
once, while the board is assembled, and request-time hooks are compiled into pipelines.

An implementation names any subset of the arguments. Where a request-time hook is not marked *sync*, ``def`` and
``async def`` are both welcome; a ``def`` runs inline and must not block.

Outside-in is the order from the phase ``observe`` to the phase ``app``; inside-out is its reverse.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pluggy

from pegboard.filters import BodyFilter
from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.plugin import PROJECT, RouteHooks
from pegboard.requests import Request
from pegboard.responses import Head, Response
from pegboard.routing import BaseRoute
from pegboard.types import ASGIApp, Scope
from pegboard.websockets import WebSocket

if TYPE_CHECKING:
    import click

    from pegboard.applications import Pegboard

__all__ = ["REQUEST_TIME", "ROUTE_HOOKS", "SETUP", "SYNC_ONLY", "HookSpecs"]

hookspec = pluggy.HookspecMarker(PROJECT)


class HookSpecs:
    """Every hook, in the order of a board's life."""

    # Setup hooks

    @hookspec
    def setup(self, board: Pegboard) -> None:
        """Once, when the board freezes: look at it, add routes or exception handlers, open nothing."""

    @hookspec
    def routes(self, board: Pegboard) -> Iterable[BaseRoute]:
        """Once: routes to add behind the board's own."""
        raise NotImplementedError

    @hookspec
    def route(self, route: BaseRoute, settings: Any) -> RouteHooks | None:
        """Once per route, with the plugin's settings for it: the request-time hooks bound to this route, or None.

        A plugin that implements `route` contributes to a route exactly what this returns.
        """

    @hookspec
    def lifespan(self, board: Pegboard) -> AbstractAsyncContextManager[Any]:
        """Once: a context manager entered outside-in at start-up and left in reverse at shutdown.

        A mapping that it gives is shared with every request's state.
        """
        raise NotImplementedError

    @hookspec
    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Once: wrap the whole board; the way in for existing ASGI middleware."""
        raise NotImplementedError

    @hookspec
    def commands(self, cli: click.Group) -> None:
        """When the command line starts: add commands to it."""

    # Request-time hooks

    @hookspec
    def rewrite(self, scope: Scope) -> None:
        """Before routing, outside-in, sync: change the scope of a request or WebSocket."""

    @hookspec
    def request(self, request: Request) -> Response | None:
        """After routing, outside-in: the first that returns a response answers."""

    @hookspec
    def error(self, request: Request, exc: Exception) -> Response | None:
        """On an exception without a handler, inside-out: the first that returns a response answers."""

    @hookspec
    def response(self, request: Request, response: Head) -> Response | None:
        """On every response, inside-out, before it starts: change its head, or return a replacement."""

    @hookspec
    def body(self, request: Request, response: Head) -> BodyFilter | None:
        """After `response`, inside-out, sync: a filter for this response's bytes."""

    @hookspec
    def complete(self, request: Request, outcome: Outcome) -> None:
        """After the last byte, inside-out, exactly once on every exit path."""

    @hookspec
    def websocket(self, websocket: WebSocket) -> Response | None:
        """Before a WebSocket is accepted, outside-in: the first that returns a response denies it."""

    @hookspec
    def websocket_complete(self, websocket: WebSocket, outcome: WebSocketOutcome) -> None:
        """After a WebSocket has ended, inside-out, exactly once."""


SETUP = ("setup", "routes", "route", "lifespan", "asgi", "commands")
REQUEST_TIME = ("rewrite", "request", "error", "response", "body", "complete", "websocket", "websocket_complete")
SYNC_ONLY = frozenset({"setup", "routes", "route", "lifespan", "asgi", "commands", "rewrite", "body"})
ROUTE_HOOKS = REQUEST_TIME[1:]
OUTSIDE_IN = frozenset({"rewrite", "request", "websocket"})
