"""The recorder shows which hooks ran, in which order, with what, and fails in words that help."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse
from pegboard.routing import Route
from pegboard.testing import HookRecorder, converse, converse_websocket, make_board

pytestmark = pytest.mark.anyio


class Outer(Plugin):
    name = "outer"
    phase = "observe"

    @hookimpl
    def rewrite(self, scope: Any) -> None:
        pass

    @hookimpl
    def request(self) -> None:
        pass

    @hookimpl
    def response(self, response: Head) -> None:
        response.headers["x-outer"] = "1"
        del response.headers["x-inner"]

    @hookimpl
    def websocket(self) -> None:
        pass


class Inner(Plugin):
    name = "inner"

    @hookimpl
    async def request(self, request: Request) -> PlainTextResponse | None:
        if request.url.path == "/teapot":
            raise HTTPException(418)
        return PlainTextResponse("early") if request.url.path == "/early" else None

    @hookimpl
    async def response(self, response: Head) -> None:
        response.headers["x-inner"] = "1"

    @hookimpl
    def complete(self, outcome: Any) -> None:
        pass


@pytest.fixture
def recorder() -> HookRecorder:
    return HookRecorder()


@pytest.fixture
def board(recorder: HookRecorder) -> Pegboard:
    return make_board([Inner, Outer], recorder=recorder)


async def test_hooks_are_written_down_in_the_order_in_which_they_ran(board: Pegboard, recorder: HookRecorder) -> None:
    await converse(board, "/")
    assert [(call.hook, call.plugin) for call in recorder.calls()] == [
        ("rewrite", "outer"),
        ("request", "outer"),
        ("request", "inner"),
        ("response", "inner"),
        ("response", "outer"),
        ("complete", "inner"),
    ]


async def test_a_call_shows_what_it_was_given_and_what_it_did(board: Pegboard, recorder: HookRecorder) -> None:
    seen = await converse(board, "/early")
    inner, outer = recorder.calls("response")
    assert (inner.status_code, inner.added, inner.removed) == (200, [(b"x-inner", b"1")], [])
    assert (outer.added, outer.removed) == ([(b"x-outer", b"1")], [(b"x-inner", b"1")])
    assert inner.arguments[0].scope is inner.scope is seen.scope
    early = recorder.calls("request", "inner")[0].result
    assert isinstance(early, PlainTextResponse)
    assert recorder.calls("complete")[0].arguments[1].answered_by == "inner"


async def test_what_a_hook_raises_is_kept_and_raised(board: Pegboard, recorder: HookRecorder) -> None:
    seen = await converse(board, "/teapot")
    assert seen.status == 418
    (call,) = recorder.calls("request", "inner")
    assert isinstance(call.error, HTTPException)
    assert "raised HTTPException" in str(call)


async def test_websockets_are_recorded(board: Pegboard, recorder: HookRecorder) -> None:
    await converse_websocket(board, "/ws", ["a"])
    recorder.assert_ran("websocket", plugin="outer", times=1)
    assert recorder.calls("websocket")[0].target == "WEBSOCKET /ws"


async def test_asserting_passes_when_it_is_so(board: Pegboard, recorder: HookRecorder) -> None:
    await converse(board, "/")
    await converse(board, "/json")
    recorder.assert_ran("response")
    recorder.assert_ran("response", plugin="outer", after="inner", times=2)
    recorder.assert_ran("request", plugin="outer", before="inner")
    recorder.assert_not_ran("error")
    recorder.assert_not_ran("complete", plugin="outer")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"hook": "error"}, "hook 'error' did not run; what ran, in order:"),
        ({"hook": "complete", "plugin": "outer"}, "hook 'complete' of 'outer' did not run"),
        ({"hook": "response", "times": 3}, "hook 'response' ran 2 times, expected 3"),
        ({"hook": "response", "plugin": "inner", "after": "outer"}, "on GET / ran before that of 'outer'"),
        ({"hook": "response", "plugin": "outer", "before": "inner"}, "on GET / ran after that of 'inner'"),
        ({"hook": "complete", "plugin": "inner", "after": "outer"}, "that of 'outer', which did not run"),
    ],
    ids=["hook", "plugin", "times", "after", "before", "absent"],
)
async def test_asserting_fails_with_all_that_ran(
    board: Pegboard, recorder: HookRecorder, asked: dict[str, Any], word: str
) -> None:
    await converse(board, "/")
    with pytest.raises(AssertionError) as failed:
        recorder.assert_ran(**asked)
    assert word in str(failed.value)
    assert "  GET /\n    rewrite    outer\n    request    outer\n" in str(failed.value)
    assert "    response   outer  200  +x-outer: 1  -x-inner: 1\n" in str(failed.value)


async def test_asserting_that_nothing_ran_fails_with_what_did(board: Pegboard, recorder: HookRecorder) -> None:
    await converse(board, "/")
    with pytest.raises(AssertionError, match="hook 'request' of 'inner' ran"):
        recorder.assert_not_ran("request", plugin="inner")


async def test_a_misspelt_hook_is_no_hook_that_did_not_run(recorder: HookRecorder) -> None:
    with pytest.raises(ValueError, match="'respones' is no request-time hook"):
        recorder.assert_not_ran("respones")


async def test_clearing_forgets(board: Pegboard, recorder: HookRecorder) -> None:
    await converse(board, "/")
    recorder.clear()
    assert (recorder.calls(), str(recorder)) == ([], "  no hook")


async def hello(request: Request) -> str:
    return "hello"


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
async def test_any_board_can_be_recorded_and_routes_that_come_later_too(recorder: HookRecorder, debug: bool) -> None:
    board = Pegboard(debug, routes=[Route("/", hello)], plugins=[Inner, Outer], config={})
    recorder.attach(board)
    board.add_route("/late", hello)
    await converse(board, "/")
    await converse(board, "/late")
    assert [call.path for call in recorder.calls("request", "inner")] == ["/", "/late"]


async def test_plugins_see_the_pipelines_as_they_are(board: Pegboard, recorder: HookRecorder) -> None:
    """A plugin that looks for its own function in another route's plan finds it."""
    plan = board.plan_for({"type": "http", "method": "GET", "path": "/", "headers": []})
    inner = next(member.plugin for member in board.plugins if member.name == "inner")
    assert board.frozen.http.find({"type": "http", "method": "GET", "path": "/"})[0].pipeline is not plan.pipeline
    assert inner.request in plan.pipeline.request
