"""A strict server between a server and an application: every message, in both directions, is held to ASGI 3.

`pegboard.asgi_checks` knows what an application may send. What an application is given, and how it uses what it is
given, is checked here:

- messages for the application have the types and fields of the standard, in an order that it allows;
- two tasks never wait on one ``receive``; after a disconnect a WebSocket is not asked again, and a request is not asked
  in circles;
- ``scope["extensions"]`` stays what the server gave, and so does all that the lifespan put into ``scope["state"]``.

Put it around a board to check the board and its plugins, or inside, around a mounted application, to check what
plugins make of the conversation on its way in. A violation that somebody swallows is raised all the same, at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pegboard.asgi_checks import ASGIViolation, Checker, LifespanChecker, checker_for
from pegboard.asgi_checks.fields import check_flag, check_headers, described, fail
from pegboard.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PATIENCE", "StrictASGI", "check_scope"]

PATIENCE = 16
"""How often a request may ask for more after its disconnect, before that is a circle."""


class StrictASGI:
    """``app``, with every call checked; ``violations`` keeps all that was found, on any connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.violations: list[ASGIViolation] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Raises ASGIViolation for the first thing that breaks the standard."""
        if scope["type"] not in _RECEIVED:
            await self.app(scope, receive, send)
            return
        line = _Line(scope, receive, send)
        try:
            check_scope(scope)
            await self.app(scope, line.receive, line.send)
            line.returned()
        except ASGIViolation as violation:
            line.note(violation)
            raise
        except Exception as error:
            if line.violation is not None:
                raise line.violation from error
            raise
        finally:
            if line.violation is not None:
                self.violations.append(line.violation)


class _Line:
    """One connection under check."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.violation: ASGIViolation | None = None
        self._checker: Checker = checker_for(scope)
        self._receive = receive
        self._send = send
        self._place = "first"
        self._waiting = False
        self._asked_after_end = 0
        self._is_over = False
        self._extensions = scope.get("extensions")
        self._offered = dict(self._extensions or {})
        self._state = scope.get("state")
        self._shared = dict(self._state) if isinstance(self._state, Mapping) else {}

    def note(self, violation: ASGIViolation) -> None:
        """Keep the first violation."""
        self.violation = self.violation or violation

    async def receive(self) -> Message:
        """The server's ``receive``, checked."""
        try:
            self._check_asking()
            self._waiting = True
            try:
                message = await self._receive()
            finally:
                self._waiting = False
            self._check_received(message)
        except ASGIViolation as violation:
            self.note(violation)
            raise
        return message

    async def send(self, message: Message) -> None:
        """The server's ``send``, checked."""
        try:
            self._checker.sent(message)
        except ASGIViolation as violation:
            self.note(violation)
            raise
        try:
            await self._send(message)
        except BaseException:
            # From here on the application can do nothing right or wrong.
            self._is_over = True
            raise

    def returned(self) -> None:
        """Check what is left when the application has returned. Raises ASGIViolation."""
        if self.violation is not None:
            raise self.violation
        if not self._is_over:
            self._checker.returned()
        self._check_left_alone()

    def _check_asking(self) -> None:
        what = f"receive() on a scope of type {self.scope['type']!r}"
        if self._waiting:
            fail(what, "one task that waits on it", "a second one")
        if self._place != "over":
            return
        self._asked_after_end += 1
        if self._asked_after_end > (PATIENCE if self.scope["type"] == "http" else 0):
            fail(what, "nobody to ask after the disconnect", f"{self._asked_after_end} more calls")

    def _check_received(self, message: Message) -> None:
        kind = message.get("type")
        table = _RECEIVED[self.scope["type"]]
        if kind not in table:
            fail("a message for the application", f"one of {', '.join(table)}", described(message))
        places, check = table[kind]
        if self._place not in places:
            fail(
                f"{kind!r} for the application",
                f"it {' or '.join(_PLACES[place] for place in places)}",
                _PLACES[self._place],
            )
        self._place = check(message)
        if kind == "lifespan.shutdown" and isinstance(self._checker, LifespanChecker):
            self._checker.stopping = True
        self._is_over = self._is_over or kind in ("http.disconnect", "websocket.disconnect")

    def _check_left_alone(self) -> None:
        extensions = self.scope.get("extensions")
        if extensions is not self._extensions or dict(extensions or {}) != self._offered:
            fail("scope['extensions']", "what the server gave", described(extensions))
        state = self.scope.get("state")
        if state is not self._state:
            fail("scope['state']", "the mapping that the server gave", f"another one, {described(state)}")
        for key, value in self._shared.items():
            if state is None or key not in state or state[key] is not value:
                fail(f"scope['state'][{key!r}]", "what the lifespan put there", described((state or {}).get(key)))


def check_scope(scope: Scope) -> None:
    """Check the fields of a scope that plugins read, and may have rewritten. Raises ASGIViolation."""
    if scope["type"] == "lifespan":
        return
    for key, kind in _FIELDS.items():
        if key in scope and not isinstance(scope[key], kind):
            fail(f"scope[{key!r}]", kind.__name__, described(scope[key]))
    method = scope.get("method", "GET")
    if not isinstance(method, str) or method != method.upper():
        fail("scope['method']", "a method in upper case", described(method))
    check_headers("the scope", scope.get("headers", ()))


_FIELDS: Mapping[str, type] = {"path": str, "raw_path": bytes, "query_string": bytes, "root_path": str, "scheme": str}


def _request(message: Message) -> str:
    body = message.get("body", b"")
    if not isinstance(body, bytes):
        fail("'body' of 'http.request'", "bytes", described(body))
    return "reading" if check_flag("'http.request'", message, "more_body") else "read"


def _data(message: Message) -> str:
    data, text = message.get("bytes"), message.get("text")
    if (data is None) == (text is None):
        fail("'websocket.receive'", "exactly one of 'bytes' and 'text'", "neither" if data is None else "both")
    return "reading"


_PLACES = {
    "first": "as the first message",
    "reading": "while the client is sending",
    "read": "after the client has sent everything",
    "over": "after the end",
}

# For each kind of scope the messages that an application may be given: where they may come, and what checks them and
# says where the conversation stands then.
_RECEIVED: Mapping[str, Mapping[Any, tuple[tuple[str, ...], Callable[[Message], str]]]] = {
    "http": {
        "http.request": (("first", "reading"), _request),
        "http.disconnect": (("first", "reading", "read", "over"), lambda message: "over"),
    },
    "websocket": {
        "websocket.connect": (("first",), lambda message: "reading"),
        "websocket.receive": (("reading",), _data),
        "websocket.disconnect": (("first", "reading"), lambda message: "over"),
    },
    "lifespan": {
        "lifespan.startup": (("first",), lambda message: "reading"),
        "lifespan.shutdown": (("reading",), lambda message: "over"),
    },
}
