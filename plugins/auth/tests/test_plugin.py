"""The plugin on a board."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard import Pegboard, wrap
from pegboard.cli.group import run
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.types import Receive, Scope, Send
from pegboard.websockets import WebSocket
from pegboard_auth import Auth, digest_of, public, requires

pytestmark = pytest.mark.anyio

TOKEN, OTHER, KEY = "a-token-of-the-tests-1", "a-token-of-the-tests-2", "k1.a-key-of-the-tests-3"
STORED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("pass")
TOKENS = [
    {"identity": "ann", "secret": TOKEN, "scopes": ["write"], "roles": ["editor"]},
    {"identity": "bob", "digest": digest_of(OTHER)},
]
EVERYTHING: dict[str, Any] = {
    "tokens": TOKENS,
    "api_keys": {"keys": [{"identity": "cat", "prefix": "k1", "secret": KEY}], "query": "key"},
    "basic": {"users": [{"name": "dan", "password_hash": STORED}], "threads": 1, "throttle": {"account_attempts": 0}},
}


async def whoami(request: Request) -> dict[str, Any]:
    return {"user": request.user.identity, "known": request.user.is_authenticated, "scheme": request.auth.scheme}


@requires("write")
async def write(request: Request) -> str:
    return "written"


@requires(["authenticated"], roles="editor", policy="weekday")
def edit(request: Request) -> str:
    return "edited"


@public
async def home(request: Request) -> str:
    return "home"


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.user.identity)


@requires("write")
async def guarded_echo(websocket: WebSocket) -> None:
    await echo(websocket)


async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] != "lifespan"
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["user"].identity.encode()})


async def weekday(connection: Any, access: Any) -> bool:
    return bool(connection.header(b"x-day") != b"sunday")


ROUTES = [
    Route("/", home),
    Route("/me", whoami),
    Route("/write", write, methods=["GET", "POST", "OPTIONS"]),
    Route("/edit", edit),
    Route("/off", home, plugins={"auth": False}),
    Route("/perhaps", whoami, plugins={"auth": {"access": "optional"}}),
    Route("/basic-only", whoami, plugins={"auth": {"schemes": ["basic"]}}),
    Mount(
        "/admin",
        routes=[Route("/a", whoami), Route("/b", home, plugins={"auth": False})],
        plugins={"auth": {"roles": ["admin"]}},
    ),
    Mount("/foreign", app=foreign),
    WebSocketRoute("/echo", echo),
    WebSocketRoute("/guarded-echo", guarded_echo),
]


def make_board(**auth: Any) -> Pegboard:
    routes = ROUTES if "basic" in auth else [route for route in ROUTES if route.path != "/basic-only"]
    return Pegboard(routes=list(routes), plugins=[Auth(policies={"weekday": weekday}, **auth)], config={})


BOARD = make_board(**EVERYTHING)


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def basic(text: str = "dan:pass") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def ask(path: str, headers: Any = None, method: str = "GET", board: Any = None, **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(board or BOARD)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, headers=headers, **options)


async def connect(
    path: str, headers: dict[str, str] | None = None, can_deny: bool = True, board: Any = None
) -> list[dict[str, Any]]:
    """Open a WebSocket: what the application sends until it is done."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "extensions": {"websocket.http.response": {}} if can_deny else {},
    }
    waiting = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await (board or BOARD)(scope, receive, send)
    return sent


# Who calls


@pytest.mark.parametrize(
    ("headers", "user", "scheme"),
    [
        (bearer(), "ann", "bearer"),
        (bearer(OTHER), "bob", "bearer"),
        ({"x-api-key": KEY}, "cat", "api-key"),
        (basic(), "dan", "basic"),
    ],
)
async def test_every_scheme_finds_out_who_calls(headers: dict[str, str], user: str, scheme: str) -> None:
    response = await ask("/me", headers)
    assert response.status_code == 200
    assert response.json() == {"user": user, "known": True, "scheme": scheme}
    assert "cache-control" not in response.headers


