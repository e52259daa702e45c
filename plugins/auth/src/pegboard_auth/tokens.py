"""Random credentials, bearer tokens and API keys, as digests: made, stored and found.

A token of 128 bits and more cannot be guessed, so that one round of SHA-256 keeps it; slow hashes are for passwords.
What is stored is ``sha256:`` and 64 hexadecimal digits.

Why looking up a digest in a dict tells nothing by its time: whoever tries tokens cannot steer their digests towards a
stored one. Where candidates are found by a public prefix, all of them are compared, each in constant time.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from pegboard_auth.identity import Access, User
from pegboard_auth.refusals import Rejected

__all__ = ["Grant", "TokenTable", "digest_of", "new_key", "new_token", "parse_digest", "pick"]

MIN_LENGTH: Final = 20
"""The shortest token that is accepted where one is configured in the clear, in characters: 120 bits in base64."""

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def digest_of(token: str) -> str:
    """The digest to store for a token or key: ``sha256:...``."""
    return f"sha256:{sha256(token.encode()).hexdigest()}"


def parse_digest(text: str) -> bytes:
    """The 32 bytes of a stored digest. Raises ValueError, without showing it, when the text is none."""
    found = _DIGEST.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("expected sha256: and 64 hexadecimal digits")
    return bytes.fromhex(found[1])


def new_token() -> str:
    """A new bearer token of 256 random bits."""
    return secrets.token_urlsafe(32)


def new_key(prefix: str) -> str:
    """A new API key of 256 random bits: ``prefix.secret``. The prefix is public; it names the key in logs."""
    return f"{prefix}.{secrets.token_urlsafe(32)}"


class Grant:
    """What one stored token or key is worth: the digest of it, and who its bearer is.

    ``digest`` is as it is stored, ``sha256:...``, or its 32 bytes; ``expires`` a moment with a time zone, or None.
    Raises ValueError for what is no digest.
    """

    __slots__ = ("digest", "expires", "roles", "scopes", "user")

    def __init__(
        self,
        digest: bytes | str,
        identity: str,
        scopes: Iterable[str] = (),
        roles: Iterable[str] = (),
        expires: datetime | None = None,
        user: Any = None,
    ) -> None:
        self.digest = parse_digest(digest) if isinstance(digest, str) else digest
        self.user = User(identity) if user is None else user
        self.scopes = frozenset(scopes)
        self.roles = frozenset(roles)
        self.expires = None if expires is None else expires.timestamp()

    def access(self, scheme: str, now: float) -> Access:
        """The access of its bearer. Raises `Rejected` when it has expired."""
        if self.expires is not None and now >= self.expires:
            raise Rejected("expired", identity=self.user.identity)
        return Access(self.user, scheme, self.scopes, self.roles, when=now, expires=self.expires)

    def __repr__(self) -> str:
        return f"Grant({self.user!r})"


class TokenTable:
    """Static tokens by their digests."""

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self._grants = {grant.digest: grant for grant in grants}

    def find(self, digest: bytes) -> Grant | None:
        """The grant of the token with this SHA-256 digest, or None."""
        return self._grants.get(digest)

    def __len__(self) -> int:
        return len(self._grants)


def pick(candidates: Iterable[Grant], digest: bytes) -> Grant | None:
    """The candidate with this digest, or None; every candidate is compared, whatever the others gave."""
    picked = None
    for grant in candidates:
        if compare_digest(grant.digest, digest):
            picked = grant
    return picked
