"""Request ids, trace ids and span ids: which are taken over from a client, and how new ones are made.

Rules that must not move:

- An id from outside is used only when all of it matches ``[A-Za-z0-9._-]{1,128}``: it goes into headers and log lines.
- Ids are unique, not secret: they come from a pseudo-random generator of our own, seeded by the system, which an
  application's ``random.seed`` cannot repeat, and which a forked child seeds anew.
"""

from __future__ import annotations

import os
import random
import re

__all__ = ["accepted_id", "new_id", "new_span_id"]

_accepts = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch

_random = random.Random()  # noqa: S311  unique, not secret
_bits = _random.getrandbits

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def accepted_id(value: bytes) -> str | None:
    """``value`` as text when it may be used as a request id, otherwise None."""
    return value.decode("ascii") if _accepts(value) else None


def new_id() -> str:
    """A new id of 128 bits: 32 lower-case hexadecimal digits, never all zero."""
    return (_bits(128) or 1).to_bytes(16, "big").hex()


def new_span_id() -> str:
    """A new id of 64 bits: 16 lower-case hexadecimal digits, never all zero."""
    return (_bits(64) or 1).to_bytes(8, "big").hex()
