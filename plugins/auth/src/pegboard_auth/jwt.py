"""Bearer tokens that are JWT (RFC 7519, with the advice of RFC 8725), verified with the keys that there are now.

The order, cheapest first, and nothing is believed before the signature: three segments, header, key, signature, claims.

What must never move:

- The token's header chooses among our keys by ``alg`` and ``kid``, and brings none of its own: ``jwk``, ``jku``,
  ``x5u``, and whatever changes how a token is read (``crit``, ``b64``, ``enc``, ``zip``) are refused.
- A header is remembered only after a signature under it was good. What is remembered is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from pegboard_auth.identity import Access
from pegboard_auth.jwt_claims import ClaimRules, judge
from pegboard_auth.jwt_keys import VerificationKey
from pegboard_auth.jwt_parsing import Malformed, decode_segment, parse_object, split
from pegboard_auth.refusals import Rejected

__all__ = ["JWTVerifier", "UnknownKey"]

MAX_HEADERS: Final = 64
"""How many headers are remembered: an issuer has one for each key."""

_REFUSED_MEMBERS: Final = frozenset({"crit", "b64", "jku", "jwk", "x5u", "enc", "zip"})


class UnknownKey(Rejected):
    """Rejects a token whose header names a key that is not among ours; an issuer may have a new one."""


class JWTVerifier:
    """Verifies tokens with ``keys``; ``type`` is what ``typ`` must say, or None."""

    fresh_for: Final = math.inf
    """For how many seconds what was verified holds, as far as the keys go."""

    def __init__(self, keys: Sequence[VerificationKey], rules: ClaimRules, type: str | None = None) -> None:
        self._rules = rules
        self._type = None if type is None else _media_type(type)
        self._headers: dict[bytes, VerificationKey] = {}
        self._by_alg: dict[str, list[VerificationKey]] = {}
        self.replace(keys)

    def replace(self, keys: Sequence[VerificationKey]) -> None:
        """Verify with ``keys`` from now on, and with no others."""
        by_alg: dict[str, list[VerificationKey]] = {}
        for key in keys:
            for name in key.names:
                by_alg.setdefault(name, []).append(key)
        self._by_alg = by_alg
        self._headers = {}

    def verify(self, token: bytes, now: float) -> Access:
        """The access that a token gives. Raises `Rejected`, as `UnknownKey` where only the key is missing."""
        try:
            header, payload, signature = split(token)
            sealed = decode_segment(signature)
            signed = token[: len(header) + 1 + len(payload)]
            key = self._headers.get(header)
            if key is None:
                self._find_key(header, signed, sealed)
            elif not key.verify(signed, sealed):
                raise Rejected("wrong signature")
            claims = parse_object(decode_segment(payload))
        except Malformed as error:
            raise Rejected(str(error)) from None
        return judge(claims, self._rules, now)

    def _find_key(self, header: bytes, signed: bytes, sealed: bytes) -> None:
        """Find the key that has signed, and remember it where the header can mean no other. Raises `Rejected`."""
        candidates = self._candidates(header)
        key = next((key for key in candidates if key.verify(signed, sealed)), None)
        if key is None:
            raise Rejected("wrong signature")
        if len(candidates) == 1 and len(self._headers) < MAX_HEADERS:
            self._headers[header] = key

    def _candidates(self, header: bytes) -> Sequence[VerificationKey]:
        """The keys that a token's header may mean. Raises `Rejected` or `Malformed` when it means none."""
        members = parse_object(decode_segment(header))
        if not _REFUSED_MEMBERS.isdisjoint(members):
            raise Rejected("the header has a member that is never accepted")
        algorithm, kid, typ = members.get("alg"), members.get("kid"), members.get("typ")
        if not isinstance(algorithm, str) or not isinstance(kid, str | None) or not isinstance(typ, str | None):
            raise Rejected("a member of the header has the wrong type")
        if self._type is not None and (typ is None or _media_type(typ) != self._type):
            raise Rejected("another typ")
        keys = self._by_alg.get(algorithm, ())
        if kid is not None:
            # A key that was configured without a kid takes tokens with any.
            keys = [key for key in keys if key.kid == kid] or [key for key in keys if key.kid is None]
        if not keys:
            raise UnknownKey("no key for this alg and kid")
        return keys


def _media_type(typ: str) -> str:
    """``typ`` as it is compared: without regard to case or a leading ``application/`` (RFC 7515 section 4.1.9)."""
    return typ.lower().removeprefix("application/")
