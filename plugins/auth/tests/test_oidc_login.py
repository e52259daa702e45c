"""A login at an OpenID provider, from the first click to the session, against a real server on loopback."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import anyio
import httpx
import pytest
from openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider, new_key, serving

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import JSONResponse, Response, StreamingResponse
from pegboard.routing import Route
from pegboard_auth import Access, Auth, User, oidc_building
from pegboard_auth.oidc_flow import read_attempt
from pegboard_auth.oidc_provider import Provider
from pegboard_auth.session_signing import Signing

pytestmark = pytest.mark.anyio

KEYS = ["k" * 32]
HERE = "https://app.example"
FAILED = "The login has failed; please try again"

# Tables of attacks, whose rows differ in what is judged and not in how it is awaited.
on_one_loop = pytest.mark.parametrize("anyio_backend", ["asyncio"])


@pytest.fixture(scope="module")
def served() -> Iterator[OpenIDProvider]:
    with serving(OpenIDProvider()) as provider:
        yield provider


@pytest.fixture
def provider(served: OpenIDProvider) -> OpenIDProvider:
    served.reset()
    return served


async def whoami(request: Request) -> Any:
    return {"user": request.user.identity, "name": request.user.display_name, "roles": sorted(request.auth.roles)}


def make_board(provider: OpenIDProvider, **oidc: Any) -> Pegboard:
    settings = {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": f"{HERE}/login/callback",
        **oidc,
    }
    plugin = Auth(sessions={"keys": KEYS}, oidc=settings)
    return Pegboard(routes=[Route("/me", whoami), Route("/here", whoami)], plugins=[plugin], config={})


class Browser:
    """A browser that visits a board and the provider, and stops at every redirect."""

    def __init__(self, board: Pegboard) -> None:
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(board), base_url=HERE)

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.client.get(url, **options)

    async def begin(self, next: str | None = None) -> str:
        """Begin a login: where the provider is asked."""
        query = "" if next is None else "?" + urlencode({"next": next})
        response = await self.get(f"/login{query}")
        assert response.status_code == 303
        return response.headers["location"]

    async def agree(self, asked: str) -> str:
        """Agree at the provider: where it sends the browser back to."""
        async with httpx.AsyncClient(verify=False) as client:
            response = await client.get(asked)
        assert response.status_code == 303
        return str(response.headers["location"])

    async def log_in(self, next: str | None = None) -> httpx.Response:
        """The whole way; gives the answer to the last step."""
        return await self.get(await self.agree(await self.begin(next)))

    async def who(self) -> Any:
        response = await self.get("/me")
        return response.json() if response.status_code == 200 else response.status_code


def changed(url: str, **params: str | None) -> str:
    """The URL with other parameters."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **params}
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    facts = [vars(record)["auth"] for record in caplog.records if "auth" in vars(record)]
    return [
        (fact["reason"], fact["identity"], fact["status_code"]) for fact in facts if fact["event"] == "login failed"
    ]


# The good way


async def test_a_user_logs_in_and_out(provider: OpenIDProvider) -> None:
    provider.claims = {"roles": ["editor"]}
    browser = Browser(make_board(provider))
    assert await browser.who() == 401
    response = await browser.log_in("/here?tab=2")
    assert (response.status_code, response.headers["location"]) == (303, "/here?tab=2")
    assert await browser.who() == {"user": "user-1", "name": "Ann", "roles": ["editor"]}
    assert provider.asked == ["metadata", "jwks", "authorize", "token"]
    response = await browser.client.post("/logout", headers={"sec-fetch-site": "same-origin"})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert await browser.who() == 401


async def test_the_provider_is_asked_with_state_nonce_and_a_challenge_and_never_from_the_host_header(
    provider: OpenIDProvider,
) -> None:
    browser = Browser(make_board(provider))
    response = await browser.get("/login", headers={"host": "evil.example"})
    asked = parse_qs(urlsplit(response.headers["location"]).query)
    assert response.headers["location"].startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == [f"{HERE}/login/callback"]
    assert asked["scope"] == ["openid profile"]
    assert {name: len(asked[name][0]) for name in ("state", "nonce", "code_challenge")} == {
        "state": 43,
        "nonce": 43,
        "code_challenge": 43,
    }
    assert response.headers["cache-control"] == "no-store"


