"""The shape of each request-time hook, for editors and type checkers.

`RouteHooks` takes functions of these shapes. A method marked ``@hookimpl`` is checked by naming its shape once::

    class Guard(Plugin):
        name = "guard"

        @hookimpl
        async def request(self, request: Request) -> Response | None: ...

    checked: RequestHook = Guard().request
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from pegboard.filters import BodyFilter
from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.requests import Request
from pegboard.responses import Head, Response
from pegboard.types import Scope
from pegboard.websockets import WebSocket

__all__ = [
    "BodyHook",
    "CompleteHook",
    "ErrorHook",
    "RequestHook",
    "ResponseHook",
    "RewriteHook",
    "WebSocketCompleteHook",
    "WebSocketHook",
]


class RewriteHook(Protocol):
    """Changes the scope before routing."""

    def __call__(self, scope: Scope) -> None:
        """Change ``scope`` in place."""


class RequestHook(Protocol):
    """Answers early, or lets the request go on."""

    def __call__(self, request: Request) -> Response | Awaitable[Response | None] | None:
        """Return a response to answer, or None."""
        ...


class ErrorHook(Protocol):
    """Answers for an exception that no handler took."""

    def __call__(self, request: Request, exc: Exception) -> Response | Awaitable[Response | None] | None:
        """Return a response to answer, or None."""
        ...


class ResponseHook(Protocol):
    """Changes a response's head, or replaces the response."""

    def __call__(self, request: Request, response: Head) -> Response | Awaitable[Response | None] | None:
        """Change ``response``, or return another one."""
        ...


class BodyHook(Protocol):
    """Gives a filter for a response's bytes."""

    def __call__(self, request: Request, response: Head) -> BodyFilter | None:
        """Return a filter, or None."""
        ...


class CompleteHook(Protocol):
    """Is told what became of a request."""

    def __call__(self, request: Request, outcome: Outcome) -> Awaitable[None] | None:
        """Look at ``outcome``."""
        ...


class WebSocketHook(Protocol):
    """Refuses a WebSocket, or lets it be accepted."""

    def __call__(self, websocket: WebSocket) -> Response | Awaitable[Response | None] | None:
        """Return a response to refuse with, or None."""
        ...


class WebSocketCompleteHook(Protocol):
    """Is told what became of a WebSocket."""

    def __call__(self, websocket: WebSocket, outcome: WebSocketOutcome) -> Awaitable[None] | None:
        """Look at ``outcome``."""
        ...
