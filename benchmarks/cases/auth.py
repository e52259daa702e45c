"""What authentication costs: each scheme on a board, and the check of a JWT beside joserfc and bare cryptography.

On a board, the difference to "none" is what a request costs more than without the plugin. Of a token, "bare" is the
signature's check alone (by the cryptography library; HMAC by the standard library), joserfc's row its whole decoding
without a look at the claims, and "cold" and "cached" are the scheme's with an empty and with a full memory: claims
checked, caller made.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from argon2 import PasswordHasher
from benchmarks.asgi import App, Ask
from benchmarks.functions import Function, FunctionCase
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers import pegboard_
from benchmarks.peers.pegboard_ import plain
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from pegboard.requests import HTTPConnection, Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard_auth import Auth, public
from pegboard_auth.bearer import Bearer
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import Algorithm, load_key
from pegboard_auth.tokens import TokenTable

__all__ = ["ALGORITHMS", "CASES", "FUNCTION_CASES"]

NAME = "ann"
CLAIMS = {"iss": "i", "aud": "a", "sub": NAME, "iat": int(time.time()), "exp": int(time.time()) + 86_400}
SCOPED = {**CLAIMS, "scope": "read write"}
TOKEN, KEY, PASSWORD, SECRET = "a-token-of-the-benchmark", "k1.a-key-of-the-benchmark", "a password", "k" * 32

KEYS: dict[Algorithm, Callable[[], Any]] = {
    "HS256": partial(OctKey.generate_key, 256),
    "RS256": partial(RSAKey.generate_key, 2048),
    "ES256": partial(ECKey.generate_key, "P-256"),
    "Ed25519": partial(OKPKey.generate_key, "Ed25519"),
}
ALGORITHMS = tuple(KEYS)


# On a board


@public
async def open_to_all(request: Request) -> PlainTextResponse:
    return await plain(request)


def board(endpoint: Any = plain, **settings: Any) -> Callable[[], App]:
    """A board whose page asks for a scope, where there is a plugin and the page is not public."""
    asked = {"auth": {"scopes": ["read"]}} if settings and endpoint is plain else None
    return lambda: pegboard_.board(Route("/", endpoint, plugins=asked), plugins=[Auth(**settings)] if settings else [])


async def never(claims: Any) -> bool:
    return False


def schemes() -> Sequence[Entrant]:
    """Each scheme, asked as its callers ask; a public page; and a caller without credentials."""
    issuer = {"issuer": "i", "audience": ["a"], "keys": [{"algorithm": "HS256", "key": SECRET}]}
    bearer = b"Bearer " + jwt.encode({"alg": "HS256"}, SCOPED, OctKey.import_key(SECRET), algorithms=["HS256"]).encode()
    by_key = {"keys": [{"identity": NAME, "prefix": "k1", "secret": KEY, "scopes": ["read"]}]}
    user = {"name": NAME, "password_hash": PasswordHasher(1, 8, 1).hash(PASSWORD), "scopes": ["read"]}
    basic = b"Basic " + base64.b64encode(f"{NAME}:{PASSWORD}".encode())
    token = {"identity": NAME, "secret": TOKEN, "scopes": ["read"]}
    variants: list[tuple[str, Callable[[], App], tuple[bytes, bytes] | None]] = [
        ("none", board(), None),
        ("none, sent a token", board(), (b"authorization", bearer)),
        ("public page", board(open_to_all, jwt=issuer), None),
        ("static token", board(tokens=[token]), (b"authorization", b"Bearer " + TOKEN.encode())),
        ("JWT, cached", board(jwt=issuer), (b"authorization", bearer)),
        ("JWT, cached, revoked asked", board(jwt={**issuer, "revoked": never}), (b"authorization", bearer)),
        ("API key", board(api_keys=by_key), (b"x-api-key", KEY.encode())),
        ("Basic, cached", board(basic={"users": [user]}), (b"authorization", basic)),
        ("no credentials: 401", board(jwt=issuer), None),
    ]
    return [
        Entrant("Pegboard", build, Ask(headers=(header,) if header else ()), expected(variant), variant)
        for variant, build, header in variants
    ]


def expected(variant: str) -> Expected:
    """The page, or its refusal."""
    return Expected(401) if variant.endswith("401") else Expected(200, b"Hello, world!", media_type=b"text/plain")


# A token alone


@cache
def key_of(algorithm: Algorithm) -> Any:
    """One private key for the whole run."""
    return KEYS[algorithm]()


def tokens(algorithm: Algorithm) -> Sequence[Function]:
    """One token, checked by each."""
    private = key_of(algorithm)
    text = jwt.encode({"alg": algorithm, "kid": "k"}, CLAIMS, private, algorithms=[algorithm])
    is_secret = isinstance(private, OctKey)
    peer = private if is_secret else type(private).import_key(private.as_dict(private=False))
    material = private.raw_value if is_secret else json.dumps(private.as_dict(private=False)).encode()
    verifier = JWTVerifier([load_key(algorithm, material, "k")], ClaimRules(issuer="i", audience=frozenset("a")))
    signed, _, signature = text.encode().rpartition(b".")
    cold, cached = (Bearer(TokenTable(), verifier, cache_size=size) for size in (0, 1024))
    connection = HTTPConnection(Ask(headers=((b"authorization", b"Bearer " + text.encode()),)).scope({}))
    return [
        Function("floor", "bare", bare(algorithm, private, signed, base64.urlsafe_b64decode(signature + b"==")), bool),
        Function("joserfc", "", partial(jwt.decode, text, peer, algorithms=[algorithm]), is_hers),
        Function("Pegboard", "cold", partial(cold.authenticate, connection), is_known),
        Function("Pegboard", "cached", partial(cached.authenticate, connection), is_known),
    ]


def is_hers(token: Any) -> bool:
    """Whether joserfc read the name."""
    return bool(token.claims["sub"] == NAME)


def is_known(access: Any) -> bool:
    """Whether the scheme found the caller."""
    return access is not None and str(access.user.identity) == NAME


def bare(algorithm: Algorithm, key: Any, signed: bytes, signature: bytes) -> Callable[[], bool]:
    """The signature's check, and nothing around it. A wrong one raises."""
    if algorithm == "HS256":
        secret = key.raw_value
        return lambda: hmac.compare_digest(hmac.digest(secret, signed, "sha256"), signature)
    raw = key.raw_value.public_key()
    if algorithm == "RS256":
        return lambda: raw.verify(signature, signed, padding.PKCS1v15(), SHA256()) is None
    if algorithm == "ES256":
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        return lambda: raw.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256())) is None
    return lambda: raw.verify(signature, signed) is None


CASES = [Case("auth", "Authentication: each scheme on a board, plain text", schemes)]
FUNCTION_CASES = [
    FunctionCase(f"jwt-{algorithm.lower()}", f"Authentication: a JWT by {algorithm}", partial(tokens, algorithm))
    for algorithm in ALGORITHMS
]
