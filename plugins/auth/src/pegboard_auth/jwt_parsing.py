"""A JWS in compact form, taken apart strictly (RFC 7515 sections 3.1 and 7.1): pure functions on bytes.

Three rules keep a token from meaning two things: base64url has exactly one spelling for each value, JSON objects name
each member once, and text is UTF-8. Everything else is `Malformed`, with a reason of ours and nothing of the token's.
"""

from __future__ import annotations

import binascii
import json
from typing import Any, Final, NoReturn

__all__ = ["Malformed", "decode_segment", "parse_object", "split"]


class Malformed(ValueError):
    """The token is not what the standard says. The text never shows any of it."""


def split(token: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, payload and signature, still encoded. Raises `Malformed` unless there are exactly three, none empty."""
    segments = token.split(b".", 3)
    if len(segments) != 3 or not all(segments):
        raise Malformed("not three segments")
    header, payload, signature = segments
    return header, payload, signature


def decode_segment(segment: bytes) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2). Raises `Malformed` for any but the canonical spelling."""
    spare = len(segment) % 4
    # The last character of an incomplete group has bits that carry nothing; only zeros are canonical.
    if spare and (spare == 1 or segment[-1] not in _LAST[spare]):
        raise Malformed("not canonical base64url")
    try:
        return binascii.a2b_base64(segment.translate(_TO_BASE64) + _PADDING[spare], strict_mode=True)
    except binascii.Error:
        raise Malformed("not canonical base64url") from None


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object (RFC 8259). Raises `Malformed` for all else: repeated members, NaN, text that is no Unicode."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
        if b"\\u" in raw:
            # An escape may spell half of a surrogate pair, which nothing further on could encode.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("a member is repeated")
    return members


def _no_constant(name: str) -> NoReturn:
    raise Malformed("a number is none")


_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST: Final = {2: frozenset(_ALPHABET[::16]), 3: frozenset(_ALPHABET[::4])}
_PADDING: Final = (b"", b"", b"==", b"=")
# What base64 has and base64url has not becomes a byte that neither has.
_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/\0\0\0")

_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
