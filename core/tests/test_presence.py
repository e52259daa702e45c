"""An answer is pushed while its client is there, and nobody listens when it is done."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from pegboard.exceptions import HTTPException
from pegboard.presence import cancel_on_disconnect, push_while_present

pytestmark = pytest.mark.anyio


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
