"""Attacks on the hook contract: WebSockets, lifespans and wrapped applications.

What holds is kept as it is. What does not is a row marked `fault`, with what happens and what should: when it is mended
the strict mark fails, and goes.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Lifespan, Socket, ask
from attack_harness import Listener, Static, agen, board, echo_app, home, plugin, raises

from pegboard import Plugin, Settings, hookimpl, wrap
from pegboard.background import BackgroundTask
from pegboard.exceptions import ConfigurationError, HTTPException, WebSocketException
from pegboard.responses import PlainTextResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.stories.lifespan import Tenant, held
from pegboard.websockets import WebSocket

pytestmark = pytest.mark.anyio

EXTENSION = ("websocket.http.response",)


# WebSockets


async def accepts(websocket: WebSocket) -> None:
    await websocket.accept()


async def begins_to_deny(websocket: WebSocket) -> None:
    await websocket.receive()
    await websocket.send({"type": "websocket.http.response.start", "status": 403, "headers": []})


@pytest.mark.parametrize("extensions", [(), EXTENSION])
async def test_a_hook_refuses_a_websocket_with_a_code(extensions: Any) -> None:
    """Once told, and with the plugin named."""
    listener = Listener()
    app = board(listener, plugin(websocket=raises(WebSocketException(4001))), routes=[WebSocketRoute("/", accepts)])
    socket = await Socket().open(app, extensions=extensions)
    assert [(message["type"], message["code"]) for message in socket.sent] == [("websocket.close", 4001)]
    assert [(outcome.kind, outcome.answered_by) for outcome in listener.outcomes] == [("denied", "culprit")]


async def test_a_denial_that_was_begun_is_ended_or_an_error() -> None:
    listener = Listener()
    app = board(listener, routes=[WebSocketRoute("/", begins_to_deny)])
    socket = await Socket(code=None).open(app, extensions=EXTENSION)
    assert socket.types[-1] == "http.response.body" or socket.raised is not None


@pytest.mark.parametrize(
    "extensions",
    [
        pytest.param(EXTENSION, id="with the extension"),
        pytest.param((), id="without"),
    ],
)
async def test_the_background_task_of_a_denial_runs(extensions: Any) -> None:
    """It is owed whatever the server can send."""
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    denies = plugin(websocket=lambda self: PlainTextResponse("no", 403, background=BackgroundTask(work)))
    await Socket().open(board(denies, routes=[WebSocketRoute("/", accepts)]), extensions=extensions)
    assert ran == [1]


# Lifespan


class Resident(Plugin):
    def __init__(self, name: str, open_: Callable[[], Any]) -> None:
        super().__init__()
        self.name, self.open = name, open_

    @hookimpl
    def lifespan(self) -> Any:
        return self.open()


def life(journal: list[str], name: str, exc: Exception | None = None) -> Resident:
    @asynccontextmanager
    async def open_() -> AsyncIterator[None]:
        if exc is not None:
            raise exc
        journal.append(f"+{name}")
        yield
        journal.append(f"-{name}")

    return Resident(name, open_)


async def test_the_third_of_four_that_fails_unwinds_the_two_before_it() -> None:
    journal: list[str] = []
    third = life(journal, "third", ValueError("no"))
    app = board(life(journal, "a"), life(journal, "b"), third, life(journal, "z"), order=["a", "b", "third", "z"])
    started = await Lifespan().run(app)
    assert (started.types, journal) == (["startup.failed"], ["+a", "+b", "-b", "-a"])
    assert "'third'" in started.message


@pytest.mark.parametrize(
    "exc",
    [
        pytest.param(ConnectionRefusedError(), id="refused"),
        pytest.param(TimeoutError(), id="timed out"),
        pytest.param(ConfigurationError(["no key"]), id="refuses"),
    ],
)
async def test_whoever_fails_to_start_is_named_whatever_it_raises(exc: Exception) -> None:
    """A connection that times out is the most common of all failures."""
    assert "'db'" in (await Lifespan().run(board(life([], "db", exc)))).message


@pytest.mark.parametrize(
    "given", [None, 1, agen(None), Lifespan], ids=["nothing", "number", "async generator", "class"]
)
async def test_a_lifespan_that_is_nonsense_is_named(given: Any) -> None:
    """What is no context manager fails the start, with the plugin."""
    started = await Lifespan().run(board(Resident("odd", lambda: given)))
    assert started.types == ["startup.failed"]
    assert "'odd'" in started.message


async def test_a_start_that_outlives_its_cancellation_is_unwound() -> None:
    """As one does that connects in a thread: the limit of time ends it by the same way."""
    entered, release, ended = anyio.Event(), anyio.Event(), anyio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        with anyio.CancelScope(shield=True):
            entered.set()
            await release.wait()
        yield

    tenant = Tenant("slow", slow)

    async def run(scope: anyio.CancelScope) -> None:
        with scope:
            async with held([tenant], {}, None):
                pass
        ended.set()

    scope, unwound = anyio.CancelScope(), False
    async with anyio.create_task_group() as group:
        group.start_soon(run, scope)
        await entered.wait()
        scope.cancel()
        release.set()
        await anyio.wait_all_tasks_blocked()
        unwound = ended.is_set()
        tenant.stop.set()
    assert unwound


async def test_a_wrapped_application_takes_the_bodies_that_it_takes_alone() -> None:
    """No plugin asked for a limit."""
    seen = await ask(wrap(echo_app, plugins=[]), method="POST", body=bytes(11 * 1024 * 1024))
    assert seen.status == 200


class Deep(Settings, frozen=True, kw_only=True):
    size: int = 1


class DeepRoute(Settings, frozen=True, kw_only=True):
    size: int = 0
    word: str = ""


async def test_settings_of_routes_go_down_through_many_mounts() -> None:
    """The innermost of each key holds, into a type of its own, and one that says something is on again."""
    seen: dict[str, Any] = {}

    def route(self: Any, route: Any, settings: Any) -> None:
        seen[route.label] = settings

    routes: list[Any] = [Route("/leaf", home, plugins={"culprit": {"word": "leaf"}}), Route("/plain", home)]
    for depth in range(20):
        off = depth == 10
        given: Any = False if off else {"size": depth + 7}
        routes = [Mount(f"/{depth}", routes=routes, plugins={"culprit": given})]
    culprit = plugin(Settings=Deep, RouteSettings=DeepRoute, route=route)
    board(culprit, routes=routes).freeze()
    found = {settings for label, settings in seen.items() if "plain" in label or "leaf" in label}
    assert found == {DeepRoute(size=7), DeepRoute(size=7, word="leaf")}


async def test_hooks_with_a_stopwatch_behave_as_those_without(caplog: pytest.LogCaptureFixture) -> None:
    """Debug mode changes what is told, never what happens."""
    with caplog.at_level(logging.CRITICAL, "pegboard"):
        for debug in (False, True):
            seen = await ask(board(Static, plugin(request=raises(HTTPException(401))), debug=debug))
            assert (seen.status, seen.headers[b"x-mark"], seen.raised) == (401, b"1", None)
