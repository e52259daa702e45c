"""From start-up to shutdown: who is entered when, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Lifespan, ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard.types import ASGIApp, Message, Receive, Scope, Send

pytestmark = pytest.mark.anyio

COMPLETE = ["startup.complete", "shutdown.complete"]


class Keeper(Plugin):
    """Writes down its life; ``starts`` and ``stops`` are called on the way."""

    def __init__(
        self,
        name: str,
        phase: Any = "app",
        journal: list[str] | None = None,
        starts: Callable[[], Any] | None = None,
        stops: Callable[[], Any] | None = None,
        gives: Any = None,
    ) -> None:
        super().__init__()
        self.name, self.phase = name, phase
        self.journal = [] if journal is None else journal
        self.starts, self.stops, self.gives = starts, stops, gives

    @hookimpl
    def lifespan(self, board: Pegboard) -> AbstractAsyncContextManager[Any]:
        return self.life(board)

    @asynccontextmanager
    async def life(self, board: Pegboard) -> AsyncIterator[Any]:
        if self.starts is not None:
            await self.starts()
        self.journal.append(f"start {self.name}")
        try:
            yield self.gives
            if self.stops is not None:
                await self.stops()
        finally:
            await anyio.lowlevel.checkpoint()
            self.journal.append(f"stop {self.name}")


def raises(exc: Exception) -> Callable[[], Any]:
    async def act() -> None:
        raise exc

    return act


async def never() -> None:
    await anyio.Event().wait()


def board(*plugins: Plugin, **options: Any) -> Pegboard:
    return Pegboard(plugins=list(plugins), **options)


# Plugins and the board


async def test_entered_outside_in_and_left_in_reverse() -> None:
    """The board's own function is innermost."""
    journal: list[str] = []

    @asynccontextmanager
    async def own(app: Any) -> AsyncIterator[None]:
        journal.append("start own")
        yield
        journal.append("stop own")

    app = board(Keeper("inner", "app", journal), Keeper("outer", "observe", journal), lifespan=own)
    assert (await Lifespan().run(app)).types == COMPLETE
    assert journal == ["start outer", "start inner", "start own", "stop own", "stop inner", "stop outer"]


async def test_what_they_give_is_in_the_state_of_requests() -> None:
    """Mappings are merged, inner ones over outer ones; anything else is left alone."""
    found: list[Any] = []

    async def endpoint(request: Request) -> str:
        found.append((request.state.pool, request.state.name))
        return "seen"

    app = board(
        Keeper("a", gives={"pool": 1, "name": "a"}),
        Keeper("b", gives={"name": "b"}),
        Keeper("c", gives=object()),
        routes=[Route("/", endpoint)],
    )
    life = Lifespan()

    async def during() -> None:
        assert (await ask(app, state=dict(life.state))).body == b"seen"

    await life.run(app, during)
    assert found == [(1, "b")]


async def test_a_server_without_state_is_served_too() -> None:
    """`state` is an extension that servers may lack."""
    assert (await Lifespan(offers_state=False).run(board(Keeper("a", gives={"x": 1})))).types == COMPLETE


async def test_one_that_fails_to_start_is_named_and_the_others_unwound() -> None:
    """The server is told with the traceback, and nothing further inside is entered."""
    journal: list[str] = []
    life = await Lifespan().run(
        board(
            Keeper("outer", "observe", journal),
            Keeper("broken", "guard", journal, starts=raises(ValueError("no database"))),
            Keeper("inner", "app", journal),
        )
    )
    assert life.types == ["startup.failed"]
    assert "ValueError: no database" in life.message
    assert "in the lifespan of" in life.message
    assert "broken" in life.message
    assert journal == ["start outer", "stop outer"]


async def test_one_that_fails_to_stop_is_named_and_the_others_left() -> None:
    """In reverse order, as without the failure."""
    journal: list[str] = []
    life = await Lifespan().run(
        board(
            Keeper("outer", "observe", journal),
            Keeper("broken", "guard", journal, stops=raises(ValueError("would not go"))),
            Keeper("inner", "app", journal),
        )
    )
    assert life.types == ["startup.complete", "shutdown.failed"]
    assert "ValueError: would not go" in life.message
    assert "broken" in life.message
    assert journal[-3:] == ["stop inner", "stop broken", "stop outer"]


async def test_several_that_fail_are_all_reported(caplog: pytest.LogCaptureFixture) -> None:
    """The first goes to the server, the others to the log: a failure to start, and those of unwinding."""
    life = await Lifespan().run(
        board(
            Keeper("a", stops=raises(ValueError("a would not go"))),
            Keeper("b", stops=raises(ValueError("b would not go"))),
            Keeper("c", starts=raises(ValueError("c would not come"))),
        )
    )
    assert "c would not come" in life.message
    assert "b would not go" in caplog.text
    assert "a would not go" in caplog.text


async def test_one_that_takes_too_long_is_named() -> None:
    """The server is told who, and what to do; the others are unwound."""
    journal: list[str] = []
    slow = Keeper("slow", "guard", journal, starts=never)
    life = await Lifespan().run(board(Keeper("outer", "observe", journal), slow, startup_timeout=0.001))
    assert life.types == ["startup.failed"]
    assert "slow" in life.message
    assert "did not start within 0.001 seconds" in life.message
    assert "startup_timeout" in life.message
    assert journal == ["start outer", "stop outer"]


async def test_a_timeout_of_its_own_is_not_taken_for_ours() -> None:
    """What a plugin's own connection attempt raises is told as it is."""
    life = await Lifespan().run(board(Keeper("db", starts=raises(TimeoutError("the database is silent")))))
    assert life.types == ["startup.failed"]
    assert "the database is silent" in life.message
    assert "did not start within" not in life.message


