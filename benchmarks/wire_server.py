"""A server of its own for one application, on one core: ``python -m benchmarks.wire_server SERVER APP PORT``.

Each server runs one process with uvloop, without access log; what it logs besides are warnings.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Collection

from benchmarks.asgi import App
from benchmarks.cases.hooks import four_with
from benchmarks.floors import four_by_hand, least_framework, least_framework_of_pegboard, with_headers
from benchmarks.least_pluggable import least_framework_with_four
from benchmarks.peers import pegboard_, raw, starlette_
from benchmarks.stacks import PLUGINS, STEPS, starlette_four
from starlette.applications import Starlette
from starlette.routing import Route as StarletteRoute

from pegboard.routing import Route

__all__ = ["APPS", "CORE", "SERVERS"]

CORE = 0
"""Where servers run; the load comes from another one."""

HOST = "127.0.0.1"


def pegboard_with(real: Collection[str]) -> Callable[[], App]:
    """Plain text behind the four plugins, those that are not ``real`` empty."""
    return lambda: pegboard_.board(Route("/", pegboard_.plain), plugins=four_with(real))


def starlette_with_four() -> App:
    """Plain text behind their equivalents."""
    return Starlette(routes=[StarletteRoute("/", starlette_.plain)], middleware=starlette_four())


APPS: dict[str, Callable[[], App]] = {
    "raw": raw.PEER.apps["plain"],
    "pegboard": pegboard_.PEER.apps["plain"],
    "pegboard-four": pegboard_with(PLUGINS),
    **{f"pegboard-{len(real)}": pegboard_with(real) for real in STEPS.values()},
    "starlette": starlette_.PEER.apps["plain"],
    "starlette-four": starlette_with_four,
    "least-framework": least_framework,
    "least-of-pegboard": least_framework_of_pegboard,
    "raw-headers": with_headers,
    "four-by-hand": four_by_hand,
    "four-as-hooks": least_framework_with_four,
}


def run_uvicorn(name: str, port: int) -> None:
    """Serve with uvicorn, httptools and uvloop."""
    import uvicorn

    uvicorn.run(
        APPS[name](), host=HOST, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


def run_hypercorn(name: str, port: int) -> None:
    """Serve with hypercorn and uvloop."""
    import uvloop
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.loglevel = "WARNING"
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(APPS[name](), config))


def run_granian(name: str, port: int) -> None:
    """Serve with granian: one worker, one thread each for the runtime and for blocking work."""
    from granian import Granian
    from granian.constants import Interfaces, Loops

    os.environ["WIRE_APP"] = name
    Granian(
        "benchmarks.wire_server:chosen",
        address=HOST,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=1,
        factory=True,
        log_access=False,
        log_enabled=False,
    ).serve()


def chosen() -> App:
    """The application that the environment names, for workers that import it."""
    return APPS[os.environ["WIRE_APP"]]()


SERVERS: dict[str, Callable[[str, int], None]] = {
    "uvicorn": run_uvicorn,
    "hypercorn": run_hypercorn,
    "granian": run_granian,
}


def main(server: str, name: str, port: str) -> None:
    """Go to the core for servers, and serve until told to stop."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {CORE})
    SERVERS[server](name, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
