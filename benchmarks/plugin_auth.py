"""What authentication costs, in microseconds: verifying a JWT beside joserfc alone, and each scheme on a board.

    python benchmarks/plugin_auth.py

The best of several interleaved rounds is printed. `bare` is the signature check alone, `joserfc` its whole decoding.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from pegboard import Pegboard
from pegboard.routing import Route
from pegboard_auth import Auth, public, requires
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import load_key

ROUNDS = 7
NOW = time.time()
CLAIMS = {"iss": "i", "aud": "a", "sub": "ann", "exp": int(NOW) + 3600, "iat": int(NOW), "scope": "read write"}
KEYS = {
    "HS256": OctKey.generate_key(256),
    "RS256": RSAKey.generate_key(2048),
    "ES256": ECKey.generate_key("P-256"),
    "Ed25519": OKPKey.generate_key("Ed25519"),
}
TOKEN, KEY = "a-token-of-the-benchmark", "k1.a-key-of-the-benchmark"


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


def tokens() -> None:
    print(f"{'JWT':10}{'bare':>9}{'joserfc':>9}{'cold':>9}{'cached':>9}   cold / joserfc")
    rules = ClaimRules(issuer="i", audience=frozenset("a"))
    for alg, private in KEYS.items():
        text = jwt.encode({"alg": alg, "kid": "k"}, CLAIMS, private, algorithms=[alg])
        is_secret = isinstance(private, OctKey)
        material = private.raw_value if is_secret else json.dumps(private.as_dict(private=False)).encode()
        peer = private if is_secret else type(private).import_key(private.as_dict(private=False))
        token, key = text.encode(), load_key(alg, material, "k")
        signed, _, signature = token.rpartition(b".")
        sealed = urlsafe_b64decode(signature + b"==")
        cold, cached = JWTVerifier([key], rules, cache_size=0), JWTVerifier([key], rules)
        row = best(
            {
                "bare": lambda key=key, signed=signed, sealed=sealed: key.verify(signed, sealed),
                "joserfc": lambda text=text, peer=peer, alg=alg: jwt.decode(text, peer, algorithms=[alg]),
                "cold": lambda cold=cold, token=token: cold.verify(token, sha256(token).digest(), NOW),
                "cached": lambda cached=cached, token=token: cached.verify(token, sha256(token).digest(), NOW),
            },
            1000,
        )
        figures = "".join(f"{row[name]:9.2f}" for name in ("bare", "joserfc", "cold", "cached"))
        print(f"{alg:10}{figures}   {row['cold'] / row['joserfc']:.2f}")


async def plain(request: Any) -> str:
    return "ok"


@public
async def open_to_all(request: Any) -> str:
    return "ok"


@requires("read")
async def guarded(request: Any) -> str:
    return "ok"


def board(with_plugin: bool) -> Pegboard:
    settings = {
        "tokens": [{"identity": "ann", "secret": TOKEN, "scopes": ["read"]}],
        "jwt": {"issuer": "i", "audience": ["a"], "keys": [{"algorithm": "HS256", "key": "k" * 32}]},
        "api_keys": {"keys": [{"identity": "cat", "prefix": "k1", "secret": KEY, "scopes": ["read"]}]},
    }
    optional = {"auth": {"access": "optional"}} if with_plugin else None
    routes = [Route("/", plain, plugins=optional)]
    if with_plugin:
        routes += [Route("/public", open_to_all), Route("/guarded", guarded)]
    return Pegboard(routes=routes, plugins=[Auth(**settings)] if with_plugin else [], config={})


def requests() -> None:
    without, with_plugin = board(False), board(True)
    token = jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key("k" * 32), algorithms=["HS256"])
    rows: dict[str, tuple[Pegboard, str, tuple[str, str] | None]] = {
        "no plugin": (without, "/", None),
        "public": (with_plugin, "/public", None),
        "optional, anonymous": (with_plugin, "/", None),
        "static token": (with_plugin, "/guarded", ("authorization", f"Bearer {TOKEN}")),
        "JWT HS256, cached": (with_plugin, "/guarded", ("authorization", f"Bearer {token}")),
        "API key": (with_plugin, "/guarded", ("x-api-key", KEY)),
        "401": (with_plugin, "/guarded", None),
    }
    with asyncio.Runner() as runner:
        calls = {name: lambda row=row: runner.run(serve(*row)) for name, row in rows.items()}
        times = best(calls, 1)
    for name, total in times.items():
        print(f"{name:22}{total / 1000:9.2f}")


async def serve(app: Pegboard, path: str, header: tuple[str, str] | None) -> None:
    """Serve 1000 requests."""
    headers = [(b"host", b"test"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
    if header is not None:
        headers.append((header[0].encode(), header[1].encode()))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    for _ in range(1000):
        scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "query_string": b""}
        await app({**scope, "headers": list(headers)}, receive, send)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    tokens()
    print()
    requests()
