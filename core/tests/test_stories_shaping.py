"""What `response` and `body` hooks make of a response whose head is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from board_harness import Answer, ask

from pegboard import BodyFilter, Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio

Hook = Callable[[Any, Any], Any]


class Shapes(Plugin):
    """Has the hooks that it is given."""

    def __init__(self, name: str, phase: Any, response: Hook | None = None, body: Hook | None = None) -> None:
        super().__init__()
        self.name, self.phase = name, phase
        self.on_response, self.on_body = response, body

    @hookimpl
    def response(self, request: Any, response: Any) -> Any:
        return self.on_response(request, response) if self.on_response else None

    @hookimpl
    def body(self, request: Any, response: Any) -> Any:
        return self.on_body(request, response) if self.on_body else None


class Later(Shapes):
    """The same, to be awaited."""

    @hookimpl
    async def response(self, request: Any, response: Any) -> Any:
        return self.on_response(request, response) if self.on_response else None


class Upper(BodyFilter):
    closed: ClassVar[list[str]] = []

    async def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk.upper()

    def close(self) -> None:
        self.closed.append("upper")


async def shaped(*plugins: Plugin, answer: Callable[[], Response] = lambda: PlainTextResponse("text")) -> Answer:
    async def endpoint(request: Request) -> Response:
        return answer()

    return await ask(Pegboard(routes=[Route("/", endpoint)], plugins=plugins, config={}), "/")


def marks(text: str) -> Hook:
    """Adds a header."""
    return lambda request, response: response.headers.append("x-seen", text)


@pytest.mark.parametrize("kind", [Shapes, Later])
async def test_hooks_go_from_inside_out(kind: type[Shapes]) -> None:
    answer = await shaped(kind("outer", "observe", marks("outer")), kind("inner", "app", marks("inner")))
    assert [value for name, value in answer.headers if name == "x-seen"] == ["inner", "outer"]


@pytest.mark.parametrize("kind", [Shapes, Later])
async def test_hooks_behind_a_replacement_see_it(kind: type[Shapes]) -> None:
    replaces = kind("replaces", "app", lambda request, response: PlainTextResponse("other", 202))
    answer = await shaped(kind("outer", "observe", marks("outer")), replaces)
    assert (answer.status, answer.body, answer.header("x-seen")) == (202, b"other", "outer")


async def test_a_stream_that_is_replaced_is_closed_unread() -> None:
    log: list[str] = []

    class Pieces:
        def __aiter__(self) -> Pieces:
            return self

        async def __anext__(self) -> bytes:
            log.append("read")
            raise StopAsyncIteration

        async def aclose(self) -> None:
            log.append("closed")

    replaces = Shapes("replaces", "app", lambda request, response: PlainTextResponse("other"))
    answer = await shaped(replaces, answer=lambda: StreamingResponse(Pieces()))
    assert (answer.body, log) == (b"other", ["closed"])


@pytest.mark.parametrize("kind", [Shapes, Later])
@pytest.mark.parametrize("where", ["response", "body"])
async def test_a_hook_that_fails_makes_a_bare_500_that_no_further_hook_sees(kind: type[Shapes], where: str) -> None:
    def fails(request: Any, response: Any) -> None:
        raise LookupError("no")

    failing = kind("failing", "app", **{where: fails})
    answer = await shaped(kind("outer", "observe", marks("outer") if where == "response" else None), failing)
    assert (answer.status, answer.header("x-seen")) == (500, None)
    assert isinstance(answer.error, LookupError)


async def test_filters_that_were_opened_are_closed_when_a_later_hook_fails() -> None:
    Upper.closed.clear()
    opens = Shapes("opens", "app", body=lambda request, response: Upper())
    wrong = Shapes("wrong", "observe", body=lambda request, response: "no filter")
    answer = await shaped(opens, wrong)
    assert (answer.status, Upper.closed) == (500, ["upper"])
    assert "expected a BodyFilter or None" in str(answer.error)


async def test_filters_change_the_body_and_its_length() -> None:
    def cut(request: Any, response: Any) -> BodyFilter:
        return Upper()

    answer = await shaped(Shapes("upper", "content", body=cut))
    assert (answer.body, answer.header("content-length")) == (b"TEXT", "4")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_hook_that_makes_it_a_status_without_content_takes_the_body(status: int) -> None:
    def empties(request: Any, response: Any) -> None:
        response.status_code = status

    answer = await shaped(Shapes("empties", "app", empties))
    assert (answer.status, answer.body, answer.header("content-length")) == (status, b"", None)
