"""The request-time hooks, bound to the settings of one or more routes.

Rules that must not move:

- Everything here is on the path of every request: no text is made, nothing is encoded, nothing is looked at twice.
- The conversation travels in the scope, so that a board within a board joins it, and in the context variable, for
  `pegboard_logging.log`.
- What is queued holds values only.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from time import time
from typing import Any

from anyio import sleep

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.plugin import RouteHooks
from pegboard.raw_headers import replace
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, Response
from pegboard.types import Scope
from pegboard.websockets import WebSocket
from pegboard_logging.callers import ROOT, mount_of, origin_of, user_of
from pegboard_logging.desk import Desk
from pegboard_logging.entries import Access, Event
from pegboard_logging.fields import LEVELS
from pegboard_logging.injection import described
from pegboard_logging.log import Conversation, current
from pegboard_logging.request_ids import accepted_id, new_id, new_span_id
from pegboard_logging.trace_context import Trace, continued
from pegboard_logging.volume import Rule, is_sampled

__all__ = ["KEY", "Recorder"]

KEY = "pegboard_logging"
"""Where a scope holds its conversation."""

POLL_INTERVAL = 0.005
"""Seconds between two looks at a full queue."""


class Recorder:
    """Records the requests of the routes that share ``rule``; ``excluded`` are paths of routes that it leaves out."""

    def __init__(self, desk: Desk, rule: Rule, excluded: frozenset[str]) -> None:
        settings = desk.settings
        self.desk = desk
        self.rule = rule
        self.excluded = excluded
        self._put = desk.writer.put
        self._header = settings.request_id_header.lower().encode("ascii")
        self._accepts = _ACCEPTANCE[settings.request_id_from]
        self._traces = settings.trace != "off"
        self._starts_traces = settings.trace == "start"
        self._keeps_head = bool(settings.response_headers)
        self._is_picky = rule.picky or bool(excluded) or desk.cap is not None

    def hooks(self) -> RouteHooks:
        """The hooks for a route."""
        waits = self.desk.settings.when_full == "wait"
        records = self.rule.record
        return RouteHooks(
            request=self.request,
            response=self.response,
            complete=(self.complete_waiting if waits else self.complete) if records else None,
            websocket=self.websocket,
            websocket_complete=self.websocket_complete if records else None,
        )

    # Hooks

    def request(self, request: Request) -> None:
        """Begin the conversation."""
        self.begin(request)

    def response(self, request: Request, response: Head) -> None:
        """Send the request id, and see to it that a background task that fails is known."""
        conversation = request.scope.get(KEY) or self.begin(request)
        replace(response.raw_headers, self._header, conversation.request_id.encode("ascii"))
        if self._keeps_head:
            conversation.head = response.raw_headers
        if response.background is not None and isinstance(response, Response):
            response.background = _Watched(response.background, conversation, self._put)

    def complete(self, request: Request, outcome: Outcome) -> None:
        """Queue the record."""
        scope = request.scope
        conversation = scope.get(KEY) or self.begin(request)
        rule = self.rule
        status, kind, duration = outcome.status_code, outcome.kind, outcome.duration
        level = rule.usual if rule.plain and status < 400 and kind == "sent" else rule.level(status, kind, duration)
        share = 1.0
        if self._is_picky:
            share = rule.share(status, kind, duration)
            if not self._wants(scope, outcome.route, conversation, level, share):
                return
        self._put(_entry(scope, conversation, outcome, level, share))

    async def complete_waiting(self, request: Request, outcome: Outcome) -> None:
        """Queue the record when there is room."""
        # The writer's thread has no loop to wake up, so that looking again is the simplest that is right.
        while self.desk.writer.full:  # noqa: ASYNC110
            await sleep(POLL_INTERVAL)
        self.complete(request, outcome)

    def websocket(self, websocket: WebSocket) -> None:
        """Begin the conversation, and send the request id when the WebSocket is accepted."""
        conversation = self.begin(websocket)
        websocket.accept_headers.append((self._header, conversation.request_id.encode("ascii")))

    def websocket_complete(self, websocket: WebSocket, outcome: WebSocketOutcome) -> None:
        """Queue the record of a WebSocket. That it was long is no sign of anything."""
        scope = websocket.scope
        conversation = scope.get(KEY) or self.begin(websocket)
        level = self.rule.level(outcome.status_code, outcome.kind, 0.0)
        share = 1.0
        if self._is_picky:
            share = self.rule.share(outcome.status_code, outcome.kind, 0.0)
            if not self._wants(scope, outcome.route, conversation, level, share):
                return
        self._put(_entry(scope, conversation, outcome, level, share))

    # Steps

    def begin(self, connection: HTTPConnection) -> Conversation:
        """The conversation of a request: joined when a board around this one has begun it, made otherwise."""
        if not self.desk.is_open:
            self.desk.start()
        scope = connection.scope
        conversation: Conversation | None = scope.get(KEY)
        if conversation is None:
            given = connection.header(self._header)
            accepted = None if given is None else self._accepts(self.desk, scope, given)
            request_id = accepted or new_id()
            conversation = scope[KEY] = Conversation(request_id, {"request_id": request_id})
            if self._traces:
                self._trace(connection, conversation)
        current.set(conversation)
        return conversation

    def _trace(self, connection: HTTPConnection, conversation: Conversation) -> None:
        trace: Trace | None = None
        if connection.header(b"traceparent") is not None:
            headers = connection.headers
            trace = continued(headers.raw_getlist(b"traceparent"), headers.raw_getlist(b"tracestate"), new_span_id())
        if trace is None and self._starts_traces:
            trace = Trace(new_id(), new_span_id(), None, 0, "")
        if trace is not None:
            conversation.trace = trace
            conversation.bound["trace_id"] = trace.trace_id
            conversation.bound["span_id"] = trace.span_id

    def _wants(self, scope: Scope, route: Any, conversation: Conversation, level: int, share: float) -> bool:
        """Whether a record is to be written at all; what the cap refuses is counted."""
        if level < self.desk.minimum:
            return False
        if self.excluded and mount_of(scope, route) + route.path in self.excluded:
            return False
        if share < 1 and not is_sampled(conversation.request_id, share):
            return False
        cap = self.desk.cap
        if cap is None or cap.admits(time()):
            return True
        self.desk.writer.lose("max_per_second")
        return False


def _entry(
    scope: Scope, conversation: Conversation, outcome: Outcome | WebSocketOutcome, level: int, share: float
) -> Access:
    client = scope.get("client")
    user = scope.get("user")
    error = outcome.error
    if error is not None:
        # An exception keeps its frames alive, and these the request.
        outcome = copy(outcome)
        outcome.error = None
    return Access(
        time(),
        level,
        conversation.bound.copy(),
        outcome,
        scope.get("method", "GET"),
        scope["path"],
        scope["query_string"],
        scope["scheme"],
        scope["http_version"],
        None if client is None else client[0],
        scope["headers"],
        conversation.head,
        None if user is None else user_of(user),
        conversation.trace,
        mount_of(scope, outcome.route) if ROOT in scope else "",
        None if error is None else type(error).__name__,
        None if error is None else origin_of(error),
        share,
    )


class _Watched:
    """A response's background task, whose failure becomes an event before the server is told."""

    __slots__ = ("_conversation", "_put", "_task")

    def __init__(self, task: Callable[[], Any], conversation: Conversation, put: Callable[[Event], None]) -> None:
        self._task = task
        self._conversation = conversation
        self._put = put

    @property
    def name(self) -> Any:
        """The task's name, for reports."""
        return getattr(self._task, "name", None)

    async def __call__(self) -> None:
        """Run the task; what it raises is raised."""
        try:
            await self._task()
        except Exception as error:
            message = f"background task {self.name or 'without a name'} failed"
            fields = {"message": message, **described(error)}
            self._put(Event(time(), LEVELS["error"], self._conversation.bound.copy(), "background_failed", fields))
            raise


def _from_anyone(desk: Desk, scope: Scope, given: bytes) -> str | None:
    return accepted_id(given)


def _from_trusted(desk: Desk, scope: Scope, given: bytes) -> str | None:
    client = scope.get("client")
    return accepted_id(given) if client is not None and desk.trusted.holds(client[0]) else None


def _from_nobody(desk: Desk, scope: Scope, given: bytes) -> str | None:
    return None


_ACCEPTANCE: dict[str, Callable[[Desk, Scope, bytes], str | None]] = {
    "anyone": _from_anyone,
    "trusted": _from_trusted,
    "nobody": _from_nobody,
}
