"""Every kind of endpoint that the documentation names answers requests and WebSockets, as a client sees it."""

import functools
import threading
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.endpoints import HTTPEndpoint, WebSocketEndpoint
from pegboard.requests import Request
from pegboard.responses import AppResponse, PlainTextResponse, StreamingResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard.testclient import TestClient
from pegboard.websockets import WebSocket


def said(request: Request, by: str) -> PlainTextResponse:
    where = "thread" if threading.current_thread().name.startswith("AnyIO worker") else "loop"
    return PlainTextResponse(f"{by} {request.path_params['id']} {request.method} in the {where}")


async def function(request: Request) -> PlainTextResponse:
    return said(request, "function")


def blocking(request: Request) -> PlainTextResponse:
    return said(request, "blocking")


async def with_more(greeting: str, request: Request, *, mark: str = "") -> PlainTextResponse:
    return said(request, greeting + mark)


def blocking_with_more(greeting: str, request: Request) -> PlainTextResponse:
    return said(request, greeting)


class Methods:
    async def bound(self, request: Request) -> PlainTextResponse:
        return said(request, "bound")

    @staticmethod
    def static(request: Request) -> PlainTextResponse:
        return said(request, "static")

    @classmethod
    async def of_class(cls, request: Request) -> PlainTextResponse:
        return said(request, cls.__name__)


class Callable:
    async def __call__(self, request: Request) -> PlainTextResponse:
        return said(request, "object")


class BlockingCallable:
    def __call__(self, request: Request) -> PlainTextResponse:
        return said(request, "blocking object")


class Application:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        await said(request, "application")(scope, receive, send)


class LooseApplication:
    async def __call__(self, *args: Any) -> None:
        await Application()(*args)


async def application(scope: Any, receive: Any, send: Any) -> None:
    await Application()(scope, receive, send)


