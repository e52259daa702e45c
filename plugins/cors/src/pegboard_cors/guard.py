"""The hooks of one policy: they take what it decides on from a connection, and put what it says on the response.

Rules that must not move:

- A preflight gets its headers from `answer` alone; the `response` hooks leave whatever answers a preflight untouched.
- After a `response` hook, the CORS headers of a response are the policy's, whatever the application had set.
- The way of a response whose application set neither CORS headers nor Vary is two short loops and one extension of a
  list. Headers are looked for in the raw list: a scan for one name is cheaper than an index.
- An actual request is never refused.
- Where the owner's function has no say, decisions are kept ready (`Kept`); the owner is told of each rejection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pegboard.concurrency import is_async
from pegboard.raw_headers import find, merge_vary
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, PlainTextResponse, Response
from pegboard.types import ASGIApp, RawHeaders, Receive, Scope, Send
from pegboard.websockets import WebSocket
from pegboard_cors.asking import ask
from pegboard_cors.decisions import Decision, actual_decisions, decide_actual, decide_preflight, preflight_decisions
from pegboard_cors.origins import is_same_host
from pegboard_cors.policy import VARY, Headers, Policy
from pegboard_cors.preflights import Preflight, PreflightResponse
from pegboard_cors.rejections import Reason, Rejection, printable

__all__ = ["OWNED", "Guard"]

logger = logging.getLogger("pegboard.cors")

OWNED = frozenset(
    {
        b"access-control-allow-credentials",
        b"access-control-allow-headers",
        b"access-control-allow-methods",
        b"access-control-allow-origin",
        b"access-control-allow-private-network",
        b"access-control-expose-headers",
        b"access-control-max-age",
    }
)
"""The response headers that are this plugin's alone."""

_WATCHED = OWNED | {VARY[0]}
_NOT_ALLOWED: Headers = (VARY,)


