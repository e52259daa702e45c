"""Gates: what stands before a route. Made when the board freezes, and shared by routes that ask for the same.

A gate tries its schemes in order, puts who calls into the scope, and compares with what the route requires. Policies
come last: they may cost something, and see a caller who has everything else.

There are two kinds: `Gate`, whose schemes and policies are all synchronous, costs no coroutine; `AsyncGate` awaits.
What they decide is the same, and stands in the functions they share.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from logging import DEBUG
from typing import Any, ClassVar

from pegboard.concurrency import is_async
from pegboard.outcome import WebSocketOutcome
from pegboard.plugin import RouteHooks
from pegboard.raw_headers import merge_vary
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, Response
from pegboard.websockets import WebSocket
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.identity import ANONYMOUS, Access
from pegboard_auth.open_sockets import EXPIRED, OpenSockets
from pegboard_auth.refusals import Refused, Rejected
from pegboard_auth.requirements import GATE, Requirement
from pegboard_auth.schemes import Scheme

__all__ = ["AsyncGate", "Gate", "Policy", "make_gate"]

Policy = Callable[[HTTPConnection, Access], Any]
"""Decides about one caller: ``(connection, access) -> bool``, sync or async."""


class Gate:
    """Stands before routes that ask for the same; all its schemes and policies are synchronous.

    ``requirement`` is None where anonymous callers are welcome. ``covered`` are the requirements that whoever has
    passed is known to meet.
    """

    awaits: ClassVar[bool] = False

    def __init__(
        self,
        schemes: Sequence[Scheme],
        requirement: Requirement | None,
        covered: Sequence[Requirement],
        policies: Mapping[str, Policy],
        answers: Answers,
        audit: Audit,
        sockets: OpenSockets | None = None,
    ) -> None:
        self.schemes = tuple(schemes)
        self.requirement = requirement
        self.covered = tuple(covered)
        self._asking: tuple[Callable[[HTTPConnection], Any], ...] = tuple(scheme.authenticate for scheme in schemes)
        self._awaited = frozenset(scheme.authenticate for scheme in schemes if waits(scheme))
        self._vary = b", ".join(scheme.vary for scheme in schemes if scheme.vary)
        self._policies = policies
        self._needed = requirement is not None
        self._scopes = requirement.scopes if requirement else frozenset[str]()
        self._roles = requirement.roles if requirement else ()
        self._deciding = requirement.policies if requirement else ()
        self._answers = answers
        self._audit = audit
        self._is_heard = audit.is_enabled
        is_lasting = not self._deciding and not any(scheme.may_change for scheme in schemes)
        self._sockets = None if is_lasting else sockets

    def hooks(self) -> RouteHooks:
        """The hooks of a route behind this gate."""
        response = self.response if self._vary else None
        return RouteHooks(
            request=self.request,
            websocket=self.websocket,
            websocket_complete=self.websocket_complete if self._sockets is not None else None,
            error=answer_refused,
            response=response,
            note=self.note(),
        )

    def note(self) -> str:
        """Who may pass, in words."""
        who = "anybody; bad credentials are refused" if self.requirement is None else str(self.requirement)
        return f"{who} ({', '.join(scheme.name for scheme in self.schemes)})"

    # Written out in one piece: this is what every request pays.
    def request(self, request: Request) -> Response | None:
        """Let a request through (None), or answer it."""
        access = ask = None
        try:
            for ask in self._asking:
                access = ask(request)
                if access is not None:
                    break
        except Exception as error:  # noqa: BLE001  what is no rejection is raised again
            return self._reject(request, error, ask)
        if access is None:
            access = ANONYMOUS
        user = access.user
        scope = request.scope
        scope["user"] = user
        scope["auth"] = access
        scope[GATE] = self
        if self._needed and (self._roles or not user.is_authenticated or not self._scopes <= access.scopes):
            refusal = self._lacks(request, access, self.requirement)
            if refusal is not None:
                return refusal
        if self._deciding:
            refusal = self._ask_sync_policies(request, access)
            if refusal is not None:
                return refusal
        if self._is_heard(DEBUG):
            self._audit.passed(request, access)
        return None

    def websocket(self, websocket: WebSocket) -> Response | None:
        """Let a WebSocket through before it is accepted (None), or deny it."""
        refusal = self.request(websocket)  # type: ignore[arg-type]
        if refusal is None:
            self._admit(websocket)
        return refusal

    def websocket_complete(self, websocket: WebSocket, outcome: WebSocketOutcome) -> None:
        """Look at the WebSocket no longer."""
        if self._sockets is not None:
            self._sockets.leave(websocket)

    def _admit(self, websocket: WebSocket) -> None:
        """Close the WebSocket when its caller's credentials end, or are found to count no longer."""
        expires = websocket.scope["auth"].expires
        if expires is not None or self._sockets is not None:
            left = math.inf if expires is None else expires - time.time()
            websocket.close_after(left, EXPIRED, "credentials have expired")
        if self._sockets is not None:
            self._sockets.enter(websocket, self._look)

    async def _look(self, websocket: WebSocket) -> int:
        """The status that the caller would be refused with now, or 0."""
        refusal: Any = self.request(websocket)  # type: ignore[arg-type]
        if self.awaits:
            refusal = await refusal
        return 0 if refusal is None else int(refusal.status_code)

    def response(self, request: Request, response: Head) -> None:
        """Tell caches which headers an answer depends on."""
        merge_vary(response.raw_headers, self._vary)

    async def enforce(self, connection: HTTPConnection, requirement: Requirement) -> None:
        """Ask of a caller who has passed what an endpoint further in requires besides. Raises `Refused`."""
        access = connection.scope.get("auth")
        if not isinstance(access, Access):
            raise RuntimeError(  # noqa: TRY004  nobody passed a wrong argument
                "an endpoint requires something of a caller whom another middleware has authenticated; "
                "leave authentication to one of the two"
            )
        refusal = self._lacks(connection, access, requirement)
        if refusal is None:
            refusal = await self._ask_policies(connection, access, requirement.policies)
        if refusal is not None:
            raise Refused(refusal)

    def _ask_sync_policies(self, connection: HTTPConnection, access: Access) -> Response | None:
        for name in self._deciding:
            try:
                verdict = self._policies[name](connection, access)
            except Exception as error:
                self._audit.failed(connection, f"policy {name}", error)
                raise
            if verdict is not True:
                return self._forbid(connection, access, self.requirement, f"policy {name}")
        return None

    async def _ask_policies(self, connection: HTTPConnection, access: Access, names: Sequence[str]) -> Response | None:
        for name in names:
            policy = self._policies.get(name)
            if policy is None:
                raise RuntimeError(f"an endpoint requires the policy {name!r}, which is not among the setting policies")
            try:
                verdict = policy(connection, access)
                if is_async(policy):
                    verdict = await verdict
            except Exception as error:
                self._audit.failed(connection, f"policy {name}", error)
                raise
            if verdict is not True:
                return self._forbid(connection, access, Requirement(), f"policy {name}")
        return None

    def _lacks(self, connection: HTTPConnection, access: Access, requirement: Any) -> Response | None:
        """The refusal of a caller who is not known, or has not the scopes and roles."""
        if not access.is_authenticated:
            self._audit.refused(connection, access, "no credentials", 401)
            return self._answers.missing(connection, self.schemes)
        lacking = requirement.lacking(access)
        return self._forbid(connection, access, requirement, lacking) if lacking else None

    def _forbid(self, connection: HTTPConnection, access: Access, requirement: Any, lacking: str) -> Response:
        self._audit.refused(connection, access, f"lacks {lacking}", 403)
        return self._answers.forbidden(access, requirement, self.schemes)

    def _reject(self, connection: HTTPConnection, error: Exception, asked: Any) -> Response:
        """Answer bad credentials; ``asked`` is the method of the scheme that has raised. Other errors are raised on."""
        scheme = self.schemes[self._asking.index(asked)]
        if not isinstance(error, Rejected):
            self._audit.failed(connection, scheme.name, error)
            raise error
        self._audit.rejected(connection, scheme.name, error)
        return self._answers.rejected(error, scheme, self.schemes)


