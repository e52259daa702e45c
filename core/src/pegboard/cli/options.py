"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["as_json", "of_application"]

F = TypeVar("F", bound=Callable[..., Any])


def as_json(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def of_application(command: F) -> F:
    """Add ``--app`` and ``--wrap``."""
    app = click.option(
        "--app", metavar="MODULE:APP", help="The application; by default `app` of the configuration, main.py or app.py."
    )
    wrap = click.option(
        "--wrap", metavar="MODULE:APP", help="An ASGI application to look at as if plugins were around it."
    )
    return app(wrap(command))
