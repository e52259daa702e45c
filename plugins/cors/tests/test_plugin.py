"""The plugin on a board, over ASGI: found by its entry point, on every response, before everything that refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from anyio import create_task_group
from anyio.lowlevel import checkpoint

from pegboard import Outcome, Pegboard, Plugin, hookimpl, wrap
from pegboard.exceptions import ConfigurationError, HTTPException
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from pegboard.routing import BaseRoute, Host, Mount, Route, WebSocketRoute
from pegboard.testclient import AsyncTestClient, WebSocketDenialResponse
from pegboard.testing import Conversation, converse, converse_websocket
from pegboard.types import Receive, Scope, Send
from pegboard.websockets import WebSocket
from pegboard_cors import CORS, Rejection

pytestmark = pytest.mark.anyio

HOST = "http://api.example.com"
APP = "https://app.example.com"
EVIL = "https://evil.example"
Pairs = list[tuple[str, str]]


class Answer:
    """A response as these tests look at it; names of CORS headers without their common beginning."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.body = response.content
        self.headers = response.headers.multi_items()

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def cors(self) -> dict[str, str]:
        return {key.removeprefix("access-control-"): value for key, value in self.headers if key.startswith("access-")}


def client_of(app: Any, **options: Any) -> AsyncTestClient:
    return AsyncTestClient(app, HOST, follow_redirects=False, lifespan="off", **options)


async def call(
    app: Any, path: str = "/", method: str = "GET", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> Answer:
    async with client_of(app, raise_server_exceptions=False) as client:
        return Answer(await client.request(method, path, headers=list(headers), content=body))


def cors_of(answer: Conversation) -> dict[str, str]:
    """The CORS headers of an answer as it travelled, of which none may come twice."""
    prefix = b"access-control-"
    found = [(name.removeprefix(prefix), value) for name, value in answer.headers if name.startswith(prefix)]
    assert len(dict(found)) == len(found)
    return {name.decode(): value.decode() for name, value in found}


async def preflight(app: Any, path: str = "/", method: str = "GET", origin: str = APP, *names: str) -> Answer:
    asked = [("Access-Control-Request-Headers", ",".join(names))] if names else []
    return await call(app, path, "OPTIONS", [("Origin", origin), ("Access-Control-Request-Method", method), *asked])


async def page(request: Request) -> str:
    return "hello"


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse([b"he", b"llo"])


async def fail(request: Request) -> None:
    raise RuntimeError("broken")


async def read(request: Request) -> str:
    return str(len(await request.body()))


async def vary(request: Request) -> PlainTextResponse:
    return PlainTextResponse("x", headers={"Vary": "Accept-Language", "Access-Control-Allow-Origin": "*"})


async def file(request: Request) -> FileResponse:
    return FileResponse(__file__)


async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
    # In the case that some frameworks send, against ASGI's letter.
    headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-allow-credentials", b"true")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["method"].encode()})


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("broken before it answered")


class Refusing(Plugin[Any]):
    """Stands where authentication does, and lets nobody through."""

    name = "refusing"
    phase = "identify"

    @hookimpl
    def request(self, request: Request) -> Response:
        return PlainTextResponse("who are you?", 401)


def routes() -> list[BaseRoute]:
    return [
        Route("/", page),
        Route("/stream", stream),
        Route("/fail", fail),
        Route("/read", read, methods=["POST"], max_body_size=4),
        Route("/vary", vary),
        Route("/file", file),
        Mount("/foreign", app=foreign),
        Mount("/broken", app=broken),
    ]


def board(*more: BaseRoute, plugins: Iterable[Any] = (), **settings: Any) -> Pegboard:
    given = {"allow_origins": [APP], **settings}
    return Pegboard(routes=[*more, *routes()], plugins=[CORS(**given), *plugins])


async def test_the_entry_point_puts_it_on_a_board_by_configuration_alone() -> None:
    """Installed and configured is all it takes."""
    app = Pegboard(routes=routes(), config={"plugins": ["cors"], "cors": {"allow_origins": [APP]}})
    assert (await call(app, headers=[("Origin", APP)])).cors == {"allow-origin": APP}
    assert (await preflight(app)).status == 204


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/", "GET", b"", 200),
        ("/", "HEAD", b"", 200),
        ("/stream", "GET", b"", 200),
        ("/missing", "GET", b"", 404),
        ("/stream/", "GET", b"", 307),
        ("/", "PUT", b"", 405),
        ("/", "OPTIONS", b"", 204),
        ("/read", "POST", b"too large", 413),
        ("/fail", "GET", b"", 500),
        ("/vary", "GET", b"", 200),
        ("/file", "GET", b"", 200),
        ("/foreign/x", "GET", b"", 200),
        ("/broken/x", "GET", b"", 500),
    ],
)
async def test_every_response_carries_the_headers(path: str, method: str, body: bytes, status: int) -> None:
    """Whoever answers, and whatever it set: exactly one origin for the allowed, none for others, Vary for all."""
    app = board()
    for origin, expected in [(APP, {"allow-origin": APP}), (EVIL, {}), (None, {})]:
        headers = [] if origin is None else [("Origin", origin)]
        answer = await call(app, path, method, headers, body=body)
        assert (answer.status, answer.cors) == (status, expected)
        assert len(answer.all("access-control-allow-origin")) == len(expected)
        assert answer.all("vary") == ["Accept-Language, Origin" if path == "/vary" else "Origin"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 200),
        ((("Range", "bytes=0-3"),), 206),
        ((("Range", "bytes=9999999-"),), 416),
        ((("If-None-Match", "*"),), 304),
    ],
)
async def test_every_answer_about_a_file_carries_the_headers(headers: tuple[tuple[str, str], ...], status: int) -> None:
    """Parts, refused ranges and unchanged files as well, and whole ones that the server itself reads."""
    answer = await converse(
        board(), "/file", headers=[("Origin", APP), *headers], extensions=["http.response.pathsend"]
    )
    assert (answer.status, cors_of(answer)) == (status, {"allow-origin": APP})
    assert answer.header("vary") == "Origin"
    assert ("http.response.pathsend" in answer.types) is (status == 200)


