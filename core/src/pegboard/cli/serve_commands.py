"""``pegboard run`` and ``pegboard dev``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from pegboard.cli.options import as_json, of_application

__all__ = ["dev", "run"]


def _common(command: Callable[..., int]) -> Callable[..., int]:
    for decorate in (
        of_application,
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        click.option(
            "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
        ),
        click.option(
            "--graceful-timeout",
            default=5,
            show_default=True,
            type=click.IntRange(min=1),
            help="Seconds that open requests and streams have to end when the server stops.",
        ),
        as_json,
    ):
        command = decorate(command)
    return command


@click.command()
@_common
@click.option(
    "--workers",
    default=1,
    show_default=True,
    envvar="WEB_CONCURRENCY",
    type=click.IntRange(min=1),
    help="Processes that serve; by default WEB_CONCURRENCY, or 1.",
)
def run(**options: Any) -> int:
    """Serve the application.

    Without MODULE:APP it is `app` of the configuration, or what main.py or app.py has.
    """
    return _serve(reload=False, **options)


@click.command()
@_common
@click.option("--reload/--no-reload", default=True, show_default=True, help="Start again when a file changes.")
def dev(**options: Any) -> int:
    """Serve the application for developing: debug page, and reload when a file changes."""
    os.environ.setdefault("PEGBOARD_DEBUG", "true")
    return _serve(workers=1, **options)


def _serve(**options: Any) -> int:
    # uvicorn takes a while to import, and only serving needs it.
    from pegboard.cli.serving import Service, serve  # noqa: PLC0415

    return serve(Service(**options))
