"""Sessions of browsers: their ids, their cookies, their ends."""

import logging
from hashlib import sha256
from typing import Any

import pytest

from pegboard.exceptions import HTTPException
from pegboard.requests import HTTPConnection
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard_auth import sessions as sessions_module
from pegboard_auth.audit import Audit
from pegboard_auth.identity import ANONYMOUS, Access, User
from pegboard_auth.session_rules import Timeouts
from pegboard_auth.session_signing import Signing
from pegboard_auth.session_stores import MemorySessions, SessionStoreError, StoredSession
from pegboard_auth.sessions import Sessions

pytestmark = pytest.mark.anyio

KEY = "k" * 32
ANN, BOB = Access(User("ann"), "", ["write"]), Access(User("bob"), "")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class BrokenStore(MemorySessions):
    async def find(self, key: bytes) -> StoredSession | None:
        raise SessionStoreError("out of order")

    add = remove = remove_all = touch = find  # type: ignore[assignment]


class Browser:
    """Keeps the cookie of a session, and makes requests with it."""

    def __init__(self, store: Any = None, clock: Clock | None = None, **options: Any) -> None:
        self.store = MemorySessions() if store is None else store
        self.clock = clock or Clock()
        options = {"timeouts": Timeouts(100, 1000), "signing": Signing([KEY], "session"), **options}
        self.sessions = Sessions(store=self.store, audit=Audit(), clock=self.clock, **options)
        self.cookie = ""

    def request(self, method: str = "POST", **headers: bytes) -> HTTPConnection:
        pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
        if self.cookie:
            pairs.append((b"cookie", self.cookie.encode()))
        return HTTPConnection({"type": "http", "method": method, "path": "/", "headers": pairs})

    def take(self, response: Any) -> None:
        [header] = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
        cookie, _, attributes = header.partition("; ")
        self.cookie = "" if "Max-Age=0" in attributes else cookie

    async def log_in(self, access: Access = ANN) -> None:
        response = PlainTextResponse("")
        await self.sessions.log_in(self.request(), response, access)
        self.take(response)

    async def log_out(self, **options: Any) -> None:
        response = PlainTextResponse("")
        await self.sessions.log_out(self.request(), response, **options)
        self.take(response)

    async def who(self) -> str | None:
        access = await self.sessions.find(self.request("GET"))
        return None if access is None else access.identity


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    facts = [record.auth for record in caplog.records]  # type: ignore[attr-defined]
    return [(fact["event"], fact["identity"], fact["reason"]) for fact in facts]


# Logging in


async def test_a_login_gives_a_cookie_for_this_host_alone() -> None:
    browser = Browser()
    response = StreamingResponse(iter(()))
    request = browser.request()
    await browser.sessions.log_in(request, response, ANN)
    cookie, *attributes = response.headers["set-cookie"].split("; ")
    assert cookie.startswith("__Host-session=")
    assert attributes == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert response.headers["cache-control"] == "no-store"
    assert (request.user.identity, request.auth.scheme, request.auth.scopes) == ("ann", "session", {"write"})


async def test_a_persistent_cookie_lasts_as_long_as_a_session_can() -> None:
    browser = Browser(persistent=True)
    response = PlainTextResponse("")
    await browser.sessions.log_in(browser.request(), response, ANN)
    assert "; Max-Age=1000; " in response.headers["set-cookie"]


async def test_the_store_sees_neither_the_id_nor_the_cookie() -> None:
    browser = Browser()
    await browser.log_in()
    value = browser.cookie.partition("=")[2]
    session_id = value.rpartition(".")[0]
    assert len(session_id) == 43, "256 bits in base64url"
    [stored] = browser.store._sessions.values()
    assert stored.key == sha256(session_id.encode()).digest()
    assert session_id.encode() not in stored.data


async def test_every_login_has_an_id_of_its_own() -> None:
    browser = Browser()
    seen = set()
    for _ in range(10):
        await browser.log_in()
        seen.add(browser.cookie)
    assert len(seen) == 10


async def test_a_login_ends_the_session_that_the_browser_had() -> None:
    browser = Browser()
    await browser.log_in(BOB)
    before = browser.cookie
    await browser.log_in(ANN)
    assert await browser.who() == "ann"
    browser.cookie = before
    assert await browser.who() is None
    assert len(browser.store) == 1


async def test_an_id_that_somebody_has_planted_is_not_taken_over() -> None:
    browser = Browser()
    browser.cookie = "__Host-session=planted"
    await browser.log_in()
    assert "planted" not in browser.cookie
    assert await browser.who() == "ann"


