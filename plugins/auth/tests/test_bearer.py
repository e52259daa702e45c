"""Bearer tokens: those of the configuration, JWT, and what is remembered of both."""

import contextlib
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from pegboard.requests import HTTPConnection
from pegboard_auth.bearer import AsyncBearer, Bearer
from pegboard_auth.identity import Access, User
from pegboard_auth.jwt import JWTVerifier
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import load_key
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

    def verify(self, token: bytes, now: float) -> Access:
        if token == b"bad":
            raise Rejected("bad")
        return Access(User(token.decode()), "bearer", claims={"sub": token.decode()})


async def found_by(what: Bearer, given: HTTPConnection) -> Any:
    """What the scheme finds, awaited where it has to be."""
    found = what.authenticate(given)
    return await found if isawaitable(found) else found


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [False, True, None, 0])
async def test_an_asynchronous_revocation_is_asked_about_jwt_and_only_false_lets_through(answer: object) -> None:
    asked = []

    async def revoked(claims: dict[str, str]) -> object:
        asked.append(claims["sub"])
        return answer

    scheme = AsyncBearer(TABLE, Tokens(), revoked=revoked, clock=lambda: NOW)
    assert (await found_by(scheme, connection(b"Bearer good-token"))).identity == "ann"
    assert await found_by(scheme, connection(b"Basic x")) is None
    with pytest.raises(Rejected, match="bad"):
        await found_by(scheme, connection(b"Bearer bad"))
    assert not asked
    if answer is False:
        assert (await found_by(scheme, connection(b"Bearer eve"))).identity == "eve"
    else:
        with pytest.raises(Rejected, match="revoked"):
            await found_by(scheme, connection(b"Bearer eve"))
    assert asked == ["eve"]


# What is remembered


SECRET = b"s" * 32
RULES = ClaimRules(issuer="i", audience=frozenset("a"), leeway=10)


def token(sub: str = "ann", exp: float = NOW + 60) -> bytes:
    claims = {"iss": "i", "aud": "a", "sub": sub, "exp": exp}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"]).encode()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def with_jwt(**options: Any) -> tuple[Bearer, Clock]:
    clock = Clock()
    return Bearer(TABLE, JWTVerifier([load_key("HS256", SECRET)], RULES), clock=clock, **options), clock


def test_a_verified_token_is_remembered_until_it_expires_and_not_longer() -> None:
    scheme, clock = with_jwt()
    given = connection(b"Bearer " + token())
    first = scheme.authenticate(given)
    clock.now += 59
    assert scheme.authenticate(given) is first
    # Within the leeway it still counts, but is verified anew each time.
    clock.now += 6
    assert scheme.authenticate(given) is not first
    clock.now += 5
    with pytest.raises(Rejected, match="expired"):
        scheme.authenticate(given)


def test_a_static_token_is_remembered_until_it_expires_and_not_longer() -> None:
    scheme, clock = with_jwt()
    given = connection(b"Bearer short-lived")
    assert scheme.authenticate(given) is scheme.authenticate(given)
    clock.now += 10
    with pytest.raises(Rejected, match="expired"):
        scheme.authenticate(given)


def test_what_is_remembered_is_bounded_and_can_be_switched_off() -> None:
    scheme, _ = with_jwt(cache_size=2)
    given = [connection(b"Bearer " + token(name)) for name in "abc"]
    first, second, third = map(scheme.authenticate, given)
    assert scheme.authenticate(given[2]) is third
    assert scheme.authenticate(given[1]) is second
    assert scheme.authenticate(given[0]) is not first
    off, _ = with_jwt(cache_size=0)
    assert off.authenticate(given[0]) is not off.authenticate(given[0])


def test_only_the_whole_token_is_remembered() -> None:
    scheme, _ = with_jwt()
    given = token()
    scheme.authenticate(connection(b"Bearer " + given))
    for other in (given[:-1], given + b"A", given[:-2] + (b"AA" if given[-2:] != b"AA" else b"BA"), b"x" + given):
        with pytest.raises(Rejected):
            scheme.authenticate(connection(b"Bearer " + other))
    with pytest.raises(Rejected):
        scheme.authenticate(connection(b"Bearer  x" + given))
    assert scheme.authenticate(connection(b"Basic " + given)) is None


def test_a_remembered_token_beside_another_authorization_header_is_no_better_than_a_new_one() -> None:
    scheme, _ = with_jwt()
    value = b"Bearer " + token()
    scheme.authenticate(connection(value))
    headers = [(b"authorization", value), (b"host", b"x"), (b"authorization", b"Bearer other")]
    with pytest.raises(Rejected, match="several") as caught:
        scheme.authenticate(HTTPConnection({"type": "http", "headers": headers}))
    assert caught.value.status_code == 400


def test_a_token_behind_more_blanks_than_the_longest_may_have_counts_and_is_not_remembered() -> None:
    scheme = Bearer(TABLE, max_size=12, clock=lambda: NOW)
    given = connection(b"Bearer        good-token")
    assert scheme.authenticate(given).identity == "ann"
    assert scheme.authenticate(given) is not scheme.authenticate(given)


def test_revocation_is_asked_about_remembered_tokens_too() -> None:
    revoked: set[str] = set()
    scheme, _ = with_jwt(revoked=lambda claims: claims["sub"] in revoked)
    given = connection(b"Bearer " + token())
    assert scheme.authenticate(given).identity == "ann"
    revoked.add("ann")
    with pytest.raises(Rejected, match="revoked") as caught:
        scheme.authenticate(given)
    assert caught.value.identity == "ann"
    assert scheme.authenticate(connection(b"Bearer good-token")).identity == "ann"


@pytest.mark.parametrize("answer", [None, 0, "", [], True, "yes"])
def test_anything_but_false_from_revocation_refuses(answer: Any) -> None:
    scheme, _ = with_jwt(revoked=lambda claims: answer)
    for _ in range(2):
        with pytest.raises(Rejected, match="revoked"):
            scheme.authenticate(connection(b"Bearer " + token()))


@pytest.mark.anyio
async def test_an_asynchronous_revocation_is_asked_about_remembered_tokens_too() -> None:
    answers = iter([False, False, True])

    async def revoked(claims: Any) -> bool:
        return next(answers)

    jwt_verifier = JWTVerifier([load_key("HS256", SECRET)], RULES)
    scheme = AsyncBearer(TABLE, jwt_verifier, revoked=revoked, clock=lambda: NOW)
    given = connection(b"Bearer " + token())
    assert await found_by(scheme, given) is await found_by(scheme, given)
    with pytest.raises(Rejected, match="revoked"):
        await found_by(scheme, given)
