"""Virtual time stands still until it is moved, everywhere in Pegboard and nowhere else."""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

import anyio
import pytest

from pegboard import Plugin, hookimpl
from pegboard.requests import Request
from pegboard.routing import Route
from pegboard.stories import http
from pegboard.testing import VirtualClock, converse, make_board


class Watch(Plugin):
    name = "watch"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Any] = []

    @hookimpl
    def complete(self, outcome: Any) -> None:
        self.outcomes.append(outcome)


def test_outcomes_are_timed_by_the_virtual_clock() -> None:
    watch = Watch()
    with VirtualClock() as clock:

        async def slow(request: Request) -> str:
            clock.advance(1.5)
            return "done"

        async def ask() -> None:
            await converse(make_board([watch], [Route("/", slow)]))

        clock.run(ask)
    assert watch.outcomes[0].duration == 1.5


def test_the_real_functions_come_back() -> None:
    real = vars(http)["perf_counter"]
    with VirtualClock() as clock:
        assert vars(http)["perf_counter"] == clock.perf_counter
    assert vars(http)["perf_counter"] is real


def test_a_module_is_patched_under_whatever_names_it_imported_time(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("user_of_time")
    exec("import time\nfrom time import time as now, monotonic_ns\nimport time as clock_of_mine", module.__dict__)
    monkeypatch.setitem(sys.modules, "user_of_time", module)
    names = vars(module)
    with VirtualClock(start=1000.0) as clock:
        clock.patch("user_of_time")
        clock.advance(2)
        assert (names["now"](), names["monotonic_ns"](), names["time"].time()) == (1002.0, 2_000_000_000, 1002.0)
        assert names["clock_of_mine"].perf_counter() == 2.0
        assert names["time"].gmtime is time.gmtime
    assert names["now"] is time.time
    assert names["time"] is time


def test_time_goes_forward_only() -> None:
    with pytest.raises(ValueError, match="forward only"):
        VirtualClock().advance(-1)


def test_sleeping_takes_no_time() -> None:
    clock = VirtualClock()
    before = time.perf_counter()

    async def sleep_long() -> float:
        await anyio.sleep(3600)
        return clock.monotonic()

    assert clock.run(sleep_long) == pytest.approx(3600, abs=0.1)
    assert time.perf_counter() - before < 30


def test_time_limits_follow_the_clock() -> None:
    clock = VirtualClock()

    async def wait() -> None:
        with anyio.fail_after(60):
            await anyio.sleep(3600)

    with pytest.raises(TimeoutError):
        clock.run(wait)
    assert clock.monotonic() == pytest.approx(60, abs=0.1)


class TestAsABackend:
    """The fixture ``anyio_backend`` of a test may be the clock's."""

    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock()

    @pytest.fixture
    def anyio_backend(self, clock: VirtualClock) -> tuple[str, dict[str, Any]]:
        return clock.backend

    @pytest.mark.anyio
    async def test_an_asynchronous_test_jumps(self, clock: VirtualClock) -> None:
        await anyio.sleep(100)
        assert clock.time() == pytest.approx(1_800_000_100, abs=0.1)


def test_work_in_threads_is_waited_for() -> None:
    clock = VirtualClock(grace=5)

    async def work() -> str:
        with anyio.fail_after(1):
            return await anyio.to_thread.run_sync(lambda: "done")

    assert clock.run(work) == "done"
    assert clock.monotonic() < 1
