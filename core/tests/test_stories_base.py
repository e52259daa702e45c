"""How every connection begins: scopes are rewritten, and a route is found."""

from __future__ import annotations

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.stories.base import unmatched

pytestmark = pytest.mark.anyio


async def path_of(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.scope["path"])


class Moves(Plugin):
    """Puts something behind the path."""

    def __init__(self, name: str, phase: Any, to: Any) -> None:
        super().__init__()
        self.name, self.phase, self.to = name, phase, to

    @hookimpl
    def rewrite(self, scope: Any) -> Any:
        scope["path"] = self.to(scope["path"])


def served(*plugins: Plugin) -> Pegboard:
    return Pegboard(routes=[Route("/{rest:path}", path_of)], plugins=plugins, config={})


async def test_rewriting_goes_from_outside_in_before_the_route_is_found() -> None:
    inner, outer = Moves("inner", "app", lambda p: p + "i"), Moves("outer", "observe", lambda p: p + "o")
    assert (await ask(served(inner, outer), "/")).body == b"/oi"


@pytest.mark.parametrize("to", [lambda path: b"/bytes", lambda path: None, lambda path: 1 / 0], ids=["b", "n", "e"])
async def test_a_rewrite_that_fails_is_a_500_of_the_route_that_was_asked_for(to: Any) -> None:
    seen: list[str] = []

    class Sees(Plugin):
        name = "sees"
        phase = "observe"

        @hookimpl
        def complete(self, request: Request, outcome: Any) -> None:
            seen.append(f"{request.scope['path']} {outcome.status_code} {outcome.answered_by}")

    answer = await ask(served(Sees(), Moves("moves", "app", to)), "/asked")
    assert (answer.status, seen) == (500, ["/asked 500 moves"])
    assert any("'rewrite'" in note and "'moves'" in note for note in getattr(answer.error, "__notes__", ()))


async def test_a_rewrite_that_returns_something_is_misused() -> None:
    class Returns(Plugin):
        name = "returns"

        @hookimpl
        def rewrite(self, scope: Any) -> Any:
            return {**scope, "path": "/elsewhere"}

    answer = await ask(served(Returns()), "/")
    assert answer.status == 500
    assert "expected None" in str(answer.error)


def test_there_are_no_tables_before_the_freeze() -> None:
    with pytest.raises(RuntimeError, match="made when it freezes"):
        unmatched({})


async def test_tools_watch_every_hook_of_routes_that_come_later_too() -> None:
    seen: list[tuple[str, str]] = []

    def noting(call: Any, step: Any) -> Any:
        def noted(*arguments: Any) -> Any:
            seen.append((step.hook, step.plugin))
            return call(*arguments)

        return noted

    board = served(Moves("moves", "app", lambda path: path))
    for _ in range(2):
        board.frozen.http.watch(noting)
    board.add_route("/late", path_of)
    assert (await ask(board, "/late")).body == b"/late"
    assert seen == [("rewrite", "moves"), ("rewrite", "moves")]
