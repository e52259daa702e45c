"""One `receive`, several readers: nothing is lost, and the client's leaving is seen."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Wire

from pegboard.exceptions import HTTPException
from pegboard.inbox import Inbox, cancel_on_disconnect, push_while_present

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


@pytest.mark.parametrize("left", ["http.disconnect", "websocket.disconnect"])
async def test_an_answer_is_given_up_when_the_client_has_left_and_for_nothing_else(left: str) -> None:
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b"a", "more_body": False}, {"type": left}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    with anyio.CancelScope() as scope:
        await cancel_on_disconnect(receive, scope)
    assert scope.cancel_called
    assert messages == []


async def test_a_body_over_its_limit_is_no_reason_to_give_up_an_answer_that_is_on_its_way() -> None:
    async def receive() -> dict[str, Any]:
        raise HTTPException(413)

    with anyio.CancelScope() as scope:
        await cancel_on_disconnect(receive, scope)
    assert not scope.cancel_called


class Listening:
    """A server's `receive` that knows whether somebody waits on it; a failure or the disconnect ends the wait."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.ends = anyio.Event()
        self.failure = failure
        self.waiting = 0

    async def receive(self) -> dict[str, Any]:
        self.waiting += 1
        try:
            await self.ends.wait()
        finally:
            self.waiting -= 1
        if self.failure is not None:
            raise self.failure
        return {"type": "http.disconnect"}


@pytest.mark.parametrize("failure", [None, ValueError("of the push")], ids=["right", "failing"])
async def test_a_push_ends_as_it_would_alone_and_nobody_listens_any_more(failure: Exception | None) -> None:
    server = Listening()
    seen: list[int] = []

    async def push() -> None:
        await anyio.wait_all_tasks_blocked()
        seen.append(server.waiting)
        if failure is not None:
            raise failure

    if failure is None:
        await push_while_present(server.receive, push)
    else:
        with pytest.raises(ValueError, match="of the push"):
            await push_while_present(server.receive, push)
    assert (seen, server.waiting) == ([1], 0)


@pytest.mark.parametrize("failure", [None, LookupError("of the server")], ids=["leaving", "failing"])
async def test_a_push_is_cancelled_when_the_client_leaves_or_nobody_can_listen(failure: Exception | None) -> None:
    server = Listening(failure)
    cancelled: list[BaseException] = []

    async def push() -> None:
        server.ends.set()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            cancelled.append(error)
            raise

    if failure is None:
        await push_while_present(server.receive, push)
    else:
        with pytest.raises(LookupError, match="of the server"):
            await push_while_present(server.receive, push)
    assert len(cancelled) == 1
    await anyio.lowlevel.checkpoint()


async def test_whoever_is_cancelled_around_a_push_leaves_nobody_who_listens() -> None:
    server = Listening()
    with anyio.move_on_after(0.01) as scope:
        await push_while_present(server.receive, anyio.sleep_forever)
    assert scope.cancelled_caught
    assert server.waiting == 0
