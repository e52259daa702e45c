"""What is wrong with routes in their places is told at the freeze, all at once, naming all who take part in it."""

from __future__ import annotations

from typing import Any

import pytest
import starlette.routing
from board_harness import ask

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import BaseRoute, Host, Mount, Route, Router
from pegboard.routing.flattening import flatten

pytestmark = pytest.mark.anyio


async def endpoint(request: Request) -> str:
    return "here"


class Odd(BaseRoute):
    """A route of no kind."""

    def __init__(self) -> None:
        self._set("/odd", "odd", None, None, None)


def in_itself() -> Mount:
    router = Router()
    router.mount("/again", router)
    return Mount("/router", app=router)


def nested(depth: int) -> BaseRoute:
    """A route in so many mounts."""
    route: BaseRoute = Route("/x", endpoint, name="x")
    for number in range(depth):
        route = Mount(f"/m{number}", routes=[route])
    return route


WRONG: list[tuple[Any, str]] = [
    (
        Mount("/{id}", routes=[Route("/{id}", endpoint)]),
        "Mount '/{id}' and GET|HEAD /{id} both have a path parameter 'id'",
    ),
    (
        Host("{id}.org", routes=[Route("/{id}", endpoint)]),
        "Host '{id}.org' and the path of GET|HEAD /{id} both have a path parameter 'id'",
    ),
    (
        Host("{id}.org", routes=[Mount("/{id}", routes=[])]),
        "Host '{id}.org' and the path of Mount '/{id}' both have a path parameter 'id'",
    ),
    (
        Host("{id}.org", routes=[Host("{id}.x.org", routes=[])]),
        "Host '{id}.org' and Host '{id}.x.org' both have a path parameter 'id'",
    ),
    (Route("", endpoint), "Route '' matches no path, since every path begins with a slash; write '/'"),
    (starlette.routing.Route("/s", endpoint), "change the import to `from pegboard.routing import Route`"),
    ("/text", "routes hold '/text'; expected Route, WebSocketRoute, Mount or Host"),
    (Mount("/m", routes=[3]), "routes in Mount '/m' hold 3; expected Route"),  # type: ignore[list-item]
    (Odd(), "Odd '/odd': Odd is no kind of route that is served; derive it from Route"),
    (in_itself(), "Mount '/again' mounts a router in itself; take that mount away"),
    (nested(5_000), "Mount '/m4899' stands in 100 mounts and hosts; they may be nested no deeper"),
    (Route("/w", endpoint, middleware=["no"]), "GET|HEAD /w: middleware 'no' cannot be called"),  # type: ignore[list-item]
    (Route("/n", endpoint, middleware=[lambda app: None]), "returned None; expected an ASGI application"),  # type: ignore[list-item]
    (Mount("/f", routes=[Route("/x", endpoint)], middleware=[lambda app: 1 / 0]), "failed: ZeroDivisionError"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("route", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_a_wrong_route_is_a_problem_of_the_freeze(route: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=[route], plugins=[]).freeze()
    assert problem in str(caught.value)


def test_all_wrong_routes_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=[route for route, _ in WRONG], plugins=[], middleware=[3]).freeze()  # type: ignore[list-item]
    assert len(caught.value.problems) == len(WRONG)
    with pytest.raises(ConfigurationError, match="the board: middleware 3 cannot be called"):
        Pegboard(plugins=[], middleware=[3]).freeze()  # type: ignore[list-item]


def test_routes_stand_before_what_closes_them_with_everything_around() -> None:
    inner = Router([Route("/{x}", endpoint)], redirect_slashes=False)
    host = Host("a.org", routes=[Mount("/b/{c}", app=inner)])
    flat = flatten([Mount("/m", routes=[Route("", endpoint), host])])
    assert [(each.template.text, each.mount_segments, each.redirect_slashes) for each in flat] == [
        ("/m", 1, None),
        ("/m/b/{c}/{x}", 3, False),
        ("/m/b/{c}", 3, False),
        ("/m/", 1, None),
        ("/m", 1, None),
    ]
    assert [each.label for each in flat[1].chain] == ["Mount '/m'", "Host 'a.org'", "Mount '/b/{c}'", "GET|HEAD /{x}"]
    assert flat[1].hosts == (flat[1].host,) == (host,)


async def test_a_hundred_mounts_may_stand_in_each_other() -> None:
    app = Pegboard(routes=[nested(100)], plugins=[])
    path = "".join(f"/m{number}" for number in reversed(range(100))) + "/x"
    assert (await ask(app, path)).status == 200
    assert (await ask(app, path + "y")).status == 404
    assert app.url_path_for("x") == path


def test_routes_may_be_given_by_a_generator() -> None:
    mount = Mount("/m", routes=(Route(f"/{n}", endpoint, name=f"r{n}") for n in range(2)))
    assert [len(flatten([mount])) for _ in range(2)] == [3, 3]
    assert Router([mount]).url_path_for("r1") == "/m/1"
