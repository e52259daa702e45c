"""A route says at once what is wrong with it."""

import re
from functools import partial
from typing import Any

import pytest

from pegboard.endpoints import HTTPEndpoint, WebSocketEndpoint
from pegboard.requests import Request
from pegboard.routing import Host, Mount, Route, WebSocketRoute
from pegboard.routing.templates import TemplateError


async def hello(request: Request) -> str:
    return "hello"


class Application:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Resource(HTTPEndpoint):
    async def get(self, request: Request) -> str:
        return "got"

    async def query(self, request: Request) -> str:
        return "queried"


@pytest.mark.parametrize(
    ("endpoint", "given", "methods", "name"),
    [
        (hello, None, {"GET", "HEAD"}, "hello"),
        (hello, ["post"], {"POST"}, "hello"),
        (partial(hello), None, {"GET", "HEAD"}, "hello"),
        (Application(), None, None, "Application"),
        (Resource, None, {"GET", "HEAD", "QUERY"}, "Resource"),
        (Application(), ["PUT"], {"PUT"}, "Application"),
    ],
)
def test_methods_and_name_come_from_the_endpoint(endpoint: Any, given: Any, methods: Any, name: str) -> None:
    route = Route("/x", endpoint, methods=given)
    assert (route.methods, route.name) == (methods, name)


def test_methods_as_a_string_are_refused() -> None:
    with pytest.raises(TypeError, match=r"methods='GET' is a string; expected a list such as \['GET'\]"):
        Route("/x", hello, methods="GET")


@pytest.mark.parametrize("method", ["GET, POST", "", "GET ", "GÉT", 3])
def test_a_method_that_is_no_token_is_refused(method: Any) -> None:
    with pytest.raises(ValueError, match="expected the name of one method each"):
        Route("/x", hello, methods=["GET", method])


@pytest.mark.parametrize("endpoint", [None, "hello", 3])
def test_an_endpoint_that_cannot_be_called_is_refused(endpoint: Any) -> None:
    for kind in (Route, WebSocketRoute):
        with pytest.raises(TypeError, match="cannot be called; expected a function, a class or an ASGI application"):
            kind("/x", endpoint)


def test_an_endpoint_for_the_other_protocol_is_refused() -> None:
    with pytest.raises(TypeError, match="'Resource' serves HTTP requests; give it to a Route"):
        WebSocketRoute("/x", Resource)
    with pytest.raises(TypeError, match="'WebSocketEndpoint' serves WebSockets; give it to a WebSocketRoute"):
        Route("/x", WebSocketEndpoint)


def test_no_methods_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="methods"):
        Route("/x", hello, methods=[])


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("x", "leading slash"),
        ("/{a}/{a}", "{a}/{a}"),
        ("/{a:nope}", "nope"),
        ("/{a", "/{a"),
    ],
)
def test_a_wrong_template_is_refused_and_shown(path: str, part: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(part)):
        Route(path, hello)


def test_a_plain_function_cannot_serve_a_websocket() -> None:
    def sync(websocket: Any) -> None: ...

    with pytest.raises(TypeError, match="WebSocket endpoint 'sync' is a plain function; expected `async def`"):
        WebSocketRoute("/x", sync)


@pytest.mark.parametrize(("cls", "at"), [(Mount, "/x"), (Host, "x.example.org")])
def test_a_mount_takes_either_an_application_or_routes(cls: Any, at: str) -> None:
    with pytest.raises(TypeError, match="takes either app= or routes=, got neither"):
        cls(at)
    with pytest.raises(TypeError, match="takes either app= or routes=, got both"):
        cls(at, app=Application(), routes=[])


def test_a_mount_forgets_its_trailing_slash() -> None:
    assert Mount("/x/", app=Application()).path == "/x"
    assert Mount("/", app=Application()).path == ""
