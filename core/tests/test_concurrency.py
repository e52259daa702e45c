"""Synchronous code runs in threads, and loses neither context nor results."""

import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import partial

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from board_harness import ask

from pegboard.applications import Pegboard
from pegboard.background import BackgroundTask
from pegboard.concurrency import (
    BACKGROUND,
    ENDPOINTS,
    FILES,
    ThreadLimit,
    iterate_in_threadpool,
    run_in,
    run_in_threadpool,
)
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.settings import ThreadSettings

pytestmark = pytest.mark.anyio

word: ContextVar[str] = ContextVar("word", default="unset")


async def test_a_call_runs_in_another_thread() -> None:
    assert await run_in_threadpool(threading.get_ident) != threading.get_ident()


async def test_arguments_and_exceptions_pass() -> None:
    assert await run_in_threadpool(sorted, [3, 1], reverse=True) == [3, 1]
    with pytest.raises(ZeroDivisionError):
        await run_in_threadpool(lambda: 1 / 0)


async def test_context_variables_flow_both_ways() -> None:
    def work() -> str:
        before = word.get()
        word.set("thread")
        return before

    word.set("caller")
    assert await run_in_threadpool(work) == "caller"
    assert word.get() == "thread"


async def test_what_a_failing_call_set_is_seen_too() -> None:
    def work() -> None:
        word.set("failed")
        raise LookupError

    with pytest.raises(LookupError):
        await run_in_threadpool(work)
    assert word.get() == "failed"


async def test_an_event_loop_of_its_own_may_run_in_the_thread() -> None:
    async def inner() -> int:
        await anyio.lowlevel.checkpoint()
        return 7

    assert await run_in_threadpool(lambda: anyio.run(inner)) == 7


async def test_kinds_of_work_have_limits_of_their_own() -> None:
    limits = {limit.limiter() for limit in (ENDPOINTS, FILES, BACKGROUND)}
    assert len(limits) == 3
    assert ENDPOINTS.limiter() is ENDPOINTS.limiter()


async def test_a_limit_holds_and_can_be_changed() -> None:
    limit = ThreadLimit("test", 2)
    running, most = 0, 0
    lock = threading.Lock()
    gate = threading.Barrier(2, timeout=10)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(partial(run_in, limit, work))
    assert most == 2
    limit.threads = 5
    assert limit.limiter().total_tokens == 5


async def test_an_iterable_is_iterated_in_threads_and_closed() -> None:
    threads: set[int] = set()
    closed: list[bool] = []

    def numbers() -> Iterator[int]:
        try:
            for number in range(3):
                threads.add(threading.get_ident())
                yield number
        finally:
            closed.append(True)

    assert [number async for number in iterate_in_threadpool(numbers())] == [0, 1, 2]
    assert threading.get_ident() not in threads
    stopped = iterate_in_threadpool(numbers())
    assert await anext(stopped) == 0
    await stopped.aclose()  # type: ignore[attr-defined]
    assert closed == [True, True]


LIMITS = (ENDPOINTS, FILES, BACKGROUND)


@pytest.fixture
def kept_limits() -> Iterator[None]:
    """The limits are the process's: other tests find them as they were."""
    before = [limit.threads for limit in LIMITS]
    yield
    for limit, threads in zip(LIMITS, before, strict=True):
        limit.threads = threads


def frozen(threads: Mapping[str, int]) -> None:
    Pegboard(plugins=[], config={"threads": threads}).freeze()


def test_the_limits_are_those_that_the_settings_tell() -> None:
    defaults = ThreadSettings()
    assert [limit.threads for limit in LIMITS] == [defaults.endpoints, defaults.files, defaults.background]


@pytest.mark.usefixtures("kept_limits")
async def test_a_board_sets_the_limits_it_was_told_and_no_others() -> None:
    frozen({"endpoints": 3, "background": 1})
    frozen({"files": 2})
    frozen({})
    assert [limit.threads for limit in LIMITS] == [3, 2, 1]
    assert [limit.limiter().total_tokens for limit in LIMITS] == [3, 2, 1]


@pytest.mark.usefixtures("kept_limits")
async def test_endpoints_and_background_tasks_wait_for_threads_of_their_own() -> None:
    """With one thread for each, a background task that does not end keeps no endpoint from running."""
    began, gate = threading.Event(), threading.Event()

    def task() -> None:
        began.set()
        gate.wait(10)

    def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("done")

    def waits(request: Request) -> PlainTextResponse:
        return PlainTextResponse("first", background=BackgroundTask(task))

    app = Pegboard(
        routes=[Route("/", endpoint), Route("/waits", waits)],
        plugins=[],
        config={},
        threads={"endpoints": 1, "background": 1},
    )
    async with anyio.create_task_group() as group:
        group.start_soon(ask, app, "/waits")
        assert await anyio.to_thread.run_sync(began.wait, 10)
        assert (await ask(app, "/")).body == b"done"
        assert BACKGROUND.limiter().borrowed_tokens == BACKGROUND.limiter().total_tokens == 1
        gate.set()
