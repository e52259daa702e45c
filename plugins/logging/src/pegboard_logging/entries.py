"""What goes through the queue: values only, so that a waiting entry keeps no request, response or exception alive.

An entry is made on the request's path, so it is a plain struct with no work in it. What it means, and whether anybody
wants to know, is the business of the writer's thread (`lines`, `records`).

It holds little: whatever waits is memory that the next requests cannot use again, and that has left the processor's
caches when the writer comes to it. Both cost more than making the line.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.types import RawHeaders
from pegboard_logging.log import Conversation
from pegboard_logging.volume import Rule

__all__ = ["Access", "Entry", "Event"]


class Access(msgspec.Struct, gc=False):
    """One HTTP request or WebSocket that has ended; ``outcome`` has no exception in it any more.

    ``begun`` is the rule of the route that began the conversation, ``rule`` that of the one which this entry is of.
    ``user`` is the caller's name. The conversation is kept only where more of it is wanted than stands here: its trace,
    or headers. ``bound`` is what was bound until then: background tasks may go on binding. ``error`` is the type of the
    exception that nobody handled and ``error_in`` the hook that it came from.

    Nothing that an entry holds knows the entry, so that the garbage collector need not look at it.
    """

    id: bytes
    begun: Rule | None
    rule: Rule
    outcome: Outcome | WebSocketOutcome
    method: str
    path: str
    query: bytes
    scheme: str
    http_version: str
    client: tuple[str, int] | None
    user: str | None
    user_agent: str | None
    referer: bytes | None
    conversation: Conversation | None
    bound: dict[str, Any] | None = None
    error: str | None = None
    error_in: str | None = None


class Event(msgspec.Struct, gc=False):
    """Something else that happened, ``time`` seconds after the epoch: ``event`` says what, ``fields`` the rest.

    ``bound`` is what was bound then, ids included; ``headers`` are those of the request that it belongs to.
    """

    time: float
    level: int
    bound: dict[str, Any]
    event: str
    fields: dict[str, Any]
    headers: RawHeaders | None = None


Entry = Access | Event
