"""What issues 4, 5 and 11 want of the framework, as data; `plugin_targets` has what issues 6 to 9 want of plugins.

The numbers are never lowered: a target that is missed stays missed in the report until it is met.
"""

from __future__ import annotations

from benchmarks import plugin_targets
from benchmarks.cases import growth
from benchmarks.verdicts import Fastest, Floor, Target, Term

__all__ = ["TARGETS"]


def ratio(case: str, ours: str, peer: str, theirs: str = "") -> tuple[Term, Term]:
    """Pegboard over a peer, in one case."""
    return Term((case, "Pegboard", ours)), Term((case, peer, theirs))


NONE, FOUR = ("no-op", "Pegboard", "none"), ("no-op", "Pegboard", "four, every hook")
STARLETTE_NONE = ("no-op", "Starlette", "none")
ADDED = Term(FOUR, NONE)
CALLS = Floor(
    Term(("no-op", "floor", "20 empty calls in five loops"), ("no-op", "floor", "none")),
    "Raw ASGI that calls twenty empty bound methods in five loops, as four plugins with five hooks are called; nothing "
    "is done with what they return.",
)
HOOKS = Floor(
    Term(("no-op", "floor", "the least framework with hooks"), ("no-op", "floor", "the least framework")),
    "The least framework with the same hooks in loops in one function: what they return is looked at, an answer is "
    "kept as it was, and the end is told with two times. Nothing is caught, and nothing may be awaited.",
)
BY_HAND = (
    "The jobs of all four written by hand in one function, for this request alone: nothing is validated, negotiated, "
    "escaped or bounded, and no failure is seen. Around an application, lines are not made."
)
BARE = ("all-wrapped", "FastAPI", "bare")
RAW = ("wire-uvicorn-64", "raw ASGI", "")

TARGETS = [
    Target("plain text", "at most 0.40 x Starlette", 0.40, *ratio("plain", "", "Starlette")),
    Target("plain text", "at most 1.0 x BlackSheep", 1.0, *ratio("plain", "", "BlackSheep")),
    Target("typed parameter and query to JSON", "at most 0.45 x Starlette", 0.45, *ratio("typed", "", "Starlette")),
    Target("typed parameter and query to JSON", "at most 1.0 x BlackSheep", 1.0, *ratio("typed", "", "BlackSheep")),
    Target(
        "last of 1,000 routes",
        "at most 1.2 x the first",
        1.2,
        Term(("routes-1000", "Pegboard", "last")),
        Term(("routes-1000", "Pegboard", "first")),
    ),
    Target(
        "last of 1,000 routes",
        "at most 0.05 x Starlette",
        0.05,
        *ratio("routes-1000", "last", "Starlette", "last"),
    ),
    Target("four no-op plugins, sync", "at most +0.8 µs against none", 0.8, ADDED, floor=CALLS),
    Target(
        "four no-op plugins, sync",
        "under a tenth of what four BaseHTTPMiddleware add",
        0.1,
        ADDED,
        Term(("no-op", "Starlette", "four, BaseHTTPMiddleware"), STARLETTE_NONE),
    ),
    Target(
        "four no-op plugins, sync",
        "under a half of what four plain ASGI middleware add",
        0.5,
        ADDED,
        Term(("no-op", "Starlette", "four, plain ASGI"), STARLETTE_NONE),
        HOOKS,
    ),
    Target(
        "all four plugins on, 13 bytes",
        "at most 1.0 x Starlette with none",
        1.0,
        *ratio("all-13", "all four", "Starlette", "none"),
    ),
    Target(
        "all four plugins on, 13 bytes",
        "at most 0.3 x Starlette with its four equivalents",
        0.3,
        *ratio("all-13", "all four", "Starlette", "its four"),
    ),
    Target(
        "all four on, 2 KB JSON, compressed",
        "at most 0.5 x Starlette with its four",
        0.5,
        *ratio("all-2k", "all four", "Starlette", "its four"),
    ),
    Target(
        "around a wrapped application, four on",
        "adds at most 0.4 x what Starlette's four add",
        0.4,
        Term(("all-wrapped", "Pegboard", "all four around FastAPI"), BARE),
        Term(("all-wrapped", "FastAPI", "Starlette's four"), BARE),
        Floor(
            Term(("all-wrapped", "floor", "the four by hand around FastAPI"), BARE),
            BY_HAND,
        ),
    ),
    Target(
        "over the wire, plain, uvicorn, 64 connections",
        "raw ASGI's requests per second at most 1/0.95 x ours",
        1 / 0.95,
        Term(RAW),
        Term(("wire-uvicorn-64", "Pegboard", "")),
        Floor(
            Term(RAW),
            "A table of paths, an endpoint, Pegboard's own request and response, and nothing else.",
            Term(("wire-uvicorn-64", "floor", "the least framework, Pegboard's request and response")),
        ),
    ),
    Target(
        "over the wire, four on, uvicorn, 64 connections",
        "raw ASGI's requests per second at most 1/0.85 x ours",
        1 / 0.85,
        Term(RAW),
        Term(("wire-uvicorn-64", "Pegboard", "all four")),
        Floor(
            Term(RAW),
            BY_HAND,
            Term(("wire-uvicorn-64", "floor", "the four by hand")),
        ),
    ),
    Target("import of pegboard.applications", "at most 0.8 x Starlette", 0.8, *ratio("import", "", "Starlette")),
    Target(
        "10,000 routes (issue 4)",
        "the last at most 1.3 x the last of ten",
        1.3,
        Term(("routes-10000", "Pegboard", "last")),
        Term(("routes-10", "Pegboard", "last")),
    ),
    Target(
        "10,000 typed routes (issue 4)",
        "the last at most 1.3 x the last of ten",
        1.3,
        Term(("shared-prefix-10000", "Pegboard", "last")),
        Term(("shared-prefix-10", "Pegboard", "last")),
    ),
    *(
        Target(
            f"compile of 10,000 routes, {what} (issue 4)", "under two seconds", 2_000.0, Term((case, "Pegboard", ""))
        )
        for case, what in (
            ("compile-10000", "fixed"),
            ("compile-10000-typed", "typed"),
            ("compile-10000-middle", "a parameter in the middle"),
        )
    ),
]

