"""Putting plugins around an application that exists already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pegboard.applications import Lifespan, Pegboard
from pegboard.errors import Handler
from pegboard.routing.routes import Mount
from pegboard.types import ASGIApp

__all__ = ["wrap"]


def wrap(
    app: ASGIApp,
    plugins: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    config: Any = None,
    debug: bool | None = None,
    order: Sequence[str] | None = None,
    autoload: bool | None = None,
    startup_timeout: float | None = None,
    threads: Mapping[str, int] | None = None,
    max_body_size: int | None = None,
    exception_handlers: Mapping[int | type[Exception], Handler] | None = None,
    lifespan: Lifespan | None = None,
    **settings: Mapping[str, Any] | bool,
) -> Pegboard:
    """A board around any ASGI application: its lifespan, WebSockets, streams and errors pass through the plugins.

    All keywords that are named here are as for `Pegboard`; further ones are the settings of plugins::

        app = wrap(app, cors={"allow_origins": ["https://example.org"]})

    Nothing changes that nobody asked for: bodies that the application takes are not limited, unless ``max_body_size``
    (bytes) is given here or in the configuration.
    """
    board = Pegboard(
        debug,
        [Mount("/", app=app)],
        exception_handlers=exception_handlers,
        lifespan=lifespan,
        max_body_size=max_body_size,
        plugins=plugins,
        config=config,
        order=order,
        autoload=autoload,
        startup_timeout=startup_timeout,
        threads=threads,
        redirect_slashes=False,
    )
    board.given.limits_bodies = False
    board.give_settings(settings)
    return board
