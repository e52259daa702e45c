"""ASGI middleware with its arguments."""

from __future__ import annotations

from typing import Any

import pytest
from board_harness import ask

from pegboard.applications import Pegboard
from pegboard.middleware import Middleware
from pegboard.requests import Request
from pegboard.routing import Mount, Route

pytestmark = pytest.mark.anyio


class Tag:
    """Adds a header to every response."""

    def __init__(self, app: Any, value: str, name: str = "x-tag") -> None:
        self.app = app
        self.pair = (name.encode(), value.encode())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def tagged(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], self.pair]}
            await send(message)

        await self.app(scope, receive, tagged)


async def hello(request: Request) -> str:
    return "hello"


@pytest.mark.parametrize("where", ["board", "route", "mount"])
async def test_a_list_of_middleware_goes_around_boards_routes_and_mounts(where: str) -> None:
    """The first of a list is the outermost, so that its header comes last."""
    chain = [Middleware(Tag, "outer"), Middleware(Tag, "inner", name="x-tag")]
    inner = Route("/", hello, middleware=chain if where == "route" else None)
    routes = [Mount("/", routes=[inner], middleware=chain)] if where == "mount" else [inner]
    board = Pegboard(routes=routes, middleware=chain if where == "board" else None, plugins=[], config={})
    answer = await ask(board, "/")
    assert answer.status == 200
    assert [value for name, value in answer.headers if name == "x-tag"] == ["inner", "outer"]


def test_it_unpacks_into_class_and_arguments() -> None:
    """As code that walks through such lists expects."""
    cls, args, kwargs = Middleware(Tag, "a", name="b")
    assert (cls, args, kwargs) == (Tag, ("a",), {"name": "b"})


@pytest.mark.parametrize(
    ("middleware", "text"),
    [
        (Middleware(Tag), "Middleware(Tag)"),
        (Middleware(Tag, "a", name="b"), "Middleware(Tag, 'a', name='b')"),
    ],
)
def test_it_shows_what_it_makes(middleware: Middleware, text: str) -> None:
    """Class, then arguments as they were given."""
    assert repr(middleware) == text


def test_what_cannot_be_called_is_refused() -> None:
    """At once, and not when the board is made."""
    with pytest.raises(TypeError, match="expected a class"):
        Middleware("nonsense")  # type: ignore[arg-type]
