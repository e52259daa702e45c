"""Routes with the same hooks share a pipeline, and a route that a plugin leaves out does not pay for it."""

from collections.abc import Iterator
from functools import partial, wraps
from typing import Any

import pytest

from pegboard import Pegboard, Plugin, RouteHooks, Settings, hookimpl
from pegboard.endpoints import HTTPEndpoint
from pegboard.exceptions import ConfigurationError
from pegboard.plans import Plan
from pegboard.requests import Request
from pegboard.routing import Host, Mount, Route, WebSocketRoute


async def endpoint(request: Request) -> None: ...


class Direct(Plugin):
    name = "direct"

    @hookimpl
    def request(self) -> None: ...


class Bound(Plugin):
    """Binds the same method to every route but those called `free`."""

    name = "bound"

    @hookimpl
    def route(self, route: Any) -> RouteHooks | None:
        return None if route.name == "free" else RouteHooks(complete=self.look)

    def look(self, request: Any, outcome: Any) -> None: ...


def test_a_board_is_timed_where_a_hook_is_told_of_the_end() -> None:
    """On any of its routes; where none is, no clock is read."""
    free, looked_at = Route("/free", endpoint, name="free"), Route("/", endpoint)

    def is_timed(*plugins: Plugin[Any]) -> bool:
        frozen = Pegboard(routes=[free, looked_at], plugins=plugins, config={}).frozen
        return frozen.http.is_timed

    assert not is_timed(Direct())
    assert is_timed(Direct(), Bound())


def plan(app: Pegboard, path: str) -> Plan:
    return app.plan_for({"type": "http", "method": "GET", "path": path, "headers": []})


def test_equal_hooks_are_one_pipeline() -> None:
    routes = [Route(f"/{n}", endpoint) for n in range(5)]
    app = Pegboard(routes=[*routes, Route("/free", endpoint, name="free")], plugins=[Direct(), Bound()])
    assert len({id(plan(app, f"/{n}").pipeline) for n in range(5)}) == 1
    assert plan(app, "/free").pipeline is not plan(app, "/0").pipeline
    assert plan(app, "/free").pipeline.complete == ()
    assert len(plan(app, "/free").pipeline.request) == 1


def test_a_plugin_can_be_on_again_further_in() -> None:
    inner = [Route("/off", endpoint), Route("/on", endpoint, plugins={"direct": True})]
    app = Pegboard(routes=[Mount("/m", routes=inner, plugins={"direct": False})], plugins=[Direct()])
    assert plan(app, "/m/off").pipeline.request == ()
    assert len(plan(app, "/m/on").pipeline.request) == 1


def test_without_plugins_every_hook_point_is_empty() -> None:
    pipeline = plan(Pegboard(routes=[Route("/", endpoint)], plugins=[]), "/").pipeline
    assert not any(
        (pipeline.request, pipeline.error, pipeline.response, pipeline.body, pipeline.complete, pipeline.websocket)
    )


def test_a_plugin_that_is_switched_off_from_outside_may_still_have_settings_on_routes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PEGBOARD_PLUGINS", "-direct")
    app = Pegboard(routes=[Route("/", endpoint, plugins={"direct": {"x": 1}})], plugins=[Direct()])
    assert plan(app, "/").pipeline.request == ()


class Wrong(Plugin):
    name = "wrong"

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result

    @hookimpl
    def route(self) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


async def async_body(request: Any, response: Any) -> None: ...


def misspelt(requst: Any = None) -> None: ...


@pytest.mark.parametrize(
    ("result", "part"),
    [
        (3, "test_plans:Wrong) returned int; expected RouteHooks or None; it looked at GET|HEAD /, "),
        (LookupError("no"), "test_plans:Wrong) failed: LookupError: no"),
        (RouteHooks(body=async_body), "`async def`, but hook 'body' is synchronous"),  # type: ignore[arg-type]
        (RouteHooks(request=misspelt), "did you mean 'request'?"),  # type: ignore[arg-type]
    ],
)
def test_a_route_hook_that_goes_wrong_is_named_with_the_route(result: Any, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=[Route("/", endpoint)], plugins=[Wrong(result)]).freeze()
    text = str(caught.value)
    assert part in text
    assert "GET|HEAD /" in text


def test_what_a_route_hook_does_wrong_everywhere_is_told_once() -> None:
    routes = [Route(f"/{n}", endpoint) for n in range(5)]
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=routes, plugins=[Wrong(LookupError("no"))]).freeze()
    (problem,) = caught.value.problems
    assert "it looked at GET|HEAD /0, GET|HEAD /1, GET|HEAD /2 and " in problem


class Noted(Plugin):
    """Says what it does, on two ways, and on routes called `free` why it does nothing."""

    name = "noted"

    @hookimpl
    def route(self, route: Any) -> RouteHooks:
        if route.name == "free":
            return RouteHooks(note="free, by its name")
        return RouteHooks(complete=lambda request, outcome: None, note="counted")

    @hookimpl(specname="route")
    def second(self, route: Any) -> RouteHooks | None:
        return None if route.name == "free" else RouteHooks(note="twice")


def test_what_a_plugin_says_about_a_route_stands_on_its_plan() -> None:
    routes = [Route("/paid", endpoint), Route("/free", endpoint, name="free")]
    app = Pegboard(routes=routes, plugins=[Noted(), Direct()])
    assert plan(app, "/paid").notes == {"noted": "counted; twice"}
    assert plan(app, "/free").notes == {"noted": "free, by its name"}
    assert plan(app, "/free").pipeline.complete == ()
    assert dict(plan(Pegboard(routes=routes, plugins=[Direct()]), "/paid").notes) == {}