async def test_caches_are_told_of_the_header_that_carries_keys() -> None:
    for headers in ({"x-api-key": KEY}, bearer(), {}):
        assert (await ask("/me", headers)).headers["vary"] == "x-api-key"
    assert "vary" not in (await ask("/")).headers
    assert "vary" not in (await ask("/me", bearer(), board=make_board(tokens=TOKENS))).headers


async def test_the_plugin_is_found_by_its_name_and_configured_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pegboard.toml"
    file.write_text(
        f"""
        [auth]
        realm = "files"
        [[auth.tokens]]
        identity = "ann"
        digest = "{digest_of(TOKEN)}"
        [auth.jwt]
        issuer = "i"
        audience = ["a"]
        keys = [{{ algorithm = "HS256", key = "{"k" * 32}" }}]
        [[auth.api_keys.keys]]
        prefix = "k1"
        identity = "cat"
        digest = "{digest_of(KEY)}"
        expires = 2999-01-01T00:00:00Z
        """,
        "utf-8",
    )
    board = Pegboard(routes=[Route("/me", whoami)], plugins=["auth"], config=file)
    assert (await ask("/me", bearer(), board=board)).json()["user"] == "ann"
    assert (await ask("/me", {"x-api-key": KEY}, board=board)).json()["user"] == "cat"
    assert (await ask("/me", board=board)).headers.get_list("www-authenticate")[0] == 'Bearer realm="files"'


async def test_a_key_in_a_cookie_counts_for_pages_of_ones_own_site_only() -> None:
    api_keys = {**EVERYTHING["api_keys"], "cookie": "key"}
    board = Pegboard(
        routes=[Route("/me", whoami, methods=["GET", "POST"]), WebSocketRoute("/echo", echo)],
        plugins=[Auth(api_keys=api_keys)],
        config={},
    )
    cookie = {"cookie": f"key={KEY}"}
    ours, theirs = {**cookie, "sec-fetch-site": "same-origin"}, {**cookie, "sec-fetch-site": "cross-site"}
    assert (await ask("/me", ours, "POST", board=board)).json()["user"] == "cat"
    refused = await ask("/me", theirs, "POST", board=board)
    assert (refused.status_code, refused.text, refused.headers["vary"]) == (403, "Forbidden", "x-api-key, cookie")
    assert "www-authenticate" not in refused.headers
    start, _ = await connect("/echo", {**cookie, "origin": "https://evil.example", "host": "test"}, board=board)
    assert start["status"] == 403
    accept, *_ = await connect("/echo", {**cookie, "origin": "https://test", "host": "test"}, board=board)
    assert accept["type"] == "websocket.accept"
    too_many = {"cookie": "; ".join(f"c{number}=x" for number in range(600))}
    assert (await ask("/me", too_many, board=board)).status_code == 400


async def test_without_credentials_every_scheme_offers_a_challenge() -> None:
    response = await ask("/me")
    assert response.status_code == 401
    assert response.headers.get_list("www-authenticate") == [
        'Bearer realm="pegboard"',
        'ApiKey realm="pegboard", header="x-api-key"',
        'Basic realm="pegboard", charset="UTF-8"',
    ]
    assert response.headers["cache-control"] == "no-store"


BAD_CREDENTIALS = [bearer("wrong"), {"x-api-key": "k1.wrong"}, basic("dan:wrong"), basic("eve:pass"), {"x-api-key": ""}]


@pytest.mark.parametrize("path", ["/me", "/perhaps", "/write", "/foreign/x", "/nowhere"])
@pytest.mark.parametrize("headers", BAD_CREDENTIALS)
async def test_bad_credentials_are_an_answer_everywhere_but_on_public_routes(
    path: str, headers: dict[str, str]
) -> None:
    assert (await ask(path, headers)).status_code == 401
    assert (await ask("/", headers)).status_code == 200


async def test_a_route_may_name_the_schemes_that_count() -> None:
    assert (await ask("/basic-only", basic())).status_code == 200
    response = await ask("/basic-only", bearer())
    assert response.status_code == 401
    assert response.headers.get_list("www-authenticate") == ['Basic realm="pegboard", charset="UTF-8"']


async def test_two_authorization_headers_are_a_bad_request() -> None:
    response = await ask("/me", [("authorization", f"Bearer {TOKEN}")] * 2)
    assert response.status_code == 400
    assert response.headers["www-authenticate"] == 'Bearer realm="pegboard", error="invalid_request"'


