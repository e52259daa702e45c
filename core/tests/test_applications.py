"""A board collects routes and plugins, freezes once, and then serves what it has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard, Plugin, RouteHooks, Settings, hookimpl
from pegboard.exceptions import ConfigurationError, FrozenError, HTTPException
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import BaseRoute, Mount, Route, Router
from pegboard.testclient import TestClient

pytestmark = pytest.mark.anyio


async def hello(request: Request) -> str:
    return "hello"


class Tag(Plugin):
    """Adds its name to a header of every answer."""

    def __init__(self, name: str = "tag", phase: Any = "app") -> None:
        super().__init__()
        self.name = name
        self.phase = phase

    @hookimpl
    def response(self, response: Any) -> None:
        response.headers.append("x-tag", self.name)


class LevelSettings(Settings, frozen=True, kw_only=True):
    level: int = 1
    word: str = "plain"


class Level(Plugin[LevelSettings]):
    """Tells its settings for the route."""

    name = "level"
    Settings = LevelSettings

    @hookimpl
    def route(self, route: BaseRoute, settings: LevelSettings) -> RouteHooks | None:
        if settings.level == 0:
            return None

        def response(request: Request, response: Any) -> None:
            response.headers["x-level"] = f"{settings.level} {settings.word} {route.name}"

        return RouteHooks(response=response)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but that of the test."""
    monkeypatch.chdir(tmp_path)


async def test_a_board_answers() -> None:
    answer = await ask(Pegboard(routes=[Route("/", hello)], plugins=[]), "/")
    assert (answer.status, answer.body) == (200, b"hello")


async def test_decorators_add_routes() -> None:
    app = Pegboard(plugins=[])

    @app.get("/get")
    async def get(request: Request) -> str:
        return "got"

    @app.route("/both", methods=["POST", "PUT"])
    async def both(request: Request) -> str:
        return request.method

    assert (await ask(app, "/get")).body == b"got"
    assert (await ask(app, "/both", "PUT")).body == b"PUT"
    assert (await ask(app, "/both")).status == 405


async def test_response_hooks_run_inside_out_by_phase() -> None:
    app = Pegboard(routes=[Route("/", hello)], plugins=[Tag("a", "observe"), Tag("b", "app"), Tag("c", "guard")])
    answer = await ask(app, "/")
    assert [value for name, value in answer.headers if name == "x-tag"] == ["b", "c", "a"]
    assert [member.name for member in app.plugins] == ["a", "c", "b"]


async def test_the_owner_orders_plugins_and_the_reason_is_told() -> None:
    app = Pegboard(plugins=[Tag("a", "observe"), Tag("b", "app")], order=["b", "a"])
    assert [(member.name, member.place.reason) for member in app.plugins] == [
        ("b", "owner's order: b, a"),
        ("a", "owner's order: b, a"),
    ]


async def test_two_boards_never_see_each_others_plugins() -> None:
    one = Pegboard(routes=[Route("/", hello)], plugins=[Tag("one")])
    two = Pegboard(routes=[Route("/", hello)], plugins=[Tag("two")])
    assert (await ask(one, "/")).header("x-tag") == "one"
    assert (await ask(two, "/")).header("x-tag") == "two"


async def test_a_plugin_comes_too_late_once_the_board_serves() -> None:
    app = Pegboard(routes=[Route("/", hello)], plugins=[])
    await ask(app, "/")
    with pytest.raises(FrozenError, match="plugin 'tag' comes too late: this board is serving"):
        app.add_plugin(Tag())


async def test_a_route_may_come_late() -> None:
    app = Pegboard(routes=[Route("/", hello)], plugins=[Tag()])
    assert (await ask(app, "/late")).status == 404
    app.add_route("/late", hello)
    late = await ask(app, "/late")
    assert (late.status, late.header("x-tag")) == (200, "tag")


async def test_a_plugin_may_be_added_to_what_is_installed() -> None:
    app = Pegboard(routes=[Route("/", hello)], autoload=False)
    app.add_plugin(Tag())
    assert (await ask(app, "/")).header("x-tag") == "tag"


async def test_settings_come_from_keywords_environment_file_and_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pegboard.toml").write_text("[level]\nlevel = 2\nword = 'file'\n")
    monkeypatch.setenv("PEGBOARD_LEVEL__WORD", "environment")

    async def level(*plugins: Any) -> str | None:
        return (await ask(Pegboard(routes=[Route("/", hello)], plugins=plugins), "/")).header("x-level")

    assert await level(Level()) == "2 environment hello"
    assert await level(Level(word="keyword")) == "2 keyword hello"
    monkeypatch.delenv("PEGBOARD_LEVEL__WORD")
    assert await level(Level(level=5)) == "5 file hello"


