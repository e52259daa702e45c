"""WebSockets of the synchronous test client: handshake, messages, closes, refusals, failures and limits."""

from __future__ import annotations

from typing import Any, Literal

import anyio
import pytest

from pegboard.testclient import ASGIViolation, TestClient, WebSocketDenialResponse
from pegboard.testclient.library import httpx
from pegboard.types import Message, Receive, Scope, Send
from pegboard.websockets import WebSocketDisconnect

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


class Echo:
    """Accepts, sends every message back until the client leaves, and logs what it receives."""

    def __init__(self, **accept: Any) -> None:
        self.accept = accept
        self.log: list[Message] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self.log.append(await receive())
        await send({"type": "websocket.accept", **self.accept})
        while True:
            message = await receive()
            self.log.append(message)
            if message["type"] == "websocket.disconnect":
                return
            await send({**message, "type": "websocket.send"})


class Script:
    """Waits for the connection and sends the messages it was given; then raises, or waits for the disconnect."""

    def __init__(self, *messages: Message, error: Exception | None = None) -> None:
        self.messages = messages
        self.error = error
        self.last: Message | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.last = await receive()
        for message in self.messages:
            await send(message)
        if self.error is not None:
            raise self.error
        self.last = await receive()


ACCEPT: Message = {"type": "websocket.accept"}


def text(data: str) -> Message:
    return {"type": "websocket.send", "text": data}


def close(code: int = 1000, reason: str = "") -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}


# The handshake


def test_the_scope_is_a_strict_servers() -> None:
    """The scope has all the keys of the standard; the handshake's headers are those of RFC 6455."""
    app = Echo()
    client = TestClient(app, "https://example.org", root_path="/api", cookies={"a": "b"})
    with client.websocket_connect("/caf%C3%A9?x=1", ["chat", "v2"], headers={"X-A": "1"}, params={"x": "2"}) as session:
        assert session.scope is app.scopes[0]
    (scope,) = app.scopes
    headers = dict(scope.pop("headers"))
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/api/café",
        "raw_path": b"/api/caf%C3%A9",
        "query_string": b"x=2",
        "root_path": "/api",
        "client": ("testclient", 50000),
        "server": ("example.org", 443),
        "subprotocols": ["chat", "v2"],
        "extensions": {"websocket.http.response": {}},
        "state": {},
    }
    assert headers[b"upgrade"] == b"websocket"
    assert headers[b"connection"] == b"Upgrade"
    assert headers[b"sec-websocket-version"] == b"13"
    assert len(headers[b"sec-websocket-key"]) == 24
    assert (headers[b"cookie"], headers[b"x-a"]) == (b"a=b", b"1")


def test_a_websocket_url_may_be_absolute() -> None:
    """`ws://` and `wss://` are taken as they are given."""
    app = Echo()
    with TestClient(app).websocket_connect("ws://other:81/"):
        assert (app.scopes[0]["scheme"], app.scopes[0]["server"]) == ("ws", ("other", 81))


def test_what_was_accepted_is_seen(backend: Backend) -> None:
    """Subprotocol and headers of the handshake's answer are the session's, and its cookies the client's."""
    client = TestClient(Echo(subprotocol="chat", headers=[(b"x-a", b"1"), (b"set-cookie", b"c=d")]), backend=backend)
    with client.websocket_connect("/", subprotocols=["chat"]) as session:
        assert session.accepted_subprotocol == "chat"
        assert session.extra_headers == [(b"x-a", b"1"), (b"set-cookie", b"c=d")]
    assert client.cookies["c"] == "d"


def test_a_refusal_is_a_disconnect(backend: Backend) -> None:
    """A close before the handshake is answered raises its code and reason."""
    app = Script(close(4003, "no"))
    with pytest.raises(WebSocketDisconnect) as caught:
        TestClient(app, backend=backend).websocket_connect("/").__enter__()
    assert (caught.value.code, caught.value.reason) == (4003, "no")
    assert app.last == {"type": "websocket.disconnect", "code": 4003, "reason": "no"}


def test_a_denial_is_a_response_that_is_raised(backend: Backend) -> None:
    """A refusal with an HTTP response raises that response, which is a disconnect as well."""
    start = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"token")]}
    body = "websocket.http.response.body"
    app = Script(start, {"type": body, "body": b"log ", "more_body": True}, {"type": body, "body": b"in"})
    with pytest.raises(WebSocketDenialResponse) as caught:
        TestClient(app, backend=backend).websocket_connect("/").__enter__()
    response = caught.value
    assert isinstance(response, httpx.Response)
    assert isinstance(response, WebSocketDisconnect)
    assert (response.status_code, response.headers["x-why"], response.text) == (401, "token", "log in")


