"""The plugin: connects the desk to the lifespan, and a recorder to each route."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CancelScope
from anyio.to_thread import run_sync

from pegboard.exceptions import ConfigurationError
from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.routing import BaseRoute
from pegboard_logging.desk import Desk
from pegboard_logging.recorder import Recorder
from pegboard_logging.settings import LoggingRouteSettings, LoggingSettings
from pegboard_logging.volume import Rule

__all__ = ["Logging"]

logger = logging.getLogger("pegboard.logging")


class Logging(Plugin[LoggingSettings]):
    """One record per request and WebSocket, whatever becomes of it, and ids that all log lines share."""

    name = "logging"
    phase = "observe"
    Settings = LoggingSettings
    RouteSettings = LoggingRouteSettings

    @hookimpl
    def setup(self) -> None:
        """Make what the recorders share."""
        self._desk = Desk(self.settings)
        self._recorders: dict[Any, Recorder] = {}
        self._without_route = set(self.settings.exclude)

    @hookimpl
    def route(self, route: BaseRoute, settings: LoggingRouteSettings) -> RouteHooks:
        """The recorder for a route's settings."""
        # The path here lacks the mounts around the route; the whole one is looked at when a request is there.
        excluded = frozenset(path for path in self.settings.exclude if path.endswith(route.path))
        self._without_route -= excluded
        key = (tuple(getattr(settings, field) for field in LoggingRouteSettings.__struct_fields__), excluded)
        recorder = self._recorders.get(key)
        if recorder is None:
            recorder = self._recorders[key] = Recorder(self._desk, Rule(settings, self._desk.minimum), excluded)
        return recorder.hooks()

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
            with CancelScope(shield=True):
                await run_sync(self._desk.stop)

    def _refusal(self, error: OSError) -> str:
        return (
            f"logging cannot write to {self._desk.writer.target.described}: {error}; "
            "mend it, or choose another target in the section [logging]"
        )
