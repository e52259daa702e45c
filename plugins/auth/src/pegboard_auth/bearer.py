"""Bearer tokens (RFC 6750): static ones from the configuration, and JWT.

One scheme for both, because both arrive in the same place: a token that is not among the static ones is a JWT, or
nothing. It is read from the Authorization header only; forms would mean reading the body, and query strings end up in
logs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from hashlib import sha256
from inspect import isawaitable
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.recent import Recent
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.remote_keys import RemoteVerifier
from pegboard_auth.schemes import Scheme, credentials_of, several
from pegboard_auth.tokens import TokenTable

__all__ = ["AsyncBearer", "Bearer"]

Revoked = Callable[[Any], Any]
"""Asked with the claims of a token; anything but False refuses it."""


class Bearer(Scheme):
    """Takes bearer tokens of at most ``max_size`` bytes, and remembers ``cache_size`` that were verified.

    ``revoked(claims)`` is asked about every JWT, remembered ones too.
    """

    name = "bearer"

    def __init__(
        self,
        tokens: TokenTable,
        jwt: JWTVerifier | None = None,
        max_size: int = 8192,
        cache_size: int = 1024,
        revoked: Revoked | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._jwt = jwt
        self._max_size = max_size
        self._longest = max_size + len("Bearer ")
        self._recent = Recent(cache_size)
        self._revoked = revoked
        self.may_change = revoked is not None
        self._clock = clock

    # Written out in one piece: this is what every request with a token pays. The headers are scanned, since that shows
    # a second Authorization as well; by the index, where it has to be made first, all of this takes 1.6 times as long.
    def authenticate(self, connection: HTTPConnection) -> Any:
        """The access of the bearer, or None without a token. Raises `Rejected` for a token that does not count."""
        value: bytes | None = None
        for name, found in connection.scope["headers"]:
            if name == b"authorization":
                if value is not None:
                    raise several()
                value = found
        if value is None:
            return None
        if len(value) <= self._longest:
            known = self._recent.get(sha256(value).digest())
            if known is not None and self._clock() < known[1]:
                return known[0] if self._revoked is None else self._unrevoked(known[0])
        token = credentials_of(value, b"bearer")
        return None if token is None else self._verified(token, value)

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str:
        """The challenge of RFC 6750 section 3."""
        text = f'Bearer realm="{realm}"'
        if error is not None:
            text += f', error="{error}"'
        return f'{text}, scope="{scope}"' if scope else text

    def _verified(self, token: bytes, value: bytes) -> Any:
        """The access of a token that is not remembered."""
        now = self._clock()
        access = self._static(token, now)
        if access is None:
            if self._jwt is None:
                raise Rejected("unknown token")
            access = self._unrevoked(self._jwt.verify(token, now))
        return self._kept(value, access)

    def _static(self, token: bytes, now: float) -> Access | None:
        """The access of a configured token, or None. Raises `Rejected` for what is no token at all."""
        if not token:
            raise Rejected("no token behind the word Bearer", "invalid_request", 400)
        if len(token) > self._max_size:
            raise Rejected("token is too long")
        grant = self._tokens.find(sha256(token).digest()) if self._tokens else None
        return None if grant is None else grant.access(self.name, now)

    def _unrevoked(self, access: Access) -> Any:
        if access.claims and self._revoked is not None and self._revoked(access.claims) is not False:
            raise Rejected("revoked", identity=access.identity)
        return access

    def _kept(self, value: bytes, access: Access, at_most: float = math.inf) -> Access:
        """Remember a token until it ends, and no longer than ``at_most``."""
        if len(value) <= self._longest:
            until = at_most if access.expires is None else min(access.expires, at_most)
            self._recent.keep(sha256(value).digest(), access, until)
        return access


class AsyncBearer(Bearer):
    """Takes bearer tokens where something has to be awaited: an asynchronous ``revoked``, or the keys of an issuer.

    Remembered tokens are found without a coroutine, where nothing is to be asked about them.
    """

    may_wait = True

    def __init__(self, tokens: TokenTable, jwt: JWTVerifier | RemoteVerifier, *args: Any, **kwargs: Any) -> None:
        super().__init__(tokens, jwt, *args, **kwargs)  # type: ignore[arg-type]
        self._issuer = jwt
        if isinstance(jwt, RemoteVerifier):
            jwt.forget = self._recent.clear
            self.may_change = True

    async def run(self) -> None:
        """Keep the issuer's keys fresh."""
        if isinstance(self._issuer, RemoteVerifier):
            await self._issuer.run()

    async def _verified(self, token: bytes, value: bytes) -> Any:
        now = self._clock()
        access = self._static(token, now)
        if access is not None:
            return self._kept(value, access)
        issuer = self._issuer
        access = await issuer.verify(token, now) if isinstance(issuer, RemoteVerifier) else issuer.verify(token, now)
        await self._unrevoked(access)
        return self._kept(value, access, now + issuer.fresh_for)

    async def _unrevoked(self, access: Access) -> Any:
        if access.claims and self._revoked is not None:
            verdict = self._revoked(access.claims)
            if isawaitable(verdict):
                verdict = await verdict
            if verdict is not False:
                raise Rejected("revoked", identity=access.identity)
        return access
