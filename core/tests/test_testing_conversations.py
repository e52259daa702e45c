"""A conversation shows what a server would see, and every fault strikes where it is told to."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from pegboard.testing import Conversation, Faults, VirtualClock, converse, converse_websocket
from pegboard.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio


class App:
    """Answers in three messages, and keeps what it was told."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.received: list[Any] = []
        self.errors: list[Exception] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        more = True
        while more:
            message = await receive()
            self.received.append(message)
            more = message.get("more_body", False)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})
        except Exception as error:
            self.errors.append(error)
            raise


async def test_the_answer_is_seen_as_it_was_sent() -> None:
    seen = await converse(App())
    assert (seen.status, seen.body, seen.header("X-A"), seen.header("x-b")) == (200, b"ab", "1, 2", None)
    assert seen.types == ["http.response.start", "http.response.body", "http.response.body"]
    assert seen.is_complete
    assert seen.headers == [(b"x-a", b"1"), (b"x-a", b"2")]


async def test_the_request_is_what_the_test_says() -> None:
    app = App()
    await converse(
        app, "/a%20b?q=1", "POST", headers={"X-Name": "v"}, chunks=[b"a", b"b"], extensions=["x"], root_path="/r"
    )
    scope = app.scope
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a b", b"/a%20b", b"q=1")
    assert (scope["method"], scope["root_path"], scope["extensions"]) == ("POST", "/r", {"x": {}})
    assert scope["headers"] == [(b"host", b"testserver"), (b"x-name", b"v")]
    assert [message["body"] for message in app.received] == [b"a", b"b"]


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_client_leaves_after_a_message(number: int) -> None:
    app = App()
    seen = await converse(app, faults=Faults(leave_after=number))
    assert len(seen.messages) == number
    assert isinstance(app.errors[0], OSError)
    assert isinstance(seen.raised, OSError)


async def test_a_polite_server_says_nothing_of_a_client_that_left() -> None:
    app = App()
    seen = await converse(app, faults=Faults(leave_after=1, polite=True))
    assert (app.errors, len(seen.messages), seen.is_complete) == ([], 1, False)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_sending_fails_at_a_message(number: int) -> None:
    app = App()
    seen = await converse(app, faults=Faults(fail_send=number, error=lambda: ValueError("full")))
    assert len(seen.messages) == number - 1
    assert isinstance(seen.raised, ValueError)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_an_application_is_cancelled_while_it_sends(number: int) -> None:
    seen = await converse(App(), faults=Faults(cancel_at=number))
    assert seen.cancelled
    assert len(seen.messages) == number - 1


async def waits(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def test_an_application_is_cancelled_while_it_waits() -> None:
    seen = await converse(waits, faults=Faults(cancel_at=0))
    assert (seen.cancelled, seen.messages) == (True, [])


async def test_a_client_leaves_in_the_middle_of_its_request() -> None:
    app = App()
    await converse(app, "/", "POST", chunks=[b"a"], faults=Faults(leave_after=0, incomplete=True))
    assert [message["type"] for message in app.received] == ["http.request", "http.disconnect"]
    assert app.received[0]["more_body"] is True


async def test_an_application_that_hangs_is_stopped() -> None:
    with pytest.raises(TimeoutError, match=r"has not ended after 0\.05 seconds, having sent \[\]"):
        await converse(waits, limit=0.05)


def test_a_slow_client_takes_its_time() -> None:
    clock = VirtualClock()

    async def run() -> Conversation:
        return await converse(App(), faults=Faults(pace=5.0), limit=None)

    assert clock.run(run).is_complete
    assert clock.monotonic() == pytest.approx(15.0, abs=0.1)


async def test_tasks_that_are_left_behind_are_named() -> None:
    leaked: list[str] = []
    async with anyio.create_task_group() as group:

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            group.start_soon(anyio.sleep_forever, name="left behind")
            await anyio.lowlevel.checkpoint()

        leaked += (await converse(app)).leaked
        group.cancel_scope.cancel()
    assert leaked == ["left behind"]


async def test_what_an_application_does_with_its_message_later_is_not_what_arrived() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-a", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        headers.clear()
        await send({"type": "http.response.body"})

    assert (await converse(app)).headers == [(b"x-a", b"1")]


async def test_a_websocket_gets_its_messages_and_then_the_disconnect() -> None:
    received: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["subprotocols"] == ["chat"]
        for _ in range(4):
            received.append(await receive())
            if len(received) == 1:
                await send({"type": "websocket.accept"})

    seen = await converse_websocket(app, "/ws", ["text", b"bytes"], code=1001, subprotocols=["chat"])
    assert received == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "text"},
        {"type": "websocket.receive", "bytes": b"bytes"},
        {"type": "websocket.disconnect", "code": 1001, "reason": ""},
    ]
    assert seen.types == ["websocket.accept"]
