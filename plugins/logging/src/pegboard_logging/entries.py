"""What goes through the queue: values only, so that a waiting entry keeps no request, response or exception alive.

An entry is made on the request's path, so it is a plain struct with no work in it. Turning it into a record is the
writer's work (`records`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.types import RawHeaders
from pegboard_logging.trace_context import Trace

__all__ = ["Access", "Entry", "Event"]


class Entry(msgspec.Struct, gc=False):
    """What all entries share: ``time`` in seconds since the epoch, and what was bound, ids included."""

    time: float
    level: int
    bound: dict[str, Any]


class Access(Entry, gc=False):
    """One HTTP request or WebSocket. ``time`` is that of its end; ``outcome`` has no exception in it any more."""

    outcome: Outcome | WebSocketOutcome
    method: str
    path: str
    query: bytes
    scheme: str
    http_version: str
    peer: str | None
    headers: RawHeaders
    head: RawHeaders | None
    user: str | None
    trace: Trace | None
    mount: str
    error: str | None
    error_in: str | None
    sampled: float


class Event(Entry, gc=False):
    """Something else that happened: ``event`` says what, ``fields`` the rest."""

    event: str
    fields: dict[str, Any]
