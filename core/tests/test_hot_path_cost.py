"""What one request costs in function calls and in allocations, without a clock, so that a regression is seen anywhere.

The ceilings are what the hot path costs today, with hardly any room: whoever makes it cheaper lowers them, and whoever
raises one says why.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import pegboard
from pegboard.applications import Pegboard
from pegboard.plugin import Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route

SOURCES = str(Path(pegboard.__file__).parent / "**")

PLAIN_CALLS = 15
PLAIN_BLOCKS = 9
# Four plugins make 20 of these calls: rewrite, request, response, body and complete.
HOOKS_CALLS = 43
HOOKS_BLOCKS = 14


class NoOp(Plugin[Any]):
    @hookimpl
    def rewrite(self, scope: Any) -> None:
        pass

    @hookimpl
    def request(self, request: Any) -> None:
        pass

    @hookimpl
    def error(self, request: Any, exc: Exception) -> None:
        pass

    @hookimpl
    def response(self, request: Any, response: Any) -> None:
        pass

    @hookimpl
    def body(self, request: Any, response: Any) -> None:
        pass

    @hookimpl
    def complete(self, request: Any, outcome: Any) -> None:
        pass


async def endpoint(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, world!")


def make_board(plugins: int) -> Pegboard:
    """A warm board with so many plugins that do nothing in every hook."""
    named = [type("Named", (NoOp,), {"name": f"noop{number}"})() for number in range(plugins)]
    board = Pegboard(routes=[Route("/", endpoint)], plugins=named, config={})
    for _ in range(3):
        finish(serve(board))
    return board


def make_scope() -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"example.org"), (b"accept", b"*/*")],
        "state": {},
    }


async def discard(message: Any) -> None:
    pass


def serve(board: Pegboard, send: Any = discard) -> Coroutine[Any, Any, None]:
    return board(make_scope(), discard, send)  # type: ignore[arg-type]


def finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the request waits for something")


def count_calls(board: Pegboard) -> int:
    """The calls of Python and C functions in one request, its endpoint and `send` included."""
    calls = 0

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    coroutine = serve(board)
    sys.setprofile(watch)
    try:
        coroutine.send(None)
    except StopIteration:
        pass
    finally:
        sys.setprofile(None)
    # Switching the profile off is a call of its own.
    return calls - 1


def count_blocks(board: Pegboard) -> int:
    """The blocks of memory that the board's code holds when it sends the body."""
    held: list[int] = []

    async def look(message: Any) -> None:
        if message["type"] == "http.response.body":
            snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, SOURCES)])
            held.append(sum(statistic.count for statistic in snapshot.statistics("filename")))

    coroutine = serve(board, look)
    gc.collect()
    # What measures coverage allocates in the name of the code it watches.
    tracer = sys.gettrace()
    sys.settrace(None)
    tracemalloc.start()
    try:
        finish(coroutine)
    finally:
        tracemalloc.stop()
        sys.settrace(tracer)
    return held[0]


@pytest.mark.parametrize(("plugins", "ceiling"), [(0, PLAIN_CALLS), (4, HOOKS_CALLS)])
def test_a_request_makes_no_more_calls_than_it_did(plugins: int, ceiling: int) -> None:
    board = make_board(plugins)
    assert count_calls(board) <= ceiling


@pytest.mark.parametrize(("plugins", "ceiling"), [(0, PLAIN_BLOCKS), (4, HOOKS_BLOCKS)])
def test_a_request_holds_no_more_blocks_of_memory_than_it_did(plugins: int, ceiling: int) -> None:
    board = make_board(plugins)
    assert count_blocks(board) <= ceiling


def test_each_plugin_costs_its_hooks_and_nothing_more() -> None:
    """From the first plugin to the fifth every plugin adds the same calls: one for each hook that is called."""
    calls = [count_calls(make_board(plugins)) for plugins in (1, 2, 5)]
    assert calls[1] - calls[0] == 5
    assert calls[2] - calls[1] == 15


def test_requests_leave_nothing_behind() -> None:
    """What a thousand requests allocated is gone without the help of the garbage collector."""
    board = make_board(4)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            finish(serve(board))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 4_000
