"""A checker's shape: states, and for each a table of the messages that may come.

Rules that must not move:

- For each state a table has the messages that may come, and for each message what checks it and gives the next state.
- The first state in a table is the one to begin in. A message that is refused leaves the state as it was.
- Messages are never changed: one that was checked can be passed on as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NoReturn

from pegboard.asgi_checks.fields import described, fail
from pegboard.types import Message, Scope

__all__ = ["PLACES", "Checker", "Steps"]

Steps = Mapping[str, Mapping[str, Callable[[Any, Message], str]]]


class Checker:
    """Checks what the application sends on one connection; ``state`` is a word for where it stands."""

    steps: ClassVar[Steps]
    extensions: ClassVar[Mapping[str, str]] = {}
    """Messages that may come only where the scope offers an extension, with its name."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.offered = scope.get("extensions") or {}
        self.state = next(iter(self.steps))

    @property
    def complete(self) -> bool:
        """Whether nothing more may come."""
        return self.state == "complete"

    def sent(self, message: Message) -> None:
        """Check a message that the application sends. Raises ASGIViolation."""
        try:
            kind = message["type"]
            step = self.steps[self.state].get(kind)
        except (TypeError, KeyError):
            fail("a message", "a dict whose 'type' is a str", described(message))
        if step is None or not self._is_offered(kind):
            self._refuse(kind)
        self.state = step(self, message)

    def returned(self) -> None:
        """Check that the application may return now. Raises ASGIViolation."""

    def _refuse(self, kind: str) -> NoReturn:
        known = {name for table in self.steps.values() for name in table}
        if kind not in known:
            expected = f"one of a scope of type {self.scope['type']!r}: {_listed(sorted(known))}"
            fail(f"a message of type {kind!r}", expected, repr(kind))
        if not self._is_offered(kind):
            expected = f"the extension {self.extensions[kind]!r} in scope['extensions'] first"
            fail(repr(kind), expected, sorted(self.offered))
        expected = _listed(name for name in self.steps[self.state] if self._is_offered(name))
        fail(f"{kind!r} {PLACES[self.state]}", expected or "no more messages", repr(kind))

    def _is_offered(self, kind: str) -> bool:
        return kind not in self.extensions or self.extensions[kind] in self.offered


def _listed(names: Iterable[str]) -> str:
    return " or ".join(repr(name) for name in names)


PLACES = {
    "new": "before the response has started",
    "started": "after the response has started",
    "body": "in the middle of the response's body",
    "trailers": "after the body of a response that has announced trailers",
    "connecting": "before the handshake is answered",
    "open": "while the WebSocket is open",
    "starting": "during startup",
    "running": "after startup",
    "complete": "after the end",
}
"""Each state, in words for errors."""
