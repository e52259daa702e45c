"""The asynchronous test client: the application in the test's own loop, its lifespan, and the same answers as ever."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from pegboard.testclient import (
    ASGIViolation,
    AsyncTestClient,
    ClientLeft,
    LifespanFailed,
    WebSocketDenialResponse,
)
from pegboard.testclient.library import httpx
from pegboard.types import Message, Receive, Scope, Send
from pegboard.websockets import WebSocketDisconnect

pytestmark = pytest.mark.anyio

USER: ContextVar[str] = ContextVar("user", default="nobody")


async def answer(send: Send, body: bytes = b"", status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status})
    await send({"type": "http.response.body", "body": body})


class App:
    """Answers by path; its lifespan leaves a word in the state, and logs."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.go_on = anyio.Event()
        self.threads: set[threading.Thread] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.threads.add(threading.current_thread())
        kind = scope["type"] if scope["type"] != "http" else scope["path"].removeprefix("/")
        await getattr(self, kind)(scope, receive, send)

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["word"] = "hello"
        await send({"type": "lifespan.startup.complete"})
        self.log.append("started")
        assert (await receive())["type"] == "lifespan.shutdown"
        self.log.append("stopped")
        await send({"type": "lifespan.shutdown.complete"})

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] == "/deny":
            await send({"type": "websocket.http.response.start", "status": 403})
            await send({"type": "websocket.http.response.body", "body": b"no"})
            return
        await send({"type": "websocket.accept", "subprotocol": "chat"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        self.log.append("closed")

    async def state(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, scope["state"].get("word", "").encode())
        scope["state"]["word"] = "changed"

    async def user(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, USER.get().encode())

    async def echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = {"more_body": True}
        body = b""
        while message.get("more_body", False):
            message = await receive()
            body += message.get("body", b"")
        self.log.append(message["type"])
        await answer(send, body)

    async def fails(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"sorry", 500)
        raise ZeroDivisionError

    async def steps(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await self.go_on.wait()
        await send({"type": "http.response.body", "body": b"two"})

    async def endless(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200})
        async with anyio.create_task_group() as group:

            async def tick() -> None:
                while True:
                    await send({"type": "http.response.body", "body": b"tick", "more_body": True})

            group.start_soon(tick)
            self.log.append((await receive())["type"])
            group.cancel_scope.cancel()

    async def silent(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.log.append((await receive())["type"])

    async def works(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"sent")
        await self.go_on.wait()
        self.log.append("worked")

    async def nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


async def test_the_application_runs_in_the_tests_own_loop() -> None:
    """Everything happens in the test's thread, and context variables of the test are seen by the application."""
    app = App()
    USER.set("alice")
    async with AsyncTestClient(app) as client:
        assert (await client.get("/user")).text == "alice"
    assert app.threads == {threading.current_thread()}


async def test_the_lifespan_runs_in_async_with() -> None:
    """Startup comes before the first request, its state with each, and shutdown at the end; again when used again."""
    app = App()
    client = AsyncTestClient(app)
    for _ in range(2):
        async with client:
            assert client.app_state == {"word": "hello"}
            assert [(await client.get("/state")).text for _ in range(2)] == ["hello", "hello"]
            assert app.log[-1] == "started"
        assert app.log[-2:] == ["started", "stopped"]


async def test_it_works_in_async_with_only() -> None:
    """Outside of `async with` there is no task group; the error says so. Twice at a time is refused as well."""
    client = AsyncTestClient(App())
    with pytest.raises(RuntimeError, match="use `async with AsyncTestClient"):
        await client.get("/user")
    async with client:
        with pytest.raises(RuntimeError, match="one `async with` at a time"):
            await client.__aenter__()
        assert (await client.get("/user")).status_code == 200


async def test_failures_of_the_lifespan_are_raised_plain() -> None:
    """What startup and shutdown say is raised as it is, not in a group, and the client can be used again."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if stage == "startup":
            await send({"type": "lifespan.startup.failed", "message": "no database"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise ZeroDivisionError

    client = AsyncTestClient(app)
    stage = "startup"
    with pytest.raises(LifespanFailed, match="startup failed: no database"):
        await client.__aenter__()
    stage = "shutdown"
    with pytest.raises(ZeroDivisionError):
        async with client:
            pass


async def test_an_exception_of_the_test_is_not_wrapped() -> None:
    """What the block raises comes out as it is, and the application has been shut down."""
    app = App()
    with pytest.raises(LookupError):
        async with AsyncTestClient(app):
            raise LookupError
    assert app.log == ["started", "stopped"]


async def test_content_may_be_asynchronous() -> None:
    """Bytes and async generators reach the application."""

    async def content() -> AsyncIterator[bytes]:
        yield b"a"
        await checkpoint()
        yield b"b"

    async with AsyncTestClient(App()) as client:
        assert (await client.post("/echo", content=content())).text == "ab"
        assert (await client.post("/echo", content=b"x" * 100_000)).content == b"x" * 100_000


async def test_exceptions_come_out_of_the_call() -> None:
    """What the application raises is raised, after the whole response; without it, the response is all there is."""
    async with AsyncTestClient(App()) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/fails")
        with pytest.raises(ASGIViolation):
            await client.get("/nothing")
        async with client.stream("GET", "/fails") as response:
            pieces = response.aiter_raw()
            assert await anext(pieces) == b"sorry"
            with pytest.raises(ZeroDivisionError):
                await anext(pieces)
    async with AsyncTestClient(App(), raise_server_exceptions=False) as client:
        assert (await client.get("/fails")).status_code == 500


async def test_a_stream_is_seen_as_it_is_sent() -> None:
    """The first piece is read before the application goes on to the second."""
    app = App()
    async with AsyncTestClient(app) as client, client.stream("GET", "/steps") as response:
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"one"
        app.go_on.set()
        assert [piece async for piece in pieces] == [b"two"]


async def test_what_comes_beside_the_body_is_seen() -> None:
    """Early hints and trailers are in the response's extensions."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.early_hint", "links": [b"</a.css>"]})
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"x"})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})

    extensions: dict[str, Any] = {"http.response.early_hint": {}, "http.response.trailers": {}}
    async with AsyncTestClient(app, lifespan="off", extensions=extensions) as client:
        response = await client.get("/")
    assert response.extensions["early_hints"] == [b"</a.css>"]
    assert response.extensions["trailers"] == [(b"x-sum", b"1")]