async def test_settings_of_single_routes_are_inherited_inward_and_overlaid() -> None:
    app = Pegboard(
        routes=[
            Mount(
                "/in",
                routes=[
                    Route("/plain", hello, name="plain"),
                    Route("/more", hello, name="more", plugins={"level": {"word": "route"}}),
                    Route("/off", hello, plugins={"level": False}),
                    Route("/none", hello, plugins={"level": {"level": 0}}),
                ],
                plugins={"level": {"level": 7, "word": "mount"}},
            ),
            Route("/out", hello, name="out"),
        ],
        plugins=[Level()],
    )
    levels = {
        path: (await ask(app, path)).header("x-level")
        for path in ("/in/plain", "/in/more", "/in/off", "/in/none", "/out")
    }
    assert levels == {
        "/in/plain": "7 mount plain",
        "/in/more": "7 route more",
        "/in/off": None,
        "/in/none": None,
        "/out": "1 plain out",
    }
    assert (await ask(app, "/in/gone")).header("x-level") == "7 mount not_found"
    assert (await ask(app, "/gone")).header("x-level") == "1 plain not_found"


async def test_wrong_settings_of_routes_refuse_to_start_with_the_route_named() -> None:
    app = Pegboard(
        routes=[
            Route("/a", hello, plugins={"level": {"levle": 1}}),
            Route("/b", hello, plugins={"level": {"level": "high"}}),
            Route("/c", hello, plugins={"lvel": {"level": 1}}),
            Route("/d", hello, plugins={"tag": {"x": 1}}),
        ],
        plugins=[Level(), Tag()],
    )
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    assert "GET|HEAD /a" in problems
    assert "levle" in problems
    assert "level" in problems
    assert "GET|HEAD /b" in problems
    assert "'high'" in problems.replace('"', "'")
    assert "GET|HEAD /c: plugins names 'lvel', which is no plugin of this board; did you mean 'level'?" in problems
    assert "takes no settings for single routes; use False or True" in problems


async def test_everything_wrong_is_reported_at_once() -> None:
    class Bad(Plugin):
        name = "bad"
        phase: Any = "middle"
        requires = ("identity",)

        @hookimpl
        def request(self, requst: Any = None) -> None: ...

        @hookimpl
        def respond(self) -> None: ...

    app = Pegboard(plugins=[Bad()], config={"bda": {"x": 1}, "max_body_size": "much"}, order=["gone"])
    with pytest.raises(ConfigurationError) as caught:
        app.freeze()
    text = str(caught.value)
    for part in (
        "Pegboard cannot start: 7 problems",
        "phase='middle'; expected one of observe, guard, identify, content, app",
        "takes 'requst', which hook 'request' does not offer (did you mean 'request'?)",
        "implements the unknown hook 'respond' (did you mean 'response'?)",
        "requires 'identity', which no plugin that is on provides",
        "bda",
        "max_body_size",
        "order names 'gone', which is no plugin",
    ):
        assert part in text, text


async def test_capabilities_are_checked() -> None:
    class Provider(Plugin):
        name = "provider"
        provides = ("identity",)

    class Consumer(Plugin):
        name = "consumer"
        requires = ("identity",)

    assert len(Pegboard(plugins=[Provider(), Consumer()]).plugins) == 2
    with pytest.raises(ConfigurationError, match="requires 'identity', which no plugin that is on provides"):
        Pegboard(plugins=[Consumer()]).freeze()


async def test_a_wrapper_is_refused() -> None:
    class Wrapper(Plugin):
        name = "wrapper"

        @hookimpl(wrapper=True)
        def setup(self, board: Any) -> Any:
            yield

    with pytest.raises(ConfigurationError, match="hooks of Pegboard are not wrapped"):
        Pegboard(plugins=[Wrapper()]).freeze()


async def test_route_and_direct_hooks_in_one_plugin_are_refused() -> None:
    class Both(Plugin):
        name = "both"

        @hookimpl
        def route(self, route: Any) -> None: ...

        @hookimpl
        def request(self) -> None: ...

    with pytest.raises(ConfigurationError, match="implements `route` and also request"):
        Pegboard(plugins=[Both()]).freeze()


