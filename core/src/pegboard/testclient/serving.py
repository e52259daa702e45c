"""What the synchronous and the asynchronous client share: the server that they play, and what they know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pegboard.testclient.library import httpx
from pegboard.testclient.server import Server
from pegboard.testclient.sessions import AsyncWebSocketTestSession
from pegboard.testclient.sockets import handshake, taking_cookies
from pegboard.testclient.transports import AsyncTransport
from pegboard.types import ASGIApp

__all__ = ["Serving", "with_user_agent"]


class Serving:
    """A client that plays the server of one application."""

    __test__ = False
    _server: Server
    _app_transport: AsyncTransport

    @property
    def app(self) -> ASGIApp:
        """The application."""
        return self._server.app

    @property
    def app_state(self) -> dict[str, Any]:
        """What the application's lifespan has put into ``scope["state"]``; each connection gets a copy."""
        return self._server.state

    @property
    def background_errors(self) -> list[BaseException]:
        """What was raised after responses were complete, with ``background="capture"``."""
        return self._server.background_errors

    def _session(
        self,
        url: str,
        subprotocols: Sequence[str] | None,
        headers: Any,
        timeout: float | None,
        options: Mapping[str, Any],
    ) -> AsyncWebSocketTestSession:
        """A session for a WebSocket that is not open yet."""
        request = handshake(self, url, subprotocols, headers, options)
        scope = self._server.websocket_scope(request)
        return AsyncWebSocketTestSession(self._app_transport, scope, timeout, taking_cookies(self, request))


def with_user_agent(headers: Any) -> httpx.Headers:
    """The headers that a client adds to its requests, ``user-agent: testclient`` among them unless another is given."""
    fields = httpx.Headers(headers)
    fields.setdefault("user-agent", "testclient")
    return fields