def test_none_for_a_plugin_is_refused_with_the_route() -> None:
    app = Pegboard(routes=[Route("/a", endpoint, plugins={"direct": None})], plugins=[Direct()])
    with pytest.raises(
        ConfigurationError, match="plugins gives None to 'direct'; expected False to leave it out"
    ) as no:
        app.freeze()
    assert "/a" in str(no.value)


class RoughSettings(Settings, frozen=True, kw_only=True):
    size: int = 1

    def check(self) -> Iterator[tuple[str, str]]:
        if self.size > 1:
            raise KeyError(self.size)
        yield from ()


class Rough(Plugin[RoughSettings]):
    name = "rough"
    Settings = RoughSettings

    @hookimpl
    def route(self) -> None: ...


def test_settings_of_a_route_that_fail_their_own_check_name_route_and_plugin() -> None:
    app = Pegboard(routes=[Route("/a", endpoint, plugins={"rough": {"size": 2}})], plugins=[Rough()])
    with pytest.raises(
        ConfigurationError, match=r"plugin 'rough' .*: checking its settings failed with KeyError"
    ) as no:
        app.freeze()
    assert "/a" in str(no.value)


class Door(Plugin):
    """Binds a `websocket` and a `request` hook, but where it is switched off."""

    name = "door"

    @hookimpl
    def websocket(self) -> None: ...

    @hookimpl
    def request(self) -> None: ...


async def socket(websocket: Any) -> None: ...


def test_websocket_routes_and_hosts_have_settings_for_plugins_too() -> None:
    inside = [Route("/in", endpoint), Route("/on", endpoint, plugins={"door": True})]
    app = Pegboard(
        routes=[
            WebSocketRoute("/on", socket),
            WebSocketRoute("/off", socket, plugins={"door": False}),
            Host("off.example.org", routes=inside, plugins={"door": False}),
            Route("/in", endpoint),
        ],
        plugins=[Door()],
    )
    frozen = app.frozen

    def found(path: str, host: str = "", kind: str = "websocket") -> Plan:
        headers = [(b"host", host.encode())]
        scope = {"type": kind, "method": "GET", "path": path, "root_path": "", "headers": headers}
        story: Any = frozen.websocket if kind == "websocket" else frozen.http
        plan: Plan = story.match(scope)[0]
        return plan

    assert len(found("/on").pipeline.websocket) == 1
    assert found("/off").pipeline.websocket == ()
    assert found("/in", "off.example.org", "http").pipeline.request == ()
    assert len(found("/on", "off.example.org", "http").pipeline.request) == 1
    assert len(found("/in", "other.example.org", "http").pipeline.request) == 1


# What an endpoint needs


class Identifies(Plugin):
    name = "identifies"
    provides = ("identity",)

    @hookimpl
    def request(self) -> None: ...


def needing(function: Any = None) -> Any:
    """An endpoint that says that it cannot do without ``identity``."""

    async def needs(request: Request) -> None: ...

    function = function or needs
    function.__pegboard_needs__ = ("identity",)
    return function


class Methods(HTTPEndpoint):
    async def get(self, request: Request) -> None: ...

    @staticmethod
    @needing
    async def post(request: Request) -> None: ...


class Derived(Methods):
    pass


class Whole(HTTPEndpoint):
    __pegboard_needs__ = ("identity",)


class Pages:
    @needing
    async def page(self, request: Request) -> None: ...


def decorated(page: Any, *, looks_through: bool) -> Any:
    async def wrapped(request: Request) -> Any:
        return await page(request) if later else None

    later = True
    return wraps(page)(wrapped) if looks_through else wrapped


def marked_later() -> Any:
    async def page(request: Request) -> None: ...

    made = decorated(page, looks_through=True)
    needing(page)
    return made


class Decorated(HTTPEndpoint):
    get = decorated(needing(), looks_through=False)


NEEDING = {
    "decorated": decorated(needing(), looks_through=True),
    "decorated without saying what": decorated(needing(), looks_through=False),
    "decorated before it said so": marked_later(),
    "decorated twice": decorated(decorated(needing(), looks_through=False), looks_through=False),
    "class with a decorated method": Decorated,
    "function": needing(),
    "partial": partial(needing()),
    "partial of partial": partial(partial(needing())),
    "method": Pages().page,
    "class with a method": Methods,
    "derived class": Derived,
    "class": Whole,
}


@pytest.mark.parametrize("kind", NEEDING)
def test_an_endpoint_that_needs_a_capability_is_not_served_without_it(kind: str) -> None:
    endpoint = NEEDING[kind]
    with pytest.raises(ConfigurationError, match="/x: its endpoint needs 'identity', and no plugin of this board"):
        Pegboard(routes=[Route("/x", endpoint)], plugins=[], config={}).freeze()
    off = {"identifies": False}
    with pytest.raises(ConfigurationError, match="'identifies' is switched off here"):
        Pegboard(routes=[Route("/x", endpoint, plugins=off)], plugins=[Identifies()], config={}).freeze()
    Pegboard(routes=[Route("/x", endpoint)], plugins=[Identifies()], config={}).freeze()


def test_what_endpoints_need_is_told_for_all_routes_at_once() -> None:
    routes = [Route("/a", needing()), Mount("/m", routes=[WebSocketRoute("/b", needing())]), Route("/c", endpoint)]
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=routes, plugins=[], config={}).freeze()
    assert len(caught.value.problems) == 2


class HasEverything:
    def __getattr__(self, name: str) -> Any:
        return ("identity",)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


def test_an_object_that_has_every_attribute_needs_nothing() -> None:
    class Application:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    Pegboard(routes=[Route("/", Application()), Mount("/m", app=HasEverything())], plugins=[], config={}).freeze()