# Who may


async def test_public_routes_are_open_and_nobody_is_asked_who_calls() -> None:
    for path in ("/", "/off", "/admin/b"):
        assert (await ask(path)).text == "home"


async def test_optional_routes_take_anonymous_callers_too() -> None:
    assert (await ask("/perhaps")).json() == {"user": "", "known": False, "scheme": ""}
    assert (await ask("/perhaps", bearer())).json()["user"] == "ann"


async def test_scopes_are_asked_of_known_callers() -> None:
    assert (await ask("/write", bearer())).text == "written"
    assert (await ask("/write")).status_code == 401
    response = await ask("/write", bearer(OTHER))
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == 'Bearer realm="pegboard", error="insufficient_scope", scope="write"'


async def test_roles_and_policies_are_asked_of_known_callers() -> None:
    assert (await ask("/edit", bearer())).text == "edited"
    assert (await ask("/edit", {**bearer(), "x-day": "sunday"})).status_code == 403
    assert (await ask("/edit", bearer(OTHER))).status_code == 403


async def test_what_a_mount_asks_holds_for_what_is_below() -> None:
    assert (await ask("/admin/a", bearer())).status_code == 403
    assert (await ask("/admin/a")).status_code == 401


async def test_a_foreign_application_is_behind_the_gate_of_its_mount() -> None:
    assert (await ask("/foreign/x")).status_code == 401
    assert (await ask("/foreign/x", bearer())).text == "ann"


async def test_an_application_that_is_wrapped_is_behind_the_gate() -> None:
    board = wrap(foreign, [Auth(tokens=TOKENS)], config={})
    assert (await ask("/any", board=board)).status_code == 401
    assert (await ask("/any", bearer(), board=board)).text == "ann"


@pytest.mark.parametrize("path", ["/ME", "/me/", "//me", "/me?x=/public", "/x/../me", "/%6de", "/me%2f", "/me;a=1"])
async def test_no_spelling_of_a_path_gets_around_the_gate(path: str) -> None:
    response = await ask(f"http://test{path}")
    assert response.status_code in (401, 404, 307)
    assert "known" not in response.text


async def test_head_and_options_are_told_the_same() -> None:
    for method in ("HEAD", "GET", "POST", "OPTIONS"):
        assert (await ask("/write", method=method)).status_code == 401
    head = await ask("/write", method="HEAD")
    assert head.content == b""
    assert head.headers.get_list("www-authenticate")


async def test_what_no_route_has_is_missed_as_on_any_board() -> None:
    assert (await ask("/nowhere")).status_code == 404
    assert (await ask("/me", method="DELETE")).status_code == 405
    options = await ask("/me", method="OPTIONS")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_nothing_of_a_body_is_read_before_the_answer() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("read")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/write", "query_string": b"", "headers": []}
    await BOARD(scope, receive, send)
    assert sent[0]["status"] == 401


async def test_by_default_routes_that_say_nothing_are_open_where_the_owner_allows_it() -> None:
    board = make_board(**EVERYTHING, default="allow")
    assert (await ask("/me", board=board)).json()["known"] is False
    assert (await ask("/me", bearer(), board=board)).json()["known"] is True
    assert (await ask("/write", board=board)).status_code == 401


async def test_a_plugin_without_settings_does_nothing() -> None:
    async def page(request: Request) -> str:
        return "page"

    board = Pegboard(routes=[Route("/", page)], plugins=[Auth()], config={})
    assert (await ask("/", bearer("whatever"), board=board)).text == "page"


async def test_browsers_that_navigate_are_sent_to_the_login_page() -> None:
    board = make_board(**EVERYTHING, login_path="/login")
    response = await ask("/me?x=1", {"accept": "text/html"}, board=board)
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=/me%3Fx%3D1")
    assert (await ask("/me", {"accept": "text/html", **bearer("bad")}, board=board)).status_code == 401


# Guards further in


class Pages:
    @requires("write")
    async def later(self, request: Request) -> str:
        return "later"

    @requires("write")
    def at_once(self, request: Request) -> str:
        return "at once"


