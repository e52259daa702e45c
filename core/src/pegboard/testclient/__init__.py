"""Test clients: HTTP and WebSockets to an ASGI application, without a network."""

from pegboard.asgi_checks import ASGIViolation
from pegboard.testclient.async_client import AsyncTestClient
from pegboard.testclient.clients import TestClient
from pegboard.testclient.lifespans import LifespanFailed
from pegboard.testclient.sessions import AsyncWebSocketTestSession, WebSocketTestSession
from pegboard.testclient.sockets import WebSocketDenialResponse
from pegboard.testclient.waiting import ClientLeft

__all__ = [
    "ASGIViolation",
    "AsyncTestClient",
    "AsyncWebSocketTestSession",
    "ClientLeft",
    "LifespanFailed",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
]
