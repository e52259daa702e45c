"""A clock that stands still until a test moves it, and an event loop that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections.abc import Awaitable, Callable
from types import ModuleType, TracebackType
from typing import Any, Self, TypeVar

import anyio

__all__ = ["VirtualClock"]

T = TypeVar("T")


class VirtualClock:
    """Time for tests: ``time``, ``monotonic`` and ``perf_counter`` agree, and move only by `advance`.

    In a ``with`` block the functions of the module `time` are replaced in every loaded module of Pegboard and its
    plugins, and in those given to `patch`, under whatever names they were imported; the standard library keeps the real
    ones. What reads ``datetime.now`` is out of reach.

    Inside `run` all sleeping and all time limits of the event loop follow this clock: when there is nothing to do but
    wait, time jumps to the next deadline. Work in threads is given ``grace`` real seconds before a jump.
    """

    def __init__(self, start: float = 1_800_000_000.0, *, grace: float = 0.01) -> None:
        self.grace = grace
        self._start = start
        self._passed = 0.0
        self._replaced: list[tuple[ModuleType, str, Any]] = []
        self._module = _Time(self)

    def __enter__(self) -> Self:
        self.patch(*(name for name in list(sys.modules) if name.split(".")[0].startswith("pegboard")))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        while self._replaced:
            module, name, value = self._replaced.pop()
            setattr(module, name, value)

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since some point."""
        return self._passed

    perf_counter = monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError(f"time goes forward only; got {seconds} seconds")
        self._passed += seconds

    def patch(self, *modules: str | ModuleType) -> None:
        """Replace the functions of `time` in these modules as well, until the end of the ``with`` block."""
        for each in modules:
            module = sys.modules[each] if isinstance(each, str) else each
            for name, value in list(vars(module).items()):
                virtual = self._virtual(value)
                if virtual is not None and module.__name__ != __name__:
                    self._replaced.append((module, name, value))
                    setattr(module, name, virtual)

    def _virtual(self, value: Any) -> Any:
        """What stands in for the module `time`, or for one of its functions; None for anything else."""
        if value is time:
            return self._module
        name = _FUNCTIONS.get(id(value))
        return None if name is None else getattr(self._module, name)

    @property
    def backend(self) -> tuple[str, dict[str, Any]]:
        """What the fixture ``anyio_backend`` may return, so that asynchronous tests run by this clock."""
        return "asyncio", {"loop_factory": self.new_event_loop}

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """An event loop whose time this is."""
        return _Loop(self)

    def run(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Run an asynchronous function to its end in an event loop of this clock."""
        backend, options = self.backend
        return anyio.run(function, *arguments, backend=backend, backend_options=options)


class _Time:
    """The module `time` as replaced modules see it: what is not virtual is real."""

    def __init__(self, clock: VirtualClock) -> None:
        self.time = clock.time
        self.monotonic = clock.monotonic
        self.perf_counter = clock.perf_counter
        self.time_ns = lambda: round(clock.time() * 1e9)
        self.monotonic_ns = self.perf_counter_ns = lambda: round(clock.monotonic() * 1e9)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


_NAMES = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_FUNCTIONS = {id(getattr(time, name)): name for name in _NAMES}


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__(_Selector(clock))

    def time(self) -> float:
        return self._virtual.monotonic()


class _Selector(selectors.DefaultSelector):
    """Looks for what has happened; when nothing has, the wait is over at once, and time has passed."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        events = super().select(min(timeout, self._clock.grace))
        if not events:
            self._clock.advance(timeout)
        return events
