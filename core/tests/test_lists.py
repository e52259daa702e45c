"""Routes may be added to, and taken from, any list of routes: the boards that serve it follow, or refuse."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from pegboard.routing.lists import RouteList

pytestmark = pytest.mark.anyio


async def endpoint(request: Request) -> str:
    name: str = request.scope["route"].name
    return name


def named(name: str, path: str = "") -> Route:
    return Route(path or f"/{name}", endpoint, name=name)


class Places:
    """A board with a router, a mount and a host, each with routes of its own."""

    def __init__(self) -> None:
        self.router = Router([named("a")])
        self.deep = Router([named("a")])
        self.mount = Mount("/mount", routes=[named("a"), Mount("/deep", app=self.deep)])
        self.host = Host("a.org", routes=[named("a", "/host")])
        self.board = Pegboard(routes=[named("a"), Mount("/router", app=self.router), self.mount, self.host], plugins=[])


PLACES: dict[str, tuple[Callable[[Places], Any], str, str]] = {
    "the board": (lambda places: places.board.routes, "/", "testserver"),
    "a mounted router": (lambda places: places.router.routes, "/router/", "testserver"),
    "a mount": (lambda places: places.mount.routes, "/mount/", "testserver"),
    "a router in a mount": (lambda places: places.deep.routes, "/mount/deep/", "testserver"),
    "a host": (lambda places: places.host.routes, "/", "a.org"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("serves", [False, True], ids=["before", "while it serves"])
async def test_a_late_route_is_served_wherever_it_was_added(place: str, serves: bool) -> None:
    places = Places()
    routes_of, path, host = PLACES[place]
    if serves:
        assert (await ask(places.board, f"{path}late", headers={"host": host})).status == 404
    routes_of(places).insert(0, named("late"))
    answer = await ask(places.board, f"{path}late", headers={"host": host})
    assert (answer.status, answer.body) == (200, b"late")


def appended(routes: list[BaseRoute]) -> None:
    routes.append(named("b"))


def extended(routes: list[BaseRoute]) -> None:
    routes.extend([named("b"), named("c")])


def added(routes: list[BaseRoute]) -> None:
    routes += [named("b")]


def sliced(routes: list[BaseRoute]) -> None:
    routes[:] = [named("b")]


def replaced(routes: list[BaseRoute]) -> None:
    routes[0] = named("b")


def popped(routes: list[BaseRoute]) -> None:
    routes.pop(0)


def deleted(routes: list[BaseRoute]) -> None:
    del routes[0]


def cleared(routes: list[BaseRoute]) -> None:
    routes.clear()


def removed(routes: list[BaseRoute]) -> None:
    routes.remove(routes[0])


@pytest.mark.parametrize(
    ("change", "served"),
    [
        (appended, "ab"),
        (extended, "abc"),
        (added, "ab"),
        (sliced, "b"),
        (replaced, "b"),
        (popped, ""),
        (deleted, ""),
        (cleared, ""),
        (removed, ""),
    ],
)
async def test_every_way_to_change_a_list_is_followed(change: Callable[[list[BaseRoute]], None], served: str) -> None:
    router = Router([named("a")])
    board = Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    board.freeze()
    change(router.routes)
    assert [name for name in "abc" if (await ask(board, f"/m/{name}")).status == 200] == list(served)


async def test_order_is_followed_too() -> None:
    router = Router([named("first", "/{x}"), named("second", "/{y:int}")])
    board = Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    assert (await ask(board, "/m/1")).body == b"first"
    router.routes.reverse()
    assert (await ask(board, "/m/1")).body == b"second"
    router.routes.sort(key=lambda route: route.name)
    assert (await ask(board, "/m/1")).body == b"first"
    router.routes = [named("third", "/{z}")]
    assert (await ask(board, "/m/1")).body == b"third"


async def test_a_wrong_change_is_taken_back_for_every_board_that_serves_the_list() -> None:
    router = Router([named("a", "/{x}")])
    fine = Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    strict = Pegboard(routes=[Mount("/{x2}", app=router)], plugins=[])
    for board in (fine, strict):
        board.freeze()
    with pytest.raises(ConfigurationError, match="both have a path parameter 'x2'"):
        router.routes.append(named("b", "/in/{x2}"))
    with pytest.raises(ConfigurationError, match="hold 3"):
        router.routes[0] = 3  # type: ignore[call-overload]
    assert [route.name for route in router.routes] == ["a"]
    for board in (fine, strict):
        assert (await ask(board, "/m/1")).status == 200
        assert (await ask(board, "/m/in/1")).status == 404


async def test_a_late_mount_is_watched_from_then_on() -> None:
    board = Pegboard(routes=[], plugins=[])
    board.freeze()
    router = Router()
    board.mount("/m", router)
    router.add_route("/late", endpoint, name="late")
    assert (await ask(board, "/m/late")).body == b"late"


async def test_a_board_that_has_not_started_is_not_compiled_by_its_routes() -> None:
    router = Router()
    Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    wrong: Any = 3
    router.routes.append(wrong)
    assert router.routes == [wrong]


def test_routes_keep_no_board_alive() -> None:
    router = Router()
    board = Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    board.freeze()
    known = weakref.ref(board)
    del board
    gc.collect()
    assert known() is None
    router.routes.append(named("a"))


def test_a_list_is_told_of_by_no_more_than_lists_can_do() -> None:
    """Every method of a list that changes it is known: what a later Python adds would go unseen."""
    unchanging = {"copy", "count", "index"}
    methods = {name for name in dir(list) if not name.startswith("_")} - unchanging
    assert methods <= set(vars(RouteList))


async def test_websockets_follow_as_well() -> None:
    async def greet(websocket: Any) -> None:
        await websocket.accept()
        await websocket.close()

    router = Router()
    board = Pegboard(routes=[Mount("/m", app=router)], plugins=[])
    board.freeze()
    router.routes.append(WebSocketRoute("/ws", greet))
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/m/ws", "headers": [], "query_string": b"", "asgi": {"version": "3.0"}}
    await board(scope, receive, send)
    assert sent[0] == "websocket.accept"
