"""Why a token is refused, for the owner of a board."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from pegboard_auth.building import build_verifier
from pegboard_auth.jwt_keys import load_key
from pegboard_auth.jwt_settings import JWTKeySettings, JWTSettings
from pegboard_auth.token_report import TokenReport, report

SECRET = b"s" * 32
NOW = 1_800_000_000.0
KEYS = [load_key("HS256", SECRET, "k1")]
SETTINGS = JWTSettings(
    issuer="https://issuer.example",
    audience=("api",),
    keys=(JWTKeySettings(algorithm="HS256", key="s" * 32, kid="k1"),),  # type: ignore[arg-type]
)
CLAIMS = {"iss": "https://issuer.example", "aud": "api", "sub": "ann", "exp": int(NOW) + 60, "private": "hunter2"}


def told(token: bytes, max_size: int = 8192) -> TokenReport:
    return report(token, SETTINGS, build_verifier(SETTINGS, KEYS), KEYS, max_size, NOW)


def token(secret: bytes = SECRET, header: Any = None, **claims: Any) -> bytes:
    header = {"alg": "HS256", "kid": "k1", **(header or {})}
    return jwt.encode(header, {**CLAIMS, **claims}, OctKey.import_key(secret)).encode()


def test_a_good_token_counts() -> None:
    made = told(token())
    assert (made.counts, made.reason) == (True, "")


@pytest.mark.parametrize(
    ("given", "reason", "name", "shown", "wanted"),
    [
        (token(exp=int(NOW) - 3600), "expired", "exp", "2027-01-15T07:00:00+00:00", "after 2027-01-15T08:00:00+00:00"),
        (token(iss="https://other.example"), "another issuer", "iss", "https://other.example", "issuer.example"),
        (token(aud=["x", "y"]), "another audience", "aud", "['x', 'y']", "api"),
        (token(header={"kid": "k2"}), "no key for this alg and kid", "kid", "k2", "k1"),
        (token(secret=b"x" * 32), "wrong signature", "alg", "HS256", "HS256"),
        (token(nbf=int(NOW) + 3600), "nbf lies in the future", "nbf", "2027-01-15T09:00:00", "not after 2027-01-15T08"),
        (token(exp="soon"), "exp is no date", "exp", "soon", "after"),
        (token(exp=10**300), "exp is no date", "exp", "1000000", "after"),
        (token(sub=""), "no usable sub", "sub", "", "printable"),
    ],
)
def test_what_the_token_says_stands_beside_what_is_wanted(
    given: bytes, reason: str, name: str, shown: str, wanted: str
) -> None:
    made = told(given)
    assert (made.counts, made.reason) == (False, reason)
    [fact] = [fact for fact in made.facts if fact.name == name]
    assert shown in fact.token
    assert wanted in fact.wanted


def test_a_token_that_is_too_long_is_not_looked_at() -> None:
    assert told(token(), 64).reason.startswith("token is too long")


def test_neither_the_signature_nor_other_claims_are_shown() -> None:
    text = str(told(token()))
    assert "hunter2" not in text
    assert token().rpartition(b".")[2].decode() not in text
    assert "ssss" not in text


def test_what_a_terminal_would_obey_is_escaped_and_what_is_long_is_cut() -> None:
    made = told(token(iss="\x1b]0;evil\x07", aud="x" * 5000))
    text = "".join(fact.token for fact in made.facts)
    assert text.isprintable()
    assert len(text) < 1000


VALUES = st.none() | st.floats() | st.text() | st.lists(st.integers())


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "sub"]), VALUES))
def test_no_token_ends_in_an_exception(data: bytes, claims: dict[str, Any]) -> None:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    for given_token in (data, token().partition(b".")[0] + b"." + payload + b"." + data):
        assert told(given_token).counts is False
