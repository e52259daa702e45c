"""What a request's log lines share: one conversation behind a context variable.

Rules that must not move:

- A request has one conversation, made once and changed in place. Threads and tasks that the request starts see the same
  one, because a copied context holds the same object.
- It is made on the path of every request, so it begins as an id and a reference. The mapping of bound fields is made
  for the first that binds, and the trace is looked for when somebody asks.
- The ids belong to the plugin; everybody else's names are free.

::

    from pegboard_logging import log

    log.bind(user="ada", cart=17)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from weakref import ref

import msgspec

from pegboard.types import RawHeaders
from pegboard_logging.trace_context import Trace
from pegboard_logging.volume import Rule

__all__ = ["IDS", "Conversation", "bind", "bound", "current", "trace_headers", "unbind"]

IDS = ("request_id", "trace_id", "span_id")

_reading = threading.Lock()


class Conversation(msgspec.Struct, eq=False, weakref=True):
    """What one request or WebSocket carries along for its log lines.

    ``id`` is the request's id, empty outside of a request. ``find_trace`` finds the trace in the request's ``headers``,
    and is None where that was done, or there is none to be found. ``rule`` is that of the route that began it, where
    other boards may join. ``user_agent`` and ``referer`` are what the request says of its client, ``may_have_trace``
    whether a trace was to be looked for at all. ``bound`` are the fields that others have bound, ``head`` the headers
    of the response. ``around`` is the conversation that the same context was in before and that has not ended: that of
    a request which makes this one within the process.
    """

    id: bytes
    headers: RawHeaders
    find_trace: Callable[[RawHeaders], Trace | None] | None
    rule: Rule | None = None
    user_agent: str | None = None
    referer: bytes | None = None
    may_have_trace: bool = False
    bound: dict[str, Any] | None = None
    head: RawHeaders | None = None
    found_trace: Trace | None = None
    around: ref[Conversation] | None = None
    has_ended: bool = False

    @property
    def trace(self) -> Trace | None:
        """The trace of this request; the same for all who ask, the writer's thread among them."""
        if self.find_trace is not None:
            with _reading:
                if self.find_trace is not None:
                    self.found_trace = self.find_trace(self.headers)
                    self.find_trace = None
        return self.found_trace

    def fields(self) -> dict[str, Any]:
        """The ids and what is bound, in a dict of its own."""
        fields: dict[str, Any] = {"request_id": self.id.decode("ascii")} if self.id else {}
        trace = self.trace
        if trace is not None:
            fields["trace_id"] = trace.trace_id
            fields["span_id"] = trace.span_id
        if self.bound:
            fields.update(self.bound)
        return fields

    def leave(self) -> None:
        """Let what the same context logs from now on belong to the conversation around this one again."""
        around = None if self.around is None else self.around()
        if around is not None:
            current.set(around)


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
    return {} if conversation is None else conversation.fields()


def trace_headers() -> dict[str, str]:
    """The headers ``traceparent`` and ``tracestate`` for a request to somebody else; empty when there is no trace."""
    conversation = current.get()
    trace = None if conversation is None else conversation.trace
    return {} if trace is None else trace.headers()


def _mapping() -> dict[str, Any]:
    conversation = current.get()
    if conversation is None:
        conversation = Conversation(b"", [], None)
        current.set(conversation)
    if conversation.bound is None:
        conversation.bound = {}
    return conversation.bound


def _refuse_ids(names: Any) -> None:
    taken = [name for name in IDS if name in names]
    if taken:
        raise ValueError(
            f"log fields {', '.join(taken)} are the ids of the request and cannot be bound; use another name"
        )
