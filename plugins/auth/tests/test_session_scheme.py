"""The scheme of browsers with a session: over HTTP, and for WebSockets."""

import logging
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.requests import HTTPConnection
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard.websockets import WebSocket
from pegboard_auth import Auth
from pegboard_auth.audit import Audit
from pegboard_auth.identity import Access, User
from pegboard_auth.session_rules import Timeouts, new_session
from pegboard_auth.session_scheme import SessionScheme
from pegboard_auth.session_signing import Signing
from pegboard_auth.session_stores import MemorySessions, SessionStoreError, StoredSession
from pegboard_auth.sessions import Sessions

pytestmark = pytest.mark.anyio

KEY = "k" * 32
COOKIE = "__Host-session=" + Signing([KEY], "session").sign("an-id-of-the-tests")


class Fixed(MemorySessions):
    """Knows one session, or is out of order."""

    def __init__(self, works: bool = True) -> None:
        super().__init__()
        self.works = works

    async def find(self, key: bytes) -> StoredSession | None:
        if not self.works:
            raise SessionStoreError("out of order")
        return new_session(key, Access(User("ann"), ""), 4e9, Timeouts(1800, 43200))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.user.identity)


async def whoami(request: Any) -> str:
    return str(request.user.identity)


def make_board(store: Any, **auth: Any) -> Pegboard:
    plugin = Auth(sessions={"keys": [KEY], "store": store}, **auth)
    return Pegboard(routes=[Route("/me", whoami), WebSocketRoute("/echo", echo)], plugins=[plugin], config={})


async def ask(board: Pegboard, type: str = "websocket", path: str = "/echo", **headers: str) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    scope = {
        "type": type,
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": pairs,
        "extensions": extensions,
    }
    waiting: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await board(scope, receive, send)
    return sent


def audited(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the audit trail says; others may write to the log as well."""
    return [record.auth for record in caplog.records if record.name == "pegboard.auth"]  # type: ignore[attr-defined]


async def test_a_websocket_of_ones_own_page_has_the_sessions_user() -> None:
    for headers in ({"sec_fetch_site": "same-origin"}, {"origin": "https://here.example", "host": "here.example"}, {}):
        accepted, message, *_ = await ask(make_board(Fixed()), cookie=COOKIE, **headers)
        assert accepted["type"] == "websocket.accept"
        assert message["text"] == "ann"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
        {"origin": "https://sub.here.example", "sec_fetch_site": "same-site"},
    ],
)
async def test_a_websocket_of_another_sites_page_is_refused_before_it_is_accepted(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    sent = await ask(make_board(Fixed()), cookie=COOKIE, host="here.example", **headers)
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 403)
    assert [facts["reason"] for facts in audited(caplog)] == ["a cookie sent by another site's page"]


async def test_a_websocket_without_a_session_is_denied_with_401() -> None:
    sent = await ask(make_board(Fixed()), cookie="__Host-session=forged.signature")
    assert sent[0]["status"] == 401


async def test_a_store_that_cannot_answer_is_503_and_not_a_logout(caplog: pytest.LogCaptureFixture) -> None:
    sent = await ask(make_board(Fixed(works=False)), "http", "/me", cookie=COOKIE)
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"1") in sent[0]["headers"]
    assert not [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert audited(caplog)[0]["reason"] == "out of order"


async def test_the_cookie_is_found_in_any_company_and_counts_at_its_place_in_the_order() -> None:
    tokens = [{"identity": "bob", "secret": "a-token-of-the-tests-1"}]
    cookies = f"a=1; {COOKIE}; b=2"
    for order, who in (([], b"bob"), (["session"], b"ann")):
        board = make_board(Fixed(), tokens=tokens, order=order)
        sent = await ask(board, "http", "/me", cookie=cookies, authorization="Bearer a-token-of-the-tests-1")
        assert sent[1]["body"] == who


async def test_whoever_is_let_through_is_in_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pegboard.auth")
    await ask(make_board(Fixed()), "http", "/me", cookie=COOKIE)
    facts = audited(caplog)[-1]
    assert (facts["event"], facts["identity"], facts["scheme"]) == ("passed", "ann", "session")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_an_open_websocket_keeps_a_session_only_as_long_as_messages_come() -> None:
    clock = Clock()
    sessions = Sessions(MemorySessions(), Signing([KEY], "session"), Timeouts(100, 1000), Audit(), clock=clock)
    response = PlainTextResponse("")
    request = HTTPConnection({"type": "http", "method": "POST", "headers": []})
    await sessions.log_in(request, response, Access(User("ann"), ""))
    cookie = response.headers["set-cookie"].partition(";")[0].encode()
    scope = {"type": "websocket", "path": "/", "headers": [(b"cookie", cookie)]}

    async def receive() -> Any:
        return {"type": "websocket.connect" if not websocket.accepted else "websocket.receive", "text": "x"}

    async def send(message: Any) -> None:
        pass

    websocket = WebSocket(scope, receive, send)
    scheme = SessionScheme(sessions)
    access = await scheme.authenticate(websocket)
    assert access is not None
    assert access.expires == 2000, "the end that no activity moves"
    await websocket.accept()
    for _ in range(3):
        clock.now += 60
        await websocket.receive_text()
        assert await scheme.authenticate(websocket) is not None
    clock.now += 60
    assert await scheme.authenticate(websocket) is not None
    clock.now += 60
    assert await scheme.authenticate(websocket) is None