async def test_two_logins_on_one_response_set_one_cookie_and_other_cookies_stay() -> None:
    browser = Browser()
    response = PlainTextResponse("")
    response.set_cookie("theme", "dark")
    await browser.sessions.log_in(browser.request(), response, BOB)
    await browser.sessions.log_in(browser.request(), response, ANN)
    cookies = response.headers.getlist("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["theme", "__Host-session"]


@pytest.mark.parametrize("access", [ANONYMOUS, Access(User("a\nb"), ""), Access(User("x" * 256), "")])
async def test_nobody_cannot_log_in(access: Access) -> None:
    with pytest.raises(ValueError, match="expected somebody with an identity"):
        await Browser().log_in(access)


async def test_another_sites_page_logs_nobody_in_or_out(caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser(trusted=["https://partner.example"])
    evil: Any = {"origin": b"https://evil.example", "host": b"here.example"}
    for call in (
        browser.sessions.log_in(browser.request(**evil), PlainTextResponse(""), ANN),
        browser.sessions.log_out(browser.request(**evil), PlainTextResponse("")),
        browser.sessions.log_out(browser.request(sec_fetch_site=b"same-site"), PlainTextResponse("")),
    ):
        with pytest.raises(HTTPException) as caught:
            await call
        assert caught.value.status_code == 403
    assert [reason for _, _, reason in told(caplog)] == [
        "another site's page wants to log in",
        "another site's page wants to log out",
        "another site's page wants to log out",
    ]
    await browser.sessions.log_in(browser.request(origin=b"https://partner.example"), PlainTextResponse(""), ANN)


@pytest.mark.parametrize("site", [b"cross-site", b"same-site"])
async def test_another_sites_link_to_a_logout_by_get_logs_nobody_out(site: bytes) -> None:
    browser = Browser()
    await browser.log_in()
    for headers in ({"sec_fetch_site": site}, {"origin": b"https://evil.example"}):
        with pytest.raises(HTTPException) as caught:
            await browser.sessions.log_out(browser.request("GET", **headers), PlainTextResponse(""))
        assert caught.value.status_code == 403
    assert await browser.who() == "ann"
    response = PlainTextResponse("")
    await browser.sessions.log_out(browser.request("GET", sec_fetch_site=b"same-origin"), response)
    assert await browser.who() is None


# Being logged in


async def test_a_session_tells_who_its_user_is() -> None:
    browser = Browser()
    assert await browser.who() is None
    await browser.log_in(Access(User("ann", "Ann"), "", ["write"], ["editor"], {"locale": "de"}))
    access = await browser.sessions.find(browser.request("GET"))
    assert access is not None
    assert (access.user.display_name, access.scheme, access.when) == ("Ann", "session", 1000)
    assert access.scopes == {"write"}
    assert access.roles == {"editor"}
    assert dict(access.claims) == {"locale": "de"}


async def test_a_cookie_that_we_have_not_signed_never_reaches_the_store() -> None:
    browser = Browser(BrokenStore())
    for value in ("", "x", "x.y", "a" * 43, "a" * 43 + "." + "b" * 43, "a" * 300, '"\\001"'):
        browser.cookie = f"__Host-session={value}"
        assert await browser.who() is None


async def test_the_cookies_that_are_remembered_are_few_and_none_is_kept_in_the_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions_module, "MAX_VERIFIED", 3)
    browser = Browser()
    for _ in range(5):
        await browser.log_in()
        assert await browser.who() == "ann"
    remembered = browser.sessions._verified
    assert len(remembered) == 3
    assert browser.cookie.partition("=")[2] not in repr(remembered)


async def test_signing_keys_are_replaced_without_logging_anybody_out() -> None:
    store, clock = MemorySessions(), Clock()
    before = Browser(store, clock)
    await before.log_in()
    for keys, who in (([KEY], "ann"), (["n" * 32, KEY], "ann"), (["n" * 32], None)):
        after = Browser(store, clock, signing=Signing(keys, "session"))
        after.cookie = before.cookie
        assert await after.who() == who


async def test_a_session_without_requests_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    browser = Browser()
    await browser.log_in()
    for _ in range(5):
        browser.clock.now += 99
        assert await browser.who() == "ann"
    browser.clock.now += 100
    assert await browser.who() is None
    assert len(browser.store) == 0
    assert await browser.who() is None
    assert told(caplog) == [
        ("logged in", "ann", ""),
        ("ended", "ann", "the session has expired"),
        ("ended", "", "no such session, or no more"),
    ]


async def test_a_session_ends_however_busy_its_user_is() -> None:
    browser = Browser()
    await browser.log_in()
    for _ in range(19):
        browser.clock.now += 50
        access = await browser.sessions.find(browser.request("GET"))
        assert access is not None
        assert access.expires is not None
        assert access.expires <= 2000
    browser.clock.now += 50
    assert await browser.who() is None


async def test_that_a_user_is_there_is_not_written_down_at_every_request() -> None:
    touched = []

    class Counting(MemorySessions):
        async def touch(self, key: bytes, seen: float, expires: float) -> None:
            touched.append((seen, expires))
            await super().touch(key, seen, expires)

    browser = Browser(Counting())
    await browser.log_in()
    for _ in range(30):
        browser.clock.now += 1
        await browser.who()
    assert touched == [(1010, 1110), (1020, 1120), (1030, 1130)]


async def test_looking_at_a_session_does_not_make_it_last() -> None:
    browser = Browser()
    await browser.log_in()
    for seconds, who in ((99, "ann"), (0.9, "ann"), (0.1, None)):
        browser.clock.now += seconds
        access = await browser.sessions.find(browser.request("GET"), is_seen=False)
        assert (None if access is None else access.identity) == who


async def test_data_that_cannot_be_read_ends_a_session(caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser()
    await browser.log_in()
    [stored] = browser.store._sessions.values()
    browser.store._sessions[stored.key] = StoredSession(stored.key, "ann", 1000, 1000, 1100, b"{")
    assert await browser.who() is None
    assert ("ended", "ann", "the session's data cannot be read") in told(caplog)
    assert len(browser.store) == 0


# Logging out


async def test_a_logout_ends_this_session_and_no_other() -> None:
    store = MemorySessions()
    here, there = Browser(store), Browser(store)
    await here.log_in()
    await there.log_in()
    stolen = here.cookie
    await here.log_out()
    assert here.cookie == ""
    here.cookie = stolen
    assert await here.who() is None
    assert await there.who() == "ann"


async def test_a_logout_everywhere_ends_all_sessions_of_one_user(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    store = MemorySessions()
    browsers = [Browser(store) for _ in range(3)]
    for browser, access in zip(browsers, (ANN, ANN, BOB), strict=True):
        await browser.log_in(access)
    await browsers[0].log_out(everywhere=True)
    assert [await browser.who() for browser in browsers] == [None, None, "bob"]
    assert ("logged out", "ann", "2 sessions") in told(caplog)


async def test_after_a_logout_the_rest_of_the_request_is_anonymous() -> None:
    browser = Browser()
    await browser.log_in()
    request = browser.request()
    await browser.sessions.log_out(request, PlainTextResponse(""))
    assert not request.user.is_authenticated


@pytest.mark.parametrize("cookie", ["", "__Host-session=forged.signature"])
async def test_a_logout_without_a_session_changes_nothing(cookie: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    browser = Browser()
    browser.cookie = cookie
    response = PlainTextResponse("")
    await browser.sessions.log_out(browser.request(), response)
    assert ("set-cookie" in response.headers) is bool(cookie), "a cookie that is worth nothing may as well go"
    assert told(caplog) == []


async def test_the_sessions_of_any_user_can_be_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    store = MemorySessions()
    admin, user = Browser(store), Browser(store)
    await user.log_in(BOB)
    assert await admin.sessions.end_all(admin.request(), "bob") == 1
    assert await user.who() is None
    assert ("logged out", "bob", "1 sessions, for another request") in told(caplog)


# The store


async def test_a_store_that_cannot_answer_is_told_as_503(caplog: pytest.LogCaptureFixture) -> None:
    browser = Browser()
    await browser.log_in()
    broken = Browser(BrokenStore())
    broken.cookie = browser.cookie
    for call in (
        broken.sessions.log_in(broken.request(), PlainTextResponse(""), ANN),
        broken.sessions.log_out(broken.request(), PlainTextResponse("")),
        broken.sessions.end_all(broken.request(), "ann"),
    ):
        with pytest.raises(HTTPException) as caught:
            await call
        assert (caught.value.status_code, caught.value.headers) == (
            503,
            {"Retry-After": "1", "Cache-Control": "no-store"},
        )
    with pytest.raises(SessionStoreError):
        await broken.who()
    assert told(caplog) == [("rejected", "", "out of order")] * 3


async def test_no_record_has_an_id_or_a_cookie(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pegboard.auth")
    browser = Browser()
    await browser.log_in()
    await browser.who()
    value = browser.cookie.partition("=")[2]
    await browser.log_out()
    browser.cookie = f"__Host-session={value}"
    await browser.who()
    browser.cookie = "__Host-session=attackers-own-text"
    await browser.who()
    written = caplog.text + repr([vars(record) for record in caplog.records])
    assert len(caplog.records) == 4
    for secret in (value, *value.split("."), "attackers"):
        assert secret not in written
