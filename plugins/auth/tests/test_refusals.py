"""Saying no."""

from pegboard.responses import PlainTextResponse
from pegboard_auth.refusals import Refused, Rejected


def test_rejected_credentials_are_401_with_an_invalid_token_unless_said_otherwise() -> None:
    rejected = Rejected("why")
    assert (rejected.status_code, rejected.error, rejected.reason, rejected.identity) == (
        401,
        "invalid_token",
        "why",
        "",
    )
    assert rejected.retry_after is None


def test_what_rejects_from_within_an_endpoint_tells_the_client_no_reason() -> None:
    rejected = Rejected("too many passwords", None, 503, retry_after=1)
    assert str(rejected) == "too many passwords"
    assert rejected.detail == "Service Unavailable"
    assert rejected.headers == {"cache-control": "no-store", "retry-after": "1"}


def test_a_refusal_is_an_http_exception_with_all_challenges_and_no_other_headers() -> None:
    response = PlainTextResponse("Unauthorized", 401)
    for value in (b"Bearer", b"Basic"):
        response.raw_headers.append((b"www-authenticate", value))
    response.raw_headers.append((b"cache-control", b"no-store"))
    refused = Refused(response)
    assert (refused.status_code, refused.detail, refused.response) == (401, "Unauthorized", response)
    assert refused.headers == {"www-authenticate": "Bearer, Basic", "cache-control": "no-store"}
