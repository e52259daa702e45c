"""Routes, mounts and hosts as requests meet them: right answers at every edge."""

import logging
from typing import Any

import msgspec
import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.convertors import CONVERTOR_TYPES, Convertor
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import BaseRoute, Host, Mount, Route, Router

pytestmark = pytest.mark.anyio


async def tell(request: Request) -> dict[str, Any]:
    """What an endpoint sees of its place."""
    scope = request.scope
    return {
        "route": scope["route"].name,
        "params": request.path_params,
        "root": scope["root_path"],
        "path": scope["path"],
    }


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    body = f"{scope['root_path']}|{scope['path']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def named(name: str, path: str, **options: Any) -> Route:
    return Route(path, tell, name=name, **options)


def board(*routes: Any, **options: Any) -> Pegboard:
    return Pegboard(routes=list(routes), plugins=[], **options)


@pytest.fixture
def app() -> Pegboard:
    return board(
        named("root", "/"),
        named("item", "/items/{id:int}"),
        named("slashed", "/slashed/"),
        Mount(
            "/api",
            routes=[
                named("inner", "/things/{name}"),
                named("post", "/things/{name}/post", methods=["POST"]),
                Mount("/{tenant}/deep", routes=[named("deep", "/{n:int}")]),
            ],
        ),
        Mount("/foreign", app=foreign),
        named("after", "/api/after"),
    )


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/", ("root", {}, "")),
        ("/items/7", ("item", {"id": 7}, "")),
        ("/api/things/x", ("inner", {"name": "x"}, "/api")),
        ("/api/acme/deep/3", ("deep", {"tenant": "acme", "n": 3}, "/api/acme/deep")),
    ],
)
async def test_an_endpoint_sees_its_place(app: Pegboard, path: str, seen: Any) -> None:
    answer = await ask(app, path)
    assert answer.status == 200
    found = msgspec.json.decode(answer.body)
    assert (found["route"], found["params"], found["root"], found["path"]) == (*seen, path)


async def test_a_server_side_root_path_is_no_part_of_the_route(app: Pegboard) -> None:
    found = msgspec.json.decode((await ask(app, "/proxy/api/things/x", root_path="/proxy")).body)
    assert (found["route"], found["root"]) == ("inner", "/proxy/api")
    assert (await ask(app, "/proxy", root_path="/proxy")).status == 200
    assert (await ask(app, "/proxyitems/7", root_path="/proxy")).status == 404


async def test_the_decoded_path_is_matched_and_the_path_as_it_was_sent_is_there() -> None:
    async def tell_both(request: Request) -> list[Any]:
        return [request.path_params, request.scope["path"], request.scope["raw_path"].decode()]

    app = board(Route("/f/{name}", tell_both), Route("/f/{name}/{rest:path}", tell_both))
    encoded = await ask(app, "/f/%C3%A9%2e%2e", path="/f/\u00e9..", raw_path=b"/f/%C3%A9%2e%2e")
    assert msgspec.json.decode(encoded.body) == [{"name": "\u00e9.."}, "/f/\u00e9..", "/f/%C3%A9%2e%2e"]
    slashed = await ask(app, "/f/a%2Fb", path="/f/a/b", raw_path=b"/f/a%2Fb")
    assert msgspec.json.decode(slashed.body) == [{"name": "a", "rest": "b"}, "/f/a/b", "/f/a%2Fb"]


