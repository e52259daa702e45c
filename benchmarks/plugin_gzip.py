"""Compression beside Starlette's GZipMiddleware, in one process and one run: ``python benchmarks/plugin_gzip.py``.

Each row is the best of many interleaved rounds, in microseconds a request; "plain" is the same application without
compression. The ratio is bytes before over bytes after.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response as StarletteResponse
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route as StarletteRoute

from pegboard import Pegboard
from pegboard.responses import Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip

ROUNDS = 15
BUDGET = 0.02
"""Seconds that one application gets in each round."""

SIZES = {"2 B": 2, "1 KB": 1024, "10 KB": 10_240, "100 KB": 102_400}
CHUNK, CHUNKS = 200, 1000


def sample(size: int) -> bytes:
    """JSON of ``size`` bytes, the same in every run."""
    source = random.Random(1)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 10))) for _ in range(2000)]
    records = []
    while sum(map(len, records)) < size:
        record = {
            "id": source.randint(1, 10**9),
            "name": " ".join(source.choices(words, k=3)),
            "price": source.random() * 100,
            "tags": source.choices(words, k=4),
        }
        records.append(json.dumps(record))
    return f"[{', '.join(records)}]".encode()[:size]


BODIES = {name: sample(size) for name, size in SIZES.items()}
STREAM = [sample(CHUNK * CHUNKS)[start : start + CHUNK] for start in range(0, CHUNK * CHUNKS, CHUNK)]


async def chunks() -> Any:
    """The stream's pieces."""
    for chunk in STREAM:
        yield chunk


def paths(route: Any, whole: Any, stream: Any) -> list[Any]:
    """One route for each body, in the words of one framework."""

    def endpoint(make: Callable[[], Any]) -> Any:
        async def answer(request: Any) -> Any:
            return make()

        return answer

    routes = [
        route(f"/{name}", endpoint(lambda body=body: whole(body, media_type="application/json")))
        for name, body in BODIES.items()
    ]
    return [*routes, route("/stream", endpoint(lambda: stream(chunks(), media_type="application/json")))]


def board(plugins: Sequence[Any]) -> Pegboard:
    """A board with these plugins only."""
    return Pegboard(routes=paths(Route, Response, StreamingResponse), plugins=plugins, config={}, autoload=False)


def starlette(middleware: list[Middleware]) -> Starlette:
    """Starlette with this middleware."""
    return Starlette(routes=paths(StarletteRoute, StarletteResponse, StarletteStream), middleware=middleware)


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


async def measure(entrants: dict[str, tuple[Any, str]], path: str) -> dict[str, tuple[float, int]]:
    """For each entrant, the best time in microseconds and the bytes that were sent."""
    best = dict.fromkeys(entrants, float("inf"))
    sizes = {name: await ask(app, path, accept) for name, (app, accept) in entrants.items()}
    for _ in range(ROUNDS):
        for name, (app, accept) in entrants.items():
            count, started = 0, time.perf_counter()
            while time.perf_counter() - started < BUDGET:
                await ask(app, path, accept)
                count += 1
            best[name] = min(best[name], (time.perf_counter() - started) / count * 1e6)
    return {name: (best[name], sizes[name]) for name in entrants}


async def main() -> None:
    """Measure and print every row."""
    ours, theirs = board([Gzip()]), starlette([Middleware(GZipMiddleware)])
    entrants: dict[str, tuple[Any, str]] = {
        "Pegboard plain": (board([]), "gzip"),
        "Pegboard zstd": (ours, "zstd"),
        "Pegboard br": (ours, "br"),
        "Pegboard gzip": (ours, "gzip"),
        "Starlette plain": (starlette([]), "gzip"),
        "Starlette gzip": (theirs, "gzip"),
    }
    print("| body | " + " | ".join(entrants) + " |\n|---|" + "---|" * len(entrants))
    for name in [*SIZES, "stream"]:
        row = await measure(entrants, f"/{name}")
        before = len(BODIES[name]) if name in BODIES else CHUNK * CHUNKS
        cells = (f"{microseconds:.1f} ({before / size:.2f})" for microseconds, size in row.values())
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    asyncio.run(main())
