"""How a case is measured.

Rules that must not move:

- Every entrant's answer is compared with what the case expects before anything is timed; one that differs is reported
  and not timed.
- Entrants are interleaved: each round takes one sample of every entrant, in an order shuffled anew (with a fixed seed),
  so that whatever disturbs the machine disturbs all alike.
- As long as the samples of a case are unsteady, its rounds are taken again, up to `LONGEST` times in all. All samples
  count, whatever they say.
- A sample is the mean over enough calls to last about two milliseconds. Scopes and clients are made before the clock
  starts; each is dropped while it runs, so that what an application hangs on a scope is freed at its own expense.
- The garbage collector runs with its default thresholds, on what the calls make only: what exists before is frozen, and
  everything is collected between samples.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Any

from benchmarks.asgi import Answer, App, Ask, ask_once, running
from benchmarks.rows import Row, Skipped

__all__ = [
    "FLOOR",
    "LONGEST",
    "STEADY",
    "Case",
    "Entrant",
    "Expected",
    "Sampler",
    "describe",
    "measure",
    "take_samples",
    "takes_part",
    "unrest",
]

FLOOR = "floor"
"""The peer of rows that show the least that a job can cost; they take part whatever peers are asked for."""

SAMPLE_NS = 2_000_000
MOST_CALLS = 2_000
WARM_UP_CALLS = 50
ANSWER_SECONDS = 10

STEADY = 0.1
"""How wide the middle half of an entrant's samples may be, as a part of their median, in the median of all entrants."""

LONGEST = 3
"""How often the rounds of a case are taken at most."""

FEWEST = 4
"""How many samples have a middle half that says something."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What every entrant of a case has to answer; a body of None is not compared."""

    status: int = 200
    body: bytes | None = None
    is_json: bool = False
    media_type: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def difference(self, answer: Answer) -> str | None:
        """What is wrong with an answer, or None."""
        if answer.status != self.status:
            return f"status {answer.status}, expected {self.status}"
        content_type = answer.headers.get(b"content-type", b"")
        if not content_type.startswith(self.media_type):
            return f"content-type {content_type!r}, expected {self.media_type!r}"
        for name, value in self.headers:
            if answer.headers.get(name) != value:
                return f"header {name.decode()} is {answer.headers.get(name)!r}, expected {value!r}"
        body = decoded(answer)
        if self.body is not None and not self._same_body(body):
            return f"body {body[:60]!r} ({len(body)} bytes), expected {self.body[:60]!r} ({len(self.body)} bytes)"
        return None

    def _same_body(self, body: bytes) -> bool:
        # White space and escapes are the encoder's choice; the value is not.
        return bool(json.loads(body) == json.loads(self.body or b"")) if self.is_json else body == self.body