async def test_an_endpoint_finds_its_route_and_itself_in_the_scope_behind_middleware_too() -> None:
    seen: list[Any] = []

    async def endpoint(request: Request) -> str:
        seen.append((request.scope["route"], request.scope["endpoint"], request.scope["app"]))
        return ""

    def outside(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            seen.append((scope["route"], scope["endpoint"], scope["app"]))
            await app(scope, receive, send)

        return call

    route = Route("/x", endpoint, middleware=[outside])
    app = board(Mount("/m", routes=[route], middleware=[outside]))
    assert (await ask(app, "/m/x")).status == 200
    assert seen == [(route, endpoint, app)] * 3


async def test_the_query_method_is_known() -> None:
    app = board(named("search", "/search", methods=["QUERY"]), named("any", "/any", methods=["QUERY", "GET"]))
    assert b'"search"' in (await ask(app, "/search", "QUERY")).body
    assert (await ask(app, "/search")).header("allow") == "OPTIONS, QUERY"
    assert (await ask(app, "/any", "POST")).header("allow") == "GET, HEAD, OPTIONS, QUERY"


@pytest.mark.parametrize(
    ("path", "method", "status", "header"),
    [
        ("/nowhere", "GET", 404, None),
        ("/items/x", "GET", 404, None),
        ("/items/7", "POST", 405, ("allow", "GET, HEAD, OPTIONS")),
        ("/items/7", "OPTIONS", 204, ("allow", "GET, HEAD, OPTIONS")),
        ("/items/7", "BREW", 405, ("allow", "GET, HEAD, OPTIONS")),
        ("/api/things/x/post", "GET", 405, ("allow", "OPTIONS, POST")),
        ("/api/things/x/post", "OPTIONS", 204, ("allow", "OPTIONS, POST")),
        ("/api/nowhere", "GET", 404, None),
        ("/api/things/x/", "GET", 307, ("location", "../x")),
        ("/items/7/", "GET", 307, ("location", "../7")),
        ("/slashed", "GET", 307, ("location", "./slashed/")),
        ("/slashed?a=1&b=%2F", "GET", 307, ("location", "./slashed/?a=1&b=%2F")),
        ("/api", "GET", 307, ("location", "./api/")),
        ("/foreign", "GET", 307, ("location", "./foreign/")),
    ],
)
async def test_misses_are_answered_right(app: Pegboard, path: str, method: str, status: int, header: Any) -> None:
    answer = await ask(app, path, method)
    assert answer.status == status
    if header is not None:
        assert answer.header(header[0]) == header[1]


async def test_what_a_mount_does_not_have_is_not_looked_for_behind_it(app: Pegboard) -> None:
    assert (await ask(app, "/api/after")).status == 404


async def test_a_foreign_application_sees_its_mount_as_root_path(app: Pegboard) -> None:
    assert (await ask(app, "/foreign/a/b")).body == b"/foreign|/foreign/a/b"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/",
        "/\\evil.example",
        "/%2e%2e/x",
        "/a\x00b",
        "/" + "x" * 70_000,
        "/\udcff",
        "/a//b",
        "",
        "/..",
    ],
)
async def test_hostile_paths_get_a_plain_answer(app: Pegboard, path: str) -> None:
    raw = path.encode("utf-8", "surrogateescape")
    answer = await ask(app, "/placeholder", path=path, raw_path=raw)
    assert answer.error is None
    assert answer.status in (404, 307)
    location = answer.header("location")
    assert location is None or location.startswith(("./", "../"))


async def test_a_redirect_never_leads_to_another_host() -> None:
    app = board(named("any", "/{rest:path}/end/"))
    answer = await ask(app, "//evil.example/end")
    assert (answer.status, answer.header("location")) == (307, "./end/")
    colon = await ask(board(named("colon", "/{x}/")), "/javascript:alert(1)")
    assert colon.header("location") == "./javascript%3Aalert%281%29/"


async def test_redirects_can_be_off() -> None:
    assert (await ask(board(named("slashed", "/slashed/"), redirect_slashes=False), "/slashed")).status == 404


@pytest.mark.parametrize(
    ("host", "route", "params"),
    [
        ("api.example.org", "api", {}),
        ("API.Example.ORG:8000", "api", {}),
        ("acme.example.org", "tenant", {"tenant": "acme"}),
        ("example.org", "main", {}),
        ("[::1]:8000", "six", {}),
        ("evil.org/api.example.org", "main", {}),
        ("api.example.org.evil.org", "main", {}),
        ("", "main", {}),
    ],
)
async def test_hosts_are_matched_without_case_and_port(host: str, route: str, params: Any) -> None:
    app = board(
        Host("api.example.org", routes=[named("api", "/")]),
        Host("[::1]", routes=[named("six", "/")]),
        Host("{tenant}.example.org", app=Router([named("tenant", "/")])),
        named("main", "/"),
    )
    found = msgspec.json.decode((await ask(app, "/", headers={"host": host})).body)
    assert (found["route"], found["params"]) == (route, params)


