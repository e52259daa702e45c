"""The steps of a login at a provider."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.datastructures import QueryParams
from pegboard_auth.oidc_flow import (
    Attempt,
    LoginFailed,
    authorization_url,
    begin,
    check_id_token,
    read_attempt,
    read_callback,
)
from pegboard_auth.refusals import Rejected

ISSUER = "https://id.example"
ATTEMPT = Attempt("s" * 43, "n" * 43, "v" * 43, "/next", 1000)


def test_an_attempt_comes_back_from_a_cookie_as_it_was() -> None:
    assert read_attempt(ATTEMPT.write(), 1000, 600) == ATTEMPT
    assert ATTEMPT.write().isascii()


def test_an_attempt_does_not_show_what_is_secret_of_it() -> None:
    assert not any(secret in repr(ATTEMPT) for secret in (ATTEMPT.state, ATTEMPT.nonce, ATTEMPT.verifier))


def test_every_attempt_has_256_random_bits_of_each_kind() -> None:
    first, second = begin("/", 0), begin("/", 0)
    values = [getattr(attempt, name) for attempt in (first, second) for name in ("state", "nonce", "verifier")]
    assert len(set(values)) == 6
    assert {len(value) for value in values} == {43}


@pytest.mark.parametrize("now", [400, 1600, 10**9])
def test_an_attempt_ends(now: float) -> None:
    with pytest.raises(LoginFailed, match="too long ago"):
        read_attempt(ATTEMPT.write(), now, 600)


@pytest.mark.parametrize("now", [999, 1000, 1599])
def test_an_attempt_holds_on_a_machine_whose_clock_is_behind_too(now: float) -> None:
    assert read_attempt(ATTEMPT.write(), now, 600) == ATTEMPT


@pytest.mark.parametrize("text", ["", "x", "e30", "W10", "é", "bnVsbA"])
def test_what_was_not_written_as_an_attempt_is_none(text: str) -> None:
    with pytest.raises(LoginFailed, match="cannot be read"):
        read_attempt(text, 1000, 600)


@given(st.text(max_size=50))
def test_no_text_is_an_error(text: str) -> None:
    with pytest.raises(LoginFailed):
        read_attempt(text, 1000, 600)


def test_the_browser_is_sent_with_the_challenge_and_never_with_the_verifier() -> None:
    url = authorization_url("https://id.example/auth?tenant=1", "me", "https://a.example/cb", ["openid", "x"], ATTEMPT)
    assert url.startswith("https://id.example/auth?tenant=1&")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "me",
        "redirect_uri": "https://a.example/cb",
        "scope": "openid x",
        "state": ATTEMPT.state,
        "nonce": ATTEMPT.nonce,
        "code_challenge": urlsafe_b64encode(sha256(b"v" * 43).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    assert ATTEMPT.verifier not in url


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    attempt = Attempt("s", "n", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", 0)
    url = authorization_url("https://id.example", "me", "https://a.example", ["openid"], attempt)
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&" in url


def callback(**changes: str | None) -> QueryParams:
    given = {"state": ATTEMPT.state, "iss": ISSUER, "code": "the-code", **changes}
    return QueryParams(urlencode({name: value for name, value in given.items() if value is not None}))


def test_the_code_of_the_providers_answer_is_read() -> None:
    assert read_callback(callback(), ATTEMPT, ISSUER, always_names_issuer=True) == "the-code"
    assert read_callback(callback(iss=None), ATTEMPT, ISSUER, always_names_issuer=False) == "the-code"


@pytest.mark.parametrize(
    ("changes", "status_code", "reason"),
    [
        ({"state": "t" * 43}, 400, "another login"),
        ({"state": None}, 400, "another login"),
        ({"state": "", "error": "access_denied"}, 400, "another login"),
        ({"iss": None}, 400, "another provider"),
        ({"iss": ISSUER + "/"}, 400, "another provider"),
        ({"iss": "https://evil.example", "error": "access_denied"}, 400, "another provider"),
        ({"error": "access_denied"}, 403, "says access_denied"),
        ({"error": "a_text_of_somebodys_own"}, 403, "an error of its own"),
        ({"error": "a\nb"}, 403, "an error of its own"),
        ({"code": None}, 400, "no code"),
        ({"code": "a\x00b"}, 400, "no code"),
        ({"code": "x" * 4097}, 400, "no code"),
    ],
)
def test_any_other_answer_is_refused(changes: dict[str, str | None], status_code: int, reason: str) -> None:
    with pytest.raises(LoginFailed, match=reason) as caught:
        read_callback(callback(**changes), ATTEMPT, ISSUER, always_names_issuer=True)
    assert caught.value.status_code == status_code


@pytest.mark.parametrize("name", ["state", "iss", "code", "error"])
def test_a_parameter_that_is_repeated_is_refused(name: str) -> None:
    params = QueryParams(f"{urlencode(dict(callback()))}&{name}=x&{name}=x")
    with pytest.raises(LoginFailed, match=f"{name} several times"):
        read_callback(params, ATTEMPT, ISSUER, always_names_issuer=True)


@given(st.dictionaries(st.sampled_from(["state", "iss", "code", "error"]), st.text(max_size=60)))
def test_no_answer_is_an_error(params: dict[str, str]) -> None:
    with pytest.raises(LoginFailed):
        read_callback(QueryParams(params), ATTEMPT, ISSUER, always_names_issuer=True)


GOOD: dict[str, Any] = {"nonce": "n", "aud": "me", "iat": 1, "sub": "ann"}


@pytest.mark.parametrize("claims", [GOOD, {**GOOD, "aud": ["me"]}, {**GOOD, "aud": ["me", "x"], "azp": "me"}])
def test_a_token_for_this_login_is_good(claims: dict[str, Any]) -> None:
    check_id_token(claims, "me", "n")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": None}, "nonce"),
        ({"nonce": "m"}, "nonce"),
        ({"nonce": "\ud800"}, "nonce"),
        ({"nonce": ["n"]}, "nonce"),
        ({"aud": ["me", "x"]}, "another party"),
        ({"azp": "x"}, "another party"),
        ({"azp": ["me"]}, "another party"),
        ({"sub": None}, "no sub"),
    ],
)
def test_a_token_for_another_login_or_client_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        check_id_token({**GOOD, **changes}, "me", "n")


def test_a_token_says_when_it_was_issued() -> None:
    with pytest.raises(Rejected, match="no iat"):
        check_id_token({name: value for name, value in GOOD.items() if name != "iat"}, "me", "n")


@pytest.mark.parametrize("verified", [None, False, 1, "true"])
def test_an_email_address_is_an_identity_only_when_it_is_verified(verified: Any) -> None:
    check_id_token({**GOOD, "email_verified": True}, "me", "n", "email")
    with pytest.raises(Rejected, match="not verified"):
        check_id_token({**GOOD, "email_verified": verified}, "me", "n", "email")