async def test_a_setup_hook_that_fails_names_the_plugin_and_the_line() -> None:
    class Failing(Plugin):
        name = "failing"

        @hookimpl
        def setup(self, board: Any) -> None:
            raise LookupError("nowhere")

    with pytest.raises(ConfigurationError, match=r"hook 'setup' of plugin 'failing' .* failed: LookupError: nowhere"):
        Pegboard(plugins=[Failing()]).freeze()


async def test_plugins_add_routes_handlers_and_outer_applications() -> None:
    class Full(Plugin):
        name = "full"

        @hookimpl
        def setup(self, board: Pegboard) -> None:
            async def teapot(request: Request, exc: Exception) -> PlainTextResponse:
                return PlainTextResponse("teapot", 418)

            board.add_exception_handler(LookupError, teapot)

        @hookimpl
        def routes(self) -> list[BaseRoute]:
            async def fail(request: Request) -> None:
                raise KeyError("gone")

            return [Route("/from-plugin", fail)]

        @hookimpl
        def asgi(self, app: Any) -> Any:
            async def outer(scope: Any, receive: Any, send: Any) -> None:
                scope["path"] = scope["path"].removeprefix("/outer")
                await app(scope, receive, send)

            return outer

    answer = await ask(Pegboard(plugins=[Full()]), "/outer/from-plugin")
    assert (answer.status, answer.body) == (418, b"teapot")


async def test_a_plugin_may_implement_a_hook_several_times_in_the_order_it_says() -> None:
    class Several(Plugin):
        name = "several"

        @hookimpl(specname="response", trylast=True)
        def last(self, response: Any) -> None:
            response.headers.append("x", "last")

        @hookimpl(specname="response")
        def middle(self, response: Any) -> None:
            response.headers.append("x", "middle")

        @hookimpl(specname="response", tryfirst=True)
        def first(self, response: Any) -> None:
            response.headers.append("x", "first")

    answer = await ask(Pegboard(routes=[Route("/", hello)], plugins=[Several()]), "/")
    assert [value for name, value in answer.headers if name == "x"] == ["first", "middle", "last"]


async def test_one_plugin_object_on_two_boards_with_different_settings_is_refused() -> None:
    plugin = Level()
    Pegboard(plugins=[plugin]).freeze()
    Pegboard(plugins=[plugin]).freeze()
    with pytest.raises(ConfigurationError, match="is on two boards with different settings"):
        Pegboard(plugins=[plugin], config={"level": {"level": 9}}).freeze()


async def test_the_environment_starts_the_bare_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEGBOARD_PLUGINS", "none")
    app = Pegboard(routes=[Route("/", hello)], plugins=[Tag()])
    assert (await ask(app, "/")).header("x-tag") is None
    assert ("tag", "plugins is `none`") in [(off.name, off.why) for off in app.freeze().off]


async def test_settings_may_be_given_by_name() -> None:
    app = Pegboard(routes=[Route("/", hello)], plugins={"cors": False, "auth": False, "gzip": False, "logging": False})
    assert app.plugins == ()
    with pytest.raises(
        TypeError, match="settings of plugin 'cors' are given as int; expected a mapping, True or False"
    ):
        Pegboard(plugins={"cors": 3})


async def test_a_failed_freeze_can_be_tried_again_and_leaves_nothing_behind() -> None:
    class Routes(Plugin):
        name = "more"

        @hookimpl
        def routes(self) -> list[BaseRoute]:
            return [Route("/more", hello, plugins={"nobody": {"x": 1}})]

    app = Pegboard(plugins=[Routes()])
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="which is no plugin of this board"):
            app.freeze()
        assert app.routes == []