def inner_board(endpoint: Any, **options: Any) -> Pegboard:
    """A board that does not see the guard, since another function stands around the endpoint."""

    async def later(request: Request) -> Any:
        return await endpoint(request)

    def at_once(request: Request) -> Any:
        return endpoint(request)

    outer = later if endpoint.__name__ == "later" else at_once
    return Pegboard(routes=[Route("/", outer)], plugins=[Auth(default="allow", tokens=TOKENS)], config={}, **options)


@pytest.mark.parametrize("name", ["later", "at_once"])
async def test_a_guard_that_the_board_cannot_see_asks_by_itself(name: str) -> None:
    board = inner_board(getattr(Pages(), name))
    assert (await ask("/", bearer(), board=board)).text == name.replace("_", " ")
    missing = await ask("/", board=board)
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, 'Bearer realm="pegboard"')
    assert missing.headers["cache-control"] == "no-store"
    assert (await ask("/", bearer(OTHER), board=board)).status_code == 403


async def test_an_exception_handler_of_the_board_may_answer_what_a_guard_refused() -> None:
    async def handler(request: Request, exc: Any) -> tuple[dict[str, Any], int]:
        return {"challenge": exc.headers["www-authenticate"]}, exc.status_code

    board = inner_board(Pages().later, exception_handlers={401: handler})
    response = await ask("/", board=board)
    assert (response.status_code, response.json()) == (401, {"challenge": 'Bearer realm="pegboard"'})


async def test_with_the_plugin_switched_off_a_guarded_endpoint_is_not_served() -> None:
    for plugins in ([], [Auth(tokens=TOKENS)]):
        off = {"auth": False} if plugins else None
        board = Pegboard(routes=[Route("/", write, plugins=off)], plugins=plugins, config={})
        with pytest.raises(ConfigurationError, match="its endpoint needs 'pegboard-auth'"):
            await ask("/", bearer(), board=board)


