"""Bearer tokens that are JWT (RFC 7519, with the advice of RFC 8725), verified with configured keys.

The order, cheapest first, and nothing is believed before the signature: three segments, header, key, signature, claims.

What must never move:

- The token's header chooses among our keys by ``alg`` and ``kid``, and brings none of its own: ``jwk``, ``jku``,
  ``x5u``, and whatever changes how a token is read (``crit``, ``b64``, ``enc``, ``zip``) are refused.
- A header is remembered only after a signature under it was good, and a token only after everything was, never beyond
  its ``exp``. What is remembered is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pegboard_auth.identity import Access
from pegboard_auth.jwt_claims import ClaimRules, judge
from pegboard_auth.jwt_keys import VerificationKey
from pegboard_auth.jwt_parsing import Malformed, decode_segment, parse_object, split
from pegboard_auth.refusals import Rejected

__all__ = ["JWTVerifier"]

MAX_HEADERS: Final = 64
"""How many headers are remembered: an issuer has one for each key."""

_REFUSED_MEMBERS: Final = frozenset({"crit", "b64", "jku", "jwk", "x5u", "enc", "zip"})


class JWTVerifier:
    """Verifies tokens with ``keys``.

    ``type`` is what ``typ`` must say, or None; ``cache_size`` how many verified tokens are remembered, 0 for none;
    ``revoked(claims)`` is asked about every token, remembered ones too, and anything but False from it refuses.
    """

    def __init__(
        self,
        keys: Sequence[VerificationKey],
        rules: ClaimRules,
        type: str | None = None,
        cache_size: int = 1024,
        revoked: Callable[[Any], Any] | None = None,
    ) -> None:
        self._rules = rules
        self._type = None if type is None else _media_type(type)
        self._cache_size = cache_size
        self._revoked = revoked
        self._verified: dict[bytes, Access] = {}
        self._headers: dict[bytes, VerificationKey] = {}
        self._by_alg: dict[str, list[VerificationKey]] = {}
        for key in keys:
            for name in key.names:
                self._by_alg.setdefault(name, []).append(key)

    def verify(self, token: bytes, digest: bytes, now: float) -> Access:
        """The access that a token gives; ``digest`` is the SHA-256 of all of it. Raises `Rejected`."""
        access = self._verified.get(digest)
        if access is None or now >= access.expires:  # type: ignore[operator]
            access = self._verify(token, now)
            if self._cache_size:
                self._remember(digest, access)
        if self._revoked is not None and self._revoked(access.claims) is not False:
            raise Rejected("revoked", identity=access.identity)
        return access

    def _verify(self, token: bytes, now: float) -> Access:
        try:
            header, payload, signature = split(token)
            sealed = decode_segment(signature)
            signed = token[: len(header) + 1 + len(payload)]
            known = self._headers.get(header)
            candidates = (known,) if known is not None else self._candidates(header)
            key = next((key for key in candidates if key.verify(signed, sealed)), None)
            if key is None:
                raise Rejected("wrong signature")
            if known is None and len(self._headers) < MAX_HEADERS and len(candidates) == 1:
                self._headers[header] = key
            claims = parse_object(decode_segment(payload))
        except Malformed as error:
            raise Rejected(str(error)) from None
        return judge(claims, self._rules, now)

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
            raise Rejected("no key for this alg and kid")
        return keys

    def _remember(self, digest: bytes, access: Access) -> None:
        self._verified.pop(digest, None)
        if len(self._verified) >= self._cache_size:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = access


def _media_type(typ: str) -> str:
    """``typ`` as it is compared: without regard to case or a leading ``application/`` (RFC 7515 section 4.1.9)."""
    return typ.lower().removeprefix("application/")
