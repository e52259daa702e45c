"""The log beside what others use for it: what each adds to a plain request, with JSON and a request id.

Lines go to a function or a stream that drops them. Each sample is followed by a pause in which the log's thread
finishes; the column of CPU time counts that. "no-op" is a board with a plugin whose `response` and `complete` hooks do
nothing: what any plugin costs that sees a request's end, and so the floor of this one.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from benchmarks.asgi import App, Ask
from benchmarks.cases.basics import PLAIN_TEXT
from benchmarks.cases.hooks import OnComplete, OnResponse, no_op_plugins
from benchmarks.cases.plugins import PAUSE
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers import pegboard_, starlette_
from benchmarks.stacks import REQUEST_ID, drop
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route as StarletteRoute
from uvicorn.logging import AccessFormatter

from pegboard.routing import Route
from pegboard_logging import Logging

__all__ = ["CASES", "board", "logging_board"]

TRACE = b"00-" + REQUEST_ID + b"-b7ad6b7169203331-01"


class NoOp(OnResponse, OnComplete):
    """Both hooks, which do nothing."""


class Nowhere(io.TextIOBase):
    """A stream that drops what is written."""

    def write(self, text: Any) -> int:
        return len(text)


# As structlog's documentation has it for speed: a logger of bytes, kept, that filters by level, with a fast encoder.
structured = structlog.wrap_logger(
    structlog.BytesLogger(Nowhere()),  # type: ignore[arg-type]
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.JSONRenderer(serializer=lambda value, **_: msgspec.json.encode(value)),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    cache_logger_on_first_use=True,
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
    form = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'
    handler.setFormatter(AccessFormatter(form, use_colors=False))
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger


class UvicornsLine:
    """An application that adds the line which uvicorn writes for a request."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.log = uvicorns_logger()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve, and log."""
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.log.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", scope["method"], scope["path"], "1.1", 200)


def board(*plugins: Any) -> App:
    """A board with these plugins."""
    return pegboard_.board(Route("/", pegboard_.plain), plugins=plugins)


def logging_board(write: Callable[[bytes], object] = drop, **settings: Any) -> App:
    """A board that logs to a function."""
    return board(Logging(format="json", write=write, **settings))


def starlette(*middleware: Middleware) -> App:
    """Starlette with middleware."""
    return Starlette(routes=[StarletteRoute("/", starlette_.plain)], middleware=middleware)


VARIANTS: list[tuple[str, str, Callable[[], App], bool]] = [
    ("Pegboard", "none", board, False),
    ("Pegboard", "no-op", lambda: board(*no_op_plugins(NoOp)), False),
    ("Pegboard", "log", logging_board, True),
    ("Pegboard", "log, with metrics", partial(logging_board, metrics="/metrics"), True),
    ("Pegboard", "log, 10 % sampled", partial(logging_board, sample=0.1), True),
    ("Pegboard", "none, with uvicorn's line", lambda: UvicornsLine(board()), False),
    ("Starlette", "none", starlette, False),
    ("Starlette", "asgi-correlation-id", lambda: starlette(Middleware(CorrelationIdMiddleware, validator=None)), True),
    ("Starlette", "recipe with structlog", lambda: starlette(Middleware(Recipe)), True),
]
"""Peer, variant, how to make it, and whether its answers have a request id."""


def entrants(ask: Ask) -> Sequence[Entrant]:
    """Everybody; an id that came has to be answered by whoever answers ids."""
    answered = tuple((name, value) for name, value in ask.headers if name == b"x-request-id")
    full = Expected(200, PLAIN_TEXT.body, media_type=b"text/plain", headers=answered)
    return [
        Entrant(peer, build, ask, full if answers else PLAIN_TEXT, variant)
        for peer, variant, build, answers in VARIANTS
    ]


CASES = [
    Case(name, f"The log: a request that brings {title}", partial(entrants, Ask(headers=headers)), PAUSE)
    for name, title, headers in (
        ("log", "an id", ((b"x-request-id", REQUEST_ID),)),
        ("log-no-id", "no id", ()),
        ("log-trace", "a trace", ((b"traceparent", TRACE),)),
    )
]