async def test_the_cookie_of_a_login_is_short_lived_and_gone_once_it_was_used(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    begun = (await browser.get("/login")).headers["set-cookie"]
    assert begun.startswith("__Host-login=")
    assert begun.partition("; ")[2] == "HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure"
    ended = (await browser.log_in()).headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in ended] == ["__Host-session", "__Host-login"]
    assert "Max-Age=0" in ended[1]


async def test_a_browser_that_navigates_is_sent_to_the_login_and_comes_back(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    response = await browser.get("/here?tab=2", headers={"accept": "text/html"})
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=/here%3Ftab%3D2")
    begun = await browser.get(response.headers["location"])
    ended = await browser.get(await browser.agree(begun.headers["location"]))
    assert ended.headers["location"] == "/here?tab=2"


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%5Cevil.example",
        "/\tevil",
        "javascript:alert(1)",
        "",
        "/" + "x" * 2000,
    ],
)
async def test_nobody_is_led_away_after_a_login(provider: OpenIDProvider, next: str) -> None:
    response = await Browser(make_board(provider, after_login="/start")).log_in(next)
    assert response.headers["location"] == "/start"


async def test_what_is_no_path_of_ours_is_not_even_kept(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    for wanted, kept in (("//evil.example", "/"), ("/here", "/here")):
        await browser.begin(wanted)
        written = Signing(KEYS, "oidc").verify(browser.client.cookies["__Host-login"], 4096)
        assert read_attempt(written, time.time(), 600).next == kept


async def test_a_login_ends_the_session_that_the_browser_had(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    await browser.log_in()
    before = browser.client.cookies["__Host-session"]
    await browser.log_in()
    assert browser.client.cookies["__Host-session"] != before
    browser.client.cookies.clear()
    assert (await browser.get("/me", headers={"cookie": f"__Host-session={before}"})).status_code == 401


async def test_paths_are_where_the_settings_say(provider: OpenIDProvider) -> None:
    paths = {"login_path": "/sign-in", "logout_path": "/sign-out", "redirect_uri": f"{HERE}/app/back"}
    browser = Browser(make_board(provider, callback_path="/back", after_logout="/bye", **paths))
    begun = await browser.get("/sign-in")
    back = await browser.agree(begun.headers["location"])
    assert back.startswith(f"{HERE}/app/back?")
    assert (await browser.get(back.replace("/app/back", "/back"))).status_code == 303
    assert (await browser.client.post("/sign-out")).headers["location"] == "/bye"


async def test_a_logout_is_a_post_of_ones_own_page(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    await browser.log_in()
    assert (await browser.get("/logout")).status_code == 405
    refused = await browser.client.post("/logout", headers={"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert (await browser.who())["user"] == "user-1"


# Who may


async def test_the_application_has_the_last_word_on_who_is_let_in(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    async def admit(access: Access) -> Access | None:
        if access.claims["email"].endswith("@partner.example"):
            return Access(User("partner:" + access.identity, "Partner"), "", ["read"], ["guest"])
        return None

    browser = Browser(make_board(provider, admit=admit))
    provider.claims = {"email": "ann@partner.example"}
    assert (await browser.log_in()).status_code == 303
    assert await browser.who() == {"user": "partner:user-1", "name": "Partner", "roles": ["guest"]}
    provider.claims = {"email": "eve@evil.example"}
    assert (await browser.log_in()).status_code == 403
    assert told(caplog) == [("not admitted", "user-1", 403)]


async def test_what_decides_must_give_an_access(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider, admit=lambda access: True))
    with pytest.raises(TypeError, match="admit returned bool; expected an Access, or None"):
        await browser.log_in()


async def test_an_email_address_is_an_identity_only_when_the_provider_has_verified_it(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(make_board(provider, identity_claim="email"))
    for verified, status_code in ((True, 303), (None, 403), (False, 403), ("true", 403)):
        provider.claims = {"email": "ann@home.example", "email_verified": verified}
        assert (await browser.log_in()).status_code == status_code
    assert {reason for reason, _, _ in told(caplog)} == {"the provider has not verified the email address"}


# Attacks on the way back


@on_one_loop
@pytest.mark.parametrize(
    ("change", "status_code", "reason"),
    [
        ({"state": "x" * 43}, 400, "another login"),
        ({"state": None}, 400, "another login"),
        ({"state": "é"}, 400, "another login"),
        ({"iss": "https://evil.example"}, 400, "another provider's"),
        ({"iss": None}, 400, "another provider's"),
        ({"error": "access_denied", "code": None}, 403, "the provider says access_denied"),
        ({"error": "<script>", "code": None}, 403, "the provider says an error of its own"),
        ({"error": "access_denied", "iss": "https://evil.example"}, 400, "another provider's"),
        ({"code": None}, 400, "no code"),
        ({"code": ""}, 400, "no code"),
        ({"code": "x" * 5000}, 400, "no code"),
        ({"code": "invented"}, 403, "the token endpoint answers 400, invalid_grant"),
    ],
)
async def test_an_answer_that_is_not_the_providers_to_this_login_is_refused(
    provider: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
    change: dict[str, str | None],
    status_code: int,
    reason: str,
) -> None:
    browser = Browser(make_board(provider))
    back = await browser.agree(await browser.begin())
    response = await browser.get(changed(back, **change))
    assert (response.status_code, response.text) == (status_code, FAILED)
    assert response.headers["cache-control"] == "no-store"
    [(found, identity, _)] = told(caplog)
    assert reason in found
    assert identity == ""
    assert await browser.who() == 401


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
async def test_a_parameter_that_is_repeated_is_refused(provider: OpenIDProvider, name: str) -> None:
    browser = Browser(make_board(provider))
    back = await browser.agree(await browser.begin())
    assert (await browser.get(f"{back}&{name}=a&{name}=b")).status_code == 400


async def test_an_answer_in_another_browser_than_the_one_that_asked_is_refused(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    board = make_board(provider)
    attacker, victim = Browser(board), Browser(board)
    back = await attacker.agree(await attacker.begin())
    assert (await victim.get(back)).status_code == 400
    await victim.begin()
    assert (await victim.get(back)).status_code == 400
    assert [reason for reason, _, _ in told(caplog)] == [
        "no login was begun in this browser",
        "the answer is for another login than the one that was begun in this browser",
    ]


async def test_a_code_is_good_once(provider: OpenIDProvider, caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser(make_board(provider))
    asked = await browser.begin()
    kept = browser.client.cookies["__Host-login"]
    back = await browser.agree(asked)
    assert (await browser.get(back)).status_code == 303
    assert (await browser.get(back)).status_code == 400
    browser.client.cookies.clear()
    again = await browser.get(back, headers={"cookie": f"__Host-login={kept}"})
    assert again.status_code == 403
    assert "Max-Age=0" in again.headers["set-cookie"]
    assert told(caplog)[1] == ("the token endpoint answers 400, invalid_grant", "", 403)


async def test_a_code_of_another_login_is_refused_for_want_of_its_verifier(provider: OpenIDProvider) -> None:
    board = make_board(provider)
    attacker, victim = Browser(board), Browser(board)
    stolen = dict(parse_qsl(urlsplit(await victim.agree(await victim.begin())).query))["code"]
    own = await attacker.agree(await attacker.begin())
    assert (await attacker.get(changed(own, code=stolen))).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x", "eyJ9.forged", "a" * 5000])
async def test_a_cookie_that_we_have_not_signed_begins_nothing(provider: OpenIDProvider, cookie: str) -> None:
    browser = Browser(make_board(provider))
    back = await browser.agree(await browser.begin())
    browser.client.cookies.clear()
    response = await browser.get(back, headers={"cookie": f"__Host-login={cookie}"})
    assert response.status_code == 400


async def test_a_session_cookie_is_no_login_that_was_begun(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    await browser.log_in()
    session = browser.client.cookies["__Host-session"]
    back = await browser.agree(await browser.begin())
    browser.client.cookies.clear()
    assert (await browser.get(back, headers={"cookie": f"__Host-login={session}"})).status_code == 400


async def test_a_provider_that_does_not_name_itself_need_not_but_must_not_name_another(
    provider: OpenIDProvider,
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": None}
    browser = Browser(make_board(provider))
    for issuer, status_code in ((None, 303), (provider.issuer, 303), ("https://evil.example", 400)):
        provider.callback = {"iss": issuer}
        assert (await browser.log_in()).status_code == status_code


# Attacks on the ID token


@on_one_loop
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "x" * 43}, "the nonce is another login's"),
        ({"nonce": None}, "the nonce is another login's"),
        ({"nonce": 7}, "the nonce is another login's"),
        ({"exp": 1_000_000}, "expired"),
        ({"exp": None}, "no exp"),
        ({"exp": "tomorrow"}, "exp is no date"),
        ({"iat": None}, "no iat, or no sub"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_100}, "iat lies in the future"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"aud": "another client"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": [CLIENT_ID, "another client"]}, "the token was issued to another party"),
        ({"aud": [CLIENT_ID, "another client"], "azp": "another client"}, "the token was issued to another party"),
        ({"azp": "another client"}, "the token was issued to another party"),
        ({"sub": None}, "no usable sub"),
        ({"sub": 7}, "no usable sub"),
        ({"sub": "a\nb"}, "no usable sub"),
        ({"sub": "x" * 256}, "no usable sub"),
    ],
)
async def test_an_id_token_that_is_not_for_this_login_is_refused(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture, claims: dict[str, Any], reason: str
) -> None:
    provider.claims = claims
    browser = Browser(make_board(provider))
    response = await browser.log_in()
    assert (response.status_code, response.text) == (403, FAILED)
    assert [found for found, _, _ in told(caplog)] == [reason]
    assert await browser.who() == 401


@pytest.mark.parametrize("claims", [{"aud": [CLIENT_ID]}, {"aud": [CLIENT_ID, "x"], "azp": CLIENT_ID}, {"name": 7}])
async def test_an_id_token_that_says_more_or_less_than_usual_is_fine(
    provider: OpenIDProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert (await Browser(make_board(provider)).log_in()).status_code == 303


def unsigned(token: str) -> str:
    """The token without a signature, and with a header that says so."""
    return "eyJhbGciOiJub25lIn0." + token.split(".")[1] + "."


def stripped(token: str) -> str:
    return token.rpartition(".")[0] + "."


def by_hmac(token: str) -> str:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    claims = jwt.decode(token, ECKeys.key).claims
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET + "x" * 20))


class ECKeys:
    key: Any = None


@pytest.mark.parametrize("forge", [unsigned, stripped, by_hmac])
async def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    provider: OpenIDProvider, forge: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ECKeys.key = provider.key
    honest = provider.id_token
    monkeypatch.setattr(provider, "id_token", lambda nonce: forge(honest(nonce)))
    assert (await Browser(make_board(provider)).log_in()).status_code == 403


async def test_an_id_token_under_a_key_that_is_not_the_providers_is_refused(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    provider.key = new_key("one")
    assert (await browser.log_in()).status_code == 403


async def test_an_id_token_that_brings_its_own_key_is_refused(provider: OpenIDProvider) -> None:
    provider.key = new_key("one")
    provider.header = {"jwk": provider.key.as_dict(private=False)}
    assert (await Browser(make_board(provider)).log_in()).status_code == 403


async def test_a_new_key_of_the_provider_needs_no_restart(
    provider: OpenIDProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = 0.0
    monkeypatch.setattr(oidc_building, "Provider", partial(Provider, ages=lambda: time.monotonic() + passed))
    browser = Browser(make_board(provider))
    assert (await browser.log_in()).status_code == 303
    provider.key = new_key("two")
    provider.published = [provider.key]
    assert (await browser.log_in()).status_code == 403, "asked a moment ago"
    passed = 60
    assert (await browser.log_in()).status_code == 303
    assert provider.asked.count("jwks") == 2


# A provider that is down, wrong, or huge


async def endless() -> AsyncIterator[bytes]:
    while True:
        await anyio.sleep(0.001)
        yield b" " * 65536


@pytest.mark.parametrize(
    ("answer", "status_code", "reason"),
    [
        (lambda: JSONResponse({"error": "invalid_client"}, 401), 502, "answers 401, invalid_client"),
        (lambda: JSONResponse({"error": "A secret!"}, 400), 502, "answers 400, an error of its own"),
        (lambda: JSONResponse({"error": ["x"]}, 400), 502, "answers 400, an error of its own"),
        (lambda: JSONResponse({}, 200), 502, "has no ID token"),
        (lambda: JSONResponse({"id_token": 7}, 200), 502, "has no ID token"),
        (lambda: JSONResponse({"id_token": "é"}, 200), 502, "has no ID token"),
        (lambda: JSONResponse({"id_token": "x" * 20_000}, 200), 403, "the ID token is too long"),
        (lambda: JSONResponse({"id_token": "x.y.z"}, 200), 403, "not canonical base64url"),
        (lambda: JSONResponse([], 200), 502, "not a JSON object"),
        (lambda: Response(b"<html>", 200), 502, "not JSON"),
        (lambda: Response(b'{"id_token": "a", "id_token": "b"}', 200), 502, "a member is repeated"),
        (lambda: Response(b"x" * 300_000, 200), 502, "larger than 262144 bytes"),
        (lambda: StreamingResponse(endless(), 200), 502, "larger than 262144 bytes"),
        (lambda: Response(b"{}", 200, {"content-encoding": "gzip"}), 502, "content coding"),
        (lambda: Response(b"", 302, {"location": "https://evil.example"}), 502, "answers 302"),
        (lambda: Response(b"", 500), 503, "answers 500"),
    ],
    ids=[
        "refuses us",
        "says something",
        "says a list",
        "has no token",
        "has a number",
        "has no ASCII",
        "has a long token",
        "has no JWT",
        "is a list",
        "is HTML",
        "is ambiguous",
        "is huge",
        "is endless",
        "is coded",
        "redirects",
        "fails",
    ],
)
async def test_a_token_endpoint_that_answers_anything_else_is_told_apart(
    provider: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
    answer: Callable[[], Response],
    status_code: int,
    reason: str,
) -> None:
    browser = Browser(make_board(provider))
    back = await browser.agree(await browser.begin())
    provider.answer = answer()
    response = await browser.get(back)
    assert (response.status_code, response.text) == (status_code, FAILED)
    assert ("retry-after" in response.headers) is (status_code == 503)
    [(found, _, _)] = told(caplog)
    assert reason in found
    assert "secret" not in found


async def test_an_address_whose_logins_fail_has_to_wait(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(make_board(provider, address_attempts=2, address_seconds=3600))
    for _ in range(3):
        assert (await browser.log_in()).status_code == 303
    back = await browser.agree(await browser.begin())
    provider.answer = Response(b"", 500)
    assert [(await browser.get(back)).status_code for _ in range(2)] == [503, 503]
    response = await browser.get(back)
    assert (response.status_code, response.text) == (429, FAILED)
    assert int(response.headers["retry-after"]) > 0
    assert told(caplog)[-1] == ("too many logins for this address", "", 429)


async def test_a_login_goes_on_once_the_provider_is_back(provider: OpenIDProvider) -> None:
    browser = Browser(make_board(provider))
    back = await browser.agree(await browser.begin())
    provider.answer = Response(b"", 500)
    assert (await browser.get(back)).status_code == 503
    provider.answer = None
    assert (await browser.get(back)).status_code == 303


async def test_a_provider_that_is_down_is_503_and_asked_once_for_many_browsers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nobody = OpenIDProvider()
    nobody.issuer = "http://127.0.0.1:9"
    board = make_board(nobody)
    for _ in range(3):
        response = await Browser(board).get("/login")
        assert (response.status_code, response.text) == (503, FAILED)
        assert int(response.headers["retry-after"]) > 0
    assert len([record for record in caplog.records if "cannot be fetched" in record.message]) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"token_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 7},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
    ],
)
async def test_a_provider_with_bad_metadata_is_not_used(provider: OpenIDProvider, metadata: dict[str, Any]) -> None:
    provider.metadata = metadata
    assert (await Browser(make_board(provider)).get("/login")).status_code == 503


async def test_no_record_has_a_code_a_token_or_a_cookie(
    provider: OpenIDProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "pegboard.auth")
    browser = Browser(make_board(provider))
    asked = await browser.begin()
    back = await browser.agree(asked)
    secrets = [*dict(parse_qsl(urlsplit(back).query)).values(), browser.client.cookies["__Host-login"]]
    secrets.remove(provider.issuer)
    await browser.get(back)
    secrets.append(browser.client.cookies["__Host-session"])
    await browser.get(back)
    await browser.get(changed(back, state="attackers-own-text"))
    written = caplog.text + repr([vars(record) for record in caplog.records])
    for secret in (*secrets, CLIENT_SECRET, "attackers"):
        assert secret not in written