TARGETS += [
    Target(what, "at most 1.0 x Starlette", 1.0, *ratio(case, ours, "Starlette", theirs))
    for case, what, ours, theirs in (
        ("json-1k", "JSON of 1 KB", "", ""),
        ("json-100k", "JSON of 100 KB", "", ""),
        ("echo", "JSON echo", "", ""),
        ("query-cookies", "query and cookies read", "", ""),
        ("headers-50", "50 headers read", "", ""),
        ("form-20", "urlencoded form of 20 fields", "", ""),
        ("form-10000", "urlencoded form of 10,000 fields", "", ""),
        ("upload-10m", "multipart upload of 10 MB", "", ""),
        ("file-100m", "file of 100 MB", "as it comes", "as it comes"),
        ("stream-1000", "stream of 1,000 chunks", "", ""),
        ("websocket-1000", "WebSocket echo of 1,000 messages", "", ""),
    )
]

TARGETS += [
    Target(
        f"time per byte: {what}",
        f"at most 1.2 x that of {times} times less",
        1.2,
        Term((case, "Pegboard", large)),
        Term((case, "Pegboard", small)),
    )
    for case, what, small, large, times in growth.PAIRS
]

TARGETS += [
    Target(
        "match of a static path (issue 4)",
        "at most 0.3 µs more than a dict look-up",
        0.3,
        Term(("match-static", "Pegboard", "match"), ("match-static", "Pegboard", "dict look-up")),
    ),
    *(
        Target(
            f"{size:,} routes, {what}, {place} (issue 4)",
            "at most 1.0 x the fastest peer",
            1.0,
            Term((f"{name}-{size}", "Pegboard", place)),
            Fastest(f"{name}-{size}", place),
        )
        for name, what in (
            ("routes", "fixed"),
            ("shared-prefix", "typed behind a prefix"),
            ("parameter-middle", "a parameter in the middle"),
        )
        for size in (10, 1_000, 10_000)
        for place in ("first", "last", "last, each new", "no match")
        if name != "routes" or place != "last, each new"
    ),
]

TARGETS += plugin_targets.TARGETS
