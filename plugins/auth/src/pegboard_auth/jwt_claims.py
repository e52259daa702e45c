"""What the claims of a verified JWT must say (RFC 7519 section 4.1, RFC 9068 section 2.2), and what follows from them.

Pure: claims and the time in, an `Access` out. A claim of another type than the standard's is refused, never ignored: a
token that says something odd about its end, its issuer or its scopes is not understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from pegboard_auth.identity import Access, User, is_name
from pegboard_auth.refusals import Rejected

__all__ = ["ClaimRules", "judge"]

LAST_MOMENT: Final = 253402300800
"""The end of the year 9999, in seconds since the epoch: no date lies behind it, so that it bounds every number."""


class ClaimRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of claims. ``leeway`` is in seconds; a token is for us when ``aud`` names one of ``audience``."""

    issuer: str
    audience: frozenset[str]
    leeway: float = 0
    identity_claim: str = "sub"
    roles_claim: str = "roles"


def judge(claims: dict[str, Any], rules: ClaimRules, now: float) -> Access:
    """The access that ``claims`` give at the time ``now``. Raises `Rejected`."""
    expires = _moment(claims, "exp")
    if expires is None:
        raise Rejected("no exp")
    if now >= expires + rules.leeway:
        raise Rejected("expired")
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if moment is not None and moment > now + rules.leeway:
            raise Rejected(f"{name} lies in the future")
    if claims.get("iss") != rules.issuer:
        raise Rejected("another issuer")
    if rules.audience.isdisjoint(_strings(claims, "aud")):
        raise Rejected("another audience")
    identity: Any = claims.get(rules.identity_claim)
    if not is_name(identity):
        raise Rejected(f"no usable {rules.identity_claim}")
    scopes = frozenset(_words(claims, "scope") + _words(claims, "scp"))
    roles = frozenset(_strings(claims, rules.roles_claim))
    return Access(User(identity), "bearer", scopes, roles, MappingProxyType(claims), now, expires)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate: a number, finite, and a date at all."""
    if name not in claims:
        return None
    value: Any = claims[name]
    if type(value) not in (int, float) or not 0 <= value < LAST_MOMENT:
        raise Rejected(f"{name} is no date")
    return float(value)


def _strings(claims: Mapping[str, Any], name: str) -> list[str]:
    """A string, or a list of strings."""
    value: Any = claims.get(name, [])
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Rejected(f"{name} is neither a string nor a list of strings")
    strings: list[str] = value
    return strings


def _words(claims: Mapping[str, Any], name: str) -> list[str]:
    """Words with blanks between them (RFC 8693 section 4.2), or a list of them."""
    value: Any = claims.get(name, "")
    return [word for word in value.split(" ") if word] if isinstance(value, str) else _strings(claims, name)