class AwaitableClass:
    """A class as ASGI 2 and Starlette know it: made from the three, and awaited."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.given = scope, receive, send

    def __await__(self) -> Any:
        return Application()(*self.given).__await__()


class Resource(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        return said(request, "resource")

    def delete(self, request: Request) -> PlainTextResponse:
        return said(request, "resource")


def logged(call: Any) -> Any:
    """A decorator that gives one more argument to what it wraps."""

    @functools.wraps(call)
    async def wrapper(request: Request) -> Any:
        return await call("wrapped", request)

    return wrapper


ANSWERS: dict[str, tuple[Any, str, str]] = {
    "async function": (function, "function 7 GET in the loop", "GET"),
    "sync function": (blocking, "blocking 7 GET in the thread", "GET"),
    "partial": (functools.partial(with_more, "partial", mark="!"), "partial! 7 GET in the loop", "GET"),
    "partial of a sync function": (functools.partial(blocking_with_more, "p"), "p 7 GET in the thread", "GET"),
    "partial of a partial": (
        functools.partial(functools.partial(with_more, "twice"), mark="?"),
        "twice? 7 GET in the loop",
        "GET",
    ),
    "method": (Methods().bound, "bound 7 GET in the loop", "GET"),
    "static method": (Methods.static, "static 7 GET in the thread", "GET"),
    "class method": (Methods.of_class, "Methods 7 GET in the loop", "GET"),
    "callable object": (Callable(), "object 7 GET in the loop", "GET"),
    "sync callable object": (BlockingCallable(), "blocking object 7 GET in the thread", "GET"),
    "decorated function": (logged(with_more), "wrapped 7 GET in the loop", "GET"),
    "HTTPEndpoint": (Resource, "resource 7 GET in the loop", "GET"),
    "sync method of an HTTPEndpoint": (Resource, "resource 7 DELETE in the thread", "DELETE"),
    "ASGI application": (Application(), "application 7 BREW in the loop", "BREW"),
    "ASGI application of any arguments": (LooseApplication(), "application 7 GET in the loop", "GET"),
    "ASGI function": (application, "application 7 PUT in the loop", "PUT"),
    "partial of an ASGI object": (functools.partial(Application()), "application 7 PUT in the loop", "PUT"),
    "awaitable class": (AwaitableClass, "application 7 QUERY in the loop", "QUERY"),
    "board": (Pegboard(routes=[Route("/{id}", function)], plugins=[]), "function 7 GET in the loop", "GET"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_endpoint_answers(kind: str) -> None:
    endpoint, body, method = ANSWERS[kind]
    with TestClient(Pegboard(routes=[Route("/{id}", endpoint)], plugins=[])) as client:
        answer = client.request(method, "/7")
    assert (answer.status_code, answer.text) == (200, body)


@pytest.mark.parametrize("kind", ["async function", "partial", "method", "callable object", "decorated function"])
def test_what_is_called_with_a_request_answers_get_and_head_alone(kind: str) -> None:
    with TestClient(Pegboard(routes=[Route("/{id}", ANSWERS[kind][0])], plugins=[])) as client:
        assert (client.head("/7").status_code, client.head("/7").text) == (200, "")
        refused = client.post("/7")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def greet(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(f"hello {websocket.path_params['id']}")
    await websocket.close()


async def greet_with(greeting: str, websocket: WebSocket) -> None:
    await greet(websocket)


class Greets:
    async def method(self, websocket: WebSocket) -> None:
        await greet(websocket)

    async def __call__(self, websocket: WebSocket) -> None:
        await greet(websocket)


class Greeter(WebSocketEndpoint):
    async def on_connect(self, websocket: WebSocket) -> None:
        await greet(websocket)


class GreetingApplication:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await greet(WebSocket(scope, receive, send))


async def greeting_application(scope: Any, receive: Any, send: Any) -> None:
    await greet(WebSocket(scope, receive, send))


GREETERS: dict[str, Any] = {
    "async function": greet,
    "partial": functools.partial(greet_with, "hello"),
    "method": Greets().method,
    "callable object": Greets(),
    "WebSocketEndpoint": Greeter,
    "ASGI application": GreetingApplication(),
    "ASGI function": greeting_application,
}


@pytest.mark.parametrize("kind", GREETERS)
def test_every_kind_of_endpoint_serves_websockets(kind: str) -> None:
    app = Pegboard(routes=[WebSocketRoute("/{id}", GREETERS[kind])], plugins=[])
    with TestClient(app) as client, client.websocket_connect("/7") as websocket:
        assert websocket.receive_text() == "hello 7"


async def nothing() -> str:
    return "hello"


async def two(request: Request, id: int) -> str:
    return "hello"


async def named_only(request: Request, *, id: int) -> str:
    return "hello"


class TwoOfThem:
    async def __call__(self, request: Request, id: int) -> str:
        return "hello"


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(nothing, "nothing"), (two, "two"), (named_only, "named_only"), (TwoOfThem(), "TwoOfThem")],
    ids=["none", "two", "by name", "two of an object"],
)
def test_an_endpoint_that_could_never_be_called_is_refused_where_it_is_written(endpoint: Any, name: str) -> None:
    for route in (Route, WebSocketRoute):
        with pytest.raises(TypeError, match=rf"endpoint '{name}' .*; write `async def {name}\(request\)`"):
            route("/x/{id}", endpoint)


class Around:
    """Middleware that changes nothing."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def echo(request: Request) -> StreamingResponse:
    return StreamingResponse(request.stream())


async def behind(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)


async def pass_on(request: Request) -> AppResponse:
    """Lets an application answer that wants the body as well."""
    await request.body()
    return AppResponse(behind)


@pytest.mark.parametrize("middleware", [[], [Around]], ids=["plain", "behind middleware"])
@pytest.mark.parametrize("endpoint", [echo, pass_on])
def test_a_body_reaches_whoever_answers_with_it(endpoint: Any, middleware: list[Any]) -> None:
    """The watch for the client's leaving takes no piece of it away from the stream that is sent."""
    app = Pegboard(routes=[Route("/", endpoint, methods=["POST"], middleware=middleware)], plugins=[])
    with TestClient(app) as client:
        assert client.post("/", content=iter([b"a", b"b", b"c"] * 20)).content == b"abc" * 20
