"""Plugins that get in each other's way are named, and those that share what can be shared are not."""

from typing import Any

import pytest

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.cli.combining import SHARED, combination_findings
from pegboard.routing import BaseRoute, Host, Mount, Route, WebSocketRoute


async def page(connection: Any) -> None: ...


async def foreign(scope: Any, receive: Any, send: Any) -> None: ...


class Claims(Plugin):
    """A plugin that claims and brings what it is told."""

    def __init__(self, name: str, *, headers: Any = (), keys: Any = (), routes: Any = (), handles: Any = ()) -> None:
        super().__init__()
        self.name = name
        self.response_headers = headers
        self.state_keys = keys
        self._routes = list(routes)
        self._handles = list(handles)

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        for key in self._handles:
            board.add_exception_handler(key, lambda request, exc: None)

    @hookimpl
    def routes(self) -> list[BaseRoute]:
        return self._routes


def found(*plugins: Any, **options: Any) -> list[str]:
    return combination_findings(Pegboard(plugins=list(plugins), **options))


def test_plugins_that_claim_different_things_get_along() -> None:
    a = Claims("a", headers=["x-a"], keys=["a"], routes=[Route("/a", page)], handles=[404])
    b = Claims("b", headers=["x-b"], keys=["b"], routes=[Route("/b", page)], handles=[405, KeyError])
    assert found(a, b) == []


def test_a_response_header_of_two_is_found_whatever_its_case() -> None:
    (text,) = found(Claims("a", headers=["X-Both"]), Claims("b", headers=["x-both", "x-both"]))
    assert text.startswith("a and b both set the response header x-both; a, the outermost, has the last word")


def test_headers_that_hold_lists_may_be_shared() -> None:
    assert found(Claims("a", headers=sorted(SHARED)), Claims("b", headers=sorted(SHARED))) == []


def test_a_key_of_three_is_found() -> None:
    (text,) = found(*(Claims(name, keys=["user"]) for name in "abc"))
    assert text.startswith("a, b, c set 'user' in the scope or the state; c, the innermost, has the last word")


def test_a_claim_that_cannot_be_read_is_found_and_names_its_plugin() -> None:
    class Broken(Plugin):
        name = "broken"

        @property
        def state_keys(self) -> Any:  # type: ignore[override]
            raise KeyError("x")

    texts = found(Claims("a", headers="x-a"), Broken())
    assert "`response_headers` is a sequence of names; got response_headers = 'x-a'" in texts[0]
    assert "its `state_keys` cannot be read: KeyError: 'x'" in texts[1]


def test_a_handler_that_replaces_another_is_found() -> None:
    texts = found(Claims("a", handles=[404]), Claims("b", handles=[404, KeyError]), exception_handlers={KeyError: page})
    assert texts == [
        "the application and b both handle KeyError; b came last and is heard: leave it to one of them",
        "a and b both handle 404; b came last and is heard: leave it to one of them",
    ]


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (Route("/x", page), Route("/x", page), "GET|HEAD /x"),
        (Route("/x", page), Route("/x", page, methods=["POST", "GET"]), "GET|HEAD /x"),
        (Route("/x", page), Route("/x", page, methods=["POST"]), ""),
        (Route("/{a}", page), Route("/{b}", page), "GET|HEAD /{a}"),
        (Route("/{a:int}", page), Route("/{a}", page), ""),
        (WebSocketRoute("/x", page), WebSocketRoute("/x", page), "WEBSOCKET /x"),
        (WebSocketRoute("/x", page), Route("/x", page), ""),
        (Mount("/m", routes=[Route("/x", page)]), Route("/m/x", page), "GET|HEAD /m/x"),
        (Mount("/m", app=foreign), Mount("/m", app=foreign), "* /m/*"),
        (Host("a.example", routes=[Route("/x", page)]), Route("/x", page), ""),
        (Host("a.example", routes=[Route("/x", page)]), Host("b.example", routes=[Route("/x", page)]), ""),
    ],
    ids=[
        "the same",
        "a method in common",
        "other methods",
        "names of parameters",
        "other parameters",
        "WebSockets",
        "a WebSocket and a request",
        "in a mount",
        "two applications",
        "a host",
        "two hosts",
    ],
)
def test_routes_for_the_same_requests_are_found(one: BaseRoute, other: BaseRoute, clash: str) -> None:
    texts = found(Claims("a", routes=[one]), Claims("b", routes=[other]))
    answer = f"a and b both have a route for {clash}; that of a answers: change one of the paths"
    assert texts == ([answer] if clash else [])


def test_routes_of_the_application_and_of_one_plugin_count_as_well() -> None:
    (text,) = found(Claims("a", routes=[Route("/x", page), Route("/x", page)]), routes=[Route("/x", page)])[:1]
    assert text.startswith("the application and a both have a route for GET|HEAD /x; that of the application answers")
    assert found(Claims("a", routes=[Route("/x", page), Route("/x", page)])) == []
