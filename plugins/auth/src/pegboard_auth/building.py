"""From settings to the objects that serve requests, once, when the board freezes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pegboard.concurrency import is_async
from pegboard_auth.api_keys import APIKeys, LookedUpAPIKeys
from pegboard_auth.basic import Account, Basic
from pegboard_auth.bearer import AsyncBearer, Bearer
from pegboard_auth.credential_settings import APIKeysSettings, BasicSettings, ThrottleSettings, TokenSettings
from pegboard_auth.issuer_keys import IssuerKeys
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import VerificationKey, load_key
from pegboard_auth.jwt_settings import JWKSSettings, JWTSettings
from pegboard_auth.key_ages import KeyAges
from pegboard_auth.passwords import Passwords
from pegboard_auth.remote_keys import RemoteKeys, RemoteVerifier
from pegboard_auth.schemes import Scheme
from pegboard_auth.session_scheme import SessionScheme
from pegboard_auth.sessions import Sessions
from pegboard_auth.settings import AuthSettings
from pegboard_auth.throttle import Buckets, LoginThrottle
from pegboard_auth.tokens import Grant, TokenTable

__all__ = ["build_schemes", "build_verifier"]


def build_schemes(settings: AuthSettings, sessions: Sessions | None = None) -> tuple[Scheme, ...]:
    """The schemes that are configured, in the order in which they are tried; ``sessions`` are those of the board."""
    made: list[Scheme] = []
    if settings.tokens or settings.jwt is not None:
        made.append(_bearer(settings))
    if settings.api_keys is not None:
        made.append(_api_keys(settings.api_keys))
    if settings.basic is not None:
        made.append(_basic(settings.basic))
    if sessions is not None:
        made.append(SessionScheme(sessions))
    made += settings.custom_schemes
    return _ordered(made, settings.order)


def _ordered(schemes: Sequence[Scheme], order: Sequence[str]) -> tuple[Scheme, ...]:
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(schemes, key=lambda scheme: places.get(scheme.name, len(places))))


def _bearer(settings: AuthSettings) -> Bearer:
    jwt = settings.jwt
    tokens = TokenTable(_grant(token) for token in settings.tokens)
    if jwt is None:
        return Bearer(tokens, None, settings.max_token_size)
    keys = [load_key(key.algorithm, key.material(), key.kid) for key in jwt.keys]
    verifier = build_verifier(jwt, keys)
    rest = settings.max_token_size, jwt.cache_size, jwt.revoked
    if jwt.jwks is not None:
        return AsyncBearer(tokens, RemoteVerifier(verifier, _remote_keys(jwt.issuer, jwt.jwks)), *rest)
    return (AsyncBearer if jwt.revoked is not None and is_async(jwt.revoked) else Bearer)(tokens, verifier, *rest)


def build_verifier(settings: JWTSettings, keys: Sequence[VerificationKey]) -> JWTVerifier:
    """What verifies tokens as the settings say, with ``keys``."""
    rules = ClaimRules(
        issuer=settings.issuer,
        audience=frozenset(settings.audience),
        leeway=settings.leeway,
        identity_claim=settings.identity_claim,
        roles_claim=settings.roles_claim,
    )
    return JWTVerifier(keys, rules, settings.type)


def _remote_keys(issuer: str, settings: JWKSSettings) -> RemoteKeys:
    fetch = IssuerKeys(issuer, settings.url, settings.algorithms, settings.timeout, settings.max_size)
    return RemoteKeys(fetch, KeyAges(settings.max_age, settings.max_stale, settings.cooldown))


def _api_keys(settings: APIKeysSettings) -> APIKeys:
    keys = [(key.prefix, _grant(key)) for key in settings.keys]
    places = settings.header.lower(), settings.query, settings.cookie, settings.trusted_origins
    if settings.lookup is None:
        return APIKeys(keys, *places)
    return LookedUpAPIKeys(keys, *places, lookup=settings.lookup)


def _basic(settings: BasicSettings) -> Basic:
    configured = [Account(_nfc(user.name), str(user.password_hash), user.scopes, user.roles) for user in settings.users]
    accounts = {account.user.identity: account for account in (*configured, *settings.read_file()[0])}
    hashes = [account.password_hash for account in accounts.values()]
    passwords = Passwords(settings.threads, settings.waiting, hashes)
    return Basic(
        accounts,
        passwords,
        settings.lookup,
        settings.rehash,
        settings.max_password_size,
        _throttle(settings.throttle),
        settings.remember,
    )


def _throttle(settings: ThrottleSettings) -> LoginThrottle:
    return LoginThrottle(
        Buckets(settings.account_attempts, settings.account_seconds) if settings.account_attempts else None,
        Buckets(settings.address_attempts, settings.address_seconds) if settings.address_attempts else None,
    )


def _grant(token: TokenSettings) -> Grant:
    return Grant(token.stored_digest(), token.identity, token.scopes, token.roles, token.expires)


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
