"""Hearing that the process is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

from pegboard.shutdown_signals import SIGNALS, shutdown_event

pytestmark = pytest.mark.anyio


class Server:
    """What a server does with a signal: it notes it."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def handle(self, number: int, frame: Any) -> None:
        self.seen.append(number)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that handles the signals; whatever was there before is put back."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    server = Server()
    for number in SIGNALS:
        signal.signal(number, server.handle)
    yield server
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
async def test_every_listener_hears_a_signal_and_so_does_the_server(server: Server, number: int) -> None:
    """The server's handling is not changed by those who listen."""
    with shutdown_event() as first, shutdown_event() as second:
        assert not first.is_set()
        signal.raise_signal(number)
        with anyio.fail_after(5):
            await first.wait()
            await second.wait()
    assert server.seen == [number]


async def test_handlers_are_put_back_when_nobody_listens(server: Server) -> None:
    """One listener that leaves does not stop the others from hearing."""
    with shutdown_event() as first:
        with shutdown_event():
            pass
        signal.raise_signal(signal.SIGTERM)
        with anyio.fail_after(5):
            await first.wait()
    assert [signal.getsignal(number) for number in SIGNALS] == [server.handle] * len(SIGNALS)


async def test_a_handler_that_came_later_stays(server: Server) -> None:
    """Whoever takes a signal over in between keeps it."""
    later = Server()
    with shutdown_event():
        signal.signal(signal.SIGTERM, later.handle)
    assert signal.getsignal(signal.SIGTERM) == later.handle
    with shutdown_event() as event:
        signal.raise_signal(signal.SIGTERM)
        with anyio.fail_after(5):
            await event.wait()
    assert later.seen == [signal.SIGTERM]


async def test_a_signal_that_nobody_handles_is_left_alone(server: Server) -> None:
    """What ends the process at once still does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with shutdown_event():
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_a_loop_in_another_thread_hears_while_the_main_one_listens(server: Server) -> None:
    """And it may listen without effect where signals cannot be had."""
    ready = threading.Event()
    heard: list[bool] = []

    async def listen() -> None:
        with shutdown_event() as event:
            ready.set()
            with anyio.move_on_after(5):
                await event.wait()
            heard.append(event.is_set())

    async def in_thread() -> None:
        await anyio.to_thread.run_sync(anyio.run, listen)

    with shutdown_event() as own:
        async with anyio.create_task_group() as group:
            group.start_soon(in_thread)
            await anyio.to_thread.run_sync(ready.wait)
            signal.raise_signal(signal.SIGTERM)
        assert own.is_set()
    assert heard == [True]
