"""What became of one conversation, for `complete` and `websocket_complete` hooks.

An outcome is built only when somebody listens. It holds values, never the request or the response, so that keeping one
keeps nothing else alive, but for what the traceback of an error holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

__all__ = ["NO_NOTES", "Outcome", "OutcomeKind", "WebSocketOutcome"]

OutcomeKind = Literal["sent", "error", "client_disconnect", "cancelled"]

NO_NOTES: Final[Mapping[str, str]] = MappingProxyType({})
"""What stands where no plugin left a note."""


class Outcome(msgspec.Struct, eq=False):
    """What became of one HTTP request.

    - ``route``: the matched route.
    - ``kind``: ``sent`` (all of it went out, whatever the status), ``error`` (an exception cut the answer off, or
      nothing could be answered), ``client_disconnect``, or ``cancelled`` (the server stopped the request).
    - ``status_code``: the status that went out; 0 when nothing did.
    - ``error``: the exception that nobody handled, or None.
    - ``answered_by``: the plugin whose hook answered, refused by raising, replaced the response, or failed and so made
      it a 500; None for the endpoint.
    - ``bytes_in``, ``bytes_out``: body bytes read from the client (decoded ones, where a hook has them decoded), and
      those given to the server.
    - ``started``: ``time.perf_counter()`` when the request came in; ``first_byte`` and ``duration``: seconds from then
      until the head was sent (None if it was not) and until the end.
    - ``notes``: what plugins left word of with ``request.note``, by their names.
    """

    route: Any
    kind: OutcomeKind
    status_code: int
    error: BaseException | None
    answered_by: str | None
    bytes_in: int
    bytes_out: int
    started: float
    first_byte: float | None
    duration: float
    notes: Mapping[str, str] = NO_NOTES

    @property
    def disconnected(self) -> bool:
        """Whether the client left before the end."""
        return self.kind == "client_disconnect"

    def __repr__(self) -> str:
        return f"<Outcome {self.kind} {self.status_code} answered_by={self.answered_by or 'endpoint'}>"


class WebSocketOutcome:
    """What became of one WebSocket.

    - ``kind``: ``closed`` (a close was sent or received), ``denied`` (never accepted), ``error`` or ``cancelled``.
    - ``close_code`` and ``close_reason``: as sent or received; 1006 when the client vanished; None when denied.
    - ``messages_in``, ``messages_out``, ``bytes_in``, ``bytes_out``: what the application received and sent.
    - ``accepted``, ``answered_by``, ``error``, ``route``, ``started``, ``duration``, ``notes``: as for requests.
    """

    __slots__ = (
        "accepted",
        "answered_by",
        "bytes_in",
        "bytes_out",
        "close_code",
        "close_reason",
        "duration",
        "error",
        "kind",
        "messages_in",
        "messages_out",
        "notes",
        "route",
        "started",
        "status_code",
    )

    def __init__(self, route: Any, started: float) -> None:
        self.route = route
        self.started = started
        self.kind: Literal["closed", "denied", "error", "cancelled"] = "closed"
        self.accepted = False
        self.status_code = 0
        self.close_code: int | None = None
        self.close_reason = ""
        self.messages_in = self.messages_out = self.bytes_in = self.bytes_out = 0
        self.answered_by: str | None = None
        self.error: BaseException | None = None
        self.duration = 0.0
        self.notes: Mapping[str, str] = NO_NOTES

    def __repr__(self) -> str:
        return f"<WebSocketOutcome {self.kind} code={self.close_code}>"
