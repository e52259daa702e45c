"""What plugins and middleware cost when they do nothing: the price of being there.

A no-op plugin implements every request-time hook. The middleware beside it has a place for the same things: it sees
the request, the head and every piece of the body, exceptions and the end. Plugins are also measured in the form that
most of them have: one hook each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.cases.basics import PLAIN_TEXT
from benchmarks.floors import calls_in_loops, calls_written_out, least_framework, least_framework_with_hooks
from benchmarks.harness import FLOOR, Case, Entrant
from benchmarks.peers import raw
from benchmarks.peers.pegboard_ import board, plain
from benchmarks.peers.starlette_ import plain as starlette_plain
from benchmarks.stacks import PLUGINS
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route as StarletteRoute

from pegboard.plugin import Plugin, hookimpl
from pegboard.routing import Route

__all__ = ["CASES", "NoOpASGI", "NoOpBase", "four_with", "no_op_plugins"]

COUNT = 4


class NoOp(Plugin[Any]):
    """One implementation of each hook at request time, none of which does anything."""

    @hookimpl
    def rewrite(self, scope: Any) -> None:
        """Rewrite nothing."""

    @hookimpl
    def request(self, request: Any) -> None:
        """Let every request pass."""

    @hookimpl
    def error(self, request: Any, exc: Exception) -> None:
        """Answer no error."""

    @hookimpl
    def response(self, request: Any, response: Any) -> None:
        """Change no head."""

    @hookimpl
    def body(self, request: Any, response: Any) -> None:
        """Filter no body."""

    @hookimpl
    def complete(self, request: Any, outcome: Any) -> None:
        """Take no notice."""


class NoOpAsync(Plugin[Any]):
    """The same with `async def` wherever the contract allows it."""

    @hookimpl
    def rewrite(self, scope: Any) -> None:
        """Rewrite nothing."""

    @hookimpl
    async def request(self, request: Any) -> None:
        """Let every request pass."""

    @hookimpl
    async def error(self, request: Any, exc: Exception) -> None:
        """Answer no error."""

    @hookimpl
    async def response(self, request: Any, response: Any) -> None:
        """Change no head."""

    @hookimpl
    def body(self, request: Any, response: Any) -> None:
        """Filter no body."""

    @hookimpl
    async def complete(self, request: Any, outcome: Any) -> None:
        """Take no notice."""


class OnRequest(Plugin[Any]):
    """The request hook alone."""

    @hookimpl
    def request(self, request: Any) -> None:
        """Let every request pass."""


class OnResponse(Plugin[Any]):
    """The response hook alone."""

    @hookimpl
    def response(self, request: Any, response: Any) -> None:
        """Change no head."""


class OnBody(Plugin[Any]):
    """The body hook alone."""

    @hookimpl
    def body(self, request: Any, response: Any) -> None:
        """Filter no body."""


class OnComplete(Plugin[Any]):
    """The complete hook alone."""

    @hookimpl
    def complete(self, request: Any, outcome: Any) -> None:
        """Take no notice."""


class LikeGzip(OnRequest, OnBody):
    """The hooks of gzip."""


class LikeLogging(OnRequest, OnResponse, OnComplete):
    """The hooks of logging."""


def no_op_plugins(*bases: type[Plugin[Any]]) -> list[Plugin[Any]]:
    """One plugin of each class, under names of their own."""
    return [type(base.__name__, (base,), {"name": f"noop{number}"})() for number, base in enumerate(bases)]


EMPTY = {"cors": OnResponse, "gzip": LikeGzip, "auth": OnRequest, "logging": LikeLogging}


def four_with(real: Collection[str]) -> list[Any]:
    """The four plugins, where those that are not ``real`` have only the same hooks, and do nothing in them."""
    empty = dict(zip(EMPTY, no_op_plugins(*EMPTY.values()), strict=True))
    return [make() if name in real else empty[name] for name, make in PLUGINS.items()]


class NoOpBase(BaseHTTPMiddleware):
    """Middleware as most of it is written."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        """Pass on what comes, both ways."""
        return await call_next(request)


class NoOpASGI:
    """Middleware as the fastest of it is written: one wrapper around `send`, and nothing else."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on what comes, both ways."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def watch(message: Any) -> None:
            await send(message)

        await self.app(scope, receive, watch)


def with_plugins(*bases: type[Plugin[Any]]) -> Callable[[], App]:
    """A board with a no-op plugin of each class."""
    return lambda: board(Route("/", plain), plugins=no_op_plugins(*bases))


def with_middleware(middleware: Any) -> Callable[[], App]:
    """Starlette with the same middleware so many times."""
    return lambda: Starlette(
        routes=[StarletteRoute("/", starlette_plain)], middleware=[Middleware(middleware) for _ in range(COUNT)]
    )


def entrants() -> Sequence[Entrant]:
    """Four of each kind, and none."""
    variants: list[tuple[str, str, Callable[[], App]]] = [
        ("Pegboard", "none", with_plugins()),
        ("Pegboard", "four, every hook", with_plugins(*[NoOp] * COUNT)),
        ("Pegboard", "four, every hook, async", with_plugins(*[NoOpAsync] * COUNT)),
        ("Pegboard", "four, one hook each", with_plugins(OnRequest, OnResponse, OnBody, OnComplete)),
        ("Starlette", "none", lambda: Starlette(routes=[StarletteRoute("/", starlette_plain)])),
        ("Starlette", "four, plain ASGI", with_middleware(NoOpASGI)),
        ("Starlette", "four, BaseHTTPMiddleware", with_middleware(NoOpBase)),
        (FLOOR, "none", lambda: raw.plain),
        (FLOOR, "20 empty calls in five loops", calls_in_loops),
        (FLOOR, "20 empty calls, written out", calls_written_out),
        (FLOOR, "the least framework", least_framework),
        (FLOOR, "the least framework with hooks", least_framework_with_hooks),
    ]
    return [Entrant(peer, build, Ask(), PLAIN_TEXT, variant) for peer, variant, build in variants]


CASES = [Case("no-op", "Four no-op plugins or middleware, plain text", entrants)]
