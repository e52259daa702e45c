"""The decorators, in every order and on everything that may be an endpoint."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import httpx
import pytest

from pegboard import Pegboard, Plugin
from pegboard.endpoints import HTTPEndpoint, WebSocketEndpoint
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import Mount, Route, Router, WebSocketRoute
from pegboard.testclient import AsyncTestClient, WebSocketDenialResponse
from pegboard.websockets import WebSocket
from pegboard_auth import Auth, digest_of
from pegboard_auth.guards import public, requires
from pegboard_auth.identity import Access, User
from pegboard_auth.requirements import Requirement, is_public, required_within, requirements_of


def access(scopes: str = "", roles: str = "") -> Access:
    return Access(User("ann"), "bearer", scopes.split(), roles.split())


async def page(request: Request) -> str:
    return "page"


def test_an_endpoint_tells_what_it_requires_through_partials_methods_and_other_decorators() -> None:
    async def page(request: Request) -> str:
        return "page"

    class Pages:
        @requires("a")
        async def page(self, request: Request) -> str:
            return "page"

    guarded = requires("a", "b", roles="x", policy=["p"])(requires(["c"])(page))

    @wraps(guarded)
    async def wrapped(request: Request) -> Any:
        return await guarded(request)

    expected = (Requirement.make(["c"]), Requirement.make(["a", "b"], ["x"], ["p"]))
    assert requirements_of(guarded) == requirements_of(wrapped) == requirements_of(partial(guarded)) == expected
    assert requirements_of(Pages().page) == (Requirement.make(["a"]),)
    assert inspect.iscoroutinefunction(guarded)
    assert guarded.__name__ == "page"


class HasEverything:
    """An object that has every attribute, as proxies and mocks do."""

    def __getattr__(self, name: str) -> Any:
        return True


def test_only_a_mark_on_the_endpoint_itself_makes_it_public() -> None:
    @public
    class Open:
        pass

    class Closed(Open):
        pass

    @public
    async def home(request: Request) -> str:
        return "home"

    assert is_public(Open)
    assert is_public(home)
    assert is_public(partial(home))
    assert not is_public(Closed)
    assert not is_public(HasEverything())
    assert not is_public(page)
    assert requirements_of(HasEverything()) == ()


def test_public_and_required_contradict_each_other_in_either_order() -> None:
    async def other(request: Request) -> str:
        return "other"

    with pytest.raises(TypeError, match="public and requires"):
        public(requires("a")(other))
    with pytest.raises(TypeError, match="public and requires"):
        requires("a")(public(other))


def no_arguments() -> str:
    return ""


@pytest.mark.parametrize("endpoint", [HasEverything, HasEverything(), no_arguments])
def test_what_cannot_be_guarded_is_refused_with_advice(endpoint: Any) -> None:
    with pytest.raises(TypeError, match=r"plugins=|takes no request"):
        requires("a")(endpoint)


@pytest.mark.parametrize("word", ["", "a b", "a\n", ["a", ""]])
def test_what_is_no_scope_is_refused(word: Any) -> None:
    with pytest.raises(TypeError, match="word without blanks"):
        requires(word)


@pytest.mark.anyio
@pytest.mark.parametrize("scope", [{}, {"user": User("ann"), "auth": access("a")}])
async def test_an_endpoint_that_requires_is_never_run_without_the_plugin(scope: dict[str, Any]) -> None:
    calls = []

    @requires("a")
    async def later(request: Request) -> None:
        calls.append(request)

    @requires("a")
    def at_once(request: Request) -> None:
        calls.append(request)

    request = Request({"type": "http", "headers": [], **scope})
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        await later(request)
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        await later(request=request)
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        at_once(request)
    assert not calls


# The order of decorators: in each of these a route is made, and its endpoint requires the scope "write"


def look_through(endpoint: Any) -> Any:
    """A decorator that says what it wraps."""

    @wraps(endpoint)
    async def wrapped(request: Request) -> Any:
        return await endpoint(request)

    return wrapped


def hide(endpoint: Any) -> Any:
    """A decorator that does not."""

    async def wrapped(request: Request) -> Any:
        return await endpoint(request)

    return wrapped


ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "route over requires": lambda route, page: route(requires("write")(page)),
    "requires over route": lambda route, page: requires("write")(route(page)),
    "requires over a decorator over route": lambda route, page: requires("write")(look_through(route(page))),
    "requires over a hiding decorator over route": lambda route, page: requires("write")(hide(route(page))),
    "requires over two hiding decorators over route": lambda route, page: requires("write")(hide(hide(route(page)))),
    "requires over a partial over route": lambda route, page: requires("write")(partial(route(page))),
    "requires over route over a decorator": lambda route, page: requires("write")(route(look_through(page))),
    "requires over route over a hiding decorator": lambda route, page: requires("write")(route(hide(page))),
    "requires over route over a partial": lambda route, page: requires("write")(route(partial(page))),
    "a decorator over requires over route": lambda route, page: look_through(requires("write")(route(page))),
    "route over a decorator over requires": lambda route, page: route(look_through(requires("write")(page))),
    "route over a hiding decorator over requires": lambda route, page: route(hide(requires("write")(page))),
    "route over a partial over requires": lambda route, page: route(partial(requires("write")(page))),
    "requires twice over route": lambda route, page: requires("write")(requires()(route(page))),
    "requires over route over requires": lambda route, page: requires("write")(route(requires()(page))),
    "requires over a route that keeps a decorator to itself": lambda route, page: requires("write")(
        (route(look_through(page)), page)[1]
    ),
    "requires over a route that keeps a hiding decorator to itself": lambda route, page: requires("write")(
        (route(hide(page)), page)[1]
    ),
    "requires over a route that keeps a decorator over requires to itself": lambda route, page: requires("write")(
        (guarded := requires()(page), route(look_through(guarded)))[0]
    ),
    "requires over two routes": lambda route, page: requires("write")(route(route(page))),
}


def kinds_of_pages() -> dict[str, Any]:
    async def later(request: Request) -> str:
        return "page"

    def at_once(request: Request) -> str:
        return "page"

    class Pages:
        async def later(self, request: Request) -> str:
            return "page"

        @staticmethod
        async def static(request: Request) -> str:
            return "page"

    class Endpoint(HTTPEndpoint):
        async def get(self, request: Request) -> str:
            return "page"

    return {
        "async function": later,
        "sync function": at_once,
        "method": Pages().later,
        "static method": Pages.static,
        "partial": partial(later),
        "class": Endpoint,
    }


ANN, BOB = "a-token-of-the-tests-1", "a-token-of-the-tests-2"
TOKENS = [
    {"identity": "ann", "digest": digest_of(ANN), "scopes": ["write"]},
    {"identity": "bob", "digest": digest_of(BOB)},
]


def board(routes: Any, **auth: Any) -> Pegboard:
    return Pegboard(routes=routes, plugins=[Auth(default="allow", tokens=TOKENS, **auth)], config={})


async def ask(app: Any, token: str = "", path: str = "/", method: str = "GET") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.request(method, path, headers=headers)


def routed(order: str, kind: str) -> Router:
    router = Router()

    def route(endpoint: Any) -> Any:
        return router.get(f"/{'again' if router.routes else ''}")(endpoint)

    ORDERS[order](route, kinds_of_pages()[kind])
    return router


def makes_sense(order: str, kind: str) -> bool:
    """The decorators of these tests are asynchronous, and for functions."""
    is_decorated = "decorator" in order
    return not (kind == "class" and (is_decorated or "partial" in order)) and not (
        kind == "sync function" and is_decorated
    )


PAIRS = [(order, kind) for order in ORDERS for kind in kinds_of_pages() if makes_sense(order, kind)]


@pytest.mark.anyio
@pytest.mark.parametrize(("order", "kind"), PAIRS)
async def test_a_route_is_guarded_whatever_the_order_of_decorators(order: str, kind: str) -> None:
    app = board(routed(order, kind).routes)
    assert [(await ask(app, token)).status_code for token in ("", BOB, ANN)] == [401, 403, 200]


@pytest.mark.parametrize("order", ORDERS)
def test_without_the_plugin_the_board_refuses_to_start_whatever_the_order(order: str) -> None:
    with pytest.raises(ConfigurationError, match="its endpoint needs 'pegboard-auth', and no plugin of this board"):
        Pegboard(routes=routed(order, "async function").routes, plugins=[], config={}).freeze()


class Knows(Plugin):
    """Another plugin that knows who calls, and nothing of these marks."""

    name = "knows"
    provides = ("identity",)


def test_another_plugin_that_knows_who_calls_does_not_stand_in_for_this_one() -> None:
    routes = routed("requires over route", "async function").routes
    with pytest.raises(ConfigurationError, match="needs 'pegboard-auth'"):
        Pegboard(routes=routes, plugins=[Knows()], config={}).freeze()


def test_a_route_without_the_plugin_refuses_to_start_and_is_named_with_all_others() -> None:
    @requires("write")
    async def page(request: Request) -> str:
        return "page"

    off = {"auth": False}
    routes = [Route("/a", page, plugins=off), Mount("/m", routes=[Route("/b", page)], plugins=off), Route("/c", page)]
    with pytest.raises(ConfigurationError) as caught:
        board(routes).freeze()
    first, second = caught.value.problems
    assert "GET|HEAD /a: its endpoint needs 'pegboard-auth', and 'auth' is switched off here" in first
    assert "GET|HEAD /b" in second


def test_whoever_guards_a_function_guards_it_on_all_routes_and_each_guard_asks_its_own() -> None:
    async def page(request: Request) -> str:
        return "page"

    first, second = requires("a")(page), requires("b")(page)
    assert requirements_of(first) == (Requirement.make(["a"]),)
    assert requirements_of(second) == (Requirement.make(["b"]),)
    assert requirements_of(page) == (Requirement.make(["a"]), Requirement.make(["b"]))


@pytest.mark.parametrize("wrap", [hide, look_through, partial], ids=["hidden", "wrapped", "partial"])
def test_what_is_public_beneath_a_decorator_cannot_require_something(wrap: Any) -> None:
    @public
    async def page(request: Request) -> str:
        return "page"

    with pytest.raises(TypeError, match="public and requires"):
        requires("a")(wrap(page))


# Classes


@requires("write")
class Writing(HTTPEndpoint):
    async def get(self, request: Request) -> str:
        return "page"


class WritingMore(Writing):
    async def post(self, request: Request) -> str:
        return "more"


@requires("read")
class WritingAndReading(Writing):
    pass


class Mixed(HTTPEndpoint):
    async def get(self, request: Request) -> str:
        return "page"

    @requires("write")
    async def post(self, request: Request) -> str:
        return "posted"

    @requires("write")
    def put(self, request: Request) -> str:
        return "put"

    @staticmethod
    @requires("write")
    async def patch(request: Request) -> str:
        return "patched"

    @requires("write")
    @staticmethod
    async def delete(request: Request) -> str:
        return "deleted"


class Dispatching(HTTPEndpoint):
    """Answers by itself, as an ASGI application."""

    async def dispatch(self) -> None:
        await super().dispatch()

    async def get(self, request: Request) -> str:
        return "page"


@pytest.mark.anyio
@pytest.mark.parametrize("endpoint", [Writing, WritingMore, requires("write")(Dispatching)])
async def test_a_class_is_guarded_and_so_are_those_derived_from_it(endpoint: Any) -> None:
    app = board([Route("/", endpoint)])
    assert [(await ask(app, token)).status_code for token in ("", BOB, ANN)] == [401, 403, 200]


@pytest.mark.anyio
async def test_a_class_asks_for_what_its_base_asks_besides() -> None:
    assert (await ask(board([Route("/", WritingAndReading)]), ANN)).status_code == 403
    assert set(requirements_of(WritingAndReading)) == {Requirement.make(["read"]), Requirement.make(["write"])}
    assert requirements_of(Writing) == (Requirement.make(["write"]),)


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_method_of_a_class_asks_for_itself(method: str) -> None:
    app = board([Route("/", Mixed)])
    assert (await ask(app)).status_code == 200
    assert [(await ask(app, token, method=method)).status_code for token in ("", BOB, ANN)] == [401, 403, 200]
    assert required_within(Mixed) == (Requirement.make(["write"]),)


@pytest.mark.parametrize("endpoint", [Writing, WritingMore, Mixed])
def test_a_class_that_requires_is_not_served_where_nobody_can_ask(endpoint: Any) -> None:
    with pytest.raises(ConfigurationError, match="needs 'pegboard-auth'"):
        Pegboard(routes=[Route("/", endpoint)], plugins=[], config={}).freeze()
    with pytest.raises(ConfigurationError, match="there is no scheme"):
        Pegboard(routes=[Route("/", endpoint)], plugins=[Auth()], config={}).freeze()
    with pytest.raises(ConfigurationError, match="the route is public"):
        board([Route("/", endpoint, plugins={"auth": {"access": "public"}})]).freeze()


def test_a_policy_that_a_method_names_is_known_at_the_start() -> None:
    class Pages(HTTPEndpoint):
        @requires(policy="owner")
        async def get(self, request: Request) -> str:
            return "page"

    with pytest.raises(ConfigurationError, match="'owner' is none of the setting policies"):
        board([Route("/", Pages)]).freeze()


@pytest.mark.anyio
async def test_an_object_of_a_guarded_class_is_not_made_where_the_gate_has_not_asked() -> None:
    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        await Writing(scope, receive, send)

    with pytest.raises(RuntimeError, match="requires something that was not asked on the way"):
        await ask(board([Mount("/", app=foreign)]), ANN)
    with pytest.raises(RuntimeError, match="no auth plugin has looked"):
        await ask(foreign, ANN)


# WebSockets


async def greet(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")


class Greeting(WebSocketEndpoint):
    async def on_connect(self, websocket: WebSocket) -> None:
        await greet(websocket)


SOCKETS: dict[str, Callable[[Router], Any]] = {
    "route over requires": lambda router: router.websocket("/")(requires("write")(partial(greet))),
    "requires over route": lambda router: requires("write")(router.websocket("/")(partial(greet))),
    "class": lambda router: router.websocket("/")(requires("write")(type("Own", (Greeting,), {}))),
    "requires over class": lambda router: requires("write")(router.websocket("/")(type("Own", (Greeting,), {}))),
}


@pytest.mark.anyio
@pytest.mark.parametrize("order", SOCKETS)
async def test_websockets_are_guarded_whatever_the_order(order: str) -> None:
    router = Router()
    SOCKETS[order](router)
    app = board(router.routes)
    async with AsyncTestClient(app) as client:
        for token in ("", BOB):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            with pytest.raises(WebSocketDenialResponse) as caught:
                async with client.websocket_connect("/", headers=headers):
                    pass
            assert caught.value.status_code == (403 if token else 401)
        async with client.websocket_connect("/", headers={"authorization": f"Bearer {ANN}"}) as socket:
            assert await socket.receive_text() == "hello"


def test_a_websocket_route_without_the_plugin_refuses_to_start() -> None:
    with pytest.raises(ConfigurationError, match="needs 'pegboard-auth'"):
        Pegboard(routes=[WebSocketRoute("/", requires()(partial(greet)))], plugins=[], config={}).freeze()
