"""What is answered where no route takes a request, in words."""

from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.cli.live import make_scope
from pegboard.cli.misses import answer_of, missed
from pegboard.exceptions import HTTPException
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.routing.misses import MissRoute


async def page(connection: Any) -> None: ...


def miss(board: Pegboard, method: str, path: str) -> tuple[Pegboard, MissRoute, dict[str, Any]]:
    scope = make_scope(method, "localhost", path, [])
    story = board.frozen.websocket if method == "WEBSOCKET" else board.frozen.http
    route = story.match(scope)[0].route
    assert isinstance(route, MissRoute)
    return board, route, scope


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
        ("GET", "/itms/4", "404 Not Found; no route has this path, did you mean /items/{item_id:int}?"),
        ("GET", "/items/four", "404 Not Found; no route has this path, did you mean /items/{item_id:int}?"),
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
    assert answer_of(*miss(board(), method, path)) == expected


@pytest.mark.parametrize("key", [404, HTTPException])
def test_a_handler_that_answers_instead_is_told(key: Any) -> None:
    text = answer_of(*miss(board(exception_handlers={key: page}), "GET", "/nowhere"))
    assert text == "404 Not Found, as the exception handler for 404 has it; no route has this path"


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/shop/carts", "did you mean /shop/cart?"),
        ("WEBSOCKET", "/tlk", "no route has the path /tlk, and shown is what answers; did you mean /talk?"),
        ("GET", "/", "pegboard routes lists those that there are"),
        ("POST", "/items/4", ""),
        ("OPTIONS", "/items/4", ""),
        ("GET", "/items/4/", ""),
    ],
)
def test_only_a_path_that_no_route_has_is_missed(method: str, path: str, said: str) -> None:
    text = missed(*miss(board(), method, path))
    assert said in text
    assert bool(text) == bool(said)
