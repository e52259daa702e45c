"""The plugins that are on every board of the suite: one that watches, and one that other plugins have to live with."""

from __future__ import annotations

from typing import Any

from pegboard.plugin import Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse, Response
from pegboard.testing.routes import ExampleError
from pegboard.websockets import WebSocket

__all__ = ["Company", "Witness"]


class Witness(Plugin):
    """Sees the outcome of every conversation, outside of the plugin under test."""

    name = "conformance-witness"
    phase = "observe"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Any] = []

    @hookimpl
    def complete(self, outcome: Any) -> None:
        """Keep the outcome of a request."""
        self.outcomes.append(outcome)

    @hookimpl
    def websocket_complete(self, outcome: Any) -> None:
        """Keep the outcome of a WebSocket."""
        self.outcomes.append(outcome)


class Company(Plugin):
    """Does by path, below ``/company``, what plugins further inside may do."""

    name = "conformance-company"
    phase = "app"

    @hookimpl
    def request(self, request: Request) -> Response | None:
        """Answer early, refuse, or fail."""
        path = request.scope["path"]
        if path == "/company/fails":
            raise ExampleError("another plugin failed")
        return PlainTextResponse("early", 403) if path == "/company/answers" else None

    @hookimpl
    def error(self, request: Request) -> Response | None:
        """Answer an exception that nobody handled."""
        answers = request.scope["query_string"] == b"company=answers"
        return PlainTextResponse("mended", 503) if answers else None

    @hookimpl
    async def response(self, request: Request, response: Head) -> Response | None:
        """Replace a response, or fail."""
        query = request.scope["query_string"]
        if query == b"company=fails":
            raise ExampleError("another plugin failed")
        return PlainTextResponse("replaced", 202) if query == b"company=replaces" else None

    @hookimpl
    def websocket(self, websocket: WebSocket) -> Response | None:
        """Deny a WebSocket."""
        is_denied = websocket.scope["query_string"] == b"company=denies"
        return PlainTextResponse("denied", 403) if is_denied else None
