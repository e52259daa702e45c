"""What plugins and middleware add around an application that exists already: one of FastAPI's, and a raw one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.cases.basics import PLAIN_TEXT
from benchmarks.cases.hooks import COUNT, NoOp, NoOpASGI, NoOpBase, no_op_plugins
from benchmarks.harness import Case, Entrant
from benchmarks.peers import raw

from pegboard.wrapping import wrap

__all__ = ["CASES"]


def fastapi() -> App:
    """A FastAPI application with one route."""
    from benchmarks.peers import fastapi_

    return fastapi_.plain()


def layered(build: Callable[[], App], layer: Callable[[App], Any]) -> Callable[[], App]:
    """An application with the same middleware around it so many times."""

    def made() -> App:
        app = build()
        for _ in range(COUNT):
            app = layer(app)
        return app

    return made


def around(name: str, build: Callable[[], App]) -> list[Entrant]:
    """The application bare, and behind each kind of four."""
    variants: list[tuple[str, str, Callable[[], App]]] = [
        (name, "bare", build),
        ("Pegboard", f"no plugins around {name}", lambda: wrap(build(), [], config={})),
        (
            "Pegboard",
            f"four no-op plugins around {name}",
            lambda: wrap(build(), no_op_plugins(*[NoOp] * COUNT), config={}),
        ),
        (name, "four no-op, plain ASGI", layered(build, NoOpASGI)),
        (name, "four no-op, BaseHTTPMiddleware", layered(build, NoOpBase)),
    ]
    return [Entrant(peer, made, Ask(), PLAIN_TEXT, variant) for peer, variant, made in variants]


def entrants() -> Sequence[Entrant]:
    """Around both applications."""
    return [*around("FastAPI", fastapi), *around("raw ASGI", lambda: raw.plain)]


CASES = [Case("wrapped", "Around an existing application, plain text", entrants)]
