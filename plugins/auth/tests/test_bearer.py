"""Bearer tokens from the configuration."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.bearer import AsyncBearer, Bearer
from pegboard_auth.identity import Access, User
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.refusals import Rejected
from pegboard_auth.tokens import Grant, TokenTable, digest_of

NOW = 1_800_000_000.0
END = datetime.fromtimestamp(NOW + 10, UTC)
TABLE = TokenTable(
    [Grant(digest_of("good-token"), "ann", ["read"]), Grant(digest_of("short-lived"), "bob", expires=END)]
)


def scheme(now: float = NOW, max_size: int = 64) -> Bearer:
    return Bearer(TABLE, max_size=max_size, clock=lambda: now)


def connection(value: bytes) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"authorization", value)]})


def test_a_known_token_gives_its_bearers_access() -> None:
    access = scheme().authenticate(connection(b"Bearer good-token"))
    assert (access.identity, access.scheme, access.scopes, access.when) == ("ann", "bearer", {"read"}, NOW)


def test_no_token_and_other_schemes_are_no_business_of_it() -> None:
    assert scheme().authenticate(HTTPConnection({"type": "http", "headers": []})) is None
    assert scheme().authenticate(connection(b"Basic good-token")) is None


@pytest.mark.parametrize(
    ("value", "status_code", "error"),
    [
        (b"Bearer", 400, "invalid_request"),
        (b"Bearer   ", 400, "invalid_request"),
        (b"Bearer bad-token", 401, "invalid_token"),
        (b"Bearer good-token2", 401, "invalid_token"),
        (b"Bearer good-toke", 401, "invalid_token"),
        (b"Bearer GOOD-TOKEN", 401, "invalid_token"),
        (b"Bearer good-token good-token", 401, "invalid_token"),
        (b'Bearer "good-token"', 401, "invalid_token"),
        (b"Bearer good-token,", 401, "invalid_token"),
        (b"Bearer " + b"x" * 65, 401, "invalid_token"),
        (b"Bearer \x00\xff", 401, "invalid_token"),
    ],
)
def test_a_token_that_does_not_count_is_rejected(value: bytes, status_code: int, error: str) -> None:
    with pytest.raises(Rejected) as caught:
        scheme().authenticate(connection(value))
    assert (caught.value.status_code, caught.value.error) == (status_code, error)
    assert "token2" not in caught.value.reason


def test_a_token_counts_until_it_expires() -> None:
    assert scheme(NOW + 9).authenticate(connection(b"Bearer short-lived")).expires == NOW + 10
    with pytest.raises(Rejected, match="expired") as caught:
        scheme(NOW + 10).authenticate(connection(b"Bearer short-lived"))
    assert caught.value.identity == "bob"


def test_the_challenge_is_that_of_rfc_6750() -> None:
    bearer = scheme()
    assert bearer.challenge("api") == 'Bearer realm="api"'
    assert bearer.challenge("api", "invalid_token") == 'Bearer realm="api", error="invalid_token"'
    assert (
        bearer.challenge("api", "insufficient_scope", "a b")
        == 'Bearer realm="api", error="insufficient_scope", scope="a b"'
    )


@given(st.binary(max_size=100))
def test_no_authorization_header_raises_anything_but_rejected(value: bytes) -> None:
    with contextlib.suppress(Rejected):
        assert scheme().authenticate(connection(value)) is None


class Tokens(JWTVerifier):
    """Stands in for the verification of JWT: every token but ``bad`` is one, and its subject is itself."""

    def __init__(self) -> None:
        pass

    def verify(self, token: bytes, digest: bytes, now: float) -> Access:
        if token == b"bad":
            raise Rejected("bad")
        return Access(User(token.decode()), "bearer", claims={"sub": token.decode()})


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [False, True, None, 0])
async def test_an_asynchronous_revocation_is_asked_about_jwt_and_only_false_lets_through(answer: object) -> None:
    asked = []

    async def revoked(claims: dict[str, str]) -> object:
        asked.append(claims["sub"])
        return answer

    scheme = AsyncBearer(TABLE, Tokens(), revoked=revoked, clock=lambda: NOW)
    assert (await scheme.authenticate(connection(b"Bearer good-token"))).identity == "ann"
    assert await scheme.authenticate(connection(b"Basic x")) is None
    with pytest.raises(Rejected, match="bad"):
        await scheme.authenticate(connection(b"Bearer bad"))
    assert not asked
    if answer is False:
        assert (await scheme.authenticate(connection(b"Bearer eve"))).identity == "eve"
    else:
        with pytest.raises(Rejected, match="revoked"):
            await scheme.authenticate(connection(b"Bearer eve"))
    assert asked == ["eve"]
