"""In debug mode, a synchronous hook that holds up the event loop is reported."""

from __future__ import annotations

import math
from typing import Any

import pytest
from asgi_harness import Socket, ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.compiling import Pipeline
from pegboard.requests import Request
from pegboard.routing import Route, WebSocketRoute
from pegboard.stories import watching
from pegboard.types import Scope
from pegboard.websockets import WebSocket

pytestmark = pytest.mark.anyio


class Slow(Plugin):
    name = "slow"

    @hookimpl
    def rewrite(self, scope: Scope) -> None: ...

    @hookimpl
    def request(self, request: Request) -> None: ...

    @hookimpl
    def response(self, response: Any) -> None: ...

    @hookimpl
    async def complete(self, outcome: Any) -> None: ...

    @hookimpl
    def websocket(self, websocket: WebSocket) -> None: ...


async def hello(request: Request) -> str:
    return "hello"


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()


def board(debug: bool) -> Pegboard:
    return Pegboard(routes=[Route("/", hello), WebSocketRoute("/ws", socket)], plugins=[Slow()], debug=debug)


@pytest.fixture
def everything_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LIMIT", -math.inf)


@pytest.mark.usefixtures("everything_is_slow")
async def test_a_slow_synchronous_hook_is_named_with_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """Hook, plugin and milliseconds; an asynchronous hook's time is not its own."""
    app = board(True)
    assert (await ask(app)).body == b"hello"
    await Socket().open(app, "/ws")
    for hook in ("rewrite", "request", "response", "websocket"):
        assert f"Hook '{hook}' of" in caplog.text
    assert "slow" in caplog.text
    assert " ms, and every other request with it" in caplog.text
    assert "'complete'" not in caplog.text


async def test_a_fast_hook_is_not_reported(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what takes longer than the limit is."""
    monkeypatch.setattr(watching, "LIMIT", math.inf)
    await ask(board(True))
    assert caplog.text == ""


@pytest.mark.usefixtures("everything_is_slow")
async def test_nothing_is_watched_in_service(caplog: pytest.LogCaptureFixture) -> None:
    """Without debug mode pipelines are as they were compiled."""
    app = board(False)
    await ask(app)
    assert caplog.text == ""


@pytest.mark.usefixtures("everything_is_slow")
async def test_a_slow_hook_that_fails_is_reported_and_blamed(caplog: pytest.LogCaptureFixture) -> None:
    """The stopwatch changes nothing about what the hook does."""

    class Fails(Plugin):
        name = "fails"

        @hookimpl
        def request(self) -> None:
            raise ValueError("failed")

    seen = await ask(Pegboard(plugins=[Fails()], debug=True))
    assert "Hook 'request' of" in caplog.text
    assert seen.raised is not None
    assert "in hook 'request' of" in seen.raised.__notes__[0]


def test_a_pipeline_is_watched_once() -> None:
    """Watching makes one pipeline for each that there is, however many requests come."""
    watch = watching.Watch()
    pipeline = Pipeline({})
    assert watch.pipeline(pipeline) is watch.pipeline(pipeline)
    assert watch.pipeline(pipeline) is not watch.pipeline(Pipeline({}))
