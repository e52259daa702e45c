"""Values that travel through a browser and come back, signed so that only ours count: session cookies, login states.

What must never move: every purpose has a salt of its own, so that a value signed for one is worth nothing for another.
The first key signs, and all of them verify: a new key is put in front, and the old one goes once whatever it has signed
is over.

The cryptography is itsdangerous' (HMAC with SHA-256 under a key that is derived for each purpose).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from itsdangerous import BadSignature, Signer

__all__ = ["MIN_KEY_LENGTH", "Signing"]

MIN_KEY_LENGTH: Final = 32
"""The shortest signing key, in characters: 192 bits in base64."""


class Signing:
    """Signs short ASCII texts for one purpose; ``keys`` are the newest first."""

    def __init__(self, keys: Iterable[str], purpose: str) -> None:
        # itsdangerous signs with the last of its keys.
        oldest_first = list(keys)[::-1]
        self._signer = Signer(
            oldest_first, f"pegboard.auth.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def sign(self, text: str) -> str:
        """The text, a dot, and its signature."""
        return self._signer.sign(text).decode("ascii")

    def verify(self, signed: str, max_size: int) -> str | None:
        """The text that was signed with one of the keys, or None; anything over ``max_size`` characters is not read."""
        if len(signed) > max_size or not signed.isascii():
            return None
        try:
            return self._signer.unsign(signed).decode("ascii")
        except BadSignature:
            return None