HOSTILE = [
    b"",
    b" ",
    b"null",
    b"*",
    b"\x00",
    b"\xff\xfe",
    b"https://app.example.com\r\nX-Evil: 1",
    b"https://app.example.com\x00",
    b"https://app.example.com.",
    b"https://app.example.com:443",
    b"https://APP.example.com",
    b"https://app.example.com@evil.example",
    b"https://[::1]",
    b"https://[::1",
    b"https://xn--app.example.com",
    "https://\u0430pp.example.com".encode(),
    b"https://app.example.com, https://app.example.com",
    b"https://" + b"a" * 100_000,
]


@pytest.mark.parametrize("sent", HOSTILE)
@pytest.mark.parametrize("path", ["/", "/missing", "/vary", "/foreign/x"])
async def test_a_hostile_origin_is_served_without_leave(path: str, sent: bytes) -> None:
    """It neither breaks a request nor comes back in a header, and what is told of it is one printable line."""
    told: list[str] = []
    app = board(allow_credentials=True, on_reject=lambda connection, rejection: told.append(str(rejection)))
    actual = await converse(app, path, headers=[(b"origin", sent)])
    asked = [(b"origin", sent), (b"access-control-request-method", sent)]
    denied = await converse(app, path, "OPTIONS", headers=asked)
    assert (actual.raised, denied.raised) == (None, None)
    assert (actual.status in (200, 404), denied.status) == (True, 403)
    assert (cors_of(actual), cors_of(denied)) == ({}, {})
    assert "Origin" in str(actual.header("vary"))
    assert len(told) == 2
    assert all(line.isascii() and line.isprintable() and len(line) < 300 for line in told)


@pytest.mark.parametrize(("origins", "allowed"), [([APP, EVIL], True), ([EVIL, APP], False)])
async def test_of_several_origins_the_first_is_the_one(origins: list[str], allowed: bool) -> None:
    """Browsers send one; of several lines exactly one is looked at, the same one for every kind of request."""
    lines = [("Origin", origin) for origin in origins]
    expected = APP if allowed else None
    app = board(WebSocketRoute("/ws", accept), websocket_check_origin=True)
    actual = await converse(app, headers=lines)
    asked = await converse(app, "/", "OPTIONS", headers=[*lines, ("Access-Control-Request-Method", "GET")])
    opened = await converse_websocket(app, headers=lines)
    assert cors_of(actual).get("allow-origin") == cors_of(asked).get("allow-origin") == expected
    assert ("websocket.accept" in opened.types) is allowed


