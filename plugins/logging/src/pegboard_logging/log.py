"""What a request's log lines share: one mapping behind a context variable.

Rules that must not move:

- A request has one mapping, made once and changed in place. Threads and tasks that the request starts see the same one,
  because a copied context holds the same object.
- The ids in it belong to the plugin; everybody else's names are free.

::

    from pegboard_logging import log

    log.bind(user="ada", cart=17)
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import msgspec

from pegboard.types import RawHeaders
from pegboard_logging.trace_context import Trace

__all__ = ["IDS", "Conversation", "bind", "bound", "current", "trace_headers", "unbind"]

IDS = ("request_id", "trace_id", "span_id")


class Conversation(msgspec.Struct, eq=False):
    """What one request or WebSocket carries along for its log lines; ``head`` are the headers of its response."""

    request_id: str
    bound: dict[str, Any]
    trace: Trace | None = None
    head: RawHeaders | None = None


current: ContextVar[Conversation | None] = ContextVar("pegboard_logging", default=None)
"""The conversation that the running code belongs to."""


def bind(**fields: Any) -> None:
    """Add fields to the access record and to every further log line of this request.

    Values are best plain: text, numbers, booleans, lists and dicts of these. Outside of a request they are bound to the
    context that is running. Raises ValueError for the ids, which are the plugin's.
    """
    _refuse_ids(fields)
    _mapping().update(fields)


def unbind(*names: str) -> None:
    """Take fields away again; names that are not bound are left alone. Raises ValueError for the ids."""
    _refuse_ids(names)
    mapping = _mapping()
    for name in names:
        mapping.pop(name, None)


def bound() -> dict[str, Any]:
    """A copy of what is bound now, ids included; empty outside of a request."""
    conversation = current.get()
    return {} if conversation is None else conversation.bound.copy()


def trace_headers() -> dict[str, str]:
    """The headers ``traceparent`` and ``tracestate`` for a request to somebody else; empty when there is no trace."""
    conversation = current.get()
    trace = None if conversation is None else conversation.trace
    return {} if trace is None else trace.headers()


def _mapping() -> dict[str, Any]:
    conversation = current.get()
    if conversation is None:
        conversation = Conversation("", {})
        current.set(conversation)
    return conversation.bound


def _refuse_ids(names: Any) -> None:
    taken = [name for name in IDS if name in names]
    if taken:
        raise ValueError(
            f"log fields {', '.join(taken)} are the ids of the request and cannot be bound; use another name"
        )