async def test_routes_before_a_host_are_everyones_and_those_behind_are_not() -> None:
    app = board(
        named("early", "/early"), Host("api.example.org", routes=[named("own", "/own")]), named("late", "/late")
    )
    host = {"host": "api.example.org"}
    assert (await ask(app, "/early", headers=host)).status == 200
    assert (await ask(app, "/own", headers=host)).status == 200
    assert (await ask(app, "/late", headers=host)).status == 404
    assert (await ask(app, "/late")).status == 200
    assert (await ask(app, "/own")).status == 404


async def test_a_host_that_a_convertor_declines_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(Convertor[str]):
        regex = "[a-z]+"

        def convert(self, value: str) -> str:
            if len(value) > 3:
                raise ValueError("too long")
            return value

        def to_string(self, value: str) -> str:
            return value

    monkeypatch.setitem(CONVERTOR_TYPES, "short", Short())
    app = board(Host("{t:short}.org", routes=[named("own", "/")]), named("main", "/"))
    answers = [await ask(app, "/", headers={"host": host}) for host in ("abc.org", "abcd.org")]
    assert [msgspec.json.decode(answer.body)["route"] for answer in answers] == ["own", "main"]


@pytest.mark.parametrize("path", ["/host", "/path/a"])
async def test_a_value_that_an_endpoint_changes_is_no_other_requests(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Letters(Convertor[list[str]]):
        regex = "[a-z]+"

        def convert(self, value: str) -> list[str]:
            return list(value)

        def to_string(self, value: list[str]) -> str:
            return "".join(value)

    async def change(request: Request) -> dict[str, Any]:
        request.path_params["letters"].append("!")
        return {"letters": request.path_params["letters"]}

    monkeypatch.setitem(CONVERTOR_TYPES, "letters", Letters())
    routes = [Route("/path/{letters:letters}", change)]
    app = board(*routes, Host("{letters:letters}.example.org", routes=[Route("/host", change)]))
    for _ in range(2):
        answer = await ask(app, path, headers={"host": "a.example.org"})
        assert msgspec.json.decode(answer.body) == {"letters": ["a", "!"]}


async def test_a_hosts_parameters_are_for_its_own_routes_and_misses_only() -> None:
    app = board(
        named("early", "/early/{x}"), Host("{t}.org", routes=[named("own", "/own/{x}")]), named("late", "/late")
    )
    host = {"host": "acme.org"}
    early = msgspec.json.decode((await ask(app, "/early/1", headers=host)).body)
    own = msgspec.json.decode((await ask(app, "/own/1", headers=host)).body)
    assert (early["params"], own["params"]) == ({"x": "1"}, {"x": "1", "t": "acme"})
    assert (await ask(app, "/late", headers=host)).status == 404


@pytest.mark.parametrize(
    ("host", "path", "route"),
    [
        ("a.org", "/m/x", "a-x"),
        ("a.org", "/m/behind", None),
        ("a.org", "/behind", "behind"),
        ("b.org", "/m/x", None),
        ("b.org", "/m/behind", "m-behind"),
        ("one.two.org", "/deep", "deep"),
        ("one.two.org", "/shallow", None),
        ("x.two.org", "/shallow", "shallow"),
        ("x.two.org", "/deep", None),
        ("x.two.org", "/behind", None),
    ],
)
async def test_a_host_in_a_mount_or_a_host_closes_no_more_than_its_place(
    host: str, path: str, route: str | None
) -> None:
    app = board(
        Mount("/m", routes=[Host("a.org", routes=[named("a-x", "/x")]), named("m-behind", "/behind")]),
        Host(
            "{s}.two.org", routes=[Host("one.two.org", routes=[named("deep", "/deep")]), named("shallow", "/shallow")]
        ),
        named("behind", "/behind"),
    )
    for _ in range(2):
        answer = await ask(app, path, headers={"host": host})
        assert answer.status == (404 if route is None else 200)
        assert route is None or msgspec.json.decode(answer.body)["route"] == route


async def test_what_stands_before_a_mount_counts_for_the_methods_of_its_paths() -> None:
    app = board(
        named("early", "/api/{x}", methods=["PUT"]), Mount("/api", routes=[named("in", "/y")]), named("late", "/api/y")
    )
    answer = await ask(app, "/api/y", "DELETE")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, OPTIONS, PUT")


async def test_a_mount_in_a_mount_is_found_without_its_slash() -> None:
    app = board(Mount("/api", routes=[Mount("/in", routes=[named("x", "/")])]))
    assert (await ask(app, "/api/in")).header("location") == "./in/"
    assert (await ask(app, "/api/in/")).status == 200


@pytest.mark.parametrize(
    ("outside", "inside", "status"), [(True, False, 404), (False, True, 307), (False, None, 404), (True, None, 307)]
)
async def test_a_router_says_whether_its_paths_are_redirected(outside: bool, inside: bool | None, status: int) -> None:
    routes: list[BaseRoute] = [named("x", "/x/"), Mount("/deep", routes=[named("y", "/x/")])]
    inner = Mount("/m", routes=routes) if inside is None else Mount("/m", app=Router(routes, redirect_slashes=inside))
    app = board(inner, named("outer", "/x/"), redirect_slashes=outside)
    assert [(await ask(app, path)).status for path in ("/m/x", "/m/deep/x")] == [status, status]
    assert (await ask(app, "/x")).status == (307 if outside else 404)


async def test_what_stands_behind_a_mount_of_its_path_is_said_with_the_mounts_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = board(
        Mount("/api", routes=[named("a", "/a")]),
        named("b", "/api/b"),
        named("c", "/api/{x}"),
        named("d", "/{y}"),
        named("e", "/{z}"),
    )
    with caplog.at_level(logging.WARNING, "pegboard"):
        app.freeze()
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "route GET|HEAD /api/b (/api/b) is never reached: Mount '/api' (/api) stands before it and takes its path",
        "route GET|HEAD /api/{x} (/api/{x}) is never reached: Mount '/api' (/api) stands before it and takes its path",
        "route GET|HEAD /{z} (/{z}) is never reached: GET|HEAD /{y} (/{y}) stands before it and takes its path",
    ]


