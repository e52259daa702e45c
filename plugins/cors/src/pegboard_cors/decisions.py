"""What a policy decides about a whole request: the headers that go out, and what its owner is told.

Browsers ask the same again and again, so decisions are kept ready. Rules that must not move:

- Kept is only what follows from the settings and from what was sent. What the owner's function says is asked each time.
- What is kept is bounded in number and in bytes, and is keyed by all that it depends on, as it was sent. Whatever is
  longer than what browsers send is decided anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from pegboard_cors.origins import LONGEST, own_hosts
from pegboard_cors.policy import VARY, Denied, Header, Headers, Policy, varying
from pegboard_cors.preflights import Preflight
from pegboard_cors.rejections import Reason, Rejection, printable

__all__ = [
    "MAX_KEPT",
    "MAX_KEPT_BYTES",
    "Decision",
    "Kept",
    "actual_decisions",
    "decide_actual",
    "decide_preflight",
    "preflight_decisions",
]

K = TypeVar("K")

MAX_KEPT = 512
"""Decisions of each kind, for each policy: at most about 3 KB each, with what they are kept by."""

MAX_KEPT_BYTES = 1024
"""Bytes of all that a preflight sends: an origin, a method, and some 40 header names."""

_EMPTY: Header = (b"content-length", b"0")


class Decision(NamedTuple):
    """The headers that go out; and a rejection with its text, where something was not allowed.

    ``hosts`` are the Host headers, in lower case, of requests that need no leave, since the origin is their own.
    """

    headers: Headers
    rejection: Rejection | None = None
    note: str = ""
    hosts: frozenset[bytes] = frozenset()


class Kept(dict[K, Decision]):
    """Decisions by what they are about: each is made when it is first asked for, with ``[]``.

    Those about what is not ``usual`` are not kept. When there are too many, all are let go: who floods a service with
    invented origins costs its real ones no more than to be decided on once more.
    """

    def __init__(self, decide: Callable[[K], Decision], usual: Callable[[K], bool]) -> None:
        super().__init__()
        self._decide = decide
        self._usual = usual

    def __missing__(self, about: K) -> Decision:
        """Decide."""
        decision = self._decide(about)
        if self._usual(about):
            if len(self) >= MAX_KEPT:
                self.clear()
            self[about] = decision
        return decision


def actual_decisions(policy: Policy) -> Kept[bytes]:
    """The decisions on actual requests, by their origin, where the settings alone decide."""
    return Kept(lambda origin: decide_actual(policy, origin, policy.judge(origin)), _is_usual_origin)


def preflight_decisions(policy: Policy) -> Kept[Preflight]:
    """The decisions on preflights where the settings alone decide."""
    return Kept(lambda asking: decide_preflight(policy, asking, policy.judge(asking.origin)), _is_usual_preflight)


def decide_actual(policy: Policy, origin: bytes, reason: Reason | None, names: Sequence[bytes] = ()) -> Decision:
    """What an actual request gets, of which is known why its origin is not allowed, and the ``names`` it varies on."""
    vary = varying(VARY[1], names)
    if reason is None:
        return Decision(policy.actual(origin, vary))
    rejection = Rejection("actual", reason, printable(origin))
    return Decision((vary,), rejection, str(rejection), own_hosts(origin))


def decide_preflight(
    policy: Policy, preflight: Preflight, reason: Reason | None, names: Sequence[bytes] = ()
) -> Decision:
    """What a preflight gets, of which is known why its origin is not allowed, and the ``names`` that this varies on."""
    origin, method, asked, private = preflight
    decided = Denied(reason) if reason is not None else policy.preflight(origin, method, asked, private, names)
    if not isinstance(decided, Denied):
        return Decision(decided)
    rejection = Rejection("preflight", decided.reason, printable(origin), printable(decided.detail))
    return Decision((_EMPTY, policy.preflight_vary(private, names)), rejection, str(rejection))


def _is_usual_origin(origin: bytes) -> bool:
    return len(origin) <= LONGEST


def _is_usual_preflight(preflight: Preflight) -> bool:
    """Whether a preflight is no longer than those of browsers, which send one line of names."""
    origin, method, asked, _ = preflight
    return len(asked) <= 1 and len(origin) + len(method) + sum(map(len, asked)) <= MAX_KEPT_BYTES
