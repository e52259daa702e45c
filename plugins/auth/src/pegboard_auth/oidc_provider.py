"""An OpenID provider as one client of it sees it: its metadata and keys, fetched and kept together, and its tokens.

Metadata and keys are one document for the purpose of keeping: found, renewed, and given up at the same time, one fetch
however many browsers ask (see `pegboard_auth.key_ages`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from pegboard_auth.discovery import address_in, discover
from pegboard_auth.fetching import FetchError, fetch_object
from pegboard_auth.identity import Access
from pegboard_auth.issuer_keys import IssuerKeys
from pegboard_auth.jwt import JWTVerifier, UnknownKey
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import VerificationKey
from pegboard_auth.key_ages import KeyAges
from pegboard_auth.oidc_settings import OIDCSettings
from pegboard_auth.oidc_token import client_credentials, post_form, read_answer
from pegboard_auth.refusals import Rejected
from pegboard_auth.remote_keys import RemoteKeys

__all__ = ["Metadata", "Provider", "read_metadata"]

MAX_ID_TOKEN: Final = 16 * 1024
"""The longest ID token, in bytes."""


class Metadata(msgspec.Struct, frozen=True):
    """What a login needs to know of a provider."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_basic: bool
    names_issuer: bool


def read_metadata(document: dict[str, Any]) -> Metadata:
    """Read a provider's metadata (OpenID Connect Discovery section 3, RFC 9207 section 3). Raises FetchError."""
    # Discovery section 3: where a provider does not tell, it takes client_secret_basic.
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    challenges = document.get("code_challenge_methods_supported", ["S256"])
    if not isinstance(methods, list) or not isinstance(challenges, list):
        raise FetchError("the provider's metadata has a member of the wrong type")
    if "S256" not in challenges:
        raise FetchError("the provider does not support PKCE with S256, without which nobody is logged in")
    return Metadata(
        address_in(document, "authorization_endpoint"),
        address_in(document, "token_endpoint"),
        address_in(document, "jwks_uri"),
        "client_secret_basic" in methods,
        document.get("authorization_response_iss_parameter_supported", False) is True,
    )


class Provider:
    """The provider that ``settings`` tell of.

    ``clock`` gives seconds since the epoch, for tokens; ``ages`` seconds that never go back, for keys.
    """

    def __init__(
        self,
        settings: OIDCSettings,
        clock: Callable[[], float] = time.time,
        ages: Callable[[], float] = time.monotonic,
    ) -> None:
        jwks = settings.jwks
        self._settings = settings
        self._get = partial(fetch_object, timeout=jwks.timeout, max_size=jwks.max_size)
        self._issuer_keys: tuple[str, IssuerKeys] | None = None
        self._metadata: Metadata | None = None
        self._keys = RemoteKeys(self._fetch, KeyAges(jwks.max_age, jwks.max_stale, jwks.cooldown), ages)
        rules = ClaimRules(
            issuer=settings.issuer,
            audience=frozenset({settings.client_id}),
            leeway=settings.leeway,
            identity_claim=settings.identity_claim,
            roles_claim=settings.roles_claim,
        )
        self._verifier = JWTVerifier((), rules)
        self._keys.changed = self._verifier.replace
        self._clock = clock

    async def metadata(self) -> Metadata:
        """The provider's metadata. Raises `Rejected` with 503 when it cannot be had."""
        await self._keys.ready()
        if self._metadata is None:
            raise RuntimeError("the provider's keys are there without its metadata")
        return self._metadata

    async def redeem(self, code: str, verifier: str) -> bytes:
        """The ID token that the provider gives for ``code``. Raises LoginFailed, and `Rejected` as `metadata` does."""
        settings, metadata = self._settings, await self.metadata()
        secret = None if settings.client_secret is None else str(settings.client_secret)
        fields, headers = client_credentials(settings.client_id, secret, by_header=metadata.takes_basic)
        fields |= {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.redirect_uri,
            "code_verifier": verifier,
        }
        jwks = settings.jwks
        return read_answer(*await post_form(metadata.token_endpoint, fields, headers, jwks.timeout, jwks.max_size))

    async def verify(self, token: bytes) -> Access:
        """Who an ID token is about, by the provider's keys. Raises `Rejected`."""
        if len(token) > MAX_ID_TOKEN:
            raise Rejected("the ID token is too long")
        await self._keys.ready()
        try:
            return self._verifier.verify(token, self._clock())
        except UnknownKey:
            if not await self._keys.renewed():
                raise
        return self._verifier.verify(token, self._clock())

    async def _fetch(self) -> Sequence[VerificationKey]:
        settings, jwks = self._settings, self._settings.jwks
        metadata = read_metadata(await discover(settings.issuer, self._get))
        url = jwks.url or metadata.jwks_uri
        if self._issuer_keys is None or self._issuer_keys[0] != url:
            self._issuer_keys = url, IssuerKeys(settings.issuer, url, jwks.algorithms, jwks.timeout, jwks.max_size)
        keys = await self._issuer_keys[1]()
        self._metadata = metadata
        return keys
