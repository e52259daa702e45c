"""One `receive`, several readers: nothing is lost, and the client's leaving is seen."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Wire

from pegboard.inbox import Inbox

pytestmark = pytest.mark.anyio


def bodies(*messages: Any) -> list[bytes]:
    return [message.get("body", b"") for message in messages]


async def test_messages_come_in_order() -> None:
    """Without anybody else, receiving is what the server's `receive` is."""
    wire = Wire([b"a", b"b"])
    inbox = Inbox(wire.receive)
    assert bodies(await inbox.receive(), await inbox.receive()) == [b"a", b"b"]
    wire.leave()
    assert await inbox.receive() == {"type": "http.disconnect"}
    assert inbox.disconnected


async def test_the_disconnect_is_said_to_everybody_who_asks() -> None:
    """The server is not asked again after it."""
    wire = Wire([], leave_after=0)
    inbox = Inbox(wire.receive)
    await inbox.watch()
    assert await inbox.poll()
    assert await inbox.receive() == await inbox.receive() == {"type": "http.disconnect"}
    assert wire.received == 1


async def test_polling_does_not_wait() -> None:
    """A server that has nothing to say is not waited for, and is asked again next time."""
    wire = Wire([])
    inbox = Inbox(wire.receive)
    assert not await inbox.poll()
    assert not await inbox.poll()
    wire.leave()
    assert await inbox.poll()


async def test_polling_keeps_the_body() -> None:
    """What was read ahead is what the body's reader gets next."""
    wire = Wire([b"a", b"b"])
    inbox = Inbox(wire.receive)
    assert not await inbox.poll()
    assert not await inbox.poll()
    assert bodies(await inbox.receive(), await inbox.receive()) == [b"a", b"b"]


async def test_a_piece_that_nobody_took_hides_the_disconnect() -> None:
    """Until it is taken; the last piece hides nothing."""
    wire = Wire([b"a", b"b"])
    wire.leave()
    inbox = Inbox(wire.receive)
    assert not await inbox.poll()
    assert bodies(await inbox.receive()) == [b"a"]
    assert await inbox.poll()
    assert bodies(await inbox.receive()) == [b"b"]
    assert (await inbox.receive())["type"] == "http.disconnect"


async def test_the_disconnect_behind_an_empty_body_is_seen_at_once() -> None:
    """One question is enough, although the server tells the end of the body first."""
    wire = Wire()
    wire.leave()
    assert await Inbox(wire.receive).poll()


async def test_watching_ends_when_the_client_leaves() -> None:
    """Whether somebody reads the body meanwhile or not."""
    for reads in (True, False):
        wire = Wire([b"a", b"b"])
        inbox = Inbox(wire.receive)
        got: list[Any] = []
        async with anyio.create_task_group() as group:
            group.start_soon(inbox.watch)
            await anyio.wait_all_tasks_blocked()
            got.append(await inbox.receive())
            if reads:
                got.append(await inbox.receive())
            await anyio.wait_all_tasks_blocked()
            wire.leave()
        assert inbox.disconnected
        assert bodies(*got) == [b"a", b"b"][: len(got)]


async def test_a_watcher_holds_one_piece_and_no_more() -> None:
    """What is behind it stays with the server, which slows the client down."""
    wire = Wire([b"a", b"b", b"c"])
    inbox = Inbox(wire.receive)
    async with anyio.create_task_group() as group:
        group.start_soon(inbox.watch)
        await anyio.wait_all_tasks_blocked()
        assert wire.received == 1
        await inbox.receive()
        await anyio.wait_all_tasks_blocked()
        assert wire.received == 2
        group.cancel_scope.cancel()


async def test_a_reader_gets_what_arrives_while_somebody_watches() -> None:
    """One of the two asks the server; the piece goes to the reader."""
    wire = Wire([], incomplete=True)
    inbox = Inbox(wire.receive)
    got: list[Any] = []

    async def read() -> None:
        while True:
            got.append(await inbox.receive())
            if not got[-1].get("more_body", False):
                return

    async with anyio.create_task_group() as group:
        group.start_soon(inbox.watch)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(read)
        for piece, more in ((b"a", True), (b"b", True), (b"c", False)):
            await anyio.wait_all_tasks_blocked()
            wire.arrive(piece, more)
        await anyio.wait_all_tasks_blocked()
        wire.leave()
    assert bodies(*got) == [b"a", b"b", b"c"]


async def test_polling_while_somebody_waits_on_the_server_tells_what_is_known() -> None:
    """`receive` is called by one at a time."""
    wire = Wire([])
    inbox = Inbox(wire.receive)
    async with anyio.create_task_group() as group:
        group.start_soon(inbox.watch)
        await anyio.wait_all_tasks_blocked()
        assert not await inbox.poll()
        wire.leave()
        await anyio.wait_all_tasks_blocked()
        assert await inbox.poll()


async def test_a_reader_that_is_cancelled_loses_nothing() -> None:
    """The piece that arrives next is the next reader's."""
    wire = Wire([], incomplete=True)
    inbox = Inbox(wire.receive)
    async with anyio.create_task_group() as group:
        group.start_soon(inbox.receive)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    wire.arrive(b"a", False)
    assert bodies(await inbox.receive()) == [b"a"]


async def test_a_server_that_repeats_the_end_of_the_body_does_not_block_the_loop() -> None:
    """Whatever comes behind the body that is no disconnect is passed over, and everybody else has their turn."""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    inbox = Inbox(receive)
    assert not await inbox.poll()
    with anyio.move_on_after(0) as scope:
        await inbox.watch()
    assert scope.cancelled_caught