async def test_exception_handlers_by_status_and_class() -> None:
    async def not_here(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("not here", 404)

    def late(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(f"handled {exc}", 503)

    async def boom(request: Request) -> None:
        raise TimeoutError("late")

    async def teapot(request: Request) -> None:
        raise HTTPException(418, "short", {"x-pot": "yes"})

    app = Pegboard(
        routes=[Route("/boom", boom), Route("/pot", teapot)],
        exception_handlers={404: not_here, OSError: late},
        plugins=[],
    )
    assert (await ask(app, "/gone")).body == b"not here"
    boomed = await ask(app, "/boom")
    assert (boomed.status, boomed.body, boomed.error) == (503, b"handled late", None)
    pot = await ask(app, "/pot")
    assert (pot.status, pot.body, pot.header("x-pot")) == (418, b"short", "yes")


async def test_an_unhandled_exception_is_a_plain_500_and_is_raised() -> None:
    async def boom(request: Request) -> None:
        raise ValueError("secret")

    answer = await ask(Pegboard(routes=[Route("/", boom)], plugins=[]), "/")
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert isinstance(answer.error, ValueError)
    debugging = await ask(Pegboard(True, routes=[Route("/", boom)], plugins=[]), "/", headers={"accept": "text/html"})
    assert debugging.status == 500
    assert b"ValueError: secret" in debugging.body


async def test_middleware_around_board_mount_and_route() -> None:
    def marking(word: str) -> Any:
        def factory(app: Any) -> Any:
            async def middleware(scope: Any, receive: Any, send: Any) -> None:
                async def marked(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        message["headers"] = [*message["headers"], (b"x-mark", word.encode())]
                    await send(message)

                await app(scope, receive, marked if scope["type"] == "http" else send)

            return middleware

        return factory

    app = Pegboard(
        routes=[Mount("/m", routes=[Route("/r", hello, middleware=[marking("route")])], middleware=[marking("mount")])],
        middleware=[marking("board")],
        plugins=[Tag()],
    )
    answer = await ask(app, "/m/r")
    assert answer.status == 200
    assert [value for name, value in answer.headers if name == "x-mark"] == ["route", "mount", "board"]
    assert answer.header("x-tag") == "tag"
    assert [value for name, value in (await ask(app, "/m/gone")).headers if name == "x-mark"] == ["board"]


async def test_a_wrong_late_route_is_refused_and_leaves_the_board_as_it_was() -> None:
    app = Pegboard(routes=[Route("/", hello)], plugins=[])
    assert (await ask(app, "/")).status == 200
    before = list(app.routes)
    with pytest.raises(ConfigurationError, match="both have a path parameter 'x'"):
        app.append(Mount("/{x}", routes=[Route("/{x}", hello)]))
    assert app.routes == before
    app.add_route("/good", hello)
    assert (await ask(app, "/good")).status == 200


async def test_a_plan_is_found_from_the_scope_of_a_request_below_mounts_and_inside_of_a_mounted_board() -> None:
    seen: list[Any] = []

    async def look(request: Request) -> None:
        scope = request.scope
        before = dict(scope)
        seen.extend(board.plan_for({**scope, "method": "PUT"}).route.name for board in (inner, outer))
        seen.append(scope == before)

    put = Route("/{n}", hello, methods=["PUT"], name="put")
    inner = Pegboard(routes=[Mount("/b/{k}", routes=[Route("/{n}", look), put])], plugins=[])
    outer = Pegboard(routes=[Mount("/a", routes=[Mount("/in/{t}", app=inner, name="mounted")])], plugins=[])
    for root_path in ("", "/proxy"):
        seen.clear()
        answer = await ask(outer, f"{root_path}/a/in/1/b/2/3", root_path=root_path)
        assert (answer.error, seen) == (None, ["put", "mounted", True])
    scope = {"type": "http", "method": "PUT", "path": "/b/2/3", "headers": []}
    assert inner.plan_for(scope).route.name == "put"
    assert scope == {"type": "http", "method": "PUT", "path": "/b/2/3", "headers": []}


async def test_path_parameters_are_kept_from_around_a_mounted_board() -> None:
    async def params(request: Request) -> str:
        return repr(request.path_params)

    def around(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)

        return call

    inner = Pegboard(routes=[Route("/{n:int}", params), Route("/own/{t}", params), Route("/plain", params)], plugins=[])
    outer = Pegboard(routes=[Mount("/{t}", app=around(inner))], plugins=[])
    assert (await ask(outer, "/a/3")).body == b"{'t': 'a', 'n': 3}"
    assert (await ask(outer, "/a/own/b")).body == b"{'t': 'b'}"
    assert (await ask(outer, "/a/plain")).body == b"{'t': 'a'}"


async def test_misses_below_a_mount_have_its_settings_and_their_plans_are_made_at_the_freeze() -> None:
    made: list[str] = []

    class Seeing(Plugin[LevelSettings]):
        name = "level"
        Settings = LevelSettings

        @hookimpl
        def route(self, route: BaseRoute, settings: LevelSettings) -> RouteHooks:
            made.append(route.name)

            def response(request: Request, response: Any) -> None:
                response.headers["x-level"] = f"{settings.level} {route.name}"

            return RouteHooks(response=response)

    routes = [Route("/x", hello), Route("/{a}/y", hello), Route("/s/", hello)]
    app = Pegboard(routes=[Mount("/m/{t}", routes=routes, plugins={"level": {"level": 7}})], plugins=[Seeing()])
    app.freeze()
    count = len(made)
    asked = [("/m/1/x", "PUT"), ("/m/1/b/y", "OPTIONS"), ("/m/1/s", "GET"), ("/m/1/none", "GET"), ("/none", "GET")]
    levels = [(await ask(app, path, method)).header("x-level") for path, method in asked]
    assert levels == ["7 method_not_allowed", "7 options", "7 redirect_slash", "7 not_found", "1 not_found"]
    assert len(made) == count


async def test_routers_mount_and_keep_their_names() -> None:
    inner = Router([Route("/{n:int}", hello, name="number")])
    app = Pegboard(routes=[Mount("/sub", app=inner, name="sub")], plugins=[])
    assert (await ask(app, "/sub/3")).status == 200
    assert app.url_path_for("sub:number", n=3) == "/sub/3"


async def test_a_server_without_lifespan_is_served_all_the_same() -> None:
    @asynccontextmanager
    async def lifespan(board: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"never": "entered"}

    app = Pegboard(routes=[Route("/", hello)], lifespan=lifespan, plugins=[])
    assert (await ask(app, "/")).status == 200


async def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="ASGI scope of type 'smtp'; expected one of http, websocket, lifespan"):
        await Pegboard(plugins=[])({"type": "smtp"}, None, None)  # type: ignore[arg-type]


async def test_a_mounted_board_keeps_its_own_plugins_and_handlers_and_takes_over_those_around_it() -> None:
    async def boom(request: Request) -> None:
        raise LookupError("gone")

    async def late(request: Request) -> None:
        raise TimeoutError("late")

    def saying(word: str) -> Any:
        async def handler(request: Request, exc: Exception) -> PlainTextResponse:
            return PlainTextResponse(word, 500)

        return handler

    inner = Pegboard(
        routes=[Route("/boom", boom), Route("/late", late)],
        exception_handlers={LookupError: saying("inner")},
        plugins=[Tag("inner")],
    )
    outer = Pegboard(
        routes=[Mount("/in", app=inner)],
        exception_handlers={LookupError: saying("outer"), TimeoutError: saying("outer")},
        plugins=[Tag("outer")],
    )
    own = await ask(outer, "/in/boom")
    assert (own.body, own.error) == (b"inner", None)
    taken_over = await ask(outer, "/in/late")
    assert (taken_over.body, taken_over.error) == (b"outer", None)
    assert [value for name, value in taken_over.headers if name == "x-tag"] == ["inner", "outer"]
    missed = await ask(outer, "/in/gone")
    assert (missed.status, [value for name, value in missed.headers if name == "x-tag"]) == (404, ["inner", "outer"])


async def test_the_lifespan_of_a_mounted_board_runs_once_wherever_it_is_mounted() -> None:
    marks: list[str] = []

    @asynccontextmanager
    async def lifespan(board: Any) -> AsyncIterator[dict[str, Any]]:
        marks.append("in")
        yield {"shared": 1}
        marks.append("out")

    async def shared(request: Request) -> str:
        return str(request.state.shared)

    inner = Pegboard(routes=[Route("/shared", shared)], lifespan=lifespan, plugins=[])
    outer = Pegboard(routes=[Mount("/a", app=inner), Mount("/b", app=inner)], plugins=[])
    with TestClient(outer) as client:
        assert marks == ["in"]
        assert client.get("/a/shared").text == client.get("/b/shared").text == "1"
    assert marks == ["in", "out"]


async def test_a_server_that_shares_no_state_gets_what_the_lifespan_gave() -> None:
    @asynccontextmanager
    async def lifespan(board: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"given": "by lifespan"}

    async def given(request: Request) -> str:
        request.state.own = True
        return str(request.state.given)

    app = Pegboard(routes=[Route("/", given)], lifespan=lifespan, plugins=[])
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    answers: list[Any] = []

    async def receive() -> Any:
        if len(incoming) == 1:
            answers.append(await ask(app, "/"))
        return incoming.pop(0)

    async def send(message: Any) -> None: ...

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert answers[0].body == b"by lifespan"
    assert app.lifespan_state == {"given": "by lifespan"}
