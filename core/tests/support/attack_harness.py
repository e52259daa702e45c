"""What attacks on the hook contract share: boards with one plugin under test, and a listener around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from pegboard import BodyFilter, Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.routing import Route
from pegboard.types import Receive, Scope, Send


def fault(*values: Any, id: str, reason: str) -> Any:
    return pytest.param(*values, id=id, marks=pytest.mark.xfail(strict=True, reason=reason))


def plugin(name: Any = "culprit", phase: Any = "content", **attributes: Any) -> Any:
    """A plugin; attributes named like hooks are marked as such."""
    hooks = {
        key: hookimpl(value) if callable(value) and not isinstance(value, type) else value
        for key, value in attributes.items()
    }
    return type("Culprit", (Plugin,), {"name": name, "phase": phase, **hooks})()


async def home(request: Request) -> str:
    return "home"


def board(*plugins: Any, endpoint: Any = home, **options: Any) -> Pegboard:
    options.setdefault("routes", [Route("/", endpoint, methods=["GET", "POST"])])
    return Pegboard(plugins=list(plugins), **options)


class Listener(Plugin):
    """Outermost, so the last to be told how it ended."""

    name = "listener"
    phase = "observe"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Any] = []

    @hookimpl
    def complete(self, outcome: Any) -> None:
        self.outcomes.append(outcome)

    @hookimpl
    def websocket_complete(self, outcome: Any) -> None:
        self.outcomes.append(outcome)


def raises(exc: BaseException) -> Callable[..., Any]:
    def act(self: Any) -> None:
        raise exc

    return act


def mark(response: Any) -> None:
    response.headers["x-mark"] = "1"


class Static:
    name = "static"

    @hookimpl
    @staticmethod
    def response(response: Any) -> None:
        mark(response)


async def agen(self: Any) -> AsyncIterator[int]:
    yield 1


async def echo_app(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class FailsSecond(BodyFilter):
    fed = 0

    def feed(self, chunk: bytes, more: bool) -> bytes:
        self.fed += 1
        if self.fed == 2:
            raise ValueError("a filter failed")
        return chunk
