"""CORS beside Starlette's CORSMiddleware, for each kind of request that a policy has to judge.

"no-op" is a board with a plugin whose one response hook does nothing: what any plugin costs that may change a head, and
so the floor of this one on an actual request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.cases.basics import PLAIN_TEXT
from benchmarks.cases.hooks import OnResponse, no_op_plugins
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers import pegboard_, starlette_
from benchmarks.stacks import ORIGIN
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route as StarletteRoute

from pegboard.routing import Route
from pegboard_cors import CORS

__all__ = ["CASES"]

ALLOW_ORIGIN = b"access-control-allow-origin"
MANY = [f"https://s{number}.example.com" for number in range(9_999)]

ALLOWED = Ask(headers=((b"origin", ORIGIN),))
OTHER = Ask(headers=((b"origin", b"https://evil.example"),))
PREFLIGHT = Ask(
    method="OPTIONS",
    headers=(
        (b"origin", ORIGIN),
        (b"access-control-request-method", b"PUT"),
        (b"access-control-request-headers", b"content-type,x-requested-with"),
    ),
)


def board(*origins: str) -> Callable[[], App]:
    """A board with this policy, or without any."""
    return lambda: pegboard_.board(
        Route("/", pegboard_.plain, methods=["GET", "PUT"]),
        plugins=[CORS(allow_origins=list(origins), **SETTINGS)] if origins else [],
    )


def no_op() -> Callable[[], App]:
    """A board with a plugin that does nothing on a response."""
    return lambda: pegboard_.board(Route("/", pegboard_.plain), plugins=no_op_plugins(OnResponse))


def starlette(*origins: str) -> Callable[[], App]:
    """Starlette with its middleware, or without."""
    middleware = [Middleware(CORSMiddleware, allow_origins=list(origins), **SETTINGS)] if origins else []
    routes = [StarletteRoute("/", starlette_.plain, methods=["GET", "PUT"])]
    return lambda: Starlette(routes=routes, middleware=middleware)


SETTINGS: Any = {"allow_methods": ["GET", "PUT"], "allow_headers": ["content-type", "x-requested-with"]}

ONE = ORIGIN.decode()
OURS: dict[str, Callable[[], App]] = {
    "one origin": board(ONE),
    "10,000 origins": board(*MANY, ONE),
    "a pattern": board("https://*.example.com"),
    "any origin": board("*"),
}
NONE: list[tuple[str, str, Callable[[], App]]] = [("Pegboard", "none", board()), ("Pegboard", "no-op", no_op())]


def actual(ask: Ask, allowed: bool) -> Sequence[Entrant]:
    """A request for a resource; whether its answer is to name an origin."""
    made = [Entrant(peer, build, ask, PLAIN_TEXT, variant) for peer, variant, build in NONE]
    for variant, build in OURS.items():
        origin = named(variant) if allowed else None
        made.append(Entrant("Pegboard", build, ask, answering(origin), variant))
    made.append(Entrant("Starlette", starlette(), ask, PLAIN_TEXT, "none"))
    made.append(Entrant("Starlette", starlette(ONE), ask, answering(ORIGIN if allowed else None), "one origin"))
    return made


def answering(origin: bytes | None) -> Expected:
    """The plain text, for pages of this origin."""
    headers = ((ALLOW_ORIGIN, origin),) if origin else ()
    return Expected(200, PLAIN_TEXT.body, media_type=b"text/plain", headers=headers)


def preflight() -> Sequence[Entrant]:
    """A browser asks beforehand; the answer comes from the policy alone."""
    made = [
        Entrant("Pegboard", build, PREFLIGHT, Expected(204, headers=((ALLOW_ORIGIN, named(variant)),)), variant)
        for variant, build in OURS.items()
    ]
    theirs = Expected(200, headers=((ALLOW_ORIGIN, ORIGIN),))
    return [*made, Entrant("Starlette", starlette(ONE), PREFLIGHT, theirs, "one origin")]


def named(variant: str) -> bytes:
    """The origin that an answer names."""
    return b"*" if variant == "any origin" else ORIGIN


CASES = [
    Case("cors-allowed", "CORS: a request from an allowed origin", partial(actual, ALLOWED, True)),
    Case("cors-other", "CORS: a request from an origin that is not allowed", partial(actual, OTHER, False)),
    Case("cors-none", "CORS: a request without Origin", partial(actual, Ask(), False)),
    Case("cors-preflight", "CORS: a preflight", preflight),
]
