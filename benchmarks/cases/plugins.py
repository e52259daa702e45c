"""The real plugins at work, alone and together, beside what Starlette's users put in their place.

The request carries Origin, Accept-Encoding, a bearer token and a request id; every answer must show the CORS header and
the request id, and be compressed where it is large enough. The log's writer works in a thread: each sample is followed
by a pause in which it finishes, and the column of CPU time counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.cases.basics import PLAIN_TEXT
from benchmarks.cases.hooks import four_with
from benchmarks.content import dumped, records
from benchmarks.floors import ADDED_HEADERS, four_by_hand_around, least_wrapper
from benchmarks.harness import FLOOR, Case, Entrant, Expected
from benchmarks.least_pluggable import least_wrapper_with_four
from benchmarks.peers import starlette_
from benchmarks.peers.pegboard_ import board
from benchmarks.peers.pegboard_ import plain as pegboard_plain
from benchmarks.stacks import HEADERS, PLUGINS, STARLETTE, STEPS, ask_headers, starlette_four
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route as StarletteRoute

from pegboard.responses import JSONResponse
from pegboard.routing import Route
from pegboard.wrapping import wrap

__all__ = ["CASES"]

PAUSE = 0.1
"""Seconds: twice as long as the log gathers lines before it writes."""


def pegboard(endpoint: Any, *names: str) -> Callable[[], App]:
    """A board with these of the four plugins."""
    return lambda: board(Route("/", endpoint), plugins=[PLUGINS[name]() for name in names])


def starlette(endpoint: Any, middleware: Callable[[], list[Middleware]]) -> Callable[[], App]:
    """Starlette with middleware."""
    return lambda: Starlette(routes=[StarletteRoute("/", endpoint)], middleware=middleware())


def entrants(ours: Any, theirs: Any, expected: Expected, codings: bytes) -> Sequence[Entrant]:
    """None and all four, on both sides."""
    full = Expected(
        expected.status, expected.body, expected.is_json, expected.media_type, (*HEADERS, *expected.headers)
    )
    bare = Expected(expected.status, expected.body, expected.is_json, expected.media_type)
    ask = Ask(headers=ask_headers(codings))
    variants: list[tuple[str, str, Callable[[], App], Expected]] = [
        ("Pegboard", "none", pegboard(ours), bare),
        ("Pegboard", "all four", pegboard(ours, *PLUGINS), full),
        ("Starlette", "none", starlette(theirs, list), bare),
        ("Starlette", "its four", starlette(theirs, starlette_four), full),
        ("Starlette", "its four, log as BaseHTTPMiddleware", starlette(theirs, partial(starlette_four, "base")), full),
        ("Starlette", "its four, from packages", starlette(theirs, partial(starlette_four, "packages")), full),
        ("Starlette", "its four, gzip at level 6", starlette(theirs, partial(starlette_four, "level 6")), full),
    ]
    return [Entrant(peer, build, ask, wanted, variant) for peer, variant, build, wanted in variants]


def json_entrants(size: int, codings: bytes) -> Sequence[Entrant]:
    """JSON that is worth compressing."""
    payload = records(size)

    async def ours(request: Any) -> JSONResponse:
        return JSONResponse(payload)

    async def theirs(request: Any) -> Any:
        return starlette_.MsgspecResponse(payload)

    coded = () if b"," in codings else ((b"content-encoding", codings),)
    expected = Expected(200, dumped(payload), True, b"application/json", coded)
    return entrants(ours, theirs, expected, codings)


def alone(name: str) -> Sequence[Entrant]:
    """One plugin, and its equivalent."""
    ask = Ask(headers=ask_headers(b"gzip"))
    shown = {"cors": HEADERS[:1], "logging": HEADERS[1:]}.get(name, ())
    expected = Expected(200, PLAIN_TEXT.body, media_type=b"text/plain", headers=shown)
    variants: list[tuple[str, str, Callable[[], App], Expected]] = [
        ("Pegboard", "none", pegboard(pegboard_plain), PLAIN_TEXT),
        ("Pegboard", name, pegboard(pegboard_plain, name), expected),
        ("Starlette", "none", starlette(starlette_.plain, list), PLAIN_TEXT),
        ("Starlette", f"its {name}", starlette(starlette_.plain, lambda: [STARLETTE[name]()]), expected),
    ]
    return [Entrant(peer, build, ask, wanted, variant) for peer, variant, build, wanted in variants]


def wrapped() -> Sequence[Entrant]:
    """All four around an application of FastAPI."""
    from benchmarks.peers import fastapi_

    def with_starlettes() -> App:
        app: Any = fastapi_.plain()
        # The one that is added last is outermost.
        for middleware in reversed(starlette_four()):
            app.add_middleware(middleware.cls, *middleware.args, **middleware.kwargs)
        return app  # type: ignore[no-any-return]

    def around(plugins: Callable[[], list[Any]]) -> Callable[[], App]:
        return lambda: wrap(fastapi_.plain(), plugins(), config={})

    full = Expected(200, PLAIN_TEXT.body, media_type=b"text/plain", headers=HEADERS)
    ask = Ask(headers=ask_headers(b"gzip"))
    return [
        Entrant("FastAPI", fastapi_.plain, ask, PLAIN_TEXT, "bare"),
        Entrant("Pegboard", around(list), ask, PLAIN_TEXT, "none around FastAPI"),
        *(
            Entrant("Pegboard", around(partial(four_with, real)), ask, PLAIN_TEXT, f"{step} around FastAPI")
            for step, real in STEPS.items()
        ),
        Entrant("Pegboard", around(partial(four_with, PLUGINS)), ask, full, "all four around FastAPI"),
        Entrant("FastAPI", with_starlettes, ask, full, "Starlette's four"),
        Entrant(FLOOR, lambda: least_wrapper(fastapi_.plain()), ask, PLAIN_TEXT, "the least wrapper around FastAPI"),
        Entrant(
            FLOOR,
            lambda: least_wrapper(fastapi_.plain(), ADDED_HEADERS),
            ask,
            full,
            "the least wrapper, with the headers of all four",
        ),
        Entrant(FLOOR, lambda: four_by_hand_around(fastapi_.plain()), ask, full, "the four by hand around FastAPI"),
        Entrant(
            FLOOR,
            lambda: least_wrapper_with_four(fastapi_.plain()),
            ask,
            full,
            "the four by hand, as hooks around FastAPI",
        ),
    ]


CASES = [
    *(Case(f"alone-{name}", f"The plugin {name} alone, plain text", partial(alone, name), PAUSE) for name in PLUGINS),
    Case(
        "all-13",
        "All four plugins on, 13 bytes",
        partial(entrants, pegboard_plain, starlette_.plain, PLAIN_TEXT, b"gzip"),
        PAUSE,
    ),
    Case("all-2k", "All four plugins on, 2 KB of JSON, gzip", partial(json_entrants, 2_000, b"gzip"), PAUSE),
    Case("all-20k", "All four plugins on, 20 KB of JSON, gzip", partial(json_entrants, 20_000, b"gzip"), PAUSE),
    Case(
        "all-2k-any",
        "All four plugins on, 2 KB of JSON, any coding",
        partial(json_entrants, 2_000, b"gzip, deflate, br, zstd"),
        PAUSE,
    ),
    Case("all-wrapped", "All four around an application of FastAPI, 13 bytes", wrapped, PAUSE),
]
