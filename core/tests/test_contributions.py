"""Whose a route or an exception handler is can be told after the freeze."""

from typing import Any

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.contributions import OWNER
from pegboard.routing import Route


async def page(request: Any) -> None: ...


async def handle(request: Any, exc: Any) -> None: ...


async def handle_otherwise(request: Any, exc: Any) -> None: ...


class Brings(Plugin):
    name = "brings"

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        board.add_route("/of-setup", page)
        board.add_exception_handler(404, handle_otherwise)
        board.add_exception_handler(KeyError, handle)

    @hookimpl
    def routes(self) -> list[Route]:
        return [Route("/of-routes", page)]


def test_routes_and_handlers_are_known_by_who_brought_them() -> None:
    app = Pegboard(routes=[Route("/own", page)], exception_handlers={404: handle, 500: handle}, plugins=[Brings()])
    contributions = app.frozen.contributions
    assert {getattr(route, "path", ""): contributions.brought(route) for route in app.routes} == {
        "/own": OWNER,
        "/of-setup": "brings",
        "/of-routes": "brings",
    }
    assert contributions.handlers == {404: [OWNER, "brings"], 500: [OWNER], KeyError: ["brings"]}


class Same(Plugin):
    name = "same"

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        board.add_exception_handler(404, handle)


def test_a_handler_that_is_set_again_as_it_was_is_no_news() -> None:
    app = Pegboard(exception_handlers={404: handle}, plugins=[Same()])
    assert app.frozen.contributions.handlers == {404: [OWNER]}
