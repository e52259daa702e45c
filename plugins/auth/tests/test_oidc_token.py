"""The token endpoint: what it is sent, and how its answers are read."""

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.oidc_flow import LoginFailed
from pegboard_auth.oidc_token import client_credentials, post_form, read_answer

pytestmark = pytest.mark.anyio


def test_a_secret_goes_in_a_header_with_name_and_secret_encoded_as_in_forms() -> None:
    fields, headers = client_credentials("the client", "a:b/c é", by_header=True)
    assert fields == {}
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == b"the+client:a%3Ab%2Fc+%C3%A9"


def test_a_provider_that_takes_no_header_gets_the_secret_in_the_form() -> None:
    assert client_credentials("me", "s", by_header=False) == ({"client_id": "me", "client_secret": "s"}, {})


@pytest.mark.parametrize("by_header", [True, False])
def test_a_public_client_names_itself(by_header: bool) -> None:
    assert client_credentials("me", None, by_header=by_header) == ({"client_id": "me"}, {})


def test_the_id_token_is_read() -> None:
    body = b'{"access_token": "x", "token_type": "Bearer", "id_token": "a.b.c", "expires_in": 3}'
    assert read_answer(200, body) == b"a.b.c"


@pytest.mark.parametrize(
    ("status_code", "answer", "told"),
    [
        (500, {"id_token": "a.b.c"}, 503),
        (503, {}, 503),
        (400, {"error": "invalid_grant"}, 403),
        (400, {"error": "invalid_request"}, 502),
        (401, {"error": "invalid_client"}, 502),
        (400, {}, 502),
        (201, {"id_token": "a.b.c"}, 502),
        (302, {}, 502),
        (200, {}, 502),
        (200, {"id_token": None}, 502),
        (200, {"error": "invalid_grant"}, 502),
        (200, [], 502),
    ],
)
def test_other_answers_are_told_apart(status_code: int, answer: Any, told: int) -> None:
    with pytest.raises(LoginFailed) as caught:
        read_answer(status_code, json.dumps(answer).encode())
    assert caught.value.status_code == told
    assert (caught.value.retry_after is not None) is (told == 503)


def test_no_text_of_the_provider_gets_into_the_reason() -> None:
    for answer in ({"error": "<b>"}, {"error": "invalid_request", "error_description": "<b>"}, {"error": {"<b>": 1}}):
        with pytest.raises(LoginFailed) as caught:
            read_answer(400, json.dumps(answer).encode())
        assert "<b>" not in caught.value.reason


@given(st.integers(100, 599), st.binary(max_size=40))
def test_no_answer_is_an_error(status_code: int, body: bytes) -> None:
    with pytest.raises(LoginFailed):
        read_answer(status_code, body)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/token", "http://[::1]:9/", "nonsense", "http://"])
async def test_an_endpoint_that_cannot_be_reached_is_503_without_what_was_sent(url: str) -> None:
    with pytest.raises(LoginFailed, match="cannot be asked") as caught:
        await post_form(url, {"code": "secret"}, {}, 5, 1000)
    assert (caught.value.status_code, caught.value.retry_after) == (503, 5)
    assert "secret" not in caught.value.reason
