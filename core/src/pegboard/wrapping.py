"""Putting plugins around an application that exists already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pegboard.applications import Pegboard
from pegboard.routing.routes import Mount
from pegboard.types import ASGIApp

__all__ = ["wrap"]


def wrap(
    app: ASGIApp,
    plugins: Sequence[Any] | None = None,
    *,
    config: Any = None,
    debug: bool | None = None,
    order: Sequence[str] | None = None,
    **settings: Mapping[str, Any] | bool,
) -> Pegboard:
    """A board around any ASGI application: its lifespan, WebSockets, streams and errors pass through the plugins.

    ``plugins``, ``config``, ``debug`` and ``order`` are as for `Pegboard`; further keywords are the settings of
    plugins::

        app = wrap(app, cors={"allow_origins": ["https://example.org"]})
    """
    board = Pegboard(debug, [Mount("/", app=app)], plugins=plugins, config=config, order=order, redirect_slashes=False)
    board.give_settings(settings)
    return board
