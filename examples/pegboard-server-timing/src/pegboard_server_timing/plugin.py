"""The plugin: which hooks a route gets. How metrics are written stands in `metrics`.

The header can tell what is known when the head goes out: the time until then, what the endpoint measured itself, and
the hooks that ran before. The rest, with the outcome, is told in a trailer where there can be one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import Any

from pegboard import Outcome, Plugin, RouteHooks, hookimpl
from pegboard.applications import Pegboard
from pegboard.requests import Request
from pegboard.responses import Head

from pegboard_server_timing.metrics import Metrics
from pegboard_server_timing.settings import ServerTimingRouteSettings, ServerTimingSettings
from pegboard_server_timing.trailing import SEND, Trailing

__all__ = ["ServerTiming", "measure"]

METRICS = "pegboard_server_timing.metrics"
"""The key of the scope under which a request has its metrics."""


@contextmanager
def measure(request: Request, name: str, description: str = "") -> Iterator[None]:
    """Measure a block of an endpoint: ``with measure(request, "db", "two queries"): ...``.

    Costs next to nothing where the times are not shown. Raises ValueError for a name that is no token (RFC 9110).
    """
    metrics: Metrics | None = request.scope.get(METRICS)
    if metrics is None:
        yield
        return
    started = perf_counter()
    try:
        yield
    finally:
        metrics.add(name, perf_counter() - started, description)


class ServerTiming(Plugin[ServerTimingSettings]):
    """Tells browsers where the time of a request went.

    Keyword arguments are the fields of `ServerTimingSettings`.
    """

    name = "server-timing"
    phase = "observe"
    Settings = ServerTimingSettings
    RouteSettings = ServerTimingRouteSettings

    response_headers = ("server-timing",)

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        """See whether the board is in debug mode, and put the middleware for trailers around it if that is wanted."""
        self._debug = board.debug
        self._bindings: dict[ServerTimingRouteSettings, RouteHooks] = {}
        if self.settings.trailers:
            board.add_middleware(Trailing)

    @hookimpl
    def route(self, settings: ServerTimingRouteSettings) -> RouteHooks | None:
        """The hooks of a route, decided once: none where nobody is shown anything."""
        if settings.show == "never" or (settings.show == "debug" and not self._debug):
            return None
        key = ServerTimingRouteSettings(show=settings.show, descriptions=settings.descriptions)
        if key not in self._bindings:
            self._bindings[key] = self._bind(key)
        return self._bindings[key]

    @hookimpl
    @asynccontextmanager
    async def lifespan(self, board: Pegboard) -> AsyncIterator[None]:
        """Watch the hooks of all plugins, if that is wanted."""
        if self.settings.hooks and not hasattr(self, "_is_watching"):
            self._is_watching = True
            board.frozen.http.watch(timed)
        yield

    def _bind(self, settings: ServerTimingRouteSettings) -> RouteHooks:
        limit = self.settings.limit

        def request(request: Request) -> None:
            request.scope[METRICS] = Metrics(perf_counter(), limit)

        def response(request: Request, response: Head) -> None:
            metrics: Metrics | None = request.scope.get(METRICS)
            # A request that was refused further outside has none.
            if metrics is not None:
                metrics.add("total", perf_counter() - metrics.started, "until the head")
                response.headers.append("server-timing", metrics.header(settings.descriptions))

        return RouteHooks(
            request=request, response=response, complete=send_trailers if self.settings.trailers else None
        )


async def send_trailers(request: Request, outcome: Outcome) -> None:
    """Tell the whole duration, where a trailer was announced and the response is complete."""
    send = request.scope.get(SEND)
    if send is None or outcome.kind != "sent":
        return
    metrics = Metrics(0.0, 2)
    metrics.add("head", outcome.first_byte or 0.0, "until the head")
    metrics.add("complete", outcome.duration, "until the last byte")
    headers = [(b"server-timing", metrics.header().encode("ascii"))]
    await send({"type": "http.response.trailers", "headers": headers, "more_trailers": False})


def timed(call: Callable[..., Any], step: Any) -> Callable[..., Any]:
    """A hook with its time added to the metrics of its request, under the name of its plugin."""

    def note(arguments: tuple[Any, ...], started: float) -> None:
        first = arguments[0]
        metrics: Metrics | None = (first if step.hook == "rewrite" else first.scope).get(METRICS)
        if metrics is not None and step.plugin != ServerTiming.name:
            metrics.add(step.plugin, perf_counter() - started, "hooks")

    def watch(*arguments: Any) -> Any:
        started = perf_counter()
        try:
            return call(*arguments)
        finally:
            note(arguments, started)

    async def watch_async(*arguments: Any) -> Any:
        started = perf_counter()
        try:
            return await call(*arguments)
        finally:
            note(arguments, started)

    return watch_async if step.is_async else watch