class Guard:
    """One policy at work, for all routes that have it.

    ``respond`` is the `response` hook of routes that never see OPTIONS, ``respond_unless_preflight`` that of others.
    """

    __slots__ = ("_actual", "_exact", "_on_reject", "_preflights", "policy", "respond", "respond_unless_preflight")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._exact = policy.exact
        self._on_reject = policy.settings.on_reject
        self._actual = actual_decisions(policy)
        self._preflights = preflight_decisions(policy)
        self.respond: Callable[..., Any] = self._respond
        if policy.any_origin:
            self.respond = self._respond_to_any
        elif policy.settings.allow_origin is not None:
            self.respond = self._respond_asking
        self.respond_unless_preflight = _unless_preflight(self.respond)

    # Actual requests

    def _respond_to_any(self, request: Request, response: Head) -> None:
        """``*``: the same headers for everybody, with or without Origin, so nothing varies."""
        _put(response.raw_headers, self.policy.for_any)

    def _respond(self, request: Request, response: Head) -> None:
        """Origins by name, pattern or expression."""
        headers = _NOT_ALLOWED
        for name, origin in request.scope["headers"]:
            if name == b"origin":
                headers = self._exact.get(origin) or self._told(request, self._actual[origin])
                break
        # What follows is `_put`, written out: a call would cost a tenth of the whole.
        raw = response.raw_headers
        for name, _ in raw:
            if name in _WATCHED:
                _settle(raw, headers)
                return
        raw.extend(headers)

    async def _respond_asking(self, request: Request, response: Head) -> None:
        """Origins that the owner's function knows as well."""
        headers = _NOT_ALLOWED
        origin = find(request.scope["headers"], b"origin")
        if origin is not None:
            reason, names = await self._judged_by_owner(request, origin)
            headers = self._told(request, decide_actual(self.policy, origin, reason, names))
        _put(response.raw_headers, headers)

    def _told(self, request: Request, decision: Decision) -> Headers:
        """The headers of a decision on an actual request; its rejection is told, unless it needed no leave."""
        headers, rejection, note, hosts = decision
        if rejection is not None:
            host = find(request.scope["headers"], b"host")
            if host is None or host.lower() not in hosts:
                self._tell(request, rejection, note)
        return headers

    # Preflights

    def answer(self, request: Request, preflight: Preflight) -> Response | ASGIApp:
        """The answer to a preflight of this policy: 204 with what is needed, or 403 with nothing.

        Where the owner's function has to be asked, it is an application that asks and then answers: so requests that
        are no preflights do not pay for a hook that can wait.
        """
        if self.policy.settings.allow_origin is None:
            return self._answer(request, self._preflights[preflight])

        async def ask_and_answer(scope: Scope, receive: Receive, send: Send) -> None:
            reason, names = await self._judged_by_owner(request, preflight.origin)
            response = self._answer(request, decide_preflight(self.policy, preflight, reason, names))
            await response(scope, receive, send)

        return ask_and_answer

    def _answer(self, request: Request, decision: Decision) -> Response:
        headers, rejection, note, _ = decision
        if rejection is None:
            return PreflightResponse(204, headers)
        self._tell(request, rejection, note)
        return PreflightResponse(403, headers)

    # WebSockets

    async def check(self, websocket: WebSocket) -> Response | None:
        """Refuse a handshake from an origin neither allowed nor of the same host; browsers always send Origin.

        Handshakes carry cookies whatever a policy says, so ``*`` does not cover them.
        """
        origin = find(websocket.scope["headers"], b"origin")
        if origin is None or is_same_host(origin, find(websocket.scope["headers"], b"host")):
            return None
        reason: Reason | None = Reason.ORIGIN
        if not self.policy.any_origin:
            reason, _ = await self._judged_by_owner(websocket, origin)
        if reason is None:
            return None
        rejection = Rejection("websocket", reason, printable(origin))
        self._tell(websocket, rejection, str(rejection))
        return PlainTextResponse("Forbidden", 403)

    # What they share

    async def _judged_by_owner(
        self, connection: HTTPConnection, origin: bytes
    ) -> tuple[Reason | None, tuple[bytes, ...]]:
        """Why an origin is not allowed, by the settings and then by the owner's function, and what that varies on."""
        reason = self.policy.judge(origin)
        function = self.policy.settings.allow_origin
        if reason is not Reason.ORIGIN or function is None or origin == b"null":
            return reason, ()
        allowed, names = await ask(function, origin, connection)
        return None if allowed else reason, names

    def _tell(self, connection: HTTPConnection, rejection: Rejection, note: str) -> None:
        """Tell of a rejection: in the outcome, in the log, and to the owner's function."""
        connection.note("cors", note)
        # Asked for beforehand: Python shows nothing of this level by itself.
        if logger.isEnabledFor(logging.INFO):
            logger.info("Not allowed: %s", note)
        if self._on_reject is not None:
            try:
                self._on_reject(connection, rejection)
            except Exception:
                logger.exception("on_reject failed when it was told of: %s", note)


def _unless_preflight(respond: Callable[..., Any]) -> Callable[..., Any]:
    """A `response` hook that leaves answers to preflights alone."""

    async def respond_async(request: Request, response: Head) -> None:
        if request.scope["method"] != "OPTIONS" or not _answers_preflight(request, response):
            await respond(request, response)

    def respond_sync(request: Request, response: Head) -> None:
        if request.scope["method"] != "OPTIONS" or not _answers_preflight(request, response):
            respond(request, response)

    return respond_async if is_async(respond) else respond_sync


def _answers_preflight(request: Request, response: Head) -> bool:
    return response.__class__ is PreflightResponse or Preflight.read(request.scope["headers"]) is not None


def _put(raw: RawHeaders, headers: Headers) -> None:
    for name, _ in raw:
        if name in _WATCHED:
            _settle(raw, headers)
            return
    raw.extend(headers)


def _settle(raw: RawHeaders, headers: Headers) -> None:
    """Put the policy's headers in the place of those that the application set; its Vary is kept and merged."""
    raw[:] = [header for header in raw if header[0] not in OWNED]
    for name, value in headers:
        if name == VARY[0]:
            merge_vary(raw, value)
        else:
            raw.append((name, value))