def test_an_early_exception_comes_out_of_the_handshake(backend: Backend) -> None:
    """An application that fails before it answers raises; without server exceptions, the client sees a 500."""
    app = Script(error=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        TestClient(app, backend=backend).websocket_connect("/").__enter__()
    with pytest.raises(WebSocketDenialResponse) as caught:
        TestClient(app, backend=backend, raise_server_exceptions=False).websocket_connect("/").__enter__()
    assert caught.value.status_code == 500


def test_an_unanswered_handshake_is_a_violation(backend: Backend) -> None:
    """An application that returns without an answer is told what it has left out."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    with pytest.raises(ASGIViolation, match=r"expected 'websocket\.accept' before it returns"):
        TestClient(app, backend=backend).websocket_connect("/").__enter__()


def test_a_silent_handshake_is_given_up(backend: Backend) -> None:
    """A handshake that is not answered is named after the limit, and the application is cancelled."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep_forever()

    with pytest.raises(TimeoutError, match=r"WebSocket /: waited 0\.05 seconds for the handshake"):
        TestClient(app, backend=backend).websocket_connect("/", timeout=0.05).__enter__()


# Messages


def test_messages_go_both_ways(backend: Backend) -> None:
    """Text, bytes and JSON in either mode arrive as what they are."""
    app = Echo()
    with TestClient(app, backend=backend).websocket_connect("/") as session:
        session.send_text("é")
        assert session.receive_text() == "é"
        session.send_bytes(b"\x00")
        assert session.receive_bytes() == b"\x00"
        session.send_json({"é": 1})
        assert session.receive_json() == {"é": 1}
        session.send_json([1], mode="binary")
        assert session.receive_json(mode="binary") == [1]
        session.send({"type": "websocket.receive", "text": "raw"})
        assert session.receive() == {"type": "websocket.send", "text": "raw"}
    assert app.log[0] == {"type": "websocket.connect"}
    assert app.log[3:5] == [
        {"type": "websocket.receive", "text": '{"é":1}'},
        {"type": "websocket.receive", "bytes": b"[1]"},
    ]


def test_a_message_of_the_other_kind_is_named() -> None:
    """Receiving text where bytes come, or the reverse, shows the message."""
    with TestClient(Echo()).websocket_connect("/") as session:
        session.send_text("x")
        with pytest.raises(RuntimeError, match=r"expected a message with 'bytes', and the application sent .*'x'"):
            session.receive_bytes()
        with pytest.raises(ValueError, match="mode is 'yaml'"):
            session.receive_json(mode="yaml")  # type: ignore[arg-type]


def test_waiting_has_a_limit(backend: Backend) -> None:
    """A message that does not come raises TimeoutError, and the session goes on."""
    with TestClient(Echo(), backend=backend).websocket_connect("/", timeout=0.3) as session:
        with pytest.raises(TimeoutError, match=r"WebSocket /: waited 0\.3 seconds for a message"):
            session.receive_text()
        with pytest.raises(TimeoutError, match=r"waited 0\.01 seconds"):
            session.receive_json(timeout=0.01)
        session.send_text("x")
        assert session.receive_text(timeout=None) == "x"


def test_an_application_may_be_far_ahead(backend: Backend) -> None:
    """Messages wait for the test, in order; an application that sends for ever waits for its reader."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                await receive()
                group.cancel_scope.cancel()

            group.start_soon(watch)
            number = 0
            while True:
                await send(text(str(number)))
                number += 1

    with TestClient(app, backend=backend).websocket_connect("/") as session:
        assert [session.receive_text() for _ in range(50)] == [str(number) for number in range(50)]


# The end


def test_leaving_the_with_closes(backend: Backend) -> None:
    """The application is told of the close, and has ended when the block is left."""
    app = Echo()
    with TestClient(app, backend=backend).websocket_connect("/"):
        pass
    assert app.log[-1] == {"type": "websocket.disconnect", "code": 1000, "reason": ""}


def test_the_client_can_close_with_a_code(backend: Backend) -> None:
    """`close` tells code and reason once; nothing can be sent after it, and what was sent before can be read."""
    app = Echo()
    with TestClient(app, backend=backend).websocket_connect("/") as session:
        session.send_text("x")
        assert session.receive_text() == "x"
        session.close(4001, "bye")
        session.close()
        with pytest.raises(RuntimeError, match="closed by the client"):
            session.send_text("late")
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
    assert (caught.value.code, caught.value.reason) == (4001, "bye")
    assert app.log[2:] == [{"type": "websocket.disconnect", "code": 4001, "reason": "bye"}]


def test_the_application_can_close(backend: Backend) -> None:
    """A close of the application comes after its messages, again and again, and is told to it as a disconnect."""
    app = Script(ACCEPT, text("last"), close(4002, "enough"))
    with TestClient(app, backend=backend).websocket_connect("/") as session:
        assert session.receive_text() == "last"
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                session.receive_text()
            assert (caught.value.code, caught.value.reason) == (4002, "enough")
        session.send_text("into the void")
    assert app.last == {"type": "websocket.disconnect", "code": 4002, "reason": "enough"}


def test_a_close_can_be_received_as_a_message() -> None:
    """`receive` gives the close as it was sent."""
    with TestClient(Script(ACCEPT, close(1001))).websocket_connect("/") as session:
        assert session.receive() == close(1001)


def test_an_application_that_returns_has_broken_off(backend: Backend) -> None:
    """Without a close, the client sees 1006 (RFC 6455 section 7.1.5)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)

    with TestClient(app, backend=backend).websocket_connect("/") as session:
        with pytest.raises(WebSocketDisconnect) as caught:
            session.receive_text()
        session.send_text("into the void")
    assert caught.value.code == 1006


