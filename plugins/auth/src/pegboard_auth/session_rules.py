"""How long a session lasts, and how who is logged in becomes what a store keeps: pure functions of values and the time.

A session ends ``idle`` seconds after its user was last seen and ``absolute`` seconds after the login, whichever comes
first. That a user was seen is written down now and then only: a session may end up to a tenth of ``idle`` early, and no
more than a minute, and is never kept too long.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from pegboard_auth.identity import Access, User
from pegboard_auth.session_stores import StoredSession

__all__ = ["MAX_DATA", "Timeouts", "access_of", "end_of", "is_touch_due", "last_end", "new_session", "next_end"]

MAX_DATA: Final = 16 * 1024
"""How much a session may hold besides its identity, in bytes."""

LONGEST_UNSEEN: Final = 60.0
"""Seconds after which a user's being there is written down again, where ``idle`` is long."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds without a request, and seconds since the login, after which a session is over."""

    idle: float
    absolute: float


class _Data(msgspec.Struct, frozen=True):
    """What a store keeps as bytes."""

    name: str
    scopes: list[str]
    roles: list[str]
    claims: dict[str, Any]


_DECODER: Final = msgspec.json.Decoder(_Data)


def new_session(key: bytes, access: Access, now: float, timeouts: Timeouts) -> StoredSession:
    """The session of somebody who logs in now. Raises ValueError when it is too large, or its claims are not JSON."""
    user = access.user
    identity: str = user.identity
    data = _Data(
        getattr(user, "display_name", identity), sorted(access.scopes), sorted(access.roles), dict(access.claims)
    )
    try:
        encoded = msgspec.json.encode(data)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the claims of a session must be JSON: {error}") from None
    if len(encoded) > MAX_DATA:
        raise ValueError(
            f"name, scopes, roles and claims of a session take {len(encoded)} bytes; expected at most {MAX_DATA}: "
            "keep what is large elsewhere, by the identity"
        )
    return StoredSession(key, identity, now, now, _end(now, now, timeouts), encoded)


def end_of(session: StoredSession, timeouts: Timeouts) -> float:
    """When a session is over, if its user is not seen again; timeouts that were made shorter hold at once."""
    return min(session.expires, _end(session.created, session.seen, timeouts))


def next_end(session: StoredSession, now: float, timeouts: Timeouts) -> float:
    """When a session is over whose user is seen now."""
    return _end(session.created, now, timeouts)


def last_end(session: StoredSession, timeouts: Timeouts) -> float:
    """When a session is over, whatever its user does."""
    return session.created + timeouts.absolute


def is_touch_due(session: StoredSession, now: float, timeouts: Timeouts) -> bool:
    """Whether it is time to write down that the user is there."""
    return now - session.seen >= min(timeouts.idle / 10, LONGEST_UNSEEN)


def access_of(session: StoredSession, scheme: str, expires: float) -> Access:
    """The access of a session's user; ``when`` is the login. Raises ValueError for data that is none of ours."""
    try:
        data = _DECODER.decode(session.data)
    except msgspec.DecodeError:
        raise ValueError("the session's data cannot be read") from None
    user = User(session.identity, data.name)
    claims: Mapping[str, Any] = MappingProxyType(data.claims)
    return Access(user, scheme, data.scopes, data.roles, claims, session.created, expires)


def _end(created: float, seen: float, timeouts: Timeouts) -> float:
    return min(created + timeouts.absolute, seen + timeouts.idle)
