"""Instructions per request, counted by valgrind's callgrind: a figure that does not depend on the machine's load.

Two processes make different numbers of calls after the same start; the difference of their counts, divided by the
difference of the calls, is what one request costs. Hash seeds are fixed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.harness import Row

__all__ = ["NAME", "TITLE", "measure", "problem"]

NAME = "instructions"
TITLE = "Instructions per request, counted by callgrind"

ENTRANTS = (
    ("plain", "raw ASGI", ""),
    ("plain", "Pegboard", ""),
    ("plain", "Starlette", ""),
    ("plain", "BlackSheep", ""),
    ("typed", "Pegboard", ""),
    ("typed", "Starlette", ""),
    ("no-op", "Pegboard", "four, every hook"),
    ("no-op", "Starlette", "four, plain ASGI"),
)
FEW, MANY = 100, 600
ROOT = Path(__file__).parent.parent


def problem() -> str | None:
    """Why nothing can be counted here, or None."""
    return None if shutil.which("valgrind") else "--callgrind needs valgrind, which is not installed"


def measure(peers: frozenset[str] | None) -> list[Row]:
    """Count for each entrant of the small set."""
    rows = []
    for case, peer, variant in ENTRANTS:
        if peers is None or peer in peers:
            per_request = (count(case, peer, variant, MANY) - count(case, peer, variant, FEW)) / (MANY - FEW)
            label = ", ".join(filter(None, (case, variant)))
            rows.append(Row.of(NAME, peer, label, [per_request], "instructions"))
    return rows


def count(case: str, peer: str, variant: str, calls: int) -> int:
    """The instructions of a process that makes so many calls."""
    done = subprocess.run(
        [
            *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"),
            *(sys.executable, "-m", "benchmarks.instructions", case, peer, variant, str(calls)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        raise RuntimeError(f"callgrind of {case}, {peer} failed: {done.stderr[-500:]}")
    return int(found[1])


async def call(case: str, peer: str, variant: str, calls: int) -> None:
    """What runs under callgrind."""
    from benchmarks import roster
    from benchmarks.asgi import running

    roster.MODULES = {name: module for name, module in roster.MODULES.items() if name == peer}
    from benchmarks.cases import basics, hooks

    entrants = next(each for each in [*basics.CASES, *hooks.CASES] if each.name == case).entrants()
    entrant = next(each for each in entrants if (each.peer, each.variant) == (peer, variant))
    app = entrant.build()
    gc.disable()
    async with running(app) as state:
        for _ in range(calls):
            receive, send = entrant.ask.channels()
            await app(entrant.ask.scope(state), receive, send)


if __name__ == "__main__":
    asyncio.run(call(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