def test_an_exception_comes_out_of_the_session(backend: Backend) -> None:
    """What the application raises is raised where the test waits for a message, or else when the block is left."""
    client = TestClient(Script(ACCEPT, text("x"), error=ZeroDivisionError()), backend=backend)
    with client.websocket_connect("/") as session:
        assert session.receive_text() == "x"
        with pytest.raises(ZeroDivisionError):
            session.receive_text()
    with pytest.raises(ZeroDivisionError), client.websocket_connect("/"):
        pass


def test_without_exceptions_the_connection_breaks_off(backend: Backend) -> None:
    """Without server exceptions, the client sees 1006."""
    client = TestClient(Script(ACCEPT, error=ZeroDivisionError()), backend=backend, raise_server_exceptions=False)
    with client.websocket_connect("/") as session, pytest.raises(WebSocketDisconnect) as caught:
        session.receive_text()
    assert caught.value.code == 1006


def test_a_violation_comes_out_of_the_session(backend: Backend) -> None:
    """A message that breaks ASGI is raised out of the session, even when the application has caught it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        with pytest.raises(ASGIViolation):
            await send(ACCEPT)
        await receive()
        assert (await receive())["type"] == "websocket.disconnect"

    with (
        pytest.raises(ASGIViolation, match=r"'websocket\.accept' while the WebSocket is open"),
        TestClient(app, backend=backend).websocket_connect("/"),
    ):
        pass


def test_receiving_after_the_disconnect_is_a_violation(backend: Backend) -> None:
    """An application that waits for more after the disconnect would wait for ever; it is told so."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        while True:
            await receive()

    with (
        pytest.raises(ASGIViolation, match=r"receive\(\) after 'websocket\.disconnect'"),
        TestClient(app, backend=backend).websocket_connect("/"),
    ):
        pass


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_sending_to_a_client_that_has_left(
    backend: Backend, spec_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application that sends for ever is an error, unless the version lets `send()` end it."""
    monkeypatch.setattr("pegboard.testclient.running.CLOSING_LIMIT", 0.1)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        while True:
            await send(text("tick"))

    session = TestClient(app, backend=backend, spec_version=spec_version).websocket_connect("/").__enter__()
    assert session.receive_text() == "tick"
    if spec_version == "2.4":
        session.__exit__()
    else:
        with pytest.raises(TimeoutError, match=r"the client has left, .*'websocket\.disconnect'.*spec_version"):
            session.__exit__()


def test_a_session_that_is_not_open_says_so() -> None:
    """A session is opened by `with`."""
    session = TestClient(Echo()).websocket_connect("/")
    with pytest.raises(RuntimeError, match="loop has stopped"):
        session.send_text("x")
    with (
        TestClient(Echo(), lifespan="off") as client,
        pytest.raises(RuntimeError, match="is not open: use it in a `with`"),
    ):
        client.websocket_connect("/").send_text("x")


def test_leaving_the_client_closes_its_websockets(backend: Backend) -> None:
    """A session that is still open when its client closes is closed with it, and can be left after it."""
    app = Echo()
    client = TestClient(app, backend=backend, lifespan="off")
    with client:
        session = client.websocket_connect("/").__enter__()
    assert app.log[-1]["type"] == "websocket.disconnect"
    session.__exit__()
