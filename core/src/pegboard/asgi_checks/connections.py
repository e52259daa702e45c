"""Checking what is more than a response: WebSockets, and the application's life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pegboard.asgi_checks.base import PLACES, Checker, Steps
from pegboard.asgi_checks.fields import check_headers, described, fail
from pegboard.asgi_checks.responses import HTTPChecker
from pegboard.types import Message, Scope

__all__ = ["LifespanChecker", "WebSocketChecker", "checker_for"]


class WebSocketChecker(HTTPChecker):
    """Checks a WebSocket, and the HTTP response that refuses one."""

    response = "websocket.http.response"
    final = frozenset(("open", "complete"))

    def _accept(self, message: Message) -> str:
        what = "'websocket.accept'"
        subprotocol, offered = message.get("subprotocol"), list(self.scope.get("subprotocols") or ())
        if subprotocol is not None and subprotocol not in offered:
            expected = f"None or one of scope['subprotocols'], {offered} (RFC 6455 section 4.2.2)"
            fail(f"'subprotocol' of {what}", expected, described(subprotocol))
        for name, value in check_headers(what, message.get("headers", ())):
            if name == b"sec-websocket-protocol":
                fail(f"header {name.decode()!r} of {what}", "the subprotocol as 'subprotocol' instead", value)
        return "open"

    def _data(self, message: Message) -> str:
        data, text = message.get("bytes"), message.get("text")
        if (data is None) == (text is None):
            fail("'websocket.send'", "exactly one of 'bytes' and 'text'", "neither" if data is None else "both")
        if data is not None and not isinstance(data, bytes):
            fail("'bytes' of 'websocket.send'", "bytes", described(data))
        if text is not None and not isinstance(text, str):
            fail("'text' of 'websocket.send'", "a str", described(text))
        return "open"

    def _close(self, message: Message) -> str:
        code, reason = message.get("code", 1000), message.get("reason")
        if type(code) is not int or not (code in _CLOSE_CODES or 3000 <= code <= 4999):
            fail("'code' of 'websocket.close'", "a code that may be sent (RFC 6455 section 7.4)", described(code))
        if reason is not None and (not isinstance(reason, str) or len(reason.encode()) > 123):
            fail("'reason' of 'websocket.close'", "a str of at most 123 bytes in UTF-8, or None", described(reason))
        return "complete"

    extensions: ClassVar[Mapping[str, str]] = {
        "websocket.http.response.start": "websocket.http.response",
        "websocket.http.response.body": "websocket.http.response",
    }
    steps: ClassVar[Steps] = {
        "connecting": {
            "websocket.accept": _accept,
            "websocket.close": _close,
            "websocket.http.response.start": HTTPChecker._start,
        },
        "open": {"websocket.send": _data, "websocket.close": _close},
        "started": {"websocket.http.response.body": HTTPChecker._body},
        "body": {"websocket.http.response.body": HTTPChecker._body},
        "complete": {},
    }


class LifespanChecker(Checker):
    """Checks the messages of an application's life; ``stopping`` is set when the server has asked for the shutdown."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.stopping = False

    def _started(self, message: Message) -> str:
        return "running"

    def _stopped(self, message: Message) -> str:
        if not self.stopping:
            expected = "no message before 'lifespan.shutdown' was received"
            fail(f"'lifespan.shutdown.complete' {PLACES[self.state]}", expected, "this one")
        return "complete"

    def _failed(self, message: Message) -> str:
        text = message.get("message", "")
        if not isinstance(text, str):
            fail(f"'message' of {message['type']!r}", "a str", described(text))
        return "complete"

    steps: ClassVar[Steps] = {
        "starting": {"lifespan.startup.complete": _started, "lifespan.startup.failed": _failed},
        "running": {"lifespan.shutdown.complete": _stopped, "lifespan.shutdown.failed": _failed},
        "complete": {},
    }


def checker_for(scope: Scope) -> Checker:
    """The checker for a scope of type ``http``, ``websocket`` or ``lifespan``. Raises KeyError for another type."""
    return _CHECKERS[scope["type"]](scope)


_CLOSE_CODES = frozenset((1000, 1001, 1002, 1003, *range(1007, 1015)))

_CHECKERS: dict[str, type[Checker]] = {
    "http": HTTPChecker,
    "lifespan": LifespanChecker,
    "websocket": WebSocketChecker,
}
