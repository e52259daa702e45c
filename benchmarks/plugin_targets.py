"""What issues 6 to 9 want of the plugins, as data."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cases.auth import ALGORITHMS
from benchmarks.verdicts import Bytes, Floor, Target, Term

__all__ = ["TARGETS"]


def added(case: str, variant: str, peer: str = "Pegboard") -> Term:
    """What a variant adds to a request."""
    return Term((case, peer, variant), (case, peer, "none"))


def no_op(case: str, hooks: str) -> Floor:
    """What a plugin adds that only has the same hooks."""
    return Floor(added(case, "no-op"), f"A plugin whose hooks ({hooks}) are empty.")


def cors() -> Iterator[Target]:
    yield Target(
        "CORS, an allowed origin (issue 6)",
        "at most +0.6 µs",
        0.6,
        added("cors-allowed", "one origin"),
        floor=no_op("cors-allowed", "response"),
    )
    yield Target(
        "CORS, an allowed origin (issue 6)",
        "at most a quarter of what Starlette's adds",
        0.25,
        added("cors-allowed", "one origin"),
        added("cors-allowed", "one origin", "Starlette"),
    )
    yield Target(
        "CORS, no Origin (issue 6)",
        "at most +0.3 µs",
        0.3,
        added("cors-none", "one origin"),
        floor=no_op("cors-none", "response"),
    )
    for case, what in (("cors-allowed", "an allowed origin"), ("cors-other", "another origin")):
        yield Target(
            f"CORS, {what}, 10,000 configured (issue 6)",
            "at most 1.1 x the request with one configured",
            1.1,
            Term((case, "Pegboard", "10,000 origins")),
            Term((case, "Pegboard", "one origin")),
        )


def compression() -> Iterator[Target]:
    for case, what in (("not-compressed-small", "too small"), ("not-compressed-png", "a type that does not shrink")):
        yield Target(
            f"gzip, nothing to compress: {what} (issue 7)",
            "at most +0.4 µs",
            0.4,
            added(case, "gzip"),
            floor=no_op(case, "request and body"),
        )
    ours, theirs = ("compress-10k-json", "Pegboard", "gzip"), ("compress-10k-json", "Starlette", "GZipMiddleware")
    yield Target("gzip, 10 KB of JSON (issue 7)", "at most 0.5 x Starlette's time", 0.5, Term(ours), Term(theirs))
    yield Target("gzip, 10 KB of JSON (issue 7)", "at most Starlette's bytes", 1.0, Bytes(ours), Bytes(theirs))
    for coding in ("zstd", "br", "gzip"):
        yield Target(
            f"{coding}, a timer's delay beside bodies of 1 MB, 99th percentile (issue 7)",
            "at most 5 ms",
            5.0,
            Term(("delay-compression", "Pegboard", coding)),
            floor=Floor(Term(("delay-compression", "Pegboard", "none")), "The same requests without compression."),
        )


def auth() -> Iterator[Target]:
    for algorithm in ALGORITHMS:
        case = f"jwt-{algorithm.lower()}"
        cold, joserfc = Term((case, "Pegboard", "cold")), Term((case, "joserfc", ""))
        yield Target(f"JWT by {algorithm}, cold (issue 8)", "at most 1.5 x joserfc alone", 1.5, cold, joserfc)
    yield Target(
        "JWT, cached, on a board (issue 8)",
        "at most +2 µs",
        2.0,
        Term(("auth", "Pegboard", "JWT, cached"), ("auth", "Pegboard", "none, sent a token")),
    )
    yield Target("public page (issue 8)", "at most +0.1 µs", 0.1, added("auth", "public page"))


def log() -> Iterator[Target]:
    cost = added("log", "log")
    yield Target(
        "log, JSON and request id (issue 9)", "at most +2.5 µs", 2.5, cost, floor=no_op("log", "response and complete")
    )
    yield Target(
        "log, JSON and request id (issue 9)",
        "at most a third of uvicorn's own access line",
        1 / 3,
        cost,
        added("log", "none, with uvicorn's line"),
    )
    yield Target(
        "log, JSON and request id (issue 9)",
        "at most a tenth of a BaseHTTPMiddleware recipe with structlog",
        0.1,
        cost,
        added("log", "recipe with structlog", "Starlette"),
    )
    yield Target(
        "log, its target stands still for a second, 99th percentile (issue 9)",
        "at most 1.5 x the same with a target that takes lines",
        1.5,
        Term(("delay-log", "Pegboard", "log, its target stands still for a second")),
        Term(("delay-log", "Pegboard", "log")),
    )


TARGETS = [*cors(), *compression(), *auth(), *log()]