async def test_requests_at_the_same_time_get_their_own_headers() -> None:
    """Neither a constant response nor a function that waits mixes the origins of requests up."""
    kept = PlainTextResponse("kept")

    async def endpoint(request: Request) -> Response:
        await checkpoint()
        return kept

    async def allow_origin(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        for _ in range(len(origin) % 3):
            await checkpoint()
        return "tenant" in origin, ["X-Tenant"]

    app = board(Route("/kept", endpoint), allow_origin=allow_origin)
    found: dict[str, dict[str, str]] = {}

    async def ask(origin: str) -> None:
        found[origin] = cors_of(await converse(app, "/kept", headers=[("Origin", origin)]))

    origins = [f"https://{kind}{'x' * number}.example" for number in range(20) for kind in ("tenant", "evil")]
    async with create_task_group() as group:
        for origin in origins:
            group.start_soon(ask, origin)
    assert found == {origin: {"allow-origin": origin} if "tenant" in origin else {} for origin in origins}


async def test_early_answers_of_other_plugins_carry_the_headers() -> None:
    """A page can read why it was turned away."""
    answer = await call(board(plugins=[Refusing()]), headers=[("Origin", APP)])
    assert (answer.status, answer.cors) == (401, {"allow-origin": APP})


@pytest.mark.parametrize("path", ["/", "/read", "/missing", "/foreign/x", "/fail", "/%00", "//", "/%2e%2e/"])
async def test_preflights_are_answered_before_authentication_and_everywhere(path: str) -> None:
    """Browsers send no credentials with preflights, and routes need not know of them."""
    answer = await preflight(board(plugins=[Refusing()]), path, "POST")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.cors == {"allow-origin": APP, "allow-methods": "GET, HEAD, POST", "max-age": "600"}
    assert answer.all("vary") == ["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]


async def test_a_denied_preflight_says_nothing_to_the_client() -> None:
    """403, no CORS header, no body."""
    told: list[Rejection] = []
    app = board(allow_credentials=True, on_reject=lambda connection, rejection: told.append(rejection))
    answer = await preflight(app, "/", "DELETE")
    assert (answer.status, answer.cors, answer.body) == (403, {}, b"")
    assert [str(rejection) for rejection in told] == [f"preflight from {APP}: the method is not allowed (DELETE)"]


@pytest.mark.parametrize(
    "headers",
    [[], [("Origin", APP)], [("Access-Control-Request-Method", "PUT")], [("Access-Control-Request-Headers", "x")]],
)
async def test_any_other_options_request_reaches_the_application(headers: Pairs) -> None:
    """Only Origin and Access-Control-Request-Method together make a preflight."""
    assert (await call(board(), "/foreign/x", "OPTIONS", headers)).body == b"OPTIONS"


async def test_a_request_of_another_method_is_no_preflight() -> None:
    """The headers of a preflight do not stop a GET."""
    answer = await call(board(), "/foreign/x", "GET", [("Origin", APP), ("Access-Control-Request-Method", "PUT")])
    assert (answer.body, answer.cors) == (b"GET", {"allow-origin": APP})


async def test_without_origins_the_plugin_does_nothing() -> None:
    """What an application says about CORS by itself stays as it is."""
    app = Pegboard(routes=routes(), plugins=[CORS()])
    answer = await call(app, "/foreign/x", headers=[("Origin", APP)])
    assert answer.cors == {"allow-origin": "*", "allow-credentials": "true"}
    assert answer.all("vary") == []
    assert (await preflight(app, "/foreign/x")).body == b"OPTIONS"
    assert (await preflight(app, "/")).cors == {}


async def test_a_star_is_for_everybody_and_varies_on_nothing() -> None:
    """The same response for whoever asks can be cached for all."""
    app = board(allow_origins=["*"])
    for headers in ([], [("Origin", EVIL)]):
        answer = await call(app, "/", headers=headers)
        assert (answer.cors, answer.all("vary")) == ({"allow-origin": "*"}, [])


OTHER = "https://other.example"
OTHER_POLICY = {"cors": {"allow_origins": [OTHER], "allow_methods": ["PUT", "POST"]}}


@pytest.mark.parametrize(
    ("path", "method", "origin", "allowed"),
    [
        ("/own", "PUT", OTHER, "PUT, POST"),
        ("/own", "PUT", APP, None),
        ("/own", "GET", APP, "GET, HEAD, POST"),
        ("/own", "GET", OTHER, None),
        ("/mount/inner", "PUT", OTHER, "PUT, POST"),
        ("/mount/inner", "PUT", APP, None),
        ("/mount/missing", "PUT", OTHER, "PUT, POST"),
        ("/mount/missing", "PUT", APP, None),
        ("/deep/mount/own/3", "PUT", OTHER, "PUT, POST"),
        ("/deep/mount/own/3", "PUT", APP, None),
        ("/", "POST", APP, "GET, HEAD, POST"),
    ],
)
async def test_a_preflight_is_judged_by_the_route_it_asks_about(
    path: str, method: str, origin: str, allowed: str | None
) -> None:
    """Routes and mounts have policies of their own, by path and method, although OPTIONS reaches none of them."""
    deep = Route("/own/{id}", page, methods=["PUT"], plugins=OTHER_POLICY)
    app = board(
        Route("/own", page),
        Route("/own", page, methods=["PUT"], plugins=OTHER_POLICY),
        Mount("/mount", routes=[Route("/inner", page, methods=["PUT"])], plugins=OTHER_POLICY),
        Mount("/deep", routes=[Mount("/mount", routes=[deep])]),
    )
    answer = await preflight(app, path, method, origin)
    assert answer.cors.get("allow-methods") == allowed
    assert answer.cors.get("allow-origin") == (None if allowed is None else origin)
    actual = await call(app, path, method, [("Origin", origin)])
    assert actual.cors == ({} if allowed is None else {"allow-origin": origin})


MIXED: list[tuple[str, str, dict[str, Any]]] = [
    ("/first", "GET", {"allow_origins": [APP]}),
    ("/first", "PUT", {"allow_origins": [APP, OTHER], "allow_methods": ["PUT"], "max_age": 1}),
    ("/second", "PUT", {"allow_origins": [OTHER], "allow_methods": ["*"], "allow_headers": ["*"]}),
    ("/third", "GET", {"allow_origins": [OTHER], "allow_credentials": True, "allow_headers": ["*"]}),
    ("/third/{id}", "PUT", {"allow_origins": ["*"], "allow_methods": ["PUT"], "allow_private_network": True}),
    ("/function", "GET", {"allow_origins": [APP], "allow_origin": lambda origin, _: (origin == OTHER, ["X-Tenant"])}),
    ("/nobody", "PUT", {"allow_origins": []}),
]


async def test_routes_with_different_settings_never_get_each_others_answers() -> None:
    """However often and in whatever order they are asked the same: as if each route were alone on a fresh board."""
    off = Route("/off", page, methods=["GET", "PUT"], plugins={"cors": False})
    own = {(path, method): Route(path, page, methods=[method], plugins={"cors": of}) for path, method, of in MIXED}
    together = board(*own.values(), off)
    asked = [
        (path, method, origin, names)
        for path in dict.fromkeys([*(path for path, _, _ in MIXED), "/off"])
        for method in ("GET", "PUT")
        for origin in (APP, OTHER, EVIL)
        for names in ([], ["x-one"])
    ]

    async def answer(app: Pegboard, path: str, method: str, origin: str, names: list[str]) -> Any:
        headers = [("Origin", origin), ("Access-Control-Request-Method", method)]
        headers += [("Access-Control-Request-Headers", name) for name in names]
        answered = await converse(app, path.replace("{id}", "7"), "OPTIONS", headers=headers)
        return answered.status, cors_of(answered), answered.header("vary")

    alone = [await answer(board(*filter(None, [own.get(each[:2])]), off), *each) for each in asked]
    assert len(set(map(repr, alone))) > len(MIXED)
    for which in [*range(len(asked)), *reversed(range(len(asked))), *range(0, len(asked), 5)]:
        assert await answer(together, *asked[which]) == alone[which]


async def test_a_route_that_is_added_late_is_judged_by_its_own_policy() -> None:
    """What was answered before it came is not the answer for it."""
    app = board()
    for _ in range(2):
        assert (await preflight(app, "/late", "PUT", OTHER)).cors == {}
    app.routes.append(Route("/late", page, methods=["PUT"], plugins=OTHER_POLICY))
    assert (await preflight(app, "/late", "PUT", OTHER)).cors["allow-origin"] == OTHER
    assert (await preflight(app, "/late", "PUT", APP)).cors == {}


async def test_a_preflight_below_a_root_path_finds_its_route() -> None:
    """A server's own prefix does not hide the policy of a route inside a mount."""
    app = board(Mount("/mount", routes=[Route("/inner", page, methods=["PUT"])], plugins=OTHER_POLICY))
    headers = [("Origin", OTHER), ("Access-Control-Request-Method", "PUT")]
    async with client_of(app, root_path="/prefix") as client:
        response = await client.options("/prefix/mount/inner", headers=headers)
    assert response.headers["access-control-allow-origin"] == OTHER


@pytest.mark.parametrize("path", ["/in/own", "/in/mount/own", "/outer/in/own", "/outer/in/mount/own"])
async def test_a_mounted_board_judges_preflights_by_its_own_routes(path: str) -> None:
    """The plugin of the inner board finds the route that is asked about, however deep the board is mounted."""
    own = Route("/own", page, methods=["PUT"], plugins=OTHER_POLICY)
    inner = board(own, Mount("/mount", routes=[own]))
    mounted = Mount("/in", app=inner)
    app = Pegboard(routes=[mounted, Mount("/outer", routes=[mounted])], plugins=[])
    assert (await preflight(app, path, "PUT", OTHER)).cors["allow-origin"] == OTHER
    assert (await preflight(app, path, "PUT", APP)).cors == {}


async def test_hosts_have_policies_of_their_own() -> None:
    """A preflight is judged by the host that it was sent to."""
    app = board(Host("api.example.com", routes=[Route("/x", page, methods=["PUT"], plugins=OTHER_POLICY)]))
    assert (await preflight(app, "/x", "PUT", OTHER)).cors["allow-origin"] == OTHER
    assert (await preflight(app, "/x", "PUT", APP)).cors == {}


async def test_a_route_can_be_left_out() -> None:
    """Off means untouched: preflights reach the application, and its own headers stay."""
    app = board(Mount("/free", app=foreign, plugins={"cors": False}), Route("/off", page, plugins={"cors": False}))
    assert (await preflight(app, "/free/x")).body == b"OPTIONS"
    assert (await call(app, "/free/x", headers=[("Origin", EVIL)])).cors["allow-origin"] == "*"
    answer = await preflight(app, "/off")
    assert (answer.status, answer.cors) == (204, {})
    assert (await call(app, "/off", headers=[("Origin", APP)])).cors == {}


async def test_a_route_can_be_on_in_a_mount_without_origins() -> None:
    """A mount that allows nobody still answers the preflights of its routes; one that is off takes part in nothing."""
    own = Route("/own", page, methods=["PUT"], plugins=OTHER_POLICY)
    app = board(Mount("/none", routes=[own], plugins={"cors": {"allow_origins": []}}))
    assert (await preflight(app, "/none/own", "PUT", OTHER)).cors["allow-origin"] == OTHER
    assert (await preflight(app, "/none/missing", "PUT", APP)).cors == {}
    assert (await call(app, "/none/missing", headers=[("Origin", APP)])).cors == {}


async def test_the_outer_of_two_boards_has_the_last_word() -> None:
    """A mounted board with a policy of its own does not add a second origin, unless the outer one is off for it."""
    inner = board(allow_origins=[OTHER])
    app = board(Mount("/in", app=inner), Mount("/free", app=inner, plugins={"cors": False}))
    for path, allowed in [("/in/", APP), ("/free/", OTHER)]:
        for origin in (APP, OTHER):
            actual = await call(app, path, headers=[("Origin", origin)])
            asked = await preflight(app, path, "GET", origin)
            expected = [origin] if origin == allowed else []
            assert actual.all("access-control-allow-origin") == expected
            assert asked.all("access-control-allow-origin") == expected
            assert actual.all("vary") == ["Origin"]


async def test_a_policy_on_one_route_only() -> None:
    """A board without origins and one public route."""
    app = Pegboard(
        routes=[Route("/", page), Route("/public", page, plugins={"cors": {"allow_origins": ["*"]}})], plugins=[CORS()]
    )
    assert (await preflight(app, "/public")).cors["allow-origin"] == "*"
    assert (await call(app, "/public")).cors == {"allow-origin": "*"}
    assert (await preflight(app, "/")).cors == {}


async def test_a_wrapped_application_is_covered() -> None:
    """The plugin around any ASGI application: preflights answered, its own headers replaced."""
    app = wrap(foreign, [CORS(allow_origins=[APP])])
    assert (await preflight(app, "/x")).status == 204
    assert (await call(app, "/x", headers=[("Origin", EVIL)])).cors == {}


async def test_two_requests_with_one_response_object_get_their_own_headers() -> None:
    """A response kept by the application does not carry one origin's headers to another."""
    kept = PlainTextResponse("kept")

    async def endpoint(request: Request) -> Response:
        return kept

    app = board(Route("/kept", endpoint), allow_origins=[APP, OTHER])
    for origin, expected in [(APP, {"allow-origin": APP}), (OTHER, {"allow-origin": OTHER}), (EVIL, {})]:
        answer = await call(app, "/kept", headers=[("Origin", origin)])
        assert (answer.cors, answer.all("vary")) == (expected, ["Origin"])
        assert len(answer.all("access-control-allow-origin")) == len(expected)


async def test_a_rejection_can_be_read_when_the_request_is_complete() -> None:
    """Whoever listens to outcomes finds the reason there."""
    seen: list[tuple[Any, Any]] = []

    class Listening(Plugin[Any]):
        name = "listening"
        phase = "observe"

        @hookimpl
        def complete(self, outcome: Outcome) -> None:
            seen.append((outcome.answered_by, dict(outcome.notes)))

    app = board(plugins=[Listening()])
    await preflight(app, "/", "GET", EVIL)
    await call(app, headers=[("Origin", EVIL)])
    assert seen == [
        ("cors", {"cors": f"preflight from {EVIL}: the origin is not allowed"}),
        (None, {"cors": f"actual from {EVIL}: the origin is not allowed"}),
    ]


async def test_a_wrong_answer_of_the_owners_function_is_an_error_that_names_the_plugin() -> None:
    """A verdict without names would let caches mix answers up, so it is no verdict."""
    async with client_of(board(allow_origin=lambda origin, connection: True)) as client:
        with pytest.raises(TypeError, match="expected \\(allowed, names\\)") as caught:
            await client.get("/", headers={"Origin": EVIL})
    assert any("'response'" in note and "cors" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(("origin", "status"), [(OTHER, 204), (APP, 204), (EVIL, 403)])
async def test_a_preflight_asks_the_owners_function_too(origin: str, status: int) -> None:
    """The verdict and its names count for preflights as for actual requests, and authentication comes later still."""

    async def allow_origin(asked: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        return asked == OTHER and connection.headers["host"] == "api.example.com", ["X-Tenant"]

    answer = await preflight(board(plugins=[Refusing()], allow_origin=allow_origin), "/", "GET", origin)
    assert (answer.status, answer.body) == (status, b"")
    assert answer.cors.get("allow-origin") == (origin if status == 204 else None)
    names = "" if origin == APP else ", x-tenant"
    assert answer.all("vary") == [f"Origin, Access-Control-Request-Method, Access-Control-Request-Headers{names}"]


async def test_a_failing_function_of_the_owner_allows_nobody() -> None:
    """Its exception is an error of the service: nothing leaks, no socket opens, and the note says whose it is."""

    async def allow_origin(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        raise LookupError("no tenants")

    app = board(WebSocketRoute("/ws", accept), allow_origin=allow_origin, websocket_check_origin=True)
    lines = [("Origin", EVIL)]
    actual = await converse(app, headers=lines)
    asked = await converse(app, "/", "OPTIONS", headers=[*lines, ("Access-Control-Request-Method", "GET")])
    opened = await converse_websocket(app, headers=lines)
    assert (actual.status, asked.status) == (500, 500)
    assert (cors_of(actual), cors_of(asked)) == ({}, {})
    assert "websocket.accept" not in opened.types
    for each in (actual, asked, opened):
        assert isinstance(each.raised, LookupError)
        assert any("allow_origin" in note for note in each.raised.__notes__)


async def test_an_object_that_can_be_called_serves_as_function() -> None:
    """It need not be hashable, and two routes with the same one share their policy."""

    @dataclass
    class Tenants:
        known: list[str]

        def __call__(self, origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
            return origin in self.known, []

    app = board(allow_origin=Tenants([OTHER]))
    assert (await call(app, headers=[("Origin", OTHER)])).cors == {"allow-origin": OTHER}
    assert (await preflight(app, "/", "GET", EVIL)).cors == {}


async def test_an_endpoints_own_http_error_carries_the_headers() -> None:
    """An HTTPException is a response like any other."""

    async def teapot(request: Request) -> None:
        raise HTTPException(418)

    answer = await call(board(Route("/teapot", teapot)), "/teapot", headers=[("Origin", APP)])
    assert (answer.status, answer.cors) == (418, {"allow-origin": APP})


async def accept(websocket: WebSocket) -> None:
    await websocket.accept()


@pytest.mark.parametrize(
    ("settings", "origin", "is_open"),
    [
        ({"websocket_check_origin": True}, APP, True),
        ({"websocket_check_origin": True}, "https://api.example.com", True),
        ({"websocket_check_origin": True}, None, True),
        ({"websocket_check_origin": True}, EVIL, False),
        ({"websocket_check_origin": True, "allow_origins": []}, APP, False),
        ({"websocket_check_origin": True, "allow_origins": []}, "https://api.example.com", True),
        ({"websocket_check_origin": True, "allow_origins": ["*"]}, EVIL, False),
        ({"websocket_check_origin": True, "allow_origins": ["*"]}, "https://api.example.com", True),
        ({}, EVIL, True),
    ],
)
async def test_handshakes_are_checked_when_asked(settings: dict[str, Any], origin: str | None, is_open: bool) -> None:
    """Off by default; when on, strangers are refused before the application accepts."""
    app = board(WebSocketRoute("/ws", accept), **settings)
    async with client_of(app) as client:
        session = client.websocket_connect("/ws", headers=None if origin is None else {"Origin": origin})
        if is_open:
            async with session:
                return
        with pytest.raises(WebSocketDenialResponse) as caught:
            await session.__aenter__()
    assert (caught.value.status_code, caught.value.text) == (403, "Forbidden")


async def test_handshakes_with_mounted_applications_are_checked_too() -> None:
    """An application that knows nothing of the plugin is not reached from another origin."""

    async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()

    app = board(Mount("/app", app=accepting), websocket_check_origin=True)
    for origin, is_open in [(APP, True), (EVIL, False)]:
        opened = await converse_websocket(app, "/app/x", headers=[("Origin", origin)])
        assert ("websocket.accept" in opened.types) is is_open


def test_bad_settings_stop_the_board_with_all_problems() -> None:
    """Board and routes are checked at start, each problem with its place."""
    app = Pegboard(
        routes=[Route("/", page, plugins={"cors": {"allow_origins": ["*"]}})],
        plugins=[CORS(allow_origins=[APP], allow_credentials=True)],
    )
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    assert "GET|HEAD /" in str(caught.value)
    assert "'*' never goes with allow_credentials" in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(plugins=[CORS(allow_origins=["app.example.com", f"{APP}/"], max_age=-1)]).freeze()
    assert "max_age" in str(caught.value)


def test_routes_with_equal_settings_share_their_hooks() -> None:
    """One policy is prepared once, however many routes have it."""
    plugin = CORS(allow_origins=[APP])
    Pegboard(routes=[Route(f"/{number}", page) for number in range(5)], plugins=[plugin]).freeze()
    first, second = (plugin.route(Route("/x", page), plugin.settings) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.response == second.response
    assert first.request == ()
