"""CORS beside Starlette's CORSMiddleware, in one process and one run: ``python benchmarks/plugin_cors.py``.

Each row is what the policy adds to a plain request, in microseconds: the median over many rounds of the difference to
the same application without it, measured next to each other. "noop" is a board with a plugin whose one response hook
does nothing: what any plugin costs.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse as StarlettePlainText
from starlette.routing import Route as StarletteRoute

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard_cors import CORS

ROUNDS = 60
CALLS = 1000

ORIGIN = "https://app.example.com"
MANY = [f"https://s{number}.example.com" for number in range(9_999)] + [ORIGIN]
HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"bench"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, br"),
    (b"connection", b"keep-alive"),
]
ASKING = {
    "allowed origin": [*HEADERS, (b"origin", ORIGIN.encode())],
    "own origin": [*HEADERS, (b"origin", b"https://127.0.0.1:8000")],
    "other origin": [*HEADERS, (b"origin", b"https://evil.example")],
    "no origin": HEADERS,
}


class Noop(Plugin[Any]):
    """The least that a plugin can do on a response."""

    name = "noop"
    phase = "guard"

    @hookimpl
    def response(self, request: Any, response: Any) -> None:
        """Do nothing."""


async def ours(request: Any) -> PlainTextResponse:
    return PlainTextResponse("Hello, world!")


async def theirs(request: Any) -> StarlettePlainText:
    return StarlettePlainText("Hello, world!")


def board(*plugins: Any) -> Pegboard:
    """A board with these plugins only."""
    return Pegboard(routes=[Route("/", ours)], plugins=plugins, config={}, autoload=False)


def starlette(*origins: str) -> Starlette:
    """Starlette, with its middleware where there are origins."""
    middleware = [Middleware(CORSMiddleware, allow_origins=list(origins))] if origins else []
    return Starlette(routes=[StarletteRoute("/", theirs)], middleware=middleware)


PLAIN = {"pegboard": board(), "starlette": starlette()}
ENTRANTS: dict[str, tuple[str, Any]] = {
    "noop": ("pegboard", board(Noop())),
    "one origin": ("pegboard", board(CORS(allow_origins=[ORIGIN]))),
    "10,000 origins": ("pegboard", board(CORS(allow_origins=MANY))),
    "a pattern": ("pegboard", board(CORS(allow_origins=["https://*.example.com"]))),
    "any origin": ("pegboard", board(CORS(allow_origins=["*"]))),
    "starlette, one origin": ("starlette", starlette(ORIGIN)),
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


async def sample(app: Any, headers: list[tuple[bytes, bytes]]) -> float:
    """Microseconds a request."""
    scopes = [scope(headers) for _ in range(CALLS)]
    started = time.perf_counter()
    for each in scopes:
        await app(each, receive, send)
    return (time.perf_counter() - started) / CALLS * 1e6


async def main() -> None:
    """Measure and print."""
    gc.disable()
    print(f"{'added, µs a request':24}" + "".join(f"{name:>16}" for name in ASKING))
    added: dict[str, dict[str, list[float]]] = {name: {asked: [] for asked in ASKING} for name in ENTRANTS}
    for _ in range(ROUNDS):
        for asked, headers in ASKING.items():
            plain = {name: await sample(app, headers) for name, app in PLAIN.items()}
            for name, (base, app) in ENTRANTS.items():
                added[name][asked].append(await sample(app, headers) - plain[base])
    for name, samples in added.items():
        print(f"{name:24}" + "".join(f"{statistics.median(samples[asked]):16.2f}" for asked in ASKING))


if __name__ == "__main__":
    asyncio.run(main())