@dataclass(frozen=True, slots=True)
class Entrant:
    """One bar of the chart: a peer, a variant of the case, how to make the application, and what to ask it.

    With ``bytes`` its figures are nanoseconds for each byte of what is asked, of which there are so many.
    """

    peer: str
    build: Callable[[], App]
    ask: Ask
    expected: Expected
    variant: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A group of entrants measured together; ``entrants`` is called when its turn comes.

    ``pause`` is the seconds after each sample in which threads of the application finish; their CPU time counts.
    ``slow`` are the peers that need so long to start that a quick run leaves them out.
    """

    name: str
    title: str
    entrants: Callable[[], Sequence[Entrant]]
    pause: float = 0.0
    slow: frozenset[str] = frozenset()


@dataclass(slots=True)
class Sampler:
    """Takes samples of one entrant: nanoseconds per call, by the clock and of CPU."""

    peer: str
    variant: str
    calls: int = 1
    samples: list[tuple[float, float]] = field(default_factory=list)

    async def sample(self, pause: float = 0.0) -> tuple[float, float]:
        """One sample, of ``calls`` calls."""
        raise NotImplementedError

    def row(self, case: str, by: float = 1000, unit: str = "µs") -> Row:
        """The samples in microseconds, summarised; or divided by something else."""
        clock, cpu = zip(*self.samples, strict=True)
        row = Row.of(case, self.peer, self.variant, [value / by for value in clock], unit)
        row.cpu = statistics.median(cpu) / by
        return row

    async def calibrate(self) -> None:
        """Warm up, and find how many calls make a sample."""
        self.calls = 5
        cost, _ = await self.sample()
        self.calls = max(1, min(WARM_UP_CALLS, int(20 * SAMPLE_NS / cost)))
        cost, _ = min([await self.sample() for _ in range(3)])
        self.calls = max(1, min(MOST_CALLS, int(SAMPLE_NS / cost)))


@dataclass(slots=True, kw_only=True)
class _Asked(Sampler):
    """Samples requests to an application."""

    entrant: Entrant
    app: App
    state: dict[str, Any]
    size: int
    sent: int

    async def sample(self, pause: float = 0.0) -> tuple[float, float]:
        """One sample; what threads do in the pause counts as CPU time."""
        app, ask = self.app, self.entrant.ask
        prepared = [(ask.scope(self.state), *ask.channels()) for _ in range(self.calls)]
        gc.collect()
        cpu, start = process_time_ns(), perf_counter_ns()
        while prepared:
            scope, receive, send = prepared.pop()
            await app(scope, receive, send)
        took = perf_counter_ns() - start
        if pause:
            await asyncio.sleep(pause)
        return took / self.calls, (process_time_ns() - cpu) / self.calls

    def summary(self, case: str) -> Row:
        """The row, with the size of the answer; in nanoseconds for each byte where the entrant counts them."""
        count = self.entrant.bytes
        row = self.row(case, count, "ns per byte") if count else self.row(case)
        row.size, row.sent = self.size, self.sent
        return row


async def measure(case: Case, rounds: int, peers: frozenset[str] | None = None) -> tuple[list[Row], list[Skipped]]:
    """Measure one case: a row for each entrant that answers as expected, and a reason for each that does not."""
    skipped: list[Skipped] = []
    runners: list[_Asked] = []
    async with AsyncExitStack() as stack:
        started: dict[Any, tuple[App, dict[str, Any]] | str] = {}
        for entrant in case.entrants():
            if not takes_part(entrant.peer, peers):
                continue
            if entrant.build not in started:
                started[entrant.build] = await _start(entrant, stack)
            outcome = await _checked(entrant, started[entrant.build])
            if isinstance(outcome, str):
                skipped.append(Skipped(case.name, entrant.peer, entrant.variant, outcome))
            else:
                runners.append(outcome)
        await take_samples(runners, rounds, case.pause)
    return [runner.summary(case.name) for runner in runners], skipped


def takes_part(peer: str, peers: frozenset[str] | None) -> bool:
    """Whether a peer was asked for; floors always are."""
    return peers is None or peer in peers or peer == FLOOR


async def take_samples(runners: Sequence[Sampler], rounds: int, pause: float) -> None:
    """Let them warm up, and give each its turn in every round; in more rounds where samples are unsteady."""
    gc.collect()
    gc.freeze()
    try:
        for runner in runners:
            await runner.calibrate()
        order = list(runners)
        shuffle = random.Random(11).shuffle
        for _ in range(LONGEST):
            for _ in range(rounds):
                shuffle(order)
                for runner in order:
                    runner.samples.append(await runner.sample(pause))
            if unrest(runners) <= STEADY:
                break
    finally:
        gc.unfreeze()


def unrest(runners: Sequence[Sampler]) -> float:
    """How wide the middle half of the samples is, as a part of their median: the median of all runners."""
    clocks = [[clock for clock, _ in runner.samples] for runner in runners]
    quartiles = [statistics.quantiles(clock, n=4) for clock in clocks if len(clock) >= FEWEST]
    return statistics.median((high - low) / middle for low, middle, high in quartiles) if quartiles else 0.0


async def _start(entrant: Entrant, stack: AsyncExitStack) -> tuple[App, dict[str, Any]] | str:
    """Make and start an application; or say why it cannot be."""
    try:
        app = entrant.build()
        return app, await stack.enter_async_context(running(app))
    except Exception as error:  # noqa: BLE001  a peer that cannot start is reported, and the others go on
        return f"does not start: {describe(error)}"


async def _checked(entrant: Entrant, started: tuple[App, dict[str, Any]] | str) -> _Asked | str:
    if isinstance(started, str):
        return started
    app, state = started
    try:
        answer = await asyncio.wait_for(ask_once(app, entrant.ask, state), ANSWER_SECONDS)
    except Exception as error:  # noqa: BLE001  likewise
        return f"fails: {describe(error)}"
    difference = entrant.expected.difference(answer)
    if difference:
        return f"answers wrongly: {difference}"
    size, sent = len(decoded(answer)), len(answer.body)
    return _Asked(entrant.peer, entrant.variant, entrant=entrant, app=app, state=state, size=size, sent=sent)


def decoded(answer: Answer) -> bytes:
    """The body without its content coding."""
    coding = answer.headers.get(b"content-encoding", b"identity").decode()
    if coding == "identity":
        return answer.body
    module = importlib.import_module({"br": "brotli", "zstd": "backports.zstd"}.get(coding, coding))
    plain: bytes = module.decompress(answer.body)
    return plain


def describe(error: BaseException) -> str:
    """The type and text of an error on one line, without the paths of this machine."""
    text = " ".join(str(error).split())
    for folder, name in ((Path.cwd(), "."), (Path(sys.prefix), "the environment"), (Path.home(), "~")):
        text = text.replace(str(folder), name)
    return f"{type(error).__name__}: {text[:300]}"