async def test_too_many_wrong_passwords_are_429_with_the_time_to_wait() -> None:
    users = [{"name": "dan", "password_hash": STORED}]
    settings = {"users": users, "throttle": {"account_attempts": 2, "account_seconds": 600}}
    board = Pegboard(routes=[Route("/me", whoami)], plugins=[Auth(basic=settings)], config={})
    statuses = [(await ask("/me", basic("dan:wrong"), board=board)).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    refused = await ask("/me", basic("dan:pass"), board=board)
    assert (refused.status_code, refused.text) == (429, "Too Many Requests")
    assert 200 < int(refused.headers["retry-after"]) <= 300
    assert refused.headers["cache-control"] == "no-store"
    assert (await ask("/me", basic("eve:wrong"), board=board)).status_code == 401


# WebSockets


async def test_a_websocket_is_refused_before_it_is_accepted() -> None:
    for path in ("/echo", "/guarded-echo", "/foreign/x"):
        for headers in ({}, bearer("wrong")):
            start, body = await connect(path, headers)
            assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
            assert any(name == b"www-authenticate" for name, _ in start["headers"])
            assert body["body"] == b"Unauthorized"
            [close] = await connect(path, headers, can_deny=False)
            assert (close["type"], close["code"]) == ("websocket.close", 1008)


async def test_a_websocket_of_a_caller_who_may_is_accepted() -> None:
    accept, message, _ = await connect("/guarded-echo", bearer())
    assert accept["type"] == "websocket.accept"
    assert message["text"] == "ann"


async def test_a_websocket_behind_a_gate_that_never_waits_is_refused_and_accepted_alike() -> None:
    board = make_board(tokens=TOKENS)
    [start, _] = await connect("/echo", board=board)
    assert start["status"] == 401
    accept, message, _ = await connect("/echo", bearer(), board=board)
    assert (accept["type"], message["text"]) == ("websocket.accept", "ann")


async def test_a_websocket_of_a_caller_who_may_not_is_403() -> None:
    start, _ = await connect("/guarded-echo", bearer(OTHER))
    assert start["status"] == 403
    accept, message, _ = await connect("/echo", bearer(OTHER))
    assert (accept["type"], message["text"]) == ("websocket.accept", "bob")


# Start-up


async def start(board: Pegboard) -> str:
    """Start a board and stop it again: what it says to the start."""
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    await board({"type": "lifespan", "state": {}}, receive, send)
    return f"{said[0]['type']} {said[0].get('message', '')}"


async def test_start_up_lists_what_is_open(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    assert await start(make_board(**EVERYTHING)) == "lifespan.startup.complete "
    assert caplog.messages == [
        "open to anonymous callers: GET|HEAD /, GET|HEAD /off, GET|HEAD /perhaps, GET|HEAD /admin/b"
    ]


async def test_a_board_that_allows_by_default_lists_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pegboard.auth")
    assert await start(make_board(**EVERYTHING, default="allow")) == "lifespan.startup.complete "
    assert not caplog.messages


@pytest.mark.filterwarnings("ignore")
async def test_a_guarded_endpoint_on_a_route_without_the_plugin_refuses_to_start() -> None:
    board = Pegboard(routes=[Route("/w", write, plugins={"auth": False})], plugins=[Auth(tokens=TOKENS)], config={})
    said = await start(board)
    assert said.startswith("lifespan.startup.failed")
    assert "GET|HEAD /w: its endpoint needs 'pegboard-auth', and 'auth' is switched off here" in said


APPLICATION = """
from pegboard import Pegboard
from pegboard_auth import Auth, digest_of, public, requires

app = Pegboard(plugins=[Auth(tokens=[{"identity": "ann", "digest": digest_of("x")}])], config={})

@requires("write")
@app.get("/write")
async def write(request): return ""

@app.get("/known")
async def known(request): return ""

@app.get("/perhaps", plugins={"auth": {"access": "optional"}})
async def perhaps(request): return ""

@app.get("/")
@public
async def home(request): return ""
"""


def test_the_command_line_shows_what_each_route_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shows_what_routes_ask.py").write_text(APPLICATION)
    monkeypatch.chdir(tmp_path)
    assert run(["routes", "shows_what_routes_ask:app", "--json"]) == 0
    told = {row["path"]: row["notes"]["auth"] for row in json.loads(capsys.readouterr().out)}
    assert told == {
        "/write": "known callers with scope write (bearer)",
        "/known": "known callers (bearer)",
        "/perhaps": "anybody; bad credentials are refused (bearer)",
        "/": "public: nobody is asked who calls",
        "(anything else)": "anybody; bad credentials are refused (bearer)",
    }
    assert run(["explain", "GET", "/", "shows_what_routes_ask:app"]) == 0
    assert "public: nobody is asked who calls" in capsys.readouterr().out


# Hostile input


KINDS = [b"", b"Bearer ", b"Basic ", b"bearer", b"Basic", b"Negotiate ", b"Bearer " + TOKEN.encode()]


@settings(max_examples=300, deadline=None)
@given(
    prefix=st.sampled_from(KINDS),
    value=st.binary(max_size=60),
    key=st.none() | st.binary(max_size=40),
    query=st.binary(max_size=30),
)
def test_no_credentials_end_in_anything_but_a_refusal(
    prefix: bytes, value: bytes, key: bytes | None, query: bytes
) -> None:
    logging.disable(logging.CRITICAL)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", prefix + value)]
    if key is not None:
        headers.append((b"x-api-key", key))
    scope = {"type": "http", "method": "GET", "path": "/me", "query_string": b"key=" + query, "headers": headers}
    try:
        anyio.run(BOARD, scope, receive, send)
    finally:
        logging.disable(logging.NOTSET)
    status = sent[0]["status"]
    assert status in (400, 401) or (status == 200 and (prefix + value).strip() == b"Bearer " + TOKEN.encode())


async def test_no_secret_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for headers in (bearer(), bearer("hunter2"), {"x-api-key": "k1.hunter2"}, basic("dan:hunter2"), basic("hunter2:x")):
        await ask("/me", headers)
    text = "".join(str(record.__dict__) for record in caplog.records if record.name.startswith("pegboard"))
    assert "ann" in text
    for secret in ("hunter2", TOKEN, base64.b64encode(b"dan:hunter2").decode(), "pass\n"):
        assert secret not in text
