"""From settings to the objects that serve requests, once, when the board freezes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pegboard.concurrency import is_async
from pegboard_auth.api_keys import APIKeys, LookedUpAPIKeys
from pegboard_auth.basic import Account, Basic
from pegboard_auth.bearer import AsyncBearer, Bearer
from pegboard_auth.credential_settings import APIKeysSettings, BasicSettings, JWTSettings, TokenSettings
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import load_key
from pegboard_auth.passwords import Passwords
from pegboard_auth.schemes import Scheme
from pegboard_auth.settings import AuthSettings
from pegboard_auth.tokens import Grant, TokenTable

__all__ = ["build_schemes"]


def build_schemes(settings: AuthSettings) -> tuple[Scheme, ...]:
    """The schemes that are configured, in the order in which they are tried."""
    made: list[Scheme] = []
    if settings.tokens or settings.jwt is not None:
        made.append(_bearer(settings))
    if settings.api_keys is not None:
        made.append(_api_keys(settings.api_keys))
    if settings.basic is not None:
        made.append(_basic(settings.basic))
    made += settings.custom_schemes
    return _ordered(made, settings.order)


def _ordered(schemes: Sequence[Scheme], order: Sequence[str]) -> tuple[Scheme, ...]:
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(schemes, key=lambda scheme: places.get(scheme.name, len(places))))


def _bearer(settings: AuthSettings) -> Bearer:
    tokens = TokenTable(_grant(token) for token in settings.tokens)
    jwt = settings.jwt
    if jwt is not None and jwt.revoked is not None and is_async(jwt.revoked):
        return AsyncBearer(tokens, _jwt(jwt, None), settings.max_token_size, revoked=jwt.revoked)
    verifier = None if jwt is None else _jwt(jwt, jwt.revoked)
    return Bearer(tokens, verifier, settings.max_token_size)


def _jwt(settings: JWTSettings, revoked: object) -> JWTVerifier:
    rules = ClaimRules(
        issuer=settings.issuer,
        audience=frozenset(settings.audience),
        leeway=settings.leeway,
        identity_claim=settings.identity_claim,
        roles_claim=settings.roles_claim,
    )
    keys = [load_key(key.algorithm, key.material(), key.kid) for key in settings.keys]
    return JWTVerifier(keys, rules, settings.type, settings.cache_size, revoked)  # type: ignore[arg-type]


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
    return Basic(accounts, passwords, settings.lookup, settings.rehash, settings.max_password_size)


def _grant(token: TokenSettings) -> Grant:
    return Grant(token.stored_digest(), token.identity, token.scopes, token.roles, token.expires)


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