async def test_closing_an_endless_response_disconnects() -> None:
    """The application is told, and has ended when the response is closed."""
    app = App()
    async with AsyncTestClient(app) as client:
        async with client.stream("GET", "/endless") as response:
            pieces = response.aiter_raw()
            assert [await anext(pieces) for _ in range(3)] == [b"tick"] * 3
        assert app.log == ["started", "http.disconnect"]


async def test_a_cancelled_call_is_a_client_that_left() -> None:
    """Cancelling a call tells the application, and waits until it has ended."""
    app = App()
    async with AsyncTestClient(app) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.get, "/silent")
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert app.log == ["started", "http.disconnect"]


async def test_slow_content_does_not_keep_a_client_that_leaves() -> None:
    """A call that is cancelled while its content is waited for disconnects all the same."""

    async def content() -> AsyncIterator[bytes]:
        yield b"a"
        await anyio.sleep_forever()

    app = App()
    async with AsyncTestClient(app) as client:
        async with anyio.create_task_group() as group:

            async def post() -> None:
                await client.post("/echo", content=content())

            group.start_soon(post)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert app.log == ["started", "http.disconnect"]


async def test_a_client_can_leave_after_some_bytes() -> None:
    """`disconnect_after` works as with the synchronous client."""
    app = App()
    async with AsyncTestClient(app) as client:
        with pytest.raises(ClientLeft, match="after 2 bytes"):
            await client.post("/echo", content=b"hello", extensions={"disconnect_after": 2})
    assert app.log[1] == "http.disconnect"


async def test_work_after_the_response() -> None:
    """`detach` returns with the response, and the client waits for the work when it closes."""
    app = App()
    async with AsyncTestClient(app, background="detach") as client:
        assert (await client.get("/works")).text == "sent"
        assert app.log == ["started"]
        app.go_on.set()
    assert app.log == ["started", "worked", "stopped"]


async def test_capture_collects_what_comes_after_the_response() -> None:
    """An exception from after the response is in `background_errors`."""
    async with AsyncTestClient(App(), background="capture") as client:
        assert (await client.get("/fails")).text == "sorry"
        assert [type(error) for error in client.background_errors] == [ZeroDivisionError]


async def test_open_responses_are_closed_with_the_client() -> None:
    """A response that is still open when its client closes is disconnected, before the shutdown."""
    app = App()
    async with AsyncTestClient(app) as client:
        response = await client.send(client.build_request("GET", "/endless"), stream=True)
    assert app.log == ["started", "http.disconnect", "stopped"]
    await response.aclose()


async def test_a_silent_application_is_given_up() -> None:
    """The limit holds for the asynchronous client as well."""
    async with AsyncTestClient(App(), timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout, match="GET /silent"):
            await client.get("/silent")


async def test_requests_run_side_by_side() -> None:
    """Calls of several tasks are served at the same time."""
    app = App()
    texts: list[str] = []
    async with AsyncTestClient(app) as client, anyio.create_task_group() as group:

        async def get(path: str) -> None:
            texts.append((await client.get(path)).text)
            app.go_on.set()

        group.start_soon(get, "/steps")
        await anyio.wait_all_tasks_blocked()
        group.start_soon(get, "/user")
    assert texts == ["nobody", "onetwo"]


async def test_websockets_work() -> None:
    """Messages go both ways, waits have a limit, and the block's end closes."""
    app = App()
    async with AsyncTestClient(app) as client:
        async with client.websocket_connect("/", subprotocols=["chat"]) as session:
            assert session.accepted_subprotocol == "chat"
            await session.send_text("x")
            assert await session.receive_text() == "x"
            await session.send_bytes(b"x")
            assert await session.receive_bytes() == b"x"
            await session.send_json([1])
            assert await session.receive_json() == [1]
            message: Message = {"type": "websocket.receive", "text": "raw"}
            await session.send(message)
            assert (await session.receive())["text"] == "raw"
            with pytest.raises(TimeoutError, match=r"waited 0\.01 seconds"):
                await session.receive_text(timeout=0.01)
            await session.close(4000)
            with pytest.raises(WebSocketDisconnect):
                await session.receive_text()
        assert app.log == ["started", "closed"]
        with pytest.raises(WebSocketDenialResponse) as caught:
            await client.websocket_connect("/deny").__aenter__()
        assert (caught.value.status_code, caught.value.text) == (403, "no")


@pytest.mark.parametrize("wrong", [{"background": "later"}, {"lifespan": "maybe"}])
async def test_a_wrong_choice_is_refused(wrong: Any) -> None:
    """A misspelt mode is refused when the client is made, with the choices."""
    with pytest.raises(ValueError, match=r"expected one of \w+, "):
        AsyncTestClient(App(), **wrong)
