"""The plugin: connects the desk to the lifespan, and a recorder to each route."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from anyio import CancelScope
from anyio.to_thread import run_sync
from msgspec.structs import replace

from pegboard.exceptions import ConfigurationError
from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.routing import BaseRoute, Route
from pegboard.routing.misses import MissRoute
from pegboard_logging.desk import Desk
from pegboard_logging.metrics import Metrics
from pegboard_logging.recorder import KEY, Recorder
from pegboard_logging.settings import LoggingRouteSettings, LoggingSettings
from pegboard_logging.templates import Templates
from pegboard_logging.volume import Rule

if TYPE_CHECKING:
    from pegboard import Pegboard

__all__ = ["Logging"]

FLUSH_PATIENCE = 0.2
"""Seconds that the page with metrics waits for what is still to be counted."""

logger = logging.getLogger("pegboard.logging")


class Logging(Plugin[LoggingSettings]):
    """One record per request and WebSocket, whatever becomes of it, and ids that all log lines share."""

    name = "logging"
    phase = "observe"
    Settings = LoggingSettings
    RouteSettings = LoggingRouteSettings
    state_keys = (KEY,)

    @property
    def response_headers(self) -> tuple[str, ...]:  # type: ignore[override]
        """What it sets, by its settings, so that `pegboard check` finds others who do."""
        return (self.settings.request_id_header,)

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        """Make what the recorders share, and add the page with metrics where one is wanted."""
        self._board = board
        self._templates = Templates()
        self._desk = Desk(self.settings, self._templates)
        self._recorders: dict[Any, Recorder] = {}
        self._excluded = frozenset(self.settings.exclude)
        self._without_route = set(self._excluded)
        if self._desk.metrics is not None and self.settings.metrics is not None:
            self._add_metrics(board, self._desk.metrics, self.settings.metrics)

    @hookimpl
    def route(self, route: BaseRoute, settings: LoggingRouteSettings) -> RouteHooks:
        """The recorder for a route's settings."""
        templates = self._templates.all_of(route) or self._learn(route)
        self._without_route.difference_update(templates)
        if templates and self._excluded.issuperset(templates):
            settings = replace(settings, record=False)
        key = tuple(getattr(settings, field) for field in LoggingRouteSettings.__struct_fields__)
        recorder = self._recorders.get(key)
        if recorder is None:
            recorder = self._recorders[key] = Recorder(self._desk, Rule(settings, self._desk.place))
        return recorder.hooks

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Open the target, and write what is left at the end."""
        try:
            self._desk.open()
        except OSError as error:
            raise ConfigurationError([self._refusal(error)]) from error
        for path in sorted(self._without_route):
            logger.warning("exclude names %r, which is the path of no route", path)
        try:
            yield
        finally:
            self._desk.unwatch_hangup()
            with CancelScope(shield=True):
                await run_sync(self._desk.stop)

    def _learn(self, route: BaseRoute) -> tuple[str, ...]:
        """The templates of a route that is seen for the first time; paths that no route answers have none."""
        if isinstance(route, MissRoute):
            return ()
        self._templates.learn(self._board.routes)
        return self._templates.all_of(route)

    def _add_metrics(self, board: Pegboard, metrics: Metrics, path: str) -> None:
        from pegboard_logging.prometheus import endpoint  # noqa: PLC0415  needs an extra, which not everybody has

        writer = self._desk.writer
        show = endpoint(metrics, writer.lost.copy, lambda: writer.flush(FLUSH_PATIENCE))
        route = Route(path, show, name="metrics", plugins={self.name: {"record": False}})
        # In front, so that an application that is mounted at the root leaves it its path.
        board.routes.insert(0, route)

    def _refusal(self, error: OSError) -> str:
        return (
            f"logging cannot write to {self._desk.writer.target.described}: {error}; "
            "mend it, or choose another target in the section [logging]"
        )
