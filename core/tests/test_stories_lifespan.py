"""From start-up to shutdown: who is entered when, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from asgi_harness import Lifespan, ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard.stories import lifespan
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


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("moment", ["starts", "stops"])
@pytest.mark.parametrize("fails", [True, False], ids=["fails", "is cancelled"])
async def test_each_that_was_entered_is_left_once_in_reverse(place: int, moment: str, fails: bool) -> None:
    """Whichever fails, or is at it when the life is cancelled, and no task is left."""
    journal: list[str] = []
    keepers = [Keeper(name, journal=journal) for name in "abc"]
    life = Lifespan()
    tasks = len(anyio.get_running_tasks())
    with anyio.CancelScope() as scope:

        async def fault() -> None:
            if fails:
                raise ValueError
            scope.cancel()
            if moment == "starts":
                await never()

        setattr(keepers[place], moment, fault)
        await life.run(board(*keepers, order=["a", "b", "c"]))
    assert not fails or f"plugin {keepers[place].name!r}" in life.message
    assert scope.cancelled_caught is not fails
    entered = "abc"[:place] if moment == "starts" else "abc"
    assert journal == [f"start {name}" for name in entered] + [f"stop {name}" for name in reversed(entered)]
    assert len(anyio.get_running_tasks()) == tasks


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_life_that_is_cancelled_twice_keeps_nobody() -> None:
    """asyncio's own cancellation breaks off the waiting for one that leaves; the others are told all the same."""
    journal: list[str] = []
    serving, leaving, release = anyio.Event(), anyio.Event(), anyio.Event()
    tasks = len(anyio.get_running_tasks())

    async def leave() -> None:
        leaving.set()
        await release.wait()

    async def during() -> None:
        serving.set()
        await never()

    app = board(Keeper("outer", "observe", journal), Keeper("inner", journal=journal, stops=leave))
    task = asyncio.get_running_loop().create_task(Lifespan().run(app, during))
    for moment in (serving, leaving):
        await moment.wait()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    with anyio.fail_after(60):
        while len(anyio.get_running_tasks()) > tasks:
            await anyio.lowlevel.checkpoint()
    assert sorted(journal[2:]) == ["stop inner", "stop outer"]


# Starts that are given up


class Stuck:
    """A start that does not end when it is cancelled, in one of the ways of `WAYS`, until it is released."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.entered, self.released, self.left = anyio.Event(), anyio.Event(), anyio.Event()
        self.thread = threading.Event()
        self.keeper = Keeper("stuck", "guard", starts=self.start)

    async def start(self) -> None:
        self.entered.set()
        await WAYS[self.way](self)

    async def shielded(self) -> None:
        with anyio.CancelScope(shield=True):
            await self.released.wait()

    async def swallows(self) -> None:
        while not self.released.is_set():
            with suppress(anyio.get_cancelled_exc_class()):
                await self.released.wait()

    async def in_a_thread(self) -> None:
        await anyio.to_thread.run_sync(self.thread.wait)

    async def release(self, tasks: int) -> None:
        """Let it end, and wait until no more tasks run than ran before."""
        self.released.set()
        self.thread.set()
        with anyio.fail_after(60):
            while len(anyio.get_running_tasks()) > tasks:
                await anyio.lowlevel.checkpoint()


WAYS = {"shielded": Stuck.shielded, "swallows": Stuck.swallows, "in a thread": Stuck.in_a_thread}
ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifespan, "GRACE", 0.001)


@ways
@pytest.mark.usefixtures("no_grace")
async def test_a_start_that_cannot_be_ended_is_left_behind(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """The server is told, what was entered is left, and what comes of it later is left once more."""
    journal: list[str] = []
    stuck = Stuck(way)
    tasks = len(anyio.get_running_tasks())
    app = board(Keeper("outer", "observe", journal), stuck.keeper, startup_timeout=0.001)
    life = await Lifespan().run(app)
    assert life.types == ["startup.failed"]
    assert "did not start within" in life.message
    assert journal == ["start outer", "stop outer"]
    assert stuck.keeper.journal == []
    assert "'stuck'" in caplog.text
    assert "it is left behind" in caplog.text
    await stuck.release(tasks)
    assert stuck.keeper.journal in (["start stuck", "stop stuck"], [])


@ways
@pytest.mark.usefixtures("no_grace")
async def test_a_life_that_is_cancelled_in_a_start_that_cannot_be_ended_ends(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The start is named, and what was entered is left."""
    journal: list[str] = []
    stuck, life = Stuck(way), Lifespan()
    tasks = len(anyio.get_running_tasks())
    async with anyio.create_task_group() as group:
        group.start_soon(life.run, board(Keeper("outer", "observe", journal), stuck.keeper))
        await stuck.entered.wait()
        group.cancel_scope.cancel()
    assert life.types == []
    assert journal == ["start outer", "stop outer"]
    assert "The life was cancelled while plugin 'stuck'" in caplog.text
    await stuck.release(tasks)


