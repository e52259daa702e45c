"""The shapes of ASGI 3, and of what users hand to a board: names for annotations, nothing that runs.

Scopes and messages stay open mappings, as the standard has them: servers and extensions add keys of their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias, TypeVar

__all__ = [
    "ASGIApp",
    "AppType",
    "ExceptionHandler",
    "HTTPExceptionHandler",
    "Lifespan",
    "Message",
    "RawHeader",
    "RawHeaders",
    "Receive",
    "Scope",
    "Send",
    "StatefulLifespan",
    "StatelessLifespan",
    "WebSocketExceptionHandler",
]

AppType = TypeVar("AppType")

Scope: TypeAlias = MutableMapping[str, Any]
"""One connection, as the server describes it."""

Message: TypeAlias = MutableMapping[str, Any]
"""One event of a connection; ``message["type"]`` says which."""

Receive: TypeAlias = Callable[[], Awaitable[Message]]
"""Waits for the next message from the server."""

Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Gives a message to the server."""

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An application: called once for each connection."""

RawHeader: TypeAlias = tuple[bytes, bytes]
"""One header as it travels: name in lower case, and value."""

RawHeaders: TypeAlias = list[RawHeader]
"""The headers of a message, in order, repeated names included."""

StatelessLifespan: TypeAlias = Callable[[AppType], AbstractAsyncContextManager[None]]
"""What runs around the application's life: start-up before ``yield``, shutdown after it."""

StatefulLifespan: TypeAlias = Callable[[AppType], AbstractAsyncContextManager[Mapping[str, Any]]]
"""A lifespan that yields a mapping, found again in every request's ``state``."""

Lifespan: TypeAlias = StatelessLifespan[AppType] | StatefulLifespan[AppType]
"""Either kind of lifespan."""

# A handler takes the narrowest exception and message it is registered for. Only `Any` lets a type checker accept that:
# parameters are contravariant.
HTTPExceptionHandler: TypeAlias = Callable[[Any, Any], Any]
"""``(request, exc) -> Response``, or an async function of the same shape."""

WebSocketExceptionHandler: TypeAlias = Callable[[Any, Any], Awaitable[None]]
"""``async (websocket, exc) -> None``."""

ExceptionHandler: TypeAlias = HTTPExceptionHandler | WebSocketExceptionHandler
"""A handler for exceptions of either kind of connection."""
