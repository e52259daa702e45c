"""Bearer tokens (RFC 6750): static ones from the configuration, and JWT.

One scheme for both, because both arrive in the same place: a token that is not among the static ones is a JWT, or
nothing. It is read from the Authorization header only; forms would mean reading the body, and query strings end up in
logs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.schemes import Scheme, authorization
from pegboard_auth.tokens import TokenTable

__all__ = ["AsyncBearer", "Bearer"]


class Bearer(Scheme):
    """Takes bearer tokens of at most ``max_size`` bytes."""

    name = "bearer"

    def __init__(
        self,
        tokens: TokenTable,
        jwt: JWTVerifier | None = None,
        max_size: int = 8192,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._jwt = jwt
        self._max_size = max_size
        self._clock = clock

    def authenticate(self, connection: HTTPConnection) -> Any:
        """The access of the bearer, or None without a token. Raises `Rejected` for a token that does not count."""
        token = authorization(connection, b"bearer")
        return None if token is None else self._verify(token)

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str:
        """The challenge of RFC 6750 section 3."""
        text = f'Bearer realm="{realm}"'
        if error is not None:
            text += f', error="{error}"'
        return f'{text}, scope="{scope}"' if scope else text

    def _verify(self, token: bytes) -> Access:
        if not token:
            raise Rejected("no token behind the word Bearer", "invalid_request", 400)
        if len(token) > self._max_size:
            raise Rejected("token is too long")
        digest = sha256(token).digest()
        now = self._clock()
        grant = self._tokens.find(digest)
        if grant is not None:
            return grant.access(self.name, now)
        if self._jwt is None:
            raise Rejected("unknown token")
        return self._jwt.verify(token, digest, now)


class AsyncBearer(Bearer):
    """Takes bearer tokens, and asks an asynchronous ``revoked`` about each JWT."""

    def __init__(self, *args: Any, revoked: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._revoked = revoked

    async def authenticate(self, connection: HTTPConnection) -> Any:
        """The access of the bearer, or None without a token. Raises `Rejected` for a token that does not count."""
        access = super().authenticate(connection)
        if access is not None and access.claims and await self._revoked(access.claims) is not False:
            raise Rejected("revoked", identity=access.identity)
        return access
