"""Compression beside its peers, in one process and one run: ``python benchmarks/plugin_gzip.py``.

The peers are Starlette's GZipMiddleware, starlette-compress and brotli-asgi, each as it comes. Four tables:

- Bodies and a stream of 1,000 pieces: the best of many interleaved rounds, in microseconds a request (ratio: bytes
  before over bytes after). "plain" is the same application without compression, "no-op" has a plugin whose hooks do
  nothing: what is not to be compressed (2 B, PNG) costs the difference to it.
- The same as megabytes a second, of bytes before, without what the plain application takes.
- The delay of a timer beside four clients that ask for 1 MB of JSON again and again: its 99th percentile. Workers are
  given turns, so that all meet the same machine.
- What each of 100 open streams keeps after 64 KB of JSON, in a process of its own. ("Stream" here is one response.)

``--only bodies``, ``--only delay`` and ``--only memory`` give a part; ``--rounds`` sets how many there are.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from brotli_asgi import BrotliMiddleware
from compressed_bodies import BODIES, STREAM, STREAMED, json_of
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response as StarletteResponse
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route as StarletteRoute
from starlette_compress import CompressMiddleware

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.responses import Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip

ROUNDS = 15
BUDGET = 0.02
"""Seconds that one application gets in each round."""

STREAMS = 100
DELAY_SECONDS = 0.4
CLIENTS = 4


async def chunks() -> AsyncIterator[bytes]:
    """The stream's pieces."""
    for chunk in STREAM:
        yield chunk


async def open_stream() -> AsyncIterator[bytes]:
    """A stream that stays open behind 64 KB."""
    body = json_of(64 * 1024)
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]
    await asyncio.Event().wait()


def paths(route: Any, whole: Any, stream: Any) -> list[Any]:
    """One route for each body, in the words of one framework."""

    def endpoint(make: Callable[[], Any]) -> Any:
        async def answer(request: Any) -> Any:
            return make()

        return answer

    routes = [
        route(f"/{name}", endpoint(lambda body=body, kind=kind: whole(body, media_type=kind)))
        for name, (body, kind) in BODIES.items()
    ]
    routes.append(route("/stream", endpoint(lambda: stream(chunks(), media_type="application/json"))))
    routes.append(route("/open", endpoint(lambda: stream(open_stream(), media_type="application/json"))))
    return routes


def board(plugins: Sequence[Any]) -> Pegboard:
    """A board with these plugins only."""
    return Pegboard(routes=paths(Route, Response, StreamingResponse), plugins=plugins, config={}, autoload=False)


class NoOp(Plugin[Any]):
    """A plugin whose hooks do nothing: what any plugin costs that has these two."""

    name = "no-op"

    @hookimpl
    def request(self, request: Any) -> None:
        """Do nothing."""

    @hookimpl
    def body(self, request: Any, response: Any) -> None:
        """Do nothing."""


def starlette(*middleware: Any) -> Starlette:
    """Starlette with this middleware."""
    routes = paths(StarletteRoute, StarletteResponse, StarletteStream)
    return Starlette(routes=routes, middleware=[Middleware(each) for each in middleware])


def entrants() -> dict[str, tuple[Any, str]]:
    """The applications, each with the Accept-Encoding that it is asked with."""
    ours, compress = board([Gzip()]), starlette(CompressMiddleware)
    return {
        "Pegboard plain": (board([]), "gzip"),
        "Pegboard no-op": (board([NoOp()]), "gzip"),
        "Pegboard zstd": (ours, "zstd"),
        "Pegboard br": (ours, "br"),
        "Pegboard gzip": (ours, "gzip"),
        "Pegboard gzip, fast": (board([Gzip(fast=True)]), "gzip"),
        "Starlette plain": (starlette(), "gzip"),
        "Starlette gzip": (starlette(GZipMiddleware), "gzip"),
        "starlette-compress zstd": (compress, "zstd"),
        "starlette-compress br": (compress, "br"),
        "starlette-compress gzip": (compress, "gzip"),
        "brotli-asgi": (starlette(BrotliMiddleware), "br"),
    }


