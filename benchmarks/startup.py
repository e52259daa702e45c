"""What an application costs before its first request: import, start-up, compiling routes, memory per route.

Each sample is a process of its own, and the entrants take turns. A process measures itself and prints one number, so
that starting the interpreter is not in it.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.cases import compression
from benchmarks.harness import takes_part
from benchmarks.rows import Row, Skipped

__all__ = ["CASES", "ProcessCase", "measure"]

ROOT = Path(__file__).parent.parent
SECONDS, SLOW_SECONDS = 60, 600

IMPORT = """
from time import perf_counter
start = perf_counter()
import {module}
print((perf_counter() - start) * 1e3)
"""

TABLE = """
import gc, asyncio, tracemalloc
from time import perf_counter
from benchmarks.asgi import Ask, ask_once, running
from benchmarks.roster import peer
found = peer({peer!r})
templates = [{template!r}.format(number) for number in range({size})]

async def main():
    {before}
    app = found.table(templates)
    async with running(app) as state:
        answer = await ask_once(app, Ask({path!r}.format({size} - 1)), state)
        {after}
    assert answer.body == b"%d" % ({size} - 1), answer

gc.collect()
asyncio.run(main())
"""

FOUR = """
import asyncio
from time import perf_counter
from benchmarks.asgi import Ask, ask_once, running
from benchmarks.cases import hooks
{imports}

async def main():
    start = perf_counter()
    {build}
    async with running(app) as state:
        answer = await ask_once(app, Ask("/section999/page"), state)
        print((perf_counter() - start) * 1e3)
    assert answer.status == 200, answer

asyncio.run(main())
"""

PEGBOARD_FOUR = FOUR.format(
    imports="from benchmarks.peers.pegboard_ import board, numbered\nfrom pegboard.routing import Route",
    build="app = board(*(Route(f'/section{number}/page', numbered(number)) for number in range(1000)),"
    " plugins=hooks.no_op_plugins(*[hooks.NoOp] * 4))",
)
STARLETTE_FOUR = FOUR.format(
    imports="from benchmarks.peers.starlette_ import numbered\nfrom starlette.applications import Starlette\n"
    "from starlette.middleware import Middleware\nfrom starlette.routing import Route",
    build="app = Starlette(routes=[Route(f'/section{number}/page', numbered(number)) for number in range(1000)],"
    " middleware=[Middleware(hooks.NoOpASGI)] * 4)",
)

# The table alone, without a request around it; both sides in turns, and the least of many as what they cost.
STATIC_MATCH = """
from timeit import repeat
from pegboard.routing.templates import Template
from pegboard.routing.tree import Entry, Table
templates = [{template!r}.format(number) for number in range({size})]
methods = frozenset(["GET"])
entries = [Entry(Template.parse(text), methods, number) for number, text in enumerate(templates)]
known = dict(zip(templates, range({size})))
names = dict(match=Table(entries, fallback=lambda miss, wall: miss).match, get=known.get, path=templates[-1])
turns = [(repeat("match('GET', path)", globals=names, number=20000, repeat=1)[0],
          repeat("get(path)", globals=names, number=20000, repeat=1)[0]) for _ in range(50)]
