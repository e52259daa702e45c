"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from pegboard.cli.failures import Refused

__all__ = ["as_json", "of_application"]

F = TypeVar("F", bound=Callable[..., Any])

WORDS = ("hook", "section")
"""Arguments that may be left out, so that the application may stand in their place; none of them has a colon."""


def as_json(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def of_application(command: Callable[..., int]) -> Callable[..., int]:
    """Add the application as the last argument or ``--app``, and ``--wrap``. Raises Refused for two of them."""

    @wraps(command)
    def call(*, target: str | None, app: str | None, **options: Any) -> int:
        for word in WORDS:
            if target is None and _is_application(options.get(word)):
                target, options[word] = options[word], None
        if target and app and target != app:
            raise Refused(f"two applications are named, {target} and --app {app}; keep one")
        return command(app=app or target, **options)

    decorators = (
        click.argument("target", metavar="[MODULE:APP]", required=False),
        click.option("--app", metavar="MODULE:APP", help="The same as MODULE:APP."),
        click.option(
            "--wrap", metavar="MODULE:APP", help="An ASGI application to look at as if plugins were around it."
        ),
    )
    decorated: Callable[..., int] = call
    for decorate in decorators:
        decorated = decorate(decorated)
    return decorated


def _is_application(text: str | None) -> bool:
    return text is not None and (":" in text or text.endswith(".py"))