async def ask(app: Any, path: str, accept: str) -> int:
    """The bytes of one answer."""
    headers = [(b"host", b"localhost"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
    headers.append((b"accept-encoding", accept.encode()))
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers}
    received = False
    size = 0

    async def receive() -> dict[str, Any]:
        nonlocal received
        if received:
            await asyncio.Event().wait()
        received = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal size
        size += len(message.get("body", b""))

    await app(scope, receive, send)
    return size


async def measure(apps: dict[str, tuple[Any, str]], path: str, rounds: int) -> dict[str, tuple[float, int]]:
    """For each entrant, the best time in microseconds and the bytes that were sent."""
    best = dict.fromkeys(apps, float("inf"))
    sizes = {name: await ask(app, path, accept) for name, (app, accept) in apps.items()}
    for _ in range(rounds):
        for name, (app, accept) in apps.items():
            count, started = 0, time.perf_counter()
            while time.perf_counter() - started < BUDGET:
                await ask(app, path, accept)
                count += 1
            best[name] = min(best[name], (time.perf_counter() - started) / count * 1e6)
    return {name: (best[name], sizes[name]) for name in apps}


async def print_bodies(rounds: int) -> None:
    """The first two tables."""
    apps = entrants()
    heading = "| body | " + " | ".join(apps) + " |\n|---|" + "---|" * len(apps)
    speeds = []
    print(f"Microseconds a request (ratio)\n\n{heading}")
    for name in [*BODIES, "stream"]:
        row = await measure(apps, f"/{name}", rounds)
        before = len(BODIES[name][0]) if name in BODIES else len(STREAMED)
        print(f"| {name} | " + " | ".join(f"{each:.1f} ({before / size:.3f})" for each, size in row.values()) + " |")
        cells = []
        for entrant, (microseconds, size) in row.items():
            plain = row["Pegboard plain" if entrant.startswith("Pegboard") else "Starlette plain"][0]
            took = microseconds - plain
            cells.append(f"{before / took:.0f}" if size < before and took > 0 else "-")
        speeds.append(f"| {name} | " + " | ".join(cells) + " |")
    print(f"\nMegabytes a second, compression alone\n\n{heading}", *speeds, sep="\n")


async def delays(app: Any, accept: str) -> list[float]:
    """How late a timer is, in milliseconds, while four clients ask for 1 MB bodies."""
    late: list[float] = []
    until = time.perf_counter() + DELAY_SECONDS

    async def client() -> None:
        while time.perf_counter() < until:
            await ask(app, "/1 MB JSON", accept)
            await asyncio.sleep(0)

    clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
    while time.perf_counter() < until:
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - started) * 1000 - 1)
    await asyncio.gather(*clients)
    return late


async def print_delays(rounds: int) -> None:
    """The third table."""
    late: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, (app, accept) in entrants().items():
            late.setdefault(name, []).extend(await delays(app, accept))
    print("\n| 1 MB JSON, four clients | timer late by: median, ms | 99th percentile, ms |\n|---|---|---|")
    for name, each in late.items():
        print(f"| {name} | {statistics.median(each):.1f} | {statistics.quantiles(each, n=100)[98]:.1f} |")


async def keep_open(name: str) -> float:
    """What each of many open streams keeps, in KB."""
    app, accept = entrants()[name]
    warm = asyncio.create_task(ask(app, "/open", accept))
    await asyncio.sleep(0.2)
    before = resident()
    streams = [asyncio.create_task(ask(app, "/open", accept)) for _ in range(STREAMS)]
    await asyncio.sleep(2)
    kept = (resident() - before) / STREAMS
    for each in [warm, *streams]:
        each.cancel()
    await asyncio.gather(warm, *streams, return_exceptions=True)
    return kept


def resident() -> int:
    """The memory of this process, in KB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def print_memory() -> None:
    """The fourth table."""
    print("\n| an open stream | KB |\n|---|---|")
    for name in entrants():
        command = [sys.executable, __file__, "--keep-open", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {name} | {float(done.stdout):.0f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compression beside its peers.")
    parser.add_argument("--only", choices=["bodies", "delay", "memory"])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep-open", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.keep_open:
        print(asyncio.run(keep_open(given.keep_open)))
        return
    if given.only in (None, "bodies"):
        asyncio.run(print_bodies(given.rounds))
    if given.only in (None, "delay"):
        asyncio.run(print_delays(max(given.rounds // 3, 1)))
    if given.only in (None, "memory"):
        print_memory()


if __name__ == "__main__":
    main()
