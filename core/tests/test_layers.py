"""Middleware of a mount is one instance, for everything that is below it and for what is not found there."""

from __future__ import annotations

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Host, Mount, Route, WebSocketRoute

pytestmark = pytest.mark.anyio


async def hello(request: Request) -> str:
    return "hello"


async def converse(websocket: Any) -> None:
    await websocket.accept()


class Marking:
    """Middleware that counts its instances."""

    def __init__(self, made: list[str], word: str) -> None:
        self.made = made
        self.word = word

    def __call__(self, app: Any) -> Any:
        self.made.append(self.word)

        async def call(scope: Any, receive: Any, send: Any) -> None:
            scope["seen"] = [*scope.get("seen", ()), self.word]
            await app(scope, receive, send)

        return call


async def test_there_is_one_instance_for_protocols_hosts_and_late_routes() -> None:
    made: list[str] = []
    routes = [Route("/x", hello, middleware=[Marking(made, "route")]), WebSocketRoute("/ws", converse)]
    app = Pegboard(
        routes=[
            Mount("/m", routes=routes, middleware=[Marking(made, "mount")]),
            Host("a.example.org", routes=[Route("/", hello)]),
            Host("b.example.org", routes=[Route("/", hello)]),
        ],
        plugins=[],
    )
    app.freeze()
    app.add_route("/late", hello)
    assert sorted(made) == ["mount", "route"]


async def test_middleware_is_passed_from_outside_to_inside() -> None:
    async def seen(request: Request) -> str:
        return " ".join(request.scope["seen"])

    def mark(word: str) -> Any:
        return Marking([], word)

    inner = [Route("/x", seen, middleware=[mark("route")])]
    mount = Mount("/a", routes=[Mount("/b", routes=inner, middleware=[mark("c")])], middleware=[mark("a"), mark("b")])
    assert (await ask(Pegboard(routes=[mount], plugins=[]), "/a/b/x")).body == b"a b c route"


@pytest.mark.parametrize(
    ("path", "method"), [("/m/x", "GET"), ("/m/x", "POST"), ("/m/x", "OPTIONS"), ("/m/gone", "GET"), ("/m/x/", "GET")]
)
async def test_a_guard_before_a_mount_is_before_what_is_not_there_as_well(path: str, method: str) -> None:
    def guard(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            await PlainTextResponse("no", 403)(scope, receive, send)

        return call

    app = Pegboard(routes=[Mount("/m", routes=[Route("/x", hello)], middleware=[guard])], plugins=[])
    assert (await ask(app, path, method)).status == 403
    assert (await ask(app, "/gone")).status == 404
