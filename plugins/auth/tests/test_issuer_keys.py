"""The keys of an issuer that answers on loopback, from discovery to a board."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from web_provider import WebProvider, web_provider

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.routing import Route
from pegboard.testclient import AsyncTestClient
from pegboard_auth import Auth
from pegboard_auth.fetching import FetchError
from pegboard_auth.issuer_keys import IssuerKeys

pytestmark = pytest.mark.anyio

KEYS = {kid: ECKey.generate_key("P-256") for kid in ("old", "new")}


def jwks(*kids: str) -> dict[str, Any]:
    return {"keys": [{**KEYS[kid].as_dict(private=False), "kid": kid, "use": "sig"} for kid in kids]}


@pytest.fixture
def issuer() -> Iterator[WebProvider]:
    """An issuer with the key ``old``, found by discovery."""
    with web_provider() as running:
        uri = running.serve("/keys", jwks("old"))
        running.serve("/.well-known/openid-configuration", {"issuer": running.url, "jwks_uri": uri})
        yield running


def issuer_keys(issuer: WebProvider, url: str | None = None) -> IssuerKeys:
    return IssuerKeys(issuer.url, url, ["ES256"], 5.0, 65_536)


async def test_keys_are_found_by_discovery(issuer: WebProvider) -> None:
    assert [key.kid for key in await issuer_keys(issuer)()] == ["old"]
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_keys_at_a_given_address_need_no_discovery(issuer: WebProvider) -> None:
    assert [key.kid for key in await issuer_keys(issuer, f"{issuer.url}/keys")()] == ["old"]
    assert issuer.asked == ["/keys"]


async def test_the_same_document_gives_the_same_keys(issuer: WebProvider) -> None:
    fetch = issuer_keys(issuer, f"{issuer.url}/keys")
    first = await fetch()
    assert await fetch() is first
    issuer.serve("/keys", jwks("old", "new"))
    assert [key.kid for key in await fetch()] == ["old", "new"]


async def test_a_set_without_a_key_of_use_is_an_error_and_says_what_was_left_out(
    issuer: WebProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    issuer.serve("/keys", {"keys": [{"kty": "oct", "k": "secretsecretsecret"}]})
    with pytest.raises(FetchError, match="no key that can be used"):
        await issuer_keys(issuer)()
    assert "keys[0]: is of no algorithm that is allowed" in caplog.text
    assert "secretsecret" not in caplog.text


# A board with this issuer


async def whoami(request: Request) -> str:
    return str(request.user.identity)


def make_board(issuer: WebProvider, **of_jwks: Any) -> Pegboard:
    settings = {"issuer": issuer.url, "audience": ["api"], "jwks": of_jwks}
    return Pegboard(routes=[Route("/", whoami)], plugins=[Auth(jwt=settings)], config={})


def token(issuer: WebProvider, kid: str = "old", **header: Any) -> str:
    claims = {"iss": issuer.url, "aud": "api", "sub": "ann", "exp": int(time.time()) + 600}
    return jwt.encode({"alg": "ES256", "kid": kid, **header}, claims, KEYS[kid])


async def ask(board: Pegboard, bearer: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(board), base_url="http://test") as client:
        return await client.get("/", headers={"authorization": f"Bearer {bearer}"})


async def test_fifty_cold_requests_make_one_fetch(issuer: WebProvider) -> None:
    board, answers = make_board(issuer, url=f"{issuer.url}/keys"), []
    issuer.go_on.clear()
    given = token(issuer)

    async def one() -> None:
        answers.append((await ask(board, given)).text)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(one)
        while not issuer.asked:  # noqa: ASYNC110  the issuer runs in threads
            await anyio.sleep(0.01)
        issuer.go_on.set()
    assert answers == ["ann"] * 50
    assert issuer.asked == ["/keys"]


async def test_a_board_that_runs_has_its_keys_before_the_first_request(issuer: WebProvider) -> None:
    board = make_board(issuer)
    async with AsyncTestClient(board) as client:
        with anyio.fail_after(5):
            while len(issuer.asked) < 2:  # noqa: ASYNC110  the issuer runs in threads
                await anyio.sleep(0.01)
        answer = await client.get("/", headers={"authorization": f"Bearer {token(issuer)}"})
        assert answer.text == "ann"
    assert len(issuer.asked) == 2


async def test_a_key_of_todays_is_taken_up_without_a_restart(issuer: WebProvider) -> None:
    board = make_board(issuer, cooldown=1)
    assert (await ask(board, token(issuer))).text == "ann"
    issuer.serve("/keys", jwks("new"))
    with anyio.fail_after(10):
        while (answer := await ask(board, token(issuer, "new"))).status_code == 401:  # noqa: ASYNC110  as above
            await anyio.sleep(0.1)
    assert answer.text == "ann"
    # What the old key has verified is forgotten with it.
    assert (await ask(board, token(issuer))).status_code == 401


async def test_an_issuer_that_is_down_from_the_start_is_503_and_nobodys_fault() -> None:
    with web_provider() as gone:
        board = make_board(gone)
    response = await ask(board, token(gone))
    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert response.headers["cache-control"] == "no-store"
    assert "www-authenticate" not in response.headers
    async with httpx.AsyncClient(transport=httpx.ASGITransport(board), base_url="http://test") as client:
        assert (await client.get("/")).status_code == 401


ATTACKS: dict[str, dict[str, Any]] = {
    "kid of another": {"kid": "x"},
    "kid as an address": {"kid": "http://169.254.169.254/"},
    "jku": {"jku": "http://127.0.0.1:1/jwks"},
    "x5u": {"x5u": "http://127.0.0.1:1/cert"},
    "jwk": {"jwk": KEYS["new"].as_dict(private=False)},
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_token_cannot_say_where_its_keys_are(issuer: WebProvider, attack: str) -> None:
    board = make_board(issuer)
    assert (await ask(board, token(issuer))).status_code == 200
    claims = {"iss": issuer.url, "aud": "api", "sub": "ann", "exp": int(time.time()) + 600}
    header = {"alg": "ES256", "kid": "old", **ATTACKS[attack]}
    given = jwt.encode(header, claims, KEYS["new"])
    assert (await ask(board, given)).status_code == 401
    assert set(issuer.asked) == {"/.well-known/openid-configuration", "/keys"}