async def test_a_host_may_be_a_foreign_application() -> None:
    app = board(Host("f.example.org", app=foreign), named("main", "/"))
    assert (await ask(app, "/x", headers={"host": "f.example.org"})).body == b"|/x"


async def test_the_first_registered_wins_and_what_is_never_reached_is_said(caplog: pytest.LogCaptureFixture) -> None:
    app = board(named("any", "/users/{name}"), named("me", "/users/me"))
    with caplog.at_level(logging.WARNING, "pegboard"):
        answer = await ask(app, "/users/me")
    assert b'"route":"any"' in answer.body
    (record,) = caplog.records
    assert record.getMessage() == (
        "route GET|HEAD /users/me (/users/me) is never reached: GET|HEAD /users/{name} (/users/{name}) stands before "
        "it and takes its path; put it first"
    )


async def test_names_that_are_ambiguous_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    app = board(named("same", "/a"), named("same", "/b"), named("same", "/c/{x}"), Route("/d", tell), Route("/e", tell))
    with caplog.at_level(logging.WARNING, "pegboard"):
        app.freeze()
        app.add_route("/late", tell)
    (record,) = caplog.records
    assert record.getMessage() == (
        "two routes are called 'same' and take the same parameters: /a and /b; url_path_for always gives the first, "
        "so rename one"
    )


async def test_the_body_limit_is_that_of_the_innermost_who_says_one() -> None:
    async def read(request: Request) -> str:
        return str(len(await request.body()))

    inner = [Route("/in", read, methods=["POST"]), Route("/own", read, methods=["POST"], max_body_size=50)]
    app = board(
        Route("/big", read, methods=["POST"], max_body_size=100),
        Mount("/m", routes=inner, max_body_size=5),
        Route("/board", read, methods=["POST"]),
        max_body_size=10,
    )
    paths = ("/big", "/m/in", "/m/own", "/board")
    statuses = {path: (await ask(app, path, "POST", body=b"x" * 20)).status for path in paths}
    assert statuses == {"/big": 200, "/m/in": 413, "/m/own": 200, "/board": 413}


async def test_a_mounted_board_serves_itself_and_the_outer_names() -> None:
    async def url(request: Request) -> str:
        return str(request.url_for("outer"))

    inner = Pegboard(routes=[Route("/url", url)], plugins=[])
    app = board(named("outer", "/outer"), Mount("/inner", app=inner))
    assert (await ask(app, "/inner/url")).body == b"http://testserver/outer"
    assert (await ask(app, "/inner/gone")).status == 404


