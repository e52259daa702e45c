"""Why a JWT is refused, in detail, for the owner of a board at a terminal; clients are never told.

The verdict is the verifier's own, so that this can never say something else than the board does. What is shown beside
it is what the token says of itself and what the settings want: nothing of it is believed, and text of the token is
shown with its unprintable characters escaped. The signature is never shown, and of the claims only those that are
compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_keys import VerificationKey
from pegboard_auth.jwt_parsing import Malformed, decode_segment, parse_object
from pegboard_auth.jwt_settings import JWTSettings
from pegboard_auth.refusals import Rejected

__all__ = ["Fact", "TokenReport", "report"]

LONGEST = 80


class Fact(msgspec.Struct, frozen=True):
    """What the token says under one name, and what is wanted there; both as text."""

    name: str
    token: str
    wanted: str


class TokenReport(msgspec.Struct, frozen=True):
    """Whether a token counts, why not, and the facts."""

    counts: bool
    reason: str
    facts: list[Fact]


def report(
    token: bytes,
    settings: JWTSettings,
    verifier: JWTVerifier,
    keys: Sequence[VerificationKey],
    max_size: int,
    now: float,
) -> TokenReport:
    """What ``verifier`` says of ``token`` at the time ``now``, and the facts from which it follows."""
    if len(token) > max_size:
        return TokenReport(False, f"token is too long: {len(token)} bytes, at most {max_size} are taken", [])
    reason = ""
    try:
        verifier.verify(token, now)
    except Rejected as rejected:
        reason = rejected.reason
    return TokenReport(not reason, reason, list(_facts(token, settings, keys, now)))


def _facts(token: bytes, settings: JWTSettings, keys: Sequence[VerificationKey], now: float) -> Iterator[Fact]:
    segments = token.split(b".")
    yield Fact("segments", str(len(segments)), "3")
    header, claims = (_object(segment) for segment in (*segments, b"", b"")[:2])
    if header is not None:
        names = dict.fromkeys(name for key in keys for name in key.names)
        yield Fact("alg", _text(header, "alg"), ", ".join(names))
        yield Fact("kid", _text(header, "kid"), ", ".join(dict.fromkeys(key.kid or "any" for key in keys)))
        yield Fact("typ", _text(header, "typ"), settings.type or "any")
    if claims is not None:
        leeway = f"{settings.leeway:g} s of leeway"
        yield Fact("iss", _text(claims, "iss"), settings.issuer)
        yield Fact("aud", _text(claims, "aud"), " or ".join(settings.audience))
        yield Fact("exp", _moment(claims, "exp"), f"after {_date(now)}, with {leeway}")
        for name in ("nbf", "iat"):
            if name in claims:
                yield Fact(name, _moment(claims, name), f"not after {_date(now)}, with {leeway}")
        yield Fact(settings.identity_claim, _text(claims, settings.identity_claim), "1 to 255 printable characters")


def _object(segment: bytes) -> Mapping[str, Any] | None:
    try:
        return parse_object(decode_segment(segment))
    except Malformed:
        return None


def _text(members: Mapping[str, Any], name: str) -> str:
    if name not in members:
        return "(none)"
    value = members[name]
    text = value if isinstance(value, str) and value.isprintable() else ascii(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _moment(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    try:
        return _date(float(value)) if type(value) in (int, float) else _text(members, name)  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError):
        return _text(members, name)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