print(min(turn[{turn}] for turn in turns) / 20000 * 1e6)
"""

STREAM = """
import asyncio
from benchmarks.cases.compression import kept_by_a_stream
print(asyncio.run(kept_by_a_stream({peer!r}, {variant!r})))
"""

CLOCK = "start = perf_counter()", "print((perf_counter() - start) * 1e3)"
# A small table comes first, so that what the first start loads, whatever the number of routes, is not in it.
WARM = """warm = found.table(templates[:100])
    async with running(warm) as state:
        await ask_once(warm, Ask({path!r}.format(99)), state)
    gc.collect()
    tracemalloc.start()"""
MEMORY = WARM, "gc.collect(); print(tracemalloc.get_traced_memory()[0] / {size} / 1024)"

STATIC = "/section{}/page", "/section{}/page"
MIDDLE = "/users/{{id:int}}/page{}", "/users/7/page{}"
TYPED = "/api/v1/organisations/projects/resource{}/{{id:int}}", "/api/v1/organisations/projects/resource{}/7"


@dataclass(frozen=True, slots=True)
class ProcessCase:
    """Programs that print one number each, by peer and variant; ``most`` is how often they are run at most.

    Those of the ``slow`` peers take minutes, so they are run once.
    """

    name: str
    title: str
    unit: str
    programs: dict[tuple[str, str], str]
    most: int = 15
    slow: frozenset[str] = frozenset()


def tables(
    size: int, kind: tuple[str, str], peers: Sequence[str], measured: tuple[str, str]
) -> dict[tuple[str, str], str]:
    """The program that builds and starts a table of routes, for each peer."""
    before, after = measured[0].format(path=kind[1]), measured[1].format(size=size)
    return {
        (name, ""): TABLE.format(peer=name, size=size, template=kind[0], path=kind[1], before=before, after=after)
        for name in peers
    }


MODULES = {
    "Pegboard": "pegboard.applications",
    "Starlette": "starlette.applications",
    "FastAPI": "fastapi",
    "Litestar": "litestar",
    "BlackSheep": "blacksheep",
    "Falcon": "falcon.asgi",
    "Quart": "quart",
}
QUICK = ("Pegboard", "Starlette", "BlackSheep")
FEW = ("Pegboard", "Starlette", "Litestar", "BlackSheep", "Falcon")
SLOW = frozenset({"Litestar", "Falcon"})

CASES = [
    ProcessCase(
        "import",
        "Import of the application class",
        "ms",
        {(name, ""): IMPORT.format(module=module) for name, module in MODULES.items()},
    ),
    ProcessCase(
        "start-four",
        "From nothing to the first answer: 1,000 routes and four no-op plugins or ASGI middleware",
        "ms",
        {("Pegboard", ""): PEGBOARD_FOUR, ("Starlette", ""): STARLETTE_FOUR},
    ),
    ProcessCase(
        "start-1000",
        "From nothing to the first answer: 1,000 routes",
        "ms",
        tables(1_000, STATIC, list(MODULES), CLOCK),
        5,
    ),
    ProcessCase(
        "match-static",
        "The match of a static path among 10,000, and a look-up of the same key in a dict",
        "µs",
        {
            ("Pegboard", what): STATIC_MATCH.format(template=STATIC[0], size=10_000, turn=turn)
            for turn, what in enumerate(("match", "dict look-up"))
        },
        5,
    ),
    ProcessCase(
        "compile-10000", "10,000 fixed paths to the first answer", "ms", tables(10_000, STATIC, FEW, CLOCK), 3, SLOW
    ),
    ProcessCase(
        "compile-10000-typed",
        "10,000 typed paths to the first answer",
        "ms",
        tables(10_000, TYPED, (*QUICK, "Falcon"), CLOCK),
        3,
        SLOW,
    ),
    ProcessCase(
        "compile-10000-middle",
        "10,000 paths with a parameter in the middle to the first answer",
        "ms",
        tables(10_000, MIDDLE, QUICK, CLOCK),
        3,
    ),
    ProcessCase(
        "memory-route", "Memory per route, of 1,000 fixed paths", "KB", tables(1_000, STATIC, list(MODULES), MEMORY), 1
    ),
    ProcessCase(
        "memory-typed", "Memory per route, of 1,000 typed paths", "KB", tables(1_000, TYPED, list(MODULES), MEMORY), 1
    ),
    ProcessCase(
        "memory-stream",
        "Memory per open stream after 64 KB of JSON, compressed",
        "KB",
        {key: STREAM.format(peer=key[0], variant=key[1]) for key in compression.ENTRANTS},
        1,
    ),
]


def measure(case: ProcessCase, rounds: int, peers: frozenset[str] | None) -> tuple[list[Row], list[Skipped]]:
    """Run each program so many times, taking turns."""
    rounds = min(rounds, case.most)
    programs = {key: text for key, text in case.programs.items() if takes_part(key[0], peers)}
    samples: dict[tuple[str, str], list[float]] = {key: [] for key in programs}
    failed: dict[tuple[str, str], str] = {}
    order = list(programs)
    shuffle = random.Random(11).shuffle
    # One turn more than is kept: the first one writes bytecode and fills the disk's cache.
    for turn in range(rounds + (rounds > 1)):
        shuffle(order)
        for key in order:
            is_slow = key[0] in case.slow
            if key in failed or (is_slow and turn):
                continue
            value = run(programs[key], SLOW_SECONDS if is_slow else SECONDS)
            if isinstance(value, str):
                failed[key] = value
            elif turn or rounds == 1 or is_slow:
                samples[key].append(value)
    rows = [
        Row.of(case.name, *key, values, case.unit) for key, values in samples.items() if values and key not in failed
    ]
    return rows, [Skipped(case.name, *key, reason) for key, reason in failed.items()]


def run(program: str, seconds: int) -> float | str:
    """What a program printed, or why it did not."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"takes longer than {seconds} seconds"
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return f"fails: {last[0][:200]}"
    return float(done.stdout)


@cache
def environment() -> dict[str, str]:
    """The environment of all processes: bytecode is kept, apart from the sources, whatever is usual here.

    Without it Pegboard alone would be compiled each time, as it is not installed like the others.
    """
    folder = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}