async def test_methods_are_matched_over_all_routes_of_a_path() -> None:
    app = board(named("get", "/x"), named("post", "/x", methods=["POST"]), named("any", "/{y}", methods=["PUT"]))
    assert b'"post"' in (await ask(app, "/x", "POST")).body
    assert b'"any"' in (await ask(app, "/x", "PUT")).body
    assert (await ask(app, "/x", "DELETE")).header("allow") == "GET, HEAD, OPTIONS, POST, PUT"


async def test_a_route_may_define_options_itself() -> None:
    async def options(request: Request) -> PlainTextResponse:
        return PlainTextResponse("mine")

    app = board(named("get", "/x"), Route("/x", options, methods=["OPTIONS"]))
    assert (await ask(app, "/x", "OPTIONS")).body == b"mine"


async def test_exceptions_inside_of_a_mount_go_to_the_boards_handlers() -> None:
    async def fail(request: Request) -> None:
        raise HTTPException(409)

    async def conflict(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("conflict", 409)

    app = board(Mount("/m", routes=[Route("/x", fail)]), exception_handlers={409: conflict})
    assert (await ask(app, "/m/x")).body == b"conflict"


FIXED = {
    "a fixed path": ([named("a", "/a")], True),
    "behind a parameter that takes it": ([named("b", "/{x}"), named("a", "/a")], False),
    "within a mount": ([Mount("/a", routes=[named("a", "/")])], False),
    "where a host has a say": ([Host("{sub}.example.org", app=foreign), named("a", "/a")], False),
}


@pytest.mark.parametrize(("routes", "is_fixed"), FIXED.values(), ids=FIXED)
async def test_only_what_a_path_alone_decides_is_found_by_one_look_up(routes: list[BaseRoute], is_fixed: bool) -> None:
    """The short way gives what the tables give, or nothing."""
    story = board(*routes).frozen.http
    fixed = story.fixed.get("GET", {})
    assert ("/a" in fixed) is is_fixed
    for path, plan in fixed.items():
        found = story.match({"type": "http", "method": "GET", "path": path, "headers": []})
        assert (found[0], found[1]) == (plan, {})


async def test_the_short_way_knows_root_paths_and_boards_within_boards() -> None:
    """What is told from more than the path goes the long way, whatever the path looks like."""
    inner = board(named("inner", "/a"))
    app = board(Mount("/{outer}", app=inner), named("a", "/a"), named("deep", "/root/a"))
    below = msgspec.json.decode((await ask(app, "/x/a")).body)
    assert (below["route"], below["params"]) == ("inner", {"outer": "x"})
    rooted = msgspec.json.decode(
        (await ask(board(named("a", "/a"), named("deep", "/root/a")), "/root/a", root_path="/root")).body
    )
    assert rooted["route"] == "a"


async def test_debug_mode_takes_no_short_way() -> None:
    """Its hooks are watched, in pipelines of their own."""
    assert board(named("a", "/a"), debug=True).frozen.http.fixed == {}


SOLE = {
    "an application at the root": ([Mount("/", app=foreign)], True),
    "one below": ([Mount("/below", app=foreign)], False),
    "with a route before it": ([named("a", "/a"), Mount("/", app=foreign)], False),
    "routes at the root": ([Mount("/", routes=[named("a", "/a")])], False),
    "a parameter that takes all": ([named("all", "/{rest:path}")], False),
}


@pytest.mark.parametrize(("routes", "is_sole"), SOLE.values(), ids=SOLE)
@pytest.mark.parametrize("path", ["/", "/a", "", "/root/a", "//"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "BREW"])
async def test_what_stands_alone_is_found_as_the_tables_find_it(
    routes: list[BaseRoute], is_sole: bool, path: str, method: str
) -> None:
    """A way of its own through the tables, for `wrap`, gives what they give beside an entry that changes nothing."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [],
        "root_path": "/root",
        "path_params": {"o": 1},
    }
    alone, beside = board(*routes), board(*routes, Mount("/never-asked-for", app=foreign))
    seen = [dict(scope), dict(scope)]
    found = [each.frozen.http.match(own) for each, own in zip((alone, beside), seen, strict=True)]
    assert [plan.route.label for plan, _ in found] == [found[0][0].route.label] * 2
    assert found[0][1] == found[1][1]
    assert {key: seen[0].get(key) for key in scope} == {key: seen[1].get(key) for key in scope}
    assert (found[0][0].route is routes[0]) >= is_sole
