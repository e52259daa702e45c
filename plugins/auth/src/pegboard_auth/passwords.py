"""Passwords: argon2id with OWASP's parameters, in a bounded pool of threads, so that the event loop never waits.

Rules that must not move:

- Whether a user exists costs the same time to find out as a wrong password: unknown users are compared with a dummy
  hash of the parameters that most accounts have.
- At most ``threads`` passwords are hashed at a time, each in 19 MiB, and at most ``waiting`` wait for their turn;
  whoever comes then is told to come again, so that a flood of logins costs neither memory nor an endless queue.
- Passwords are compared in the normal form NFC (RFC 8265 section 4.2), so that an accent is one however it was typed.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import partial
from typing import Final

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from pegboard.concurrency import ThreadLimit, run_in
from pegboard_auth.refusals import Rejected

__all__ = ["Passwords", "check_hash", "hash_password", "needs_rehash"]

HASHER: Final = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
"""OWASP's parameters for argon2id: 19 MiB of memory, two passes, one lane."""

MAX_MEMORY: Final = 1024 * 1024
"""The most memory a stored hash may ask for, in KiB."""


def hash_password(password: str) -> str:
    """The hash to store for a password. It takes some 40 ms."""
    return HASHER.hash(_normal(password))


def needs_rehash(stored: str) -> bool:
    """Whether a stored hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(stored)


def check_hash(stored: str) -> str:
    """What is wrong with a stored hash, without showing it; empty when nothing is."""
    try:
        parameters = extract_parameters(stored)
    except (InvalidHashError, ValueError):
        return "expected a hash that begins with $argon2id$; make one with pegboard_auth.hash_password"
    if parameters.type is not Type.ID:
        return "expected argon2id, got another kind of argon2; hash the password again"
    if parameters.memory_cost > MAX_MEMORY:
        return f"the hash asks for {parameters.memory_cost} KiB of memory; expected at most {MAX_MEMORY}"
    return ""


class Passwords:
    """Verifies passwords in at most ``threads`` threads, with at most ``waiting`` in line.

    ``known`` are the stored hashes, from which the dummy for unknown users takes its parameters.
    """

    def __init__(self, threads: int = 2, waiting: int = 100, known: Collection[str] = ()) -> None:
        self._limit = ThreadLimit("passwords", threads)
        self._most = threads + waiting
        self._inside = 0
        self._dummy = _dummy(known)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether ``password`` belongs to the hash ``stored``; never, after the same time, when that is None.

        Raises `Rejected` with 503 when too many are waiting.
        """
        if self._inside >= self._most:
            raise Rejected("too many passwords wait to be verified", None, 503, retry_after=1)
        self._inside += 1
        try:
            matches = await run_in(self._limit, partial(_matches, stored or self._dummy, _normal(password)))
        finally:
            self._inside -= 1
        return matches and stored is not None

    async def hash(self, password: str) -> str:
        """Hash a password in the pool."""
        return await run_in(self._limit, partial(hash_password, password))


def _dummy(known: Collection[str]) -> str:
    # A hash is $argon2id$v=19$m=19456,t=2,p=1$salt$hash: its parameters, then two parts of its own.
    by_parameters = {stored.rsplit("$", 2)[0]: stored for stored in known}
    counted = Counter(stored.rsplit("$", 2)[0] for stored in known)
    if not counted:
        return HASHER.hash(secrets.token_urlsafe(16))
    usual = by_parameters[counted.most_common(1)[0][0]]
    return PasswordHasher.from_parameters(extract_parameters(usual)).hash(secrets.token_urlsafe(16))


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