class AsyncGate(Gate):
    """Stands before routes with a scheme or a policy that has to be awaited."""

    awaits = True

    async def request(self, request: Request) -> Response | None:  # type: ignore[override]  # noqa: C901
        """Let a request through (None), or answer it."""
        access = ask = None
        try:
            for ask in self._asking:
                access = ask(request)
                if access is not None and not isinstance(access, Access) and ask in self._awaited:
                    access = await access
                if access is not None:
                    break
        except Exception as error:  # noqa: BLE001  what is no rejection is raised again
            return self._reject(request, error, ask)
        if access is None:
            access = ANONYMOUS
        user = access.user
        scope = request.scope
        scope["user"] = user
        scope["auth"] = access
        scope[GATE] = self
        if self._needed and (self._roles or not user.is_authenticated or not self._scopes <= access.scopes):
            refusal = self._lacks(request, access, self.requirement)
            if refusal is not None:
                return refusal
        if self._deciding:
            refusal = await self._ask_policies(request, access, self._deciding)
            if refusal is not None:
                return refusal
        if self._is_heard(DEBUG):
            self._audit.passed(request, access)
        return None

    async def websocket(self, websocket: WebSocket) -> Response | None:  # type: ignore[override]
        """Let a WebSocket through before it is accepted (None), or deny it."""
        refusal = await self.request(websocket)  # type: ignore[arg-type]
        if refusal is None:
            self._admit(websocket)
        return refusal


def make_gate(
    schemes: Sequence[Scheme],
    requirement: Requirement | None,
    covered: Sequence[Requirement],
    policies: Mapping[str, Policy],
    answers: Answers,
    audit: Audit,
    sockets: OpenSockets | None = None,
) -> Gate:
    """A gate of the kind that its schemes and policies need."""
    needed = requirement.policies if requirement is not None else ()
    awaits = any(map(waits, schemes)) or any(is_async(policies[name]) for name in needed)
    return (AsyncGate if awaits else Gate)(schemes, requirement, covered, policies, answers, audit, sockets)


def waits(scheme: Scheme) -> bool:
    """Whether what a scheme finds may have to be awaited."""
    return scheme.may_wait or is_async(scheme.authenticate)


def answer_refused(request: Request, exc: Exception) -> Response | None:
    """Answer what the guard of an endpoint refused."""
    return exc.response if isinstance(exc, Refused) else None
