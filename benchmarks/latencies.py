"""Latencies in spells: what stays quick, or does not, while something else is going on.

A spell is a stretch of time, of a second or so, in which latencies are gathered; its sample is their 99th percentile.
Spells take turns, in an order shuffled anew, so that all meet the same machine; reported is the median of the samples.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.asgi import App, Ask, running
from benchmarks.cases import compression, log
from benchmarks.harness import takes_part
from benchmarks.rows import Row, Skipped

__all__ = ["CASES", "LatencyCase", "measure"]

MOST_ROUNDS = 5
UNIT = "ms, the 99th percentile"

DELAY_SECONDS = 0.8
CLIENTS = 4
STANDSTILL = 1.0
BURST = 10


@dataclass(slots=True)
class Spell:
    """One kind of spell: ``take`` gives latencies in milliseconds."""

    peer: str
    variant: str
    take: Callable[[], Awaitable[list[float]]]
    medians: list[float] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)

    def row(self, case: str) -> Row:
        """The samples, summarised."""
        row = Row.of(case, self.peer, self.variant, self.samples, UNIT)
        row.p50 = statistics.median(self.medians)
        return row


@dataclass(frozen=True, slots=True)
class LatencyCase:
    """Spells that are compared; ``spells`` starts what they need, and stops it in the end."""

    name: str
    title: str
    spells: Callable[[], AbstractAsyncContextManager[Sequence[Spell]]]


async def measure(
    case: LatencyCase, rounds: int, peers: frozenset[str] | None = None
) -> tuple[list[Row], list[Skipped]]:
    """A row for each kind of spell."""
    async with case.spells() as spells:
        order = [spell for spell in spells if takes_part(spell.peer, peers)]
        rows = list(order)
        shuffle = random.Random(11).shuffle
        for _ in range(min(rounds, MOST_ROUNDS)):
            shuffle(order)
            for spell in order:
                gc.collect()
                late = await spell.take()
                spell.medians.append(statistics.median(late))
                spell.samples.append(statistics.quantiles(late, n=100, method="inclusive")[98])
    return [spell.row(case.name) for spell in rows], []


# A timer beside clients that ask for what takes long to compress


@asynccontextmanager
async def compressing() -> AsyncIterator[Sequence[Spell]]:
    """Each entrant of compression, asked for 1 MB of JSON by some clients at once."""
    async with AsyncExitStack() as stack:
        spells = []
        for entrant in compression.whole("1 MB JSON"):
            app = entrant.build()
            state = await stack.enter_async_context(running(app))
            spells.append(Spell(entrant.peer, entrant.variant, partial(timer, app, entrant.ask, state)))
        yield spells


async def timer(app: App, ask: Ask, state: dict[str, Any]) -> list[float]:
    """How late a timer of 1 ms is."""
    late: list[float] = []
    until = time.perf_counter() + DELAY_SECONDS

    async def client() -> None:
        while time.perf_counter() < until:
            await app(ask.scope(state), *ask.channels())
            await asyncio.sleep(0)

    clients = [asyncio.ensure_future(client()) for _ in range(CLIENTS)]
    while time.perf_counter() < until:
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - started) * 1000 - 1)
    await asyncio.gather(*clients)
    return late


# Requests while the log's target stands still


class Target:
    """Where lines go: it stands still once, when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, line: bytes) -> None:
        """Take a line."""
        seconds, self.seconds = self.seconds, 0.0
        if seconds:
            time.sleep(seconds)


class Inline:
    """A board whose requests write their line themselves."""

    def __init__(self, target: Target) -> None:
        self.app = log.board()
        self.target = target

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve, and write."""
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.target(b"line")


@asynccontextmanager
async def standing_still() -> AsyncIterator[Sequence[Spell]]:
    """Without a log; with one; and with one whose target stands still, in a thread or in the request."""
    target, inline = Target(), Target()
    async with AsyncExitStack() as stack:
        spells = []
        logs = log.logging_board(target, queue_size=1_000_000)
        for variant, app, blocked in (
            ("none", log.board(), None),
            ("log", logs, None),
            ("log, its target stands still for a second", logs, target),
            ("written by the request, the target stands still for a second", Inline(inline), inline),
        ):
            state = await stack.enter_async_context(running(app)) if app is not logs or blocked is None else {}
            spells.append(Spell("Pegboard", variant, partial(bursts, app, state, blocked)))
        yield spells


async def bursts(app: App, state: dict[str, Any], blocked: Target | None) -> list[float]:
    """Latencies of requests that come for a second, some of them each millisecond."""
    if blocked is not None:
        blocked.seconds = STANDSTILL
    ask, found = Ask(), []
    end = time.perf_counter() + STANDSTILL
    while time.perf_counter() < end:
        for _ in range(BURST):
            scope, (receive, send) = ask.scope(state), ask.channels()
            started = time.perf_counter()
            await app(scope, receive, send)
            found.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.001)
    if blocked is not None:
        # What was kept meanwhile is written before the next spell begins.
        await asyncio.sleep(STANDSTILL)
    return found


CASES = [
    LatencyCase(
        "delay-compression",
        f"A timer's delay beside {CLIENTS} clients that ask for 1 MB of JSON, compressed",
        compressing,
    ),
    LatencyCase("delay-log", "A request's latency while the log's target stands still", standing_still),
]
