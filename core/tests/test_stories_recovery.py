"""Who answers a request that fails: the remedies, in their order."""

from __future__ import annotations

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


class Mishap(HTTPException):
    """Speaks for itself."""

    def __init__(self) -> None:
        super().__init__(418, "the exception")


async def fails(request: Request) -> None:
    raise Mishap if request.query_params.get("speaks") else LookupError("a secret")


def says(who: str, status: int) -> Any:
    async def answer(request: Any, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(who, status)

    return answer


class Answers(Plugin[Any]):
    name = "answers"

    @hookimpl
    async def error(self, request: Any, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("the hook", 502)


HANDLER: dict[Any, Any] = {LookupError: says("the handler", 400), Mishap: says("the handler", 400)}
LAST_RESORT: dict[Any, Any] = {Exception: says("the last resort", 503)}

REMEDIES = {
    "a handler comes first": ({**HANDLER, **LAST_RESORT}, [Answers()], 400, "the handler", False),
    "then an error hook": (LAST_RESORT, [Answers()], 502, "the hook", False),
    "then the last resort": (LAST_RESORT, [], 503, "the last resort", True),
    "then the plain 500": ({}, [], 500, "Internal Server Error", True),
}


@pytest.mark.parametrize(("handlers", "plugins", "status", "text", "raised"), REMEDIES.values(), ids=REMEDIES)
async def test_the_first_that_will_answers(handlers: Any, plugins: Any, status: int, text: str, raised: bool) -> None:
    """What nobody has handled is raised to the server once it is answered."""
    board = Pegboard(routes=[Route("/", fails)], exception_handlers=handlers, plugins=plugins, config={})
    answer = await ask(board, "/")
    assert (answer.status, answer.body.decode(), isinstance(answer.error, LookupError)) == (status, text, raised)


async def test_an_exception_that_speaks_for_itself_does_before_the_last_resort() -> None:
    board = Pegboard(routes=[Route("/", fails)], exception_handlers=LAST_RESORT, plugins=[], config={})
    answer = await ask(board, "/?speaks=1")
    assert (answer.status, answer.body, answer.error) == (418, b"the exception", None)


async def test_a_last_resort_that_fails_is_told_of_on_the_exception() -> None:
    async def breaks(request: Any, exc: Exception) -> None:
        raise ValueError("too much")

    board = Pegboard(routes=[Route("/", fails)], exception_handlers={500: breaks}, plugins=[], config={})
    answer = await ask(board, "/")
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert any("ValueError('too much')" in note for note in getattr(answer.error, "__notes__", ()))
