"""The command line on a board with everything that boards have, and plugins of its own, as golden files."""

import json
from pathlib import Path

import pytest
from command_line import check_golden, pegboard, project

BOARD = """
import asyncio

from pegboard import BodyFilter, Pegboard, Plugin, RouteHooks, Settings, hookimpl
from pegboard.responses import PlainTextResponse
from pegboard.routing import Host, Mount, Route, WebSocketRoute


class Proxy(Plugin):
    name = "proxy"
    phase = "observe"

    @hookimpl
    def asgi(self, app):
        return app

    @hookimpl
    def rewrite(self, scope):
        if scope["path"].startswith("/behind/"):
            scope["path"] = scope["path"][len("/behind"):]


class LimitSettings(Settings, frozen=True, kw_only=True):
    rate: int = 10
    per: str = "minute"


class Limit(Plugin[LimitSettings]):
    name = "limit"
    phase = "guard"
    before = ("maintenance",)
    Settings = LimitSettings

    @hookimpl
    def route(self, route, settings):
        if settings.rate == 0:
            return None

        async def request(request):
            await asyncio.sleep(0)
            if "x-too-many" in request.headers:
                return PlainTextResponse("too many", 429)

        return RouteHooks(request=request, note=f"{settings.rate} requests per {settings.per}")


class Maintenance(Plugin):
    name = "maintenance"
    phase = "guard"

    @hookimpl
    def request(self):
        return None

    @hookimpl(specname="request", trylast=True)
    def second(self):
        return None

    @hookimpl
    def error(self, exc):
        return PlainTextResponse("sorry", 503)

    @hookimpl
    def websocket(self):
        return None


class Upper(BodyFilter):
    def feed(self, chunk, more):
        return chunk.upper()


class Shout(Plugin):
    name = "shout"
    phase = "content"

    @hookimpl
    def response(self, response):
        response.headers["x-shout"] = "yes"

    @hookimpl
    def body(self):
        return Upper()

    @hookimpl
    def complete(self):
        pass


def stamp(app):
    return app


async def foreign(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"foreign"})


async def page(request):
    return "page"


def threaded(request):
    return "from a thread"


async def fail(request):
    raise ValueError("on purpose")


async def talk(websocket):
    await websocket.accept()


board = Pegboard(
    routes=[
        Route("/", page, name="home"),
        Route("/threaded", threaded, methods=["GET", "POST"], plugins={"shout": False}, max_body_size=100),
        Route("/fail", fail),
        Mount("/shop", routes=[Route("/{item:int}", page, plugins={"limit": {"rate": 3}})],
              middleware=[stamp], plugins={"limit": {"per": "hour"}}),
        Mount("/site", app=foreign, plugins={"limit": {"rate": 0}}),
        Host("api.example.org", routes=[Route("/v1", page)]),
        WebSocketRoute("/talk", talk),
    ],
    plugins=[Shout, Maintenance, Limit(rate=5), Proxy],
    middleware=[stamp],
)
"""

SHOWN = {
    "plugins": ["plugins"],
    "hooks": ["hooks"],
    "hooks-request": ["hooks", "request"],
    "routes": ["routes"],
    "explain-home": ["explain", "GET", "/"],
    "explain-thread": ["explain", "POST", "/threaded"],
    "explain-mounted": ["explain", "GET", "/shop/42?color=red"],
    "explain-foreign": ["explain", "GET", "/site/x"],
    "explain-host": ["explain", "GET", "http://api.example.org/v1"],
    "explain-rewritten": ["explain", "GET", "/behind/threaded"],
    "explain-slash": ["explain", "GET", "/threaded/"],
    "explain-websocket": ["explain", "WEBSOCKET", "/talk"],
    "explain-url-in-a-query": ["explain", "GET", "/?next=http://x/é"],
    "explain-live": ["explain", "GET", "/shop/42", "--live"],
    "explain-live-early-answer": ["explain", "GET", "/", "--live", "-H", "X-Too-Many: yes"],
    "explain-live-error": ["explain", "GET", "/fail", "--live"],
    "explain-live-foreign": ["explain", "GET", "/site/x", "--live"],
    "config-show": ["config", "show", "limit"],
    "check": ["check"],
}

MISSED = {
    "explain-missing": ["explain", "GET", "/nowhere"],
    "explain-nearly": ["explain", "GET", "/thread"],
    "explain-websocket-missing": ["explain", "WEBSOCKET", "/nowhere"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(
        tmp_path_factory.mktemp("board"), {"main.py": BOARD, "pegboard.toml": 'order = ["shout", "proxy"]\n'}
    )


@pytest.mark.parametrize("name", SHOWN)
def test_a_command_prints_what_its_golden_file_shows(name: str, folder: Path) -> None:
    done = pegboard(folder, *SHOWN[name])
    check_golden(f"board/{name}", done.text(folder))
    assert done.status == 0


@pytest.mark.parametrize("name", MISSED)
def test_what_answers_a_path_that_no_route_has_is_shown_and_the_path_refused(name: str, folder: Path) -> None:
    done = pegboard(folder, *MISSED[name])
    check_golden(f"board/{name}", done.text(folder))
    assert done.status == 2


def test_every_step_of_a_hook_has_its_own_time(folder: Path) -> None:
    done = pegboard(folder, "explain", "GET", "/", "--live", "--json")
    explanation = json.loads(done.out)
    assert explanation["notes"] == {"limit": "5 requests per minute"}
    steps = [step for step in explanation["steps"] if step["hook"] == "request"]
    assert [(step["plugin"], step["index"]) for step in steps] == [("limit", 0), ("maintenance", 1), ("maintenance", 2)]
    assert len({step["seconds"] for step in steps}) == 3


@pytest.mark.parametrize(
    "arguments",
    [["plugins"], ["hooks"], ["routes"], ["check"], ["config", "show"], ["explain", "GET", "/"]],
    ids=" ".join,
)
def test_an_application_of_any_kind_is_looked_at_as_if_wrapped(arguments: list[str], tmp_path: Path) -> None:
    """What is no board is shown as it would be with plugins around it."""
    folder = project(tmp_path, {"mysite.py": "async def app(scope, receive, send): ...\n"})
    done = pegboard(folder, *arguments, "--wrap", "mysite:app", "--json")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) is not None