@pytest.mark.usefixtures("no_grace")
async def test_a_start_that_fails_after_it_was_left_behind_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else would hear of it."""
    stuck = Stuck("shielded")

    async def start() -> None:
        await stuck.start()
        raise ValueError("too late to matter")

    tasks = len(anyio.get_running_tasks())
    life = await Lifespan().run(board(Keeper("stuck", starts=start), startup_timeout=0.001))
    assert "did not start within" in life.message
    assert "too late to matter" not in caplog.text
    await stuck.release(tasks)
    assert "too late to matter" in caplog.text


async def test_a_start_that_ends_late_is_left_at_once() -> None:
    """In its turn, and it may await meanwhile: it was given up, but not yet left behind."""
    journal: list[str] = []
    stuck = Stuck("shielded")
    stuck.keeper.journal = journal
    tasks = len(anyio.get_running_tasks())
    async with anyio.create_task_group() as group:
        group.start_soon(Lifespan().run, board(Keeper("outer", "observe", journal), stuck.keeper))
        await stuck.entered.wait()
        group.cancel_scope.cancel()
        stuck.released.set()
    assert journal == ["start outer", "start stuck", "stop stuck", "stop outer"]
    assert len(anyio.get_running_tasks()) == tasks


async def test_a_start_that_fails_when_it_is_given_up_is_reported_too(caplog: pytest.LogCaptureFixture) -> None:
    """The limit goes to the server, what came of it to the log."""

    async def start() -> None:
        try:
            await never()
        finally:
            raise ValueError("could not roll back")

    life = await Lifespan().run(board(Keeper("db", starts=start), startup_timeout=0.001))
    assert "did not start within" in life.message
    assert "could not roll back" in caplog.text


async def test_a_start_that_blocks_the_loop_is_reported_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    """The limit could not end it: once it has started, it is named with its time."""

    async def start() -> None:
        time.sleep(0.002)  # noqa: ASYNC251 - this is the fault

    life = await Lifespan().run(board(Keeper("blocks", starts=start), startup_timeout=0.001))
    assert life.types == COMPLETE
    assert "'blocks'" in caplog.text
    assert "as the event loop was held up" in caplog.text
    assert "seconds to start" in caplog.text


async def test_a_start_within_the_limit_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A quiet life logs nothing."""
    assert (await Lifespan().run(board(Keeper("a")))).types == COMPLETE
    assert caplog.text == ""


async def test_one_that_breaks_while_another_starts_ends_the_life(caplog: pytest.LogCaptureFixture) -> None:
    """The one that broke is told, and the one that was starting is given up."""
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

    async def start() -> None:
        broken.set()
        await never()

    app = board(
        Keeper("outer", "observe", journal), Breaks("breaks", "guard"), Keeper("waits", "app", journal, starts=start)
    )
    life = await Lifespan().run(app)
    assert life.types == ["startup.failed"]
    assert "the worker failed" in life.message
    assert "while plugin 'waits'" in caplog.text
    assert journal == ["start outer", "stop outer"]


@pytest.mark.parametrize("exc", [TimeoutError(), ConfigurationError(["no key"]), ConfigurationError([]), Exception()])
@pytest.mark.parametrize("moment", ["starts", "stops"])
async def test_whoever_fails_is_named_whatever_it_raises(moment: str, exc: Exception) -> None:
    """An exception without a text, and one that is told in plain words, are no exception."""
    exc.__notes__ = []
    options: dict[str, Any] = {moment: raises(exc)}
    life = await Lifespan().run(board(Keeper("db", **options)))
    assert life.types[-1] == f"{'startup' if moment == 'starts' else 'shutdown'}.failed"
    assert "in the lifespan of plugin 'db'" in life.message
    assert str(exc) in life.message
    assert type(exc) is ConfigurationError or type(exc).__name__ in life.message


async def test_an_exit_that_is_no_error_unwinds_and_goes_on() -> None:
    """As SystemExit does: it is nobody's failure to start, and the others are left."""

    class Quits(BaseException):
        pass

    async def start() -> None:
        raise Quits

    journal: list[str] = []
    life = Lifespan()
    with pytest.raises(Quits):
        await life.run(board(Keeper("outer", "observe", journal), Keeper("quits", starts=start)))
    assert life.types == []
    assert journal == ["start outer", "stop outer"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("moment", ["starts", "stops"])
async def test_one_that_is_cancelled_by_its_own_is_named(moment: str) -> None:
    """asyncio raises the cancellation of a task in whoever awaits it; the board was not cancelled."""

    async def awaits() -> None:
        task = asyncio.get_running_loop().create_task(never())
        task.cancel()
        await task

    journal: list[str] = []
    options: dict[str, Any] = {moment: awaits}
    life = await Lifespan().run(board(Keeper("outer", "observe", journal), Keeper("odd", **options)))
    assert life.types[-1].endswith("failed")
    assert "plugin 'odd'" in life.message
    assert "was cancelled by something other than the board" in life.message
    assert journal == ["start outer", "stop outer"]


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
