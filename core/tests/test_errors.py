"""What exceptions become: the nearest handler, an answer of their own, or a 500."""

from __future__ import annotations

from typing import Any

import pytest
from asgi_harness import ask

from pegboard import Pegboard
from pegboard.errors import ExceptionHandlers, default_answer
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response
from pegboard.routing import Mount, Route

pytestmark = pytest.mark.anyio


class Base(Exception):
    pass


class Derived(Base):
    pass


def says(text: str) -> Any:
    """A handler that answers with ``text``."""

    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse(text, 400)

    return handler


HANDLERS = {
    404: says("by status"),
    HTTPException: says("by HTTPException"),
    Base: says("by Base"),
    Exception: says("by Exception"),
}


def board(exc: Exception, handlers: Any = HANDLERS, **options: Any) -> Pegboard:
    async def endpoint(request: Request) -> None:
        raise exc

    return Pegboard(routes=[Route("/", endpoint)], exception_handlers=handlers, plugins=[], **options)


@pytest.mark.parametrize(
    ("exc", "text"),
    [
        (HTTPException(404), b"by status"),
        (HTTPException(403), b"by HTTPException"),
        (Base(), b"by Base"),
        (Derived(), b"by Base"),
    ],
)
async def test_the_nearest_handler_answers(exc: Exception, text: bytes) -> None:
    """Status before class, and the nearest class; what is handled is not raised."""
    seen = await ask(board(exc))
    assert (seen.body, seen.raised) == (text, None)


async def test_a_handler_for_everything_answers_and_the_exception_is_raised() -> None:
    """It is a last resort: the server still hears of what nobody expected."""
    for key in (Exception, 500):
        exc = ValueError("unexpected")
        seen = await ask(board(exc, {key: says("sorry")}))
        assert (seen.body, seen.raised) == (b"sorry", exc)


async def test_a_handler_for_500_answers_an_httpexception_of_that_status() -> None:
    """It was raised to be answered, so it is handled."""
    seen = await ask(board(HTTPException(500), {500: says("sorry")}))
    assert (seen.body, seen.raised) == (b"sorry", None)


async def test_the_router_s_own_answers_have_handlers_too() -> None:
    """404 and 405 of the router are HTTPExceptions like any other, with their headers at hand."""

    async def handler(request: Request, exc: HTTPException) -> PlainTextResponse:
        return PlainTextResponse(f"no {request.url.path}", exc.status_code, exc.headers)

    app = board(Base(), {404: handler, 405: handler})
    missing, wrong = await ask(app, "/nowhere"), await ask(app, method="DELETE")
    assert (missing.status, missing.body) == (404, b"no /nowhere")
    assert (wrong.status, wrong.headers[b"allow"]) == (405, b"GET, HEAD, OPTIONS")


async def test_handlers_answer_for_mounted_boards() -> None:
    """What an inner board does not handle goes to the outer one."""

    async def endpoint(request: Request) -> None:
        raise Base

    inner = Pegboard(routes=[Route("/", endpoint)], plugins=[])
    outer = Pegboard(routes=[Mount("/inner", app=inner)], exception_handlers={Base: says("by the outer")}, plugins=[])
    assert (await ask(outer, "/inner/")).body == b"by the outer"


async def test_a_synchronous_handler_runs_in_a_thread_and_may_answer_with_anything() -> None:
    """What it returns becomes a response as an endpoint's result does."""

    def handler(request: Request, exc: Exception) -> tuple[dict[str, str], int]:
        return {"error": type(exc).__name__}, 422

    seen = await ask(board(Base(), {Base: handler}))
    assert (seen.status, seen.body) == (422, b'{"error":"Base"}')


async def test_a_handler_that_fails_leaves_both_exceptions() -> None:
    """Its own is raised, in the context of the one it was to handle."""

    async def handler(request: Request, exc: Exception) -> None:
        raise KeyError("the handler failed")

    seen = await ask(board(Base(), {Base: handler}))
    assert (seen.status, type(seen.raised)) == (500, KeyError)
    assert isinstance(seen.raised, KeyError)
    assert isinstance(seen.raised.__context__, Base)


async def test_a_last_resort_that_fails_is_noted() -> None:
    """The plain 500 goes out, and the server hears of both."""

    async def handler(request: Request, exc: Exception) -> None:
        raise KeyError("the handler failed")

    exc = ValueError("first")
    seen = await ask(board(exc, {500: handler}))
    assert (seen.body, seen.raised) == (b"Internal Server Error", exc)
    assert "the handler failed" in exc.__notes__[0]


async def test_the_plain_500_tells_nothing() -> None:
    """What went wrong is the server's to know."""
    seen = await ask(board(ValueError("a secret"), {}))
    assert (seen.status, seen.body) == (500, b"Internal Server Error")


@pytest.mark.parametrize("key", ["404", 4.0, int, BaseException, None])
def test_a_key_that_is_neither_status_nor_exception_is_refused(key: Any) -> None:
    """It is found when it is given, not when it would be needed."""
    with pytest.raises(TypeError, match="expected a status such as 404, or an exception class"):
        ExceptionHandlers({key: says("never")})


def test_no_handler_is_none() -> None:
    """What nobody asked for is nobody's."""
    handlers = ExceptionHandlers()
    assert handlers.find(ValueError()) is None
    assert handlers.last_resort is None


@pytest.mark.parametrize(("status", "body"), [(404, b"Not Found"), (418, b"I'm a Teapot"), (204, b""), (304, b"")])
def test_an_httpexception_speaks_for_itself(status: int, body: bytes) -> None:
    """Its detail is the body, but where the status has none (RFC 9110 sections 15.3.5 and 15.4.5)."""
    answer = default_answer(HTTPException(status, headers={"X-Why": "so"}))
    assert isinstance(answer, Response)
    assert (answer.status_code, answer.body, answer.headers["x-why"]) == (status, body, "so")
    assert default_answer(ValueError()) is None
