"""A response belongs to one request, and what replaces it takes over what it left to be done."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.exceptions import HookError
from pegboard.filters import BodyFilter
from pegboard.requests import Request
from pegboard.responses import JSONResponse, PlainTextResponse, Response
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


class Cookie(Plugin):
    """Gives every client a cookie of its own, and changes all that can be changed."""

    name = "cookie"

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @hookimpl
    async def response(self, request: Request, response: Response) -> None:
        self.count += 1
        number = self.count
        assert "set-cookie" not in response.headers
        response.set_cookie("client", str(number))
        response.status_code = 202
        response.set_body(response.body + str(number).encode())
        await anyio.lowlevel.checkpoint()


async def test_a_response_used_twice_is_not_shared() -> None:
    """What hooks did to it for one client does not reach the next: constant answers are safe."""
    constant = PlainTextResponse("hello ")

    async def endpoint(request: Request) -> Response:
        return constant

    board = Pegboard(routes=[Route("/", endpoint)], plugins=[Cookie()])
    for number in (b"1", b"2", b"3"):
        seen = await ask(board)
        assert (seen.status, seen.body) == (202, b"hello " + number)
        assert seen.headers[b"set-cookie"].startswith(b"client=" + number)
        assert seen.faults == []


async def test_a_response_in_use_for_two_clients_at_once_is_not_shared() -> None:
    """Requests that overlap have a response each."""
    refusal = PlainTextResponse("no ", 403)

    class Guard(Plugin):
        name = "guard"
        phase = "guard"

        @hookimpl
        def request(self) -> Response:
            return refusal

    board = Pegboard(plugins=[Cookie(), Guard()])
    seen: list[Any] = []

    async def one() -> None:
        seen.append(await ask(board))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one)
    assert sorted(each.body for each in seen) == [b"no 1", b"no 2", b"no 3"]
    assert [each.faults for each in seen] == [[], [], []]


async def test_a_response_used_twice_keeps_its_class_and_attributes() -> None:
    """The copy is what the response was, and all else that it holds."""

    class Own(JSONResponse):
        __slots__ = ("extra",)

        def __init__(self, content: Any) -> None:
            super().__init__(content)
            self.extra = "kept"

    constant = Own({"a": 1})
    kinds: list[Any] = []

    class Looks(Plugin):
        name = "looks"

        @hookimpl
        def response(self, response: Any) -> None:
            kinds.append((type(response), response.extra, dict(response.headers)))
            response.headers["x-seen"] = "yes"

    async def endpoint(request: Request) -> Response:
        return constant

    board = Pegboard(routes=[Route("/", endpoint)], plugins=[Looks()])
    first, second = await ask(board), await ask(board)
    assert first.headers == second.headers
    assert kinds[0] == kinds[1]


async def test_filters_leave_a_response_used_twice_alone() -> None:
    """The length that a filter caused is that of one answer."""
    constant = PlainTextResponse("hello")

    class Longer(BodyFilter):
        def feed(self, chunk: bytes, more: bool) -> bytes:
            return chunk * 2

    class Filtering(Plugin):
        name = "filtering"
        on = True

        @hookimpl
        def body(self) -> BodyFilter | None:
            return Longer() if self.on else None

    async def endpoint(request: Request) -> Response:
        return constant

    plugin = Filtering()
    board = Pegboard(routes=[Route("/", endpoint)], plugins=[plugin])
    first = await ask(board)
    plugin.on = False
    second = await ask(board)
    assert (first.faults, second.faults, first.body, second.body) == ([], [], b"hellohello", b"hello")


class Replaces(Plugin):
    """Puts another response in the place of each."""

    name = "replaces"

    def __init__(self, replacement: Any) -> None:
        super().__init__()
        self.replacement = replacement

    @hookimpl
    def response(self) -> Any:
        return self.replacement


@pytest.mark.parametrize("own", [False, True])
async def test_a_replacement_takes_over_the_background_task(own: bool) -> None:
    """The endpoint has done its part: what it left to be done is done, and before the replacement's own."""
    done: list[str] = []

    async def endpoint(request: Request) -> Response:
        task = BackgroundTask(done.append, "endpoint's" if request.header(b"x-first") else "second's")
        return PlainTextResponse("long", background=task)

    own_task = BackgroundTask(done.append, "replacement's") if own else None
    replacement = PlainTextResponse("short", background=own_task)
    board = Pegboard(routes=[Route("/", endpoint)], plugins=[Replaces(replacement)])
    rest = ["replacement's"] if own else []
    seen = await ask(board, headers=[(b"x-first", b"1")])
    assert (seen.body, done) == (b"short", ["endpoint's", *rest])
    done.clear()
    await ask(board)
    assert done == ["second's", *rest]


async def test_tasks_of_every_kind_are_taken_over() -> None:
    """One task, several, or any asynchronous function."""
    done: list[str] = []

    async def function() -> None:
        done.append("function")

    several = BackgroundTasks([BackgroundTask(done.append, "first"), BackgroundTask(done.append, "second")])

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("long", background=several)

    replacement = PlainTextResponse("short")
    replacement.background = function
    await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[Replaces(replacement)]))
    assert done == ["first", "second", "function"]


async def test_a_replacement_used_twice_is_not_shared() -> None:
    """A hook may keep the response that it puts in the place of others."""

    class Outer(Cookie):
        name = "outer"
        phase = "observe"

    board = Pegboard(plugins=[Outer(), Replaces(PlainTextResponse("new "))])
    assert [(await ask(board)).body for _ in range(2)] == [b"new 1", b"new 2"]


@pytest.mark.parametrize("given", ["text", 5, {"a": 1}, object()])
async def test_what_is_no_response_is_refused(given: Any) -> None:
    """The error names hook, plugin, and what was expected."""
    seen = await ask(Pegboard(plugins=[Replaces(given)]))
    assert isinstance(seen.raised, HookError)
    assert "hook 'response' of" in str(seen.raised)
    assert "replaces" in str(seen.raised)
    assert "expected" in str(seen.raised)


async def test_an_application_is_no_replacement() -> None:
    """Its head would be known only after the hooks that come next have run."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it is not called")

    seen = await ask(Pegboard(plugins=[Replaces(app)]))
    assert isinstance(seen.raised, HookError)
    assert "a response of Pegboard, or None" in str(seen.raised)
