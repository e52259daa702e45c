"""Request ids, trace ids and span ids: which are taken over from a client, and how new ones are made.

Rules that must not move:

- An id from outside is used only when all of it matches ``[A-Za-z0-9._-]{1,128}``: it goes into headers and log lines.
- Ids are unique, not secret: they come from a pseudo-random generator of our own, seeded by the system, which an
  application's ``random.seed`` cannot repeat, and which a forked child seeds anew.
- Request ids are made on the path of every request, so they come in blocks: a block shares 120 random bits, and each id
  in it begins with another byte.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from operator import concat
from typing import Any, cast

__all__ = ["acceptance", "accepted_id", "new_id", "new_request_id", "new_span_id"]

_accepts = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch

_random = random.Random()  # noqa: S311  unique, not secret
_bits = _random.getrandbits

_joined = cast("Callable[[bytes, bytes], bytes]", concat)
_FIRST_BYTES = tuple(b"%02x" % number for number in range(256))


def accepted_id(value: bytes, scope: Any = None) -> bytes | None:
    """``value`` when it may be used as a request id, otherwise None; whoever sent it."""
    # Most ids are letters and digits only, which is told in a tenth of the time.
    return value if (value.isalnum() and len(value) <= 128) or _accepts(value) else None


def acceptance(whose: str, is_trusted: Callable[[str], bool]) -> Callable[[bytes, Any], bytes | None]:
    """What accepts the ids of ``anyone``, of ``trusted`` clients, or of ``nobody``, from a value and its scope."""

    def from_trusted(value: bytes, scope: Any) -> bytes | None:
        client = scope.get("client")
        return accepted_id(value) if client is not None and is_trusted(client[0]) else None

    def from_nobody(value: bytes, scope: Any) -> bytes | None:
        return None

    return {"anyone": accepted_id, "trusted": from_trusted, "nobody": from_nobody}[whose]


def new_id() -> str:
    """A new id of 128 random bits: 32 lower-case hexadecimal digits, never all zero."""
    return (_bits(128) or 1).to_bytes(16, "big").hex()


def new_span_id() -> str:
    """A new id of 64 random bits: 16 lower-case hexadecimal digits, never all zero."""
    return (_bits(64) or 1).to_bytes(8, "big").hex()


def _block(_: None) -> Iterator[bytes]:
    rest = _bits(120).to_bytes(15, "big").hex().encode()
    return map(_joined, _FIRST_BYTES, repeat(rest))


_ids: Iterator[bytes] = chain.from_iterable(map(_block, repeat(None)))

new_request_id = _ids.__next__
"""A new request id: 32 lower-case hexadecimal digits."""


def _begin_anew() -> None:
    """In a forked child: other random numbers, and none of the block that the parent goes on with."""
    _random.seed()
    for _ in _FIRST_BYTES:
        new_request_id()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
