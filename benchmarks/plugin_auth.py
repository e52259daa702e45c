"""What authentication costs, in microseconds: a JWT beside joserfc and bare cryptography, and each scheme on a board.

    python benchmarks/plugin_auth.py

The best of several interleaved rounds is printed. `bare` is the signature check of the cryptography library alone,
`joserfc` its whole decoding without looking at claims, `cold` and `cached` the scheme with an empty and a full memory.
On a board, `added` is what a request costs more than on a board without the plugin.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from pegboard import Pegboard
from pegboard.requests import HTTPConnection
from pegboard.routing import Route
from pegboard_auth import Auth, public
from pegboard_auth.bearer import Bearer
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import Algorithm, load_key
from pegboard_auth.tokens import TokenTable

ROUNDS = 15
REQUESTS = 1000
NOW = time.time()
CLAIMS = {"iss": "i", "aud": "a", "sub": "ann", "exp": int(NOW) + 3600, "iat": int(NOW), "scope": "read write"}
KEYS: dict[Algorithm, Any] = {
    "HS256": OctKey.generate_key(256),
    "RS256": RSAKey.generate_key(2048),
    "ES256": ECKey.generate_key("P-256"),
    "Ed25519": OKPKey.generate_key("Ed25519"),
}
TOKEN, KEY, PASSWORD = "a-token-of-the-benchmark", "k1.a-key-of-the-benchmark", "a password"


def best(calls: dict[str, Callable[[], Any]], number: int) -> dict[str, float]:
    """The best time of each call, in microseconds."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            for _ in range(number):
                call()
            times[name] = min(times[name], (time.perf_counter() - started) / number * 1e6)
    return times


def bare(alg: str, key: Any, signed: bytes, signature: bytes) -> Callable[[], Any]:
    """The signature check of the library that everybody uses, and nothing around it."""
    if alg == "HS256":
        secret = key.raw_value
        return lambda: hmac.compare_digest(hmac.digest(secret, signed, "sha256"), signature)
    raw = key.raw_value.public_key()
    if alg == "RS256":
        return lambda: raw.verify(signature, signed, padding.PKCS1v15(), SHA256())
    if alg == "ES256":
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        return lambda: raw.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    return lambda: raw.verify(signature, signed)


def tokens() -> None:
    print(f"{'JWT':10}{'bare':>9}{'joserfc':>9}{'cold':>9}{'cached':>9}   cold / joserfc")
    rules = ClaimRules(issuer="i", audience=frozenset("a"))
    for alg, private in KEYS.items():
        text = jwt.encode({"alg": alg, "kid": "k"}, CLAIMS, private, algorithms=[alg])
        is_secret = isinstance(private, OctKey)
        material = private.raw_value if is_secret else json.dumps(private.as_dict(private=False)).encode()
        peer = private if is_secret else type(private).import_key(private.as_dict(private=False))
        signed, _, signature = text.encode().rpartition(b".")
        cold, cached = (
            Bearer(TokenTable(), JWTVerifier([load_key(alg, material, "k")], rules), cache_size=size)
            for size in (0, 1024)
        )
        headers = [(b"host", b"test"), (b"accept", b"*/*"), (b"authorization", b"Bearer " + text.encode())]
        connection = HTTPConnection({"type": "http", "headers": headers})
        row = best(
            {
                "bare": bare(alg, private, signed, base64.urlsafe_b64decode(signature + b"==")),
                "joserfc": partial(jwt.decode, text, peer, algorithms=[alg]),
                "cold": partial(cold.authenticate, connection),
                "cached": partial(cached.authenticate, connection),
            },
            300,
        )
        figures = "".join(f"{row[name]:9.2f}" for name in ("bare", "joserfc", "cold", "cached"))
        print(f"{alg:10}{figures}   {row['cold'] / row['joserfc']:.2f}")


def board(**auth: Any) -> Pegboard:
    """A board with one page for callers with a scope, and one for everybody."""

    async def page(request: Any) -> str:
        return "ok"

    @public
    async def open_to_all(request: Any) -> str:
        return "ok"

    settings = {"auth": {"scopes": ["read"]}} if auth else None
    routes = [Route("/", page, plugins=settings), Route("/public", open_to_all)]
    return Pegboard(routes=routes, plugins=[Auth(**auth)] if auth else [], config={})


async def never(claims: Any) -> bool:
    return False


def requests() -> None:
    issuer = {"issuer": "i", "audience": ["a"], "keys": [{"algorithm": "HS256", "key": "k" * 32}]}
    token = jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key("k" * 32), algorithms=["HS256"])
    by_jwt = board(jwt=issuer)
    by_key = board(api_keys={"keys": [{"identity": "cat", "prefix": "k1", "secret": KEY, "scopes": ["read"]}]})
    user = {"name": "dan", "password_hash": PasswordHasher(1, 8, 1).hash(PASSWORD), "scopes": ["read"]}
    dan = base64.b64encode(f"dan:{PASSWORD}".encode()).decode()
    rows: dict[str, tuple[Pegboard, str, tuple[str, str] | None]] = {
        "no plugin": (board(), "/", None),
        "public": (by_jwt, "/public", None),
        "static token": (
            board(tokens=[{"identity": "ann", "secret": TOKEN, "scopes": ["read"]}]),
            "/",
            ("authorization", f"Bearer {TOKEN}"),
        ),
        "JWT, cached": (by_jwt, "/", ("authorization", f"Bearer {token}")),
        "JWT, cached, async revoked": (
            board(jwt={**issuer, "revoked": never}),
            "/",
            ("authorization", f"Bearer {token}"),
        ),
        "API key": (by_key, "/", ("x-api-key", KEY)),
        "Basic, cached": (board(basic={"users": [user]}), "/", ("authorization", f"Basic {dan}")),
        "401": (by_jwt, "/", None),
    }
    with asyncio.Runner() as runner:
        times = dict.fromkeys(rows, float("inf"))
        for _ in range(ROUNDS * 2):
            for name, row in rows.items():
                times[name] = min(times[name], runner.run(serve(*row)))
    print(f"{'on a board':28}{'request':>9}{'added':>9}")
    for name, time_taken in times.items():
        print(f"{name:28}{time_taken:9.2f}{time_taken - times['no plugin']:9.2f}")


async def serve(app: Pegboard, path: str, header: tuple[str, str] | None) -> float:
    """Serve many requests; gives the time of one. Each has bytes of its own, as a server makes them."""
    own = [(b"host", b"test"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")]
    if header is not None:
        own.append((header[0].encode(), header[1].encode()))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    scopes = [
        {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(name, bytes(bytearray(value))) for name, value in own],
        }
        for _ in range(REQUESTS)
    ]
    started = time.perf_counter()
    for scope in scopes:
        await app(scope, receive, send)
    return (time.perf_counter() - started) / REQUESTS * 1e6


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    tokens()
    print()
    requests()
