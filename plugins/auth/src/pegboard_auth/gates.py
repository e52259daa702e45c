"""Gates: what stands before a route. Made when the board freezes, and shared by routes that ask for the same.

A gate tries its schemes in order, puts who calls into the scope, and compares with what the route requires. Policies
come last: they may cost something, and see a caller who has everything else.

There are two kinds: `Gate`, whose schemes and policies are all synchronous, costs no coroutine; `AsyncGate` awaits.
What they decide is the same, and stands in the functions they share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from pegboard.concurrency import is_async
from pegboard.plugin import RouteHooks
from pegboard.raw_headers import merge_vary
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, Response
from pegboard.websockets import WebSocket
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.identity import ANONYMOUS, Access
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
    ) -> None:
        self.schemes = tuple(schemes)
        self.requirement = requirement
        self.covered = tuple(covered)
        self._asking: list[tuple[Callable[[HTTPConnection], Any], bool]] = [
            (scheme.authenticate, is_async(scheme.authenticate)) for scheme in schemes
        ]
        self._vary = b", ".join(scheme.vary for scheme in schemes if scheme.vary)
        self._policies = policies
        self._needed = requirement is not None
        self._scopes = requirement.scopes if requirement else frozenset[str]()
        self._roles = requirement.roles if requirement else ()
        self._deciding = requirement.policies if requirement else ()
        self._answers = answers
        self._audit = audit

    def hooks(self) -> RouteHooks:
        """The hooks of a route behind this gate."""
        response = self.response if self._vary else None
        return RouteHooks(request=self.request, websocket=self.websocket, error=answer_refused, response=response)

    def request(self, request: Request) -> Response | None:
        """Let a request through (None), or answer it."""
        access = ANONYMOUS
        asked = 0
        try:
            for authenticate, _ in self._asking:
                found = authenticate(request)
                if found is not None:
                    access = found
                    break
                asked += 1
        except Rejected as rejected:
            return self._reject(request, rejected, self.schemes[asked])
        scope = request.scope
        scope["user"] = access.user
        scope["auth"] = access
        scope[GATE] = self
        if self._needed:
            if self._roles or not access.user.is_authenticated or not self._scopes <= access.scopes:
                refusal = self._lacks(request, access, self.requirement)
                if refusal is not None:
                    return refusal
            for name in self._deciding:
                if self._policies[name](request, access) is not True:
                    return self._forbid(request, access, self.requirement, f"policy {name}")
        self._audit.passed(request, access)
        return None

    def websocket(self, websocket: WebSocket) -> Response | None:
        """Let a WebSocket through before it is accepted (None), or deny it."""
        return self.request(websocket)  # type: ignore[arg-type]

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
            refusal = await self._ask_policies(connection, access, requirement)
        if refusal is not None:
            raise Refused(refusal)

    async def _ask_policies(
        self, connection: HTTPConnection, access: Access, requirement: Requirement
    ) -> Response | None:
        for name in requirement.policies:
            policy = self._policies.get(name)
            if policy is None:
                raise RuntimeError(f"an endpoint requires the policy {name!r}, which is not among the setting policies")
            verdict = policy(connection, access)
            if is_async(policy):
                verdict = await verdict
            if verdict is not True:
                return self._forbid(connection, access, requirement, f"policy {name}")
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

    def _reject(self, connection: HTTPConnection, rejected: Rejected, scheme: Scheme) -> Response:
        self._audit.rejected(connection, scheme.name, rejected)
        return self._answers.rejected(rejected, scheme, self.schemes)


class AsyncGate(Gate):
    """Stands before routes with a scheme or a policy that has to be awaited."""

    awaits = True

    async def request(self, request: Request) -> Response | None:  # type: ignore[override]
        """Let a request through (None), or answer it."""
        access = ANONYMOUS
        asked = 0
        try:
            for authenticate, is_awaited in self._asking:
                found = authenticate(request)
                if is_awaited:
                    found = await found
                if found is not None:
                    access = found
                    break
                asked += 1
        except Rejected as rejected:
            return self._reject(request, rejected, self.schemes[asked])
        scope = request.scope
        scope["user"] = access.user
        scope["auth"] = access
        scope[GATE] = self
        if self.requirement is not None:
            refusal = self._lacks(request, access, self.requirement)
            if refusal is None and self._deciding:
                refusal = await self._ask_policies(request, access, self.requirement)
            if refusal is not None:
                return refusal
        self._audit.passed(request, access)
        return None

    async def websocket(self, websocket: WebSocket) -> Response | None:  # type: ignore[override]
        """Let a WebSocket through before it is accepted (None), or deny it."""
        return await self.request(websocket)  # type: ignore[arg-type]


def make_gate(
    schemes: Sequence[Scheme],
    requirement: Requirement | None,
    covered: Sequence[Requirement],
    policies: Mapping[str, Policy],
    answers: Answers,
    audit: Audit,
) -> Gate:
    """A gate of the kind that its schemes and policies need."""
    needed = requirement.policies if requirement is not None else ()
    awaits = any(is_async(scheme.authenticate) for scheme in schemes) or any(
        is_async(policies[name]) for name in needed
    )
    return (AsyncGate if awaits else Gate)(schemes, requirement, covered, policies, answers, audit)


def answer_refused(request: Request, exc: Exception) -> Response | None:
    """Answer what the guard of an endpoint refused."""
    return exc.response if isinstance(exc, Refused) else None
