"""The request-time hooks, for all routes that have the same settings.

Rules that must not move:

- Everything here is on the path of every request: references are taken, and nothing is looked at, decided or made into
  text that the writer's thread can see to later.
- The conversation travels in the scope, so that a board within a board joins it, and in the context variable, for
  `pegboard_logging.log`.
- What is queued holds values only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from time import time
from typing import Any
from weakref import ref

from anyio import sleep

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.plugin import RouteHooks
from pegboard.raw_headers import replace
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, Response
from pegboard.websockets import WebSocket
from pegboard_logging.callers import origin_of, user_of
from pegboard_logging.desk import Desk
from pegboard_logging.entries import Access, Event
from pegboard_logging.fields import LEVELS
from pegboard_logging.injection import described
from pegboard_logging.log import Conversation, current
from pegboard_logging.request_ids import new_request_id
from pegboard_logging.trace_context import FINDERS
from pegboard_logging.volume import Rule

__all__ = ["KEY", "Recorder"]

KEY = "pegboard_logging"
"""Where a scope holds its conversation."""

POLL_INTERVAL = 0.005
"""Seconds between two looks at a full queue."""


class Recorder:
    """Records the requests of the routes that share ``rule``; ``hooks`` are theirs."""

    def __init__(self, desk: Desk, rule: Rule) -> None:
        settings = desk.settings
        self.desk = desk
        self.rule = rule
        self._writer = desk.writer
        self._entries = desk.writer.entries
        self._size = desk.writer.size
        self._header = settings.request_id_header.lower().encode("ascii")
        self._wanted = frozenset({b"user-agent", b"traceparent", b"referer", self._header})
        self._accepts = desk.accepts_id
        self._find_trace = FINDERS[desk.trace]
        self._start_trace = self._find_trace if desk.trace.startswith("start") else None
        self._user_agents = desk.user_agents
        self._keeps_head = bool(settings.response_headers)
        self._keeps_headers = self._keeps_head or bool(settings.request_headers or settings.trusted_proxies)
        self._get_current = current.get
        self._set_current = current.set
        self.hooks = self._hooks()

    def _hooks(self) -> RouteHooks:
        gauge = None if self.desk.metrics is None else self.desk.metrics.gauge
        waits = self.desk.settings.when_full == "wait"
        complete: list[Callable[..., Awaitable[None] | None]] = []
        if self.rule.record or self.desk.watches:
            complete.append(self.complete_waiting if waits else self.complete)
        if gauge is not None:
            complete.append(gauge.leave)
        return RouteHooks(
            request=[self.request] if gauge is None else [self.request, gauge.enter],
            response=self.response,
            complete=complete,
            websocket=self.websocket,
            websocket_complete=self.websocket_complete if self.rule.record else None,
            note=self.rule.described,
        )

    # Hooks

    def request(self, request: HTTPConnection) -> None:
        """Begin the conversation; one that a board around this one has begun is joined.

        One look through the headers finds all that the log wants of them, of equal ones the first. An index would cost
        more, of the names as they come from a server.
        """
        desk = self.desk
        if not desk.is_open:
            desk.start()
        scope = request.scope
        if KEY in scope:
            self._set_current(scope[KEY])
            return
        sent: bytes | None = None
        agent: bytes | None = None
        referer: bytes | None = None
        find_trace = self._start_trace
        wanted = self._wanted
        for name, value in scope["headers"]:
            if name in wanted:
                if name == b"user-agent":
                    agent = value if agent is None else agent
                elif name == b"referer":
                    referer = value if referer is None else referer
                elif name == b"traceparent":
                    find_trace = self._find_trace
                elif sent is None:
                    # The settings refuse the others for the id, so this is its header.
                    sent = value
        accepted = None if sent is None else self._accepts(sent, scope)
        conversation = Conversation(
            accepted or new_request_id(),
            scope["headers"],
            find_trace,
            self.rule,
            None if agent is None else self._user_agents[agent],
            referer,
            find_trace is not None,
        )
        scope[KEY] = conversation
        around = self._get_current()
        if around is not None and not around.has_ended:
            conversation.around = ref(around)
        self._set_current(conversation)

    def response(self, request: Request, response: Head) -> None:
        """Send the request id, and see to it that a background task that fails is known."""
        try:
            conversation = request.scope[KEY]
        except KeyError:
            conversation = self.begin(request)
        wanted, raw_headers = self._header, response.raw_headers
        for name, _ in raw_headers:
            if name == wanted:
                replace(raw_headers, wanted, conversation.id)
                break
        else:
            raw_headers.append((wanted, conversation.id))
        if self._keeps_head:
            conversation.head = raw_headers
        if response.background is not None and isinstance(response, Response):
            response.background = _Watched(response.background, conversation, self._writer.put)

    def complete(self, request: Request, outcome: Outcome) -> None:
        """Queue the record."""
        scope = request.scope
        try:
            conversation = scope[KEY]
        except KeyError:
            conversation = self.begin(request)
        entry = Access(
            conversation.id,
            conversation.rule,
            self.rule,
            outcome,
            scope["method"],
            scope["path"],
            scope["query_string"],
            scope.get("scheme", "http"),
            scope["http_version"],
            scope.get("client"),
            user_of(scope["user"]) if "user" in scope else None,
            conversation.user_agent,
            conversation.referer,
            conversation if self._keeps_headers or conversation.may_have_trace else None,
        )
        if outcome.error is not None or conversation.bound:
            _settle(entry, outcome, conversation)
        # As `Writer.put` does it, which would be one more call on every request's time.
        if len(self._entries) < self._size:
            self._entries.append(entry)
            if self._writer.is_asleep:
                self._writer.rouse()
        else:
            self._writer.put(entry)
        if conversation.rule is self.rule:
            conversation.has_ended = True
            if conversation.around is not None:
                conversation.leave()

    async def complete_waiting(self, request: Request, outcome: Outcome) -> None:
        """Queue the record when there is room."""
        try:
            # The writer's thread has no loop to wake up, so that looking again is the simplest that is right.
            while self._writer.full:  # noqa: ASYNC110
                await sleep(POLL_INTERVAL)
        finally:
            # Whoever is cancelled while waiting is counted at least.
            self.complete(request, outcome)

    def websocket(self, websocket: WebSocket) -> None:
        """Begin the conversation, and send the request id with the answer to the handshake, whichever it is."""
        conversation = self.begin(websocket)
        header = (self._header, conversation.id)
        websocket.accept_headers.append(header)
        websocket.denial_headers.append(header)

    def websocket_complete(self, websocket: WebSocket, outcome: WebSocketOutcome) -> None:
        """Queue the record of a WebSocket."""
        scope = websocket.scope
        conversation = scope[KEY] if KEY in scope else self.begin(websocket)
        entry = Access(
            conversation.id,
            conversation.rule,
            self.rule,
            outcome,
            "GET",
            scope["path"],
            scope["query_string"],
            scope.get("scheme", "ws"),
            scope.get("http_version", "1.1"),
            scope.get("client"),
            user_of(scope["user"]) if "user" in scope else None,
            conversation.user_agent,
            conversation.referer,
            conversation,
        )
        _settle(entry, outcome, conversation)
        self._writer.put(entry)
        if conversation.rule is self.rule:
            conversation.has_ended = True
            conversation.leave()

    def begin(self, connection: HTTPConnection) -> Conversation:
        """The conversation of a connection whose `request` hooks have not been called, or not yet."""
        self.request(connection)
        conversation: Conversation = connection.scope[KEY]
        return conversation


def _settle(entry: Access, outcome: Outcome | WebSocketOutcome, conversation: Conversation) -> None:
    """Take from what changes or must not be kept: a copy of what is bound, and what is worth knowing of an error."""
    if conversation.bound:
        entry.bound = conversation.bound.copy()
    error = outcome.error
    if error is not None:
        # An exception keeps its frames alive, and these the request.
        entry.outcome = copy(outcome)
        entry.outcome.error = None
        entry.error = type(error).__name__
        entry.error_in = origin_of(error)


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
        conversation = self._conversation
        current.set(conversation)
        try:
            await self._task()
        except Exception as error:
            message = f"background task {self.name or 'without a name'} failed"
            fields = {"message": message, **described(error)}
            bound, headers = conversation.fields(), conversation.headers
            self._put(Event(time(), LEVELS["error"], bound, "background_failed", fields, headers))
            raise
        finally:
            conversation.leave()
