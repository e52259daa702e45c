"""Instructions per request, counted by valgrind's callgrind: a figure that does not depend on the machine's load.

One process under callgrind imports everything and forks for each count: two children make different numbers of calls
after the same start; the difference of their counts, divided by the difference of the calls, is what one request costs.
Hash seeds are fixed. Where threads work beside the loop, their instructions are counted, too.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.asgi import running
from benchmarks.harness import Entrant, takes_part
from benchmarks.rows import Row, Skipped

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
    ("all-13", "Pegboard", "all four"),
    ("all-13", "Starlette", "its four"),
)
FEW, MANY = 100, 600
ROOT = Path(__file__).parent.parent
TIMEOUT = 900
COUNTED = re.compile(r"Collected : (\d+)")


def problem() -> str | None:
    """Why nothing can be counted here, or None."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed (Debian's package: valgrind)"
    return None if hasattr(os, "fork") else "it takes a system that forks processes"


def measure(peers: frozenset[str] | None = None) -> tuple[list[Row], list[Skipped]]:
    """Count for each entrant of the small set."""
    wanted = [entrant for entrant in ENTRANTS if takes_part(entrant[1], peers)]
    labels = {entrant: ", ".join(filter(None, (entrant[0], entrant[2]))) for entrant in wanted}
    why = problem()
    if why:
        return [], [Skipped(NAME, entrant[1], labels[entrant], why) for entrant in wanted]
    with tempfile.TemporaryDirectory(prefix="callgrind-") as folder:
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={folder}/%p"),
                *(sys.executable, "-m", "benchmarks.instructions", *(str(ENTRANTS.index(each)) for each in wanted)),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            return [], [Skipped(NAME, entrant[1], labels[entrant], f"fails: {last[0][:200]}") for entrant in wanted]
        counts = [read_count(Path(folder, pid)) for pid in done.stdout.split()]
    rows = []
    for entrant, few, many in zip(wanted, counts[::2], counts[1::2], strict=True):
        rows.append(Row.of(NAME, entrant[1], labels[entrant], [(many - few) / (MANY - FEW)], "instructions"))
    return rows, []


def read_count(path: Path) -> int:
    """The instructions of one process. Raises RuntimeError when callgrind did not tell."""
    text = path.read_text()
    found = COUNTED.search(text)
    if found is None:
        raise RuntimeError(f"callgrind printed something else than expected: {text[-300:]}")
    return int(found[1])


# What runs under callgrind


def main(numbers: list[int]) -> None:
    """Fork for each count, one after the other, and print the processes."""
    from benchmarks import roster

    used = {ENTRANTS[number][1] for number in numbers}
    roster.MODULES = {name: module for name, module in roster.MODULES.items() if name in used}
    from benchmarks.cases import every

    gc.disable()
    for number in numbers:
        entrant = every.entrant(*ENTRANTS[number])
        for calls in (FEW, MANY):
            child = os.fork()
            if not child:
                asyncio.run(call(entrant, calls))
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if status:
                raise RuntimeError(f"{ENTRANTS[number]} failed with {status}")
            print(child)


async def call(entrant: Entrant, calls: int) -> None:
    """Ask so many times."""
    app, ask = entrant.build(), entrant.ask
    async with running(app) as state:
        for _ in range(calls):
            receive, send = ask.channels()
            await app(ask.scope(state), receive, send)


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
