"""The table of JWT: what is wrong is told, and keys are not shown."""

import json
from typing import Any

import pytest

from pegboard.settings import load, read_sources
from pegboard_auth.settings import AuthSettings

SECRET = "hunter2-" * 8
JWK = json.dumps(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
)
ISSUER: dict[str, Any] = {"issuer": "https://issuer.example", "audience": ["a"]}
JWT: dict[str, Any] = {**ISSUER, "keys": [{"algorithm": "HS256", "key": SECRET}]}


def problems(**settings: Any) -> str:
    """Everything that is wrong, as the owner of a board reads it."""
    return "\n".join(map(str, load(AuthSettings, "auth", read_sources({}), settings).problems))


def no_arguments() -> None: ...


GOOD: list[dict[str, Any]] = [
    JWT,
    {**JWT, "keys": [{"algorithm": "ES256", "key": JWK}]},
    {**JWT, "issuer": "any text"},
    {**ISSUER, "jwks": {}},
    {**ISSUER, "jwks": {"url": "https://keys.example/jwks", "algorithms": ["ES256"]}},
    {"issuer": "any text", "audience": ["a"], "jwks": {"url": "http://127.0.0.1:8000/jwks"}},
]


@pytest.mark.parametrize("jwt", GOOD, ids=range(len(GOOD)))
def test_a_good_table_is_taken(jwt: dict[str, Any]) -> None:
    assert problems(jwt=jwt) == ""


BAD: list[tuple[dict[str, Any], str]] = [
    ({"jwt": {}}, "issuer"),
    ({"jwt": {**JWT, "issuer": ""}}, "issuer"),
    ({"jwt": {**JWT, "audience": []}}, "audience"),
    ({"jwt": {**JWT, "audience": [""]}}, "audience"),
    ({"jwt": {**JWT, "keys": []}}, "keys"),
    ({"jwt": {**JWT, "leeway": 301}}, "leeway"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "none", "key": SECRET}]}}, "algorithm"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "HS256", "key": "hunter2"}]}}, "at least 32 random ones"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "HS256", "key": JWK}]}}, "no secret for HS256"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "RS256", "key": SECRET}]}}, "public RSA key as PEM"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "RS256"}]}}, "either key or file"),
    ({"jwt": {**JWT, "keys": [{"algorithm": "RS256", "file": "/nonexistent/key"}]}}, "cannot read the file"),
    ({"jwt": {**JWT, "keys": [*JWT["keys"], {"algorithm": "ES256", "key": JWK}]}}, "do not mix"),
    (
        {"jwt": {**JWT, "keys": [{"algorithm": "ES256", "key": JWK, "kid": "k"}] * 2}},
        "2 keys for ES256 have the kid 'k'",
    ),
    ({"jwt": {**JWT, "revoked": no_arguments}}, "can be called with (claims)"),
    ({"jwt": {"issuer": "i", "audience": ["a"]}}, "either keys or jwks"),
    ({"jwt": {**JWT, "jwks": {}}}, "either keys or jwks"),
    ({"jwt": {"issuer": "i", "audience": ["a"], "jwks": {}}}, "discovery needs the issuer's URL"),
    ({"jwt": {**ISSUER, "jwks": {"url": "http://issuer.example/"}}}, "http is for loopback only"),
    ({"jwt": {**ISSUER, "jwks": {"algorithms": ["HS256"]}}}, "needs a secret, which nobody publishes"),
    ({"jwt": {**ISSUER, "jwks": {"algorithms": []}}}, "algorithms"),
    ({"jwt": {**ISSUER, "jwks": {"max_age": 1}}}, "max_age"),
]


@pytest.mark.parametrize(("settings", "expected"), BAD, ids=range(len(BAD)))
def test_a_bad_table_is_told_without_showing_a_key(settings: dict[str, Any], expected: str) -> None:
    told = problems(**settings)
    assert expected in told
    assert "hunter2" not in told
    assert "f83OJ3D2" not in told


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems(jwt={"issuer": "", "audience": [], "leeway": -1, "jwks": {"max_age": 0, "timeout": 0}})
    for where in ("issuer", "audience", "leeway", "jwks.max_age", "jwks.timeout"):
        assert f"auth.jwt.{where}" in told