async def test_a_refusal_is_told_in_plain_words() -> None:
    """A ConfigurationError needs no traceback."""
    life = await Lifespan().run(board(Keeper("cors", starts=raises(ConfigurationError(["origins are missing"])))))
    assert "origins are missing" in life.message
    assert "Traceback" not in life.message


async def test_a_board_that_cannot_freeze_says_why() -> None:
    """The problems of assembling are start-up failures."""
    life = await Lifespan().run(board(order=["nobody"]))
    assert life.types == ["startup.failed"]
    assert "nobody" in life.message


async def test_one_that_breaks_while_serving_ends_the_life() -> None:
    """Its own tasks failed: it is named, and the others are left in order."""
    journal: list[str] = []
    broken = anyio.Event()

    class Breaks(Keeper):
        @asynccontextmanager
        async def life(self, board: Pegboard) -> AsyncIterator[None]:
            async with anyio.create_task_group() as group:
                group.start_soon(self.work)
                yield

        async def work(self) -> None:
            await broken.wait()
            raise ValueError("the worker failed")

    async def during() -> None:
        broken.set()
        await anyio.sleep_forever()

    life = await Lifespan().run(board(Keeper("outer", "observe", journal), Breaks("breaks")), during)
    assert life.types == ["startup.complete", "shutdown.failed"]
    assert "the worker failed" in life.message
    assert "breaks" in life.message
    assert journal == ["start outer", "stop outer"]


async def test_a_cancelled_life_is_unwound() -> None:
    """A server that stops without saying so leaves nothing open: each is left in its turn, and may await."""
    journal: list[str] = []
    with anyio.CancelScope() as scope:

        async def during() -> None:
            scope.cancel()
            await anyio.sleep_forever()

        await Lifespan().run(board(Keeper("outer", "observe", journal), Keeper("inner", "app", journal)), during)
    assert scope.cancelled_caught
    assert journal == ["start outer", "start inner", "stop inner", "stop outer"]


async def test_a_lifespan_that_is_no_context_manager_is_named() -> None:
    """What a hook returns is checked when it is entered."""

    class Wrong(Plugin):
        name = "wrong"

        @hookimpl
        def lifespan(self) -> Any:
            return None

    life = await Lifespan().run(board(Wrong()))
    assert life.types == ["startup.failed"]
    assert "wrong" in life.message


# Mounted applications


def application(
    journal: list[str],
    start: Mapping[str, Any] = {"type": "lifespan.startup.complete"},
    stop: Mapping[str, Any] = {"type": "lifespan.shutdown.complete"},
    state: Mapping[str, Any] | None = None,
) -> ASGIApp:
    """A foreign application with a lifespan of its own."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        scope["state"].update(state or {})
        journal.append((await receive())["type"])
        await send(dict(start))
        if start["type"].endswith("complete"):
            journal.append((await receive())["type"])
            await send(dict(stop))

    return app


def mounted(app: ASGIApp, *plugins: Plugin, **options: Any) -> Pegboard:
    return board(*plugins, routes=[Mount("/foreign", app=app)], **options)


async def test_mounted_applications_live_inside_of_plugins() -> None:
    """Their lifespan runs between those of the plugins and the board's own, with the same state."""
    journal: list[str] = []

    @asynccontextmanager
    async def own(app: Any) -> AsyncIterator[None]:
        journal.append("start own")
        yield
        journal.append("stop own")

    life = Lifespan()
    app = mounted(application(journal, state={"pool": 1}), Keeper("plugin", journal=journal), lifespan=own)
    assert (await life.run(app)).types == COMPLETE
    assert journal == [
        "start plugin",
        "lifespan.startup",
        "start own",
        "stop own",
        "lifespan.shutdown",
        "stop plugin",
    ]
    assert life.state["pool"] == 1


async def test_applications_without_a_lifespan_are_left_alone() -> None:
    """They may refuse the scope in any way (ASGI, lifespan protocol)."""

    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError("only HTTP")

    async def returns(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async def asks_and_fails(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise KeyError("method")

    for app in (refuses, returns, asks_and_fails):
        assert (await Lifespan().run(mounted(app))).types == COMPLETE


async def test_an_application_that_fails_to_start_is_named() -> None:
    """By where it is mounted, with what it said."""
    failed = {"type": "lifespan.startup.failed", "message": "no database"}
    journal: list[str] = []
    life = await Lifespan().run(mounted(application(journal, failed), Keeper("plugin", journal=journal)))
    assert life.types == ["startup.failed"]
    assert "no database" in life.message
    assert "'/foreign'" in life.message
    assert journal[-1] == "stop plugin"


async def test_an_application_that_fails_to_stop_is_named() -> None:
    """Whether it says so or raises."""

    async def raises_at_the_end(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise ValueError("would not go")

    says: Message = {"type": "lifespan.shutdown.failed", "message": "would not go"}
    for app in (application([], stop=says), raises_at_the_end):
        life = await Lifespan().run(mounted(app))
        assert life.types == ["startup.complete", "shutdown.failed"]
        assert "would not go" in life.message
        assert "'/foreign'" in life.message


async def test_an_application_that_takes_too_long_is_named() -> None:
    """Its task ends with the attempt."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await never()

    life = await Lifespan().run(mounted(silent, startup_timeout=0.001))
    assert life.types == ["startup.failed"]
    assert "the application mounted at '/foreign" in life.message
    assert "did not start within" in life.message
