"""Compression beside its peers: Starlette's GZipMiddleware, starlette-compress and brotli-asgi, each as it comes.

Beside the time stand the bytes that were sent, and how many times fewer they are. What is too small, or of a type that
does not shrink, shows what the plugin costs where it has nothing to do; "no-op" has a plugin whose hooks on the request
and on the body do nothing: what any plugin costs that is there for bodies, and so the floor of this one.

Memory is what each of many open streams keeps after 64 KB of JSON, in a process of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.cases.hooks import OnBody, OnRequest, no_op_plugins
from benchmarks.compressed_bodies import BODIES, STREAM, STREAMED, json_of
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers.pegboard_ import board
from brotli_asgi import BrotliMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response as StarletteResponse
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route as StarletteRoute
from starlette_compress import CompressMiddleware, add_compress_type

from pegboard.responses import Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip

__all__ = ["CASES", "ENTRANTS", "kept_by_a_stream", "whole"]

JSON, LINES = "application/json", "application/x-ndjson"
# starlette-compress keeps the pieces of a stream back until they fill a block, but for types that are said to be
# streams; everybody else sends each piece on. Both kinds are measured.
add_compress_type(LINES, streaming=True)

STREAMS = 100
OPEN = json_of(64 * 1024)

Build = Callable[[Any, Any], App]
"""Makes an application with one route, which answers a body and its type, or where that body is None a stream."""


class NoOp(OnRequest, OnBody):
    """Both hooks, which do nothing."""


def pegboard(plugins: Callable[[], Sequence[Any]]) -> Build:
    """A board with plugins."""
    return lambda whole, pieces: board(
        Route("/", endpoint(whole, pieces, Response, StreamingResponse)), plugins=plugins()
    )


def starlette(*middleware: Any, **options: Any) -> Build:
    """Starlette with middleware."""
    return lambda whole, pieces: Starlette(
        routes=[StarletteRoute("/", endpoint(whole, pieces, StarletteResponse, StarletteStream))],
        middleware=[Middleware(each, **options) for each in middleware],
    )


def endpoint(whole: tuple[bytes | None, str], pieces: Any, respond: Any, stream: Any) -> Any:
    """An endpoint that answers a body, or a stream of pieces where there is none."""
    body, kind = whole
    if body is None:

        async def streaming(request: Any) -> Any:
            return stream(pieces(), media_type=kind)

        return streaming

    async def answering(request: Any) -> Any:
        return respond(body, media_type=kind)

    return answering


ENTRANTS: dict[tuple[str, str], tuple[Build, str]] = {
    ("Pegboard", "none"): (pegboard(list), ""),
    ("Pegboard", "zstd"): (pegboard(lambda: [Gzip()]), "zstd"),
    ("Pegboard", "br"): (pegboard(lambda: [Gzip()]), "br"),
    ("Pegboard", "gzip"): (pegboard(lambda: [Gzip()]), "gzip"),
    ("Pegboard", "gzip, fast"): (pegboard(lambda: [Gzip(fast=True)]), "gzip"),
    ("Starlette", "none"): (starlette(), ""),
    ("Starlette", "GZipMiddleware"): (starlette(GZipMiddleware), "gzip"),
    ("Starlette", "GZipMiddleware, level 6"): (starlette(GZipMiddleware, compresslevel=6), "gzip"),
    ("Starlette", "starlette-compress, zstd"): (starlette(CompressMiddleware), "zstd"),
    ("Starlette", "starlette-compress, br"): (starlette(CompressMiddleware), "br"),
    ("Starlette", "starlette-compress, gzip"): (starlette(CompressMiddleware), "gzip"),
    ("Starlette", "brotli-asgi"): (starlette(BrotliMiddleware), "br"),
}
"""Peer and variant; how to make the application, and the coding that is asked for and expected."""

UNTOUCHED: dict[tuple[str, str], Build] = {
    ("Pegboard", "none"): pegboard(list),
    ("Pegboard", "no-op"): pegboard(lambda: no_op_plugins(NoOp)),
    ("Pegboard", "gzip"): pegboard(lambda: [Gzip()]),
    ("Starlette", "none"): starlette(),
    ("Starlette", "GZipMiddleware"): starlette(GZipMiddleware),
}


def asking(coding: str) -> Ask:
    """A request for this coding."""
    return Ask(headers=((b"accept-encoding", (coding or "gzip").encode()),))


def compressed(expected: bytes, kind: str, whole: Any, pieces: Any) -> Sequence[Entrant]:
    """A body, or a stream, in each coding."""
    made = []
    for (peer, variant), (build, coding) in ENTRANTS.items():
        headers = ((b"content-encoding", coding.encode()),) if coding else ()
        answer = Expected(200, expected, media_type=kind.encode(), headers=headers)
        made.append(Entrant(peer, partial(build, whole, pieces), asking(coding), answer, variant))
    return made


def whole(name: str) -> Sequence[Entrant]:
    """One of the bodies, sent in one piece."""
    return compressed(*BODIES[name], BODIES[name], None)


async def chunks() -> AsyncIterator[bytes]:
    """The stream's pieces."""
    for chunk in STREAM:
        yield chunk


def stream(kind: str) -> Sequence[Entrant]:
    """Many small pieces of this type."""
    return compressed(STREAMED, kind, (None, kind), chunks)


def untouched(name: str) -> Sequence[Entrant]:
    """A body that is not to be compressed."""
    body, kind = BODIES[name]
    answer = Expected(200, body, media_type=kind.encode())
    return [
        Entrant(peer, partial(build, BODIES[name], None), asking("gzip"), answer, variant)
        for (peer, variant), build in UNTOUCHED.items()
    ]


CASES = [
    *(
        Case(
            f"compress-{size}k-{kind.lower()}", f"Compression: {size} KB of {kind}", partial(whole, f"{size} KB {kind}")
        )
        for kind in ("JSON", "HTML")
        for size in (1, 10, 100)
    ),
    Case("compress-stream", f"Compression: a stream of {len(STREAM):,} pieces of JSON", partial(stream, JSON)),
    Case(
        "compress-lines",
        f"Compression: a stream of {len(STREAM):,} pieces, each of which is sent on at once",
        partial(stream, LINES),
    ),
    Case("not-compressed-small", "Compression: a body of 2 bytes, which is too small", partial(untouched, "2 B")),
    Case("not-compressed-png", "Compression: a body of 10 KB that does not shrink", partial(untouched, "10 KB PNG")),
]


# Memory


async def kept_by_a_stream(peer: str, variant: str) -> float:
    """What each of many open streams keeps, in KB (Linux)."""
    build, coding = ENTRANTS[peer, variant]
    given = asyncio.Semaphore(0)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(OPEN), 4096):
            yield OPEN[start : start + 4096]
        given.release()
        await asyncio.Event().wait()

    app, ask = build((None, JSON), pieces), asking(coding)
    tasks: list[asyncio.Future[Any]] = []

    async def more(count: int) -> None:
        tasks.extend(asyncio.ensure_future(app(ask.scope({}), *ask.channels())) for _ in range(count))
        for _ in range(count):
            await given.acquire()

    # The first ones fill what was freed after the imports.
    await more(STREAMS // 2)
    before = resident()
    await more(STREAMS)
    kept = (resident() - before) / STREAMS
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return kept


def resident() -> int:
    """The memory of this process, in KB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
