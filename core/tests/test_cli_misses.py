"""What is answered where no route takes a request, in words."""

from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.cli.live import make_scope
from pegboard.cli.misses import answer_of
from pegboard.exceptions import HTTPException
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.routing.misses import MissRoute


async def page(connection: Any) -> None: ...


def answer(board: Pegboard, method: str, path: str) -> str:
    scope = make_scope(method, "localhost", path, [])
    story = board.frozen.websocket if method == "WEBSOCKET" else board.frozen.http
    route = story.match(scope)[0].route
    assert isinstance(route, MissRoute)
    return answer_of(board, route, scope)


def board(**options: Any) -> Pegboard:
    routes = [
        Route("/items/{item_id:int}", page),
        Route("/closed/", page, methods=["POST"]),
        Mount("/shop", routes=[Route("/cart", page)]),
        WebSocketRoute("/talk", page),
    ]
    return Pegboard(routes=routes, plugins=[], **options)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", "404 Not Found; no route has this path"),
        ("GET", "/itms/4", "404 Not Found; no route has this path"),
        ("GET", "/items/{item_id}", "404 Not Found; no route has this path, did you mean /items/{item_id:int}?"),
        ("GET", "/shop/carts", "404 Not Found; no route has this path, did you mean /shop/cart?"),
        ("POST", "/items/4", "405 Method Not Allowed; Allow: GET, HEAD, OPTIONS"),
        ("OPTIONS", "/items/4", "204 No Content; Allow: GET, HEAD, OPTIONS"),
        ("GET", "/items/4/", "307 Temporary Redirect; Location: ../4"),
        ("POST", "/closed", "307 Temporary Redirect; Location: ./closed/"),
        ("WEBSOCKET", "/nowhere", "404 Not Found, before the WebSocket is accepted; no route has this path"),
    ],
)
def test_each_miss_tells_its_answer(method: str, path: str, expected: str) -> None:
    assert answer(board(), method, path) == expected


@pytest.mark.parametrize("key", [404, HTTPException])
def test_a_handler_that_answers_instead_is_told(key: Any) -> None:
    text = answer(board(exception_handlers={key: page}), "GET", "/nowhere")
    assert text == "404 Not Found, as the exception handler for 404 has it; no route has this path"
