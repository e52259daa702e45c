"""Which plugin brought which route and which exception handler, noted while the board freezes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pegboard.errors import ExceptionHandlers
from pegboard.routing import BaseRoute

__all__ = ["OWNER", "Contributions"]

OWNER = ""
"""Stands for the application itself, where others are plugins by their names."""


class Contributions:
    """Compares what a board has before and after each plugin's turn.

    ``handlers`` names, for each status or exception class, all who set its handler, the last of whom is heard.
    """

    def __init__(self, routes: Iterable[BaseRoute], handlers: ExceptionHandlers) -> None:
        self.handlers: dict[int | type[Exception], list[str]] = {key: [OWNER] for key in handlers.entries()}
        self._heard: dict[int | type[Exception], Callable[..., Awaitable[Any]]] = handlers.entries()
        self._brought_by = {id(route): OWNER for route in routes}

    def note(self, plugin: str, routes: Iterable[BaseRoute], handlers: ExceptionHandlers) -> None:
        """What is new since the last turn is this plugin's."""
        for route in routes:
            self._brought_by.setdefault(id(route), plugin)
        for key, handler in handlers.entries().items():
            if self._heard.get(key) is not handler:
                self.handlers.setdefault(key, []).append(plugin)
                self._heard[key] = handler

    def brought(self, route: BaseRoute) -> str:
        """The plugin that brought a route of the board, or `OWNER`."""
        return self._brought_by.get(id(route), OWNER)
