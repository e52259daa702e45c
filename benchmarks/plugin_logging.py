"""The log beside what others use for it, in one process and one run: ``python benchmarks/plugin_logging.py``.

The first table is what each adds to a plain request, in microseconds of the serving thread: the median over many rounds
of the difference to the same application without it, measured next to each other. Lines go to a function or stream that
drops them. The column "CPU" is the whole process's, the log's thread included, with a pause in which that finishes.
"noop" is a board with a plugin whose `response` and `complete` hooks do nothing: what any plugin costs that sees a
request's end.

The second table is what a client notices when the log's target stands still for a second: latencies of requests that
come one after another meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse as StarlettePlainText
from starlette.routing import Route as StarletteRoute
from uvicorn.logging import AccessFormatter

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard_logging import Logging

ROUNDS = 40
CALLS = 500
PAUSE = 0.1
"""Seconds: twice as long as the log gathers lines before it writes."""

STANDSTILL = 1.0
LATENCY_ROUNDS = 5
BURST = 10

HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"bench"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, br"),
    (b"connection", b"keep-alive"),
]
ASKING = {
    "no id": HEADERS,
    "an id": [*HEADERS, (b"x-request-id", b"0af7651916cd43dd8448eb211c80319c")],
    "a trace": [*HEADERS, (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")],
}


def drop(line: Any) -> None:
    """Where lines go."""


class Nowhere(io.TextIOBase):
    """The same as a stream."""

    def write(self, text: str) -> int:
        return len(text)


class Noop(Plugin[Any]):
    """The least that a plugin can do which sees a request's end."""

    name = "noop"
    phase = "observe"

    @hookimpl
    def response(self, request: Any, response: Any) -> None:
        """Do nothing."""

    @hookimpl
    def complete(self, request: Any, outcome: Any) -> None:
        """Do nothing."""


structured = structlog.wrap_logger(
    structlog.PrintLogger(Nowhere()),  # type: ignore[arg-type]
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.JSONRenderer(),
    ],
)


class Recipe(BaseHTTPMiddleware):
    """An access log with structlog, as recipes have it."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        """Log one request."""
        structlog.contextvars.clear_contextvars()
        request_id = request.headers.get("x-request-id") or uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = await call_next(request)
        structured.info(
            "request",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            duration=time.perf_counter() - started,
            client=request.client.host,
        )
        response.headers["x-request-id"] = request_id
        return response


def uvicorns_logger() -> logging.Logger:
    """The access logger as uvicorn sets it up, to nowhere."""
    logger = logging.getLogger("benchmark.access")
    handler = logging.StreamHandler(Nowhere())
    handler.setFormatter(AccessFormatter('%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'))
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger


uvicorn_access = uvicorns_logger()


class UvicornsLine:
    """An application that adds the line which uvicorn writes for a request."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve, and log."""
        await self.app(scope, receive, send)
        uvicorn_access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", scope["method"], scope["path"], "1.1", 200)


async def ours(request: Any) -> PlainTextResponse:
    return PlainTextResponse("Hello, world!")


async def theirs(request: Any) -> StarlettePlainText:
    return StarlettePlainText("Hello, world!")


def board(*plugins: Any) -> Pegboard:
    """A board with these plugins only."""
    return Pegboard(routes=[Route("/", ours)], plugins=plugins, config={}, autoload=False)


def starlette(*middleware: Middleware) -> Starlette:
    """Starlette with middleware."""
    return Starlette(routes=[StarletteRoute("/", theirs)], middleware=middleware)


PLAIN = {"pegboard": board(), "starlette": starlette()}
ENTRANTS: dict[str, tuple[str, Any]] = {
    "noop": ("pegboard", board(Noop())),
    "pegboard-logging": ("pegboard", board(Logging(format="json", write=drop))),
    "  with metrics": ("pegboard", board(Logging(format="json", write=drop, metrics="/metrics"))),
    "  10 % sampled": ("pegboard", board(Logging(format="json", write=drop, sample=0.1))),
    "uvicorn's line": ("pegboard", UvicornsLine(PLAIN["pegboard"])),
    "asgi-correlation-id": ("starlette", starlette(Middleware(CorrelationIdMiddleware, validator=None))),
    "recipe with structlog": ("starlette", starlette(Middleware(Recipe))),
}


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    pass


def scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """A scope as a server makes it, for one call."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def sample(app: Any, headers: list[tuple[bytes, bytes]]) -> tuple[float, float]:
    """Microseconds of CPU a request: of the serving thread, and of the process."""
    scopes = [scope(headers) for _ in range(CALLS)]
    gc.collect()
    busy, started = time.process_time(), time.thread_time()
    for each in scopes:
        await app(each, receive, send)
    took = time.thread_time() - started
    await asyncio.sleep(PAUSE)
    return took / CALLS * 1e6, (time.process_time() - busy) / CALLS * 1e6


async def added() -> None:
    """Measure and print what each adds."""
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {
        name: {asked: [] for asked in ASKING} for name in ENTRANTS
    }
    for _ in range(ROUNDS):
        for asked, headers in ASKING.items():
            plain = {name: await sample(app, headers) for name, app in PLAIN.items()}
            for name, (base, app) in ENTRANTS.items():
                took, busy = await sample(app, headers)
                figures[name][asked].append((took - plain[base][0], busy - plain[base][1]))
    medians = {
        name: [tuple(map(statistics.median, zip(*rows[asked], strict=True))) for asked in ASKING]
        for name, rows in figures.items()
    }
    print(f"{'added, µs a request':24}" + "".join(f"{asked:>10}{'CPU':>8}" for asked in ASKING))
    for name, columns in medians.items():
        print(f"{name:24}" + "".join(f"{took:10.2f}{busy:8.2f}" for took, busy in columns))
    mine = medians["pegboard-logging"][0][0]
    for name in ("uvicorn's line", "asgi-correlation-id", "recipe with structlog"):
        print(f"pegboard-logging is {mine / medians[name][0][0]:.2f} of {name}")


class Standstill:
    """A target that stands still once, when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, line: bytes) -> None:
        """Take a line."""
        seconds, self.seconds = self.seconds, 0.0
        if seconds:
            time.sleep(seconds)


async def latencies(app: Any, seconds: float) -> list[float]:
    """The latencies in microseconds of requests that come for so long, `BURST` of them each millisecond."""
    found = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(BURST):
            each = scope(HEADERS)
            started = time.perf_counter()
            await app(each, receive, send)
            found.append((time.perf_counter() - started) * 1e6)
        await asyncio.sleep(0.001)
    return found


async def standing_still() -> None:
    """Measure and print latencies while the target takes lines, and while it takes none."""
    target = Standstill()
    app = board(Logging(format="json", write=target, queue_size=1_000_000))
    inline = Standstill()

    async def logs_inline(each: Any, receive: Any, send: Any) -> None:
        await PLAIN["pegboard"](each, receive, send)
        inline(b"line")

    print(f"\n{'latency, µs':40}{'50 %':>10}{'99 %':>10}{'99.9 %':>10}{'worst':>12}")
    cases: tuple[tuple[str, Any, Callable[[], object] | None], ...] = (
        ("without a log", PLAIN["pegboard"], None),
        ("pegboard-logging", app, None),
        ("  its target stands still for a second", app, lambda: setattr(target, "seconds", STANDSTILL)),
        ("written by the request, the same", logs_inline, lambda: setattr(inline, "seconds", STANDSTILL)),
    )
    found: dict[str, list[float]] = {name: [] for name, _, _ in cases}
    for _ in range(LATENCY_ROUNDS):
        for name, each, prepare in cases:
            if prepare is not None:
                prepare()
            found[name] += await latencies(each, STANDSTILL)
            await asyncio.sleep(STANDSTILL)
    for name, values in found.items():
        cuts = statistics.quantiles(values, n=1000)
        print(f"{name:40}{cuts[499]:10.1f}{cuts[989]:10.1f}{cuts[998]:10.1f}{max(values):12.0f}")


async def main() -> None:
    """Measure and print."""
    gc.disable()
    await added()
    gc.enable()
    await standing_still()


if __name__ == "__main__":
    asyncio.run(main())
