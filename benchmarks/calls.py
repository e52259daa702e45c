"""Function calls of one request, counted with `sys.setprofile`: where its time goes, without a clock.

Counted are the Python functions that are entered (frames; a coroutine that is resumed counts again) and the C functions
that they call, in the serving thread, after requests of the same kind. Functions of Pegboard and its
plugins stand one by one, those of others by their package; what the benchmark itself calls (its client, its loop) is
left out.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from benchmarks.asgi import Ask, ask_once, running
from benchmarks.cases import every
from benchmarks.harness import Entrant, describe, takes_part
from benchmarks.rows import Row, Skipped

__all__ = ["FRAMES", "NAME", "TITLE", "measure", "table"]

NAME = "calls"
TITLE = "Function calls per request"
FRAMES, BUILTINS = "frames", "C functions"

ENTRANTS = {
    "plain": ("no-op", "Pegboard", "none"),
    "four no-op plugins": ("no-op", "Pegboard", "four, every hook"),
    "all four": ("all-13", "Pegboard", "all four"),
    "FastAPI": ("all-wrapped", "FastAPI", "bare"),
    "all four around FastAPI": ("all-wrapped", "Pegboard", "all four around FastAPI"),
    "Starlette": ("no-op", "Starlette", "none"),
    "Starlette, its four": ("all-13", "Starlette", "its four"),
}
OURS = "pegboard"
WARM_UP = 50
"""Requests before the one that is counted, so that whatever is kept is there."""


def measure(peers: frozenset[str] | None = None) -> tuple[list[Row], list[Skipped]]:
    """Two rows for each entrant: the frames of one request, and the calls of C functions, each with its parts."""
    rows: list[Row] = []
    skipped = []
    for name, key in ENTRANTS.items():
        if not takes_part(key[1], peers):
            continue
        try:
            counts = asyncio.run(profile(every.entrant(*key)))
        except Exception as error:  # noqa: BLE001  as elsewhere: reported, and the others go on
            skipped.append(Skipped(NAME, key[1], name, f"fails: {describe(error)}"))
            continue
        for kind, parts in zip((FRAMES, BUILTINS), counts, strict=True):
            row = Row.of(NAME, name, kind, [sum(parts.values())], "calls")
            row.parts = dict(parts)
            rows.append(row)
    return rows, skipped


async def profile(entrant: Entrant) -> tuple[Counter[str], Counter[str]]:
    """Count the frames and the C functions of one request."""
    app, ask = entrant.build(), entrant.ask
    frames: Counter[str] = Counter()
    builtins: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, arg: Any) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("benchmarks.asgi", "benchmarks.calls", "asyncio")):
            return
        if event == "call":
            frames[_name(module, frame)] += 1
        elif event == "c_call":
            builtins[getattr(arg, "__qualname__", repr(arg))] += 1

    async with running(app) as state:
        for _ in range(WARM_UP):
            await ask_once(app, ask, state)
        await _counted(app, ask, state, seen)
    return frames, builtins


async def _counted(app: Any, ask: Ask, state: dict[str, Any], seen: Any) -> None:
    scope, (receive, send) = ask.scope(state), ask.channels()
    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        await app(scope, receive, send)
    finally:
        sys.setprofile(before)


def _name(module: str, frame: FrameType) -> str:
    """A function of ours by its name, one of others by its package."""
    package = module.partition(".")[0]
    return f"{module}.{frame.f_code.co_qualname}" if package.startswith(OURS) else f"({package})"


def table(rows: Sequence[Row]) -> Iterator[list[str]]:
    """The heading, the sums, and a row for each Python function, with a column for each entrant."""
    frames = {row.peer: row for row in rows if row.variant == FRAMES}
    entered: Counter[str] = Counter(name for row in frames.values() for name in row.parts or ())
    yield ["", *frames]
    for kind in (FRAMES, BUILTINS):
        sums = {row.peer: row for row in rows if row.variant == kind}
        yield [f"**{kind}**", *(f"{sums[peer].median:.0f}" for peer in frames)]
    for name in sorted(entered, key=lambda name: (name.startswith("("), -entered[name], name)):
        yield [name, *(str((row.parts or {}).get(name, "")) for row in frames.values())]
