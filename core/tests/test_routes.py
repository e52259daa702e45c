"""A route says at once what is wrong with it."""

import re
from functools import partial
from typing import Any

import pytest

from pegboard.endpoints import HTTPEndpoint
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


@pytest.mark.parametrize("cls", [Mount, Host])
def test_a_mount_takes_either_an_application_or_routes(cls: Any) -> None:
    with pytest.raises(TypeError, match="takes either app= or routes=, got neither"):
        cls("/x")
    with pytest.raises(TypeError, match="takes either app= or routes=, got both"):
        cls("/x", app=Application(), routes=[])


def test_a_mount_forgets_its_trailing_slash() -> None:
    assert Mount("/x/", app=Application()).path == "/x"
    assert Mount("/", app=Application()).path == ""
