"""What goes wrong in the application, and clients that leave: what the test is told, and when."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any, Literal

import anyio
import pytest
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync

from pegboard.testclient import ASGIViolation, ClientLeft, TestClient
from pegboard.testclient.library import httpx
from pegboard.types import Message, Receive, Scope, Send

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


@pytest.fixture
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give applications no time to end once their client has left."""
    monkeypatch.setattr("pegboard.testclient.running.CLOSING_LIMIT", 0.1)


async def start(send: Send, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status})


async def body(send: Send, data: bytes = b"", more: bool = False) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


class Broken:
    """Fails at the place that the path says, and logs what it is told."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = scope["path"]
        if place == "/before":
            raise ZeroDivisionError(place)
        await start(send, 500)
        await body(send, b"sorry", place == "/during")
        if place == "/during":
            raise ZeroDivisionError(place)
        await checkpoint()
        self.log.append("background")
        raise ZeroDivisionError(place)


# Exceptions


@pytest.mark.parametrize("place", ["/before", "/during", "/after"])
def test_an_exception_comes_out_of_the_call(backend: Backend, place: str) -> None:
    """What the application raises is raised by the call, wherever it happened."""
    with pytest.raises(ZeroDivisionError, match=place):
        TestClient(Broken(), backend=backend).get(place)


def test_an_exception_comes_after_the_whole_response(backend: Backend) -> None:
    """A reader sees all of the response before the exception."""
    with TestClient(Broken(), backend=backend).stream("GET", "/after") as response:
        pieces = response.iter_raw()
        assert (response.status_code, next(pieces)) == (500, b"sorry")
        with pytest.raises(ZeroDivisionError):
            next(pieces)


def test_an_exception_is_not_lost_with_an_unread_response(backend: Backend) -> None:
    """Closing a response that was not read raises what the application has raised."""
    with pytest.raises(ZeroDivisionError), TestClient(Broken(), backend=backend).stream("GET", "/after"):
        pass


def test_without_exceptions_a_server_is_seen(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    """A plain 500, a broken connection, or the whole response; the exception is in the log, as with servers."""
    client = TestClient(Broken(), raise_server_exceptions=False, backend=backend)
    with caplog.at_level(logging.ERROR, "pegboard.testclient"):
        response = client.get("/before")
        assert (response.status_code, response.text) == (500, "Internal Server Error")
        with pytest.raises(httpx.RemoteProtocolError, match="GET /during: the application ended before its response"):
            client.get("/during")
        assert client.get("/after").text == "sorry"
    errors = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert [str(error) for error in errors] == ["/before", "/during", "/after"]


def test_an_application_that_cancels_itself_has_not_answered() -> None:
    """Waiting for a task that was cancelled ends the application with a cancellation that nobody has asked for."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.create_task(anyio.sleep_forever())
        task.cancel()
        await task

    with TestClient(app, lifespan="off") as client:
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"CancelledError.*, and nobody had cancelled it"):
                client.get("/")


def test_an_exit_comes_out_of_the_call(backend: Backend) -> None:
    """`SystemExit` and the like pass through to the test, and the loop survives them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise SystemExit(3)

    with TestClient(app, backend=backend, lifespan="off") as client:
        for _ in range(2):
            with pytest.raises(SystemExit):
                client.get("/")


def test_an_application_that_cannot_be_cancelled_is_named(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that goes on through its cancellation is not waited for for ever."""
    monkeypatch.setattr("pegboard.testclient.running.CLOSING_LIMIT", 0.05)
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await start(send)
        with anyio.CancelScope(shield=True):
            assert await run_sync(go_on.wait, 5)

    with TestClient(app, backend=backend, lifespan="off") as client:
        response = client.send(client.build_request("GET", "/"), stream=True)
        with pytest.raises(TimeoutError, match="GET /: the application was cancelled, and does not end"):
            response.close()
        go_on.set()


# Work after the response


def test_capture_collects_what_comes_after_the_response(backend: Backend) -> None:
    """The call waits for the background, and its exception is in `background_errors`; earlier ones are raised."""
    app = Broken()
    client = TestClient(app, background="capture", backend=backend)
    assert client.get("/after").text == "sorry"
    assert app.log == ["background"]
    assert [str(error) for error in client.background_errors] == ["/after"]
    with pytest.raises(ZeroDivisionError):
        client.get("/before")


class Slow:
    """Works on after its response until it is told to end."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.done = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await start(send)
        await body(send, b"sent")
        assert await run_sync(self.go_on.wait, 5)
        self.done = True
        if scope["path"] == "/fails":
            raise ZeroDivisionError


def test_wait_waits_for_the_background(backend: Backend) -> None:
    """By default a response is returned when the application has ended."""
    app = Slow()
    app.go_on.set()
    TestClient(app, backend=backend).get("/")
    assert app.done


def test_detach_returns_with_the_response(backend: Backend) -> None:
    """A detached application runs on, and the client waits for it when it closes."""
    app = Slow()
    with TestClient(app, background="detach", backend=backend, lifespan="off") as client:
        assert client.get("/").text == "sent"
        assert not app.done
        app.go_on.set()
    assert app.done


def test_detach_raises_when_the_client_closes(backend: Backend) -> None:
    """What a detached application raises comes out of `close()`, outside of `with` as well."""
    app = Slow()
    client = TestClient(app, background="detach", backend=backend)
    assert client.get("/fails").text == "sent"
    app.go_on.set()
    with pytest.raises(ZeroDivisionError):
        client.close()
    assert app.done


# Limits


@pytest.mark.parametrize("path", ["/silent", "/stuck", "/background"])
def test_a_silent_application_is_given_up(backend: Backend, path: str) -> None:
    """No answer, no end of an answer and no end of the work after it: each is cancelled and named after the limit."""
    cancelled: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if path != "/silent":
                await start(send)
                await body(send, b"x", path == "/stuck")
            await anyio.sleep_forever()
        finally:
            cancelled.append(path)

    client = TestClient(app, timeout=0.2, backend=backend)
    named = rf"GET {path}: for 0\.2 seconds, .* neither sent anything nor ended"
    with pytest.raises(httpx.ReadTimeout, match=named) as caught:
        client.get(path)
    assert ("detach" in str(caught.value)) == (path == "/background")
    assert cancelled == [path]


def test_a_blocked_loop_is_reported_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that blocks the event loop does not hang the test: the line where it stands is named."""
    monkeypatch.setattr("pegboard.testclient.portals.MARGIN", 0.2)
    monkeypatch.setattr("pegboard.testclient.transports.CLOSING_LIMIT", 0.0)
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        go_on.wait()

    try:
        with pytest.raises(TimeoutError, match="blocked the event loop for") as caught:
            TestClient(app, timeout=0.1).get("/")
        assert "go_on.wait()" in str(caught.value)
    finally:
        go_on.set()


# Clients that leave


class Endless:
    """Sends for ever, and logs how it came to end."""

    def __init__(self, watches: bool = True) -> None:
        self.watches = watches
        self.log: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                if self.watches:
                    group.start_soon(self.watch, receive, group.cancel_scope)
                await start(send)
                while True:
                    await body(send, b"tick", True)
        except BaseException as error:
            self.log.append(type(error).__name__)
            raise
        self.log.append("ended")

    async def watch(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            assert message["type"] == "http.request"
        self.log.append("disconnect")
        scope.cancel()


@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_closing_a_response_disconnects(backend: Backend, pieces: int) -> None:
    """An endless stream can be read and closed: the application is told, and has ended when `close()` returns."""
    app = Endless()
    with TestClient(app, backend=backend).stream("GET", "/") as response:
        received = response.iter_raw()
        assert [next(received) for _ in range(pieces)] == [b"tick"] * pieces
        assert app.log == []
    assert app.log == ["disconnect", "ended"]


def test_leaving_the_client_closes_its_responses(backend: Backend) -> None:
    """A response that is still open when its client closes is closed with it."""
    app = Endless()
    client = TestClient(app, backend=backend, lifespan="off")
    with client:
        response = client.send(client.build_request("GET", "/"), stream=True)
        pieces = response.iter_raw()
        assert next(pieces) == b"tick"
    assert app.log == ["disconnect", "ended"]
    response.close()


@pytest.mark.usefixtures("_short_limits")
def test_an_application_that_ignores_the_leaving_is_an_error(backend: Backend) -> None:
    """One that goes on when its client has left is cancelled, and the error says what was expected."""
    app = Endless(watches=False)
    client = TestClient(app, backend=backend)
    expected = r"GET /: the client has left, .* still runs.*http\.disconnect.*spec_version"
    with pytest.raises(TimeoutError, match=expected), client.stream("GET", "/"):
        pass
    assert len(app.log) == 1
    assert app.log != ["ended"]


def test_from_version_2_4_sending_raises(backend: Backend) -> None:
    """From 2.4 on, sending to a client that has left raises OSError, which is no error of the application."""
    app = Endless(watches=False)
    with TestClient(app, backend=backend, spec_version="2.4").stream("GET", "/") as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"tick"
    assert app.log == ["ExceptionGroup"]


def test_a_mistake_on_the_way_out_is_not_taken_for_the_leaving(backend: Backend) -> None:
    """An exception raised while the application handles the leaving is raised; one made from it is not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await start(send)
        try:
            while True:
                await body(send, b"tick", True)
        except OSError as error:
            if scope["path"] == "/made":
                raise RuntimeError from error
            raise LookupError  # noqa: B904 - the mistake that is tested

    client = TestClient(app, backend=backend, spec_version="2.4")
    with client.stream("GET", "/made"):
        pass
    with pytest.raises(LookupError), client.stream("GET", "/mistake"):
        pass


class Reader:
    """Reads the request, and logs what it is given."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.log: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = {"more_body": True}
        while message.get("more_body", False):
            message = await receive()
            self.log.append(message.get("body", message["type"]))
        if message["type"] == "http.disconnect" and self.fails:
            raise ZeroDivisionError
        await start(send)
        await body(send, b"unseen")
        self.log.append((await receive())["type"])


@pytest.mark.parametrize(
    ("after", "log"),
    [
        (0, ["http.disconnect"]),
        (2, [b"he", "http.disconnect"]),
        (5, [b"hello", "http.disconnect"]),
        (9, [b"hello", "http.disconnect"]),
    ],
)
def test_a_client_can_leave_after_some_bytes(backend: Backend, after: int, log: list[Any]) -> None:
    """With `disconnect_after`, the application is given so many bytes, and then the disconnect."""
    app = Reader()
    with pytest.raises(ClientLeft, match=f"after {min(after, 5)} bytes"):
        TestClient(app, backend=backend).post("/", content=b"hello", extensions={"disconnect_after": after})
    assert app.log == [*log, "http.disconnect"]


def test_a_client_that_leaves_gets_no_answer(backend: Backend) -> None:
    """An application that answers without reading finds its client gone as well."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await start(send)
        await body(send)

    with pytest.raises(ClientLeft):
        TestClient(app, backend=backend).post("/", content=b"hello", extensions={"disconnect_after": 1})


@pytest.mark.parametrize("wrong", [-1, "1", 1.5, True])
def test_bytes_to_leave_after_are_checked(wrong: Any) -> None:
    """Anything but a number of bytes is refused."""
    with pytest.raises(TypeError, match="expected a number of bytes"):
        TestClient(Reader()).post("/", content=b"hello", extensions={"disconnect_after": wrong})


def failing() -> Iterator[bytes]:
    yield b"he"
    raise LookupError("the client's own")


def test_content_that_fails_disconnects(backend: Backend) -> None:
    """When the content raises, the application is told that the client has left, and the call raises the same."""
    app = Reader()
    with pytest.raises(LookupError, match="the client's own"):
        TestClient(app, backend=backend).post("/", content=failing())
    assert app.log == [b"he", "http.disconnect", "http.disconnect"]


def test_an_application_that_fails_on_a_disconnect_is_not_covered_up(backend: Backend) -> None:
    """The application's exception is raised, caused by the client's."""
    with pytest.raises(ZeroDivisionError) as caught:
        TestClient(Reader(fails=True), backend=backend).post("/", content=failing())
    assert isinstance(caught.value.__cause__, LookupError)


@pytest.mark.parametrize(("length", "message"), [("9", "ended after 5 of the 9"), ("3", "longer than the 3")])
def test_content_of_another_length_breaks_off(backend: Backend, length: str, message: str) -> None:
    """Content that is shorter or longer than declared is a broken connection."""
    app = Reader()
    headers = {"content-length": length}
    with pytest.raises(httpx.LocalProtocolError, match=message):
        TestClient(app, backend=backend).post("/", content=iter([b"he", b"llo"]), headers=headers)
    assert app.log[-1] == "http.disconnect"


def test_content_must_be_bytes(backend: Backend) -> None:
    """A generator of text is named as what it is."""
    content: Any = iter(["text"])
    with pytest.raises(TypeError, match="a piece of the request's content is 'text'; expected bytes"):
        TestClient(Reader(), backend=backend).post("/", content=content)


def test_a_complete_response_is_followed_by_a_disconnect(backend: Backend) -> None:
    """An application that receives after its response learns that all is over."""
    app = Reader()
    assert TestClient(app, backend=backend).post("/", content=b"hello").text == "unseen"
    assert app.log == [b"hello", "http.disconnect"]


def test_a_violation_is_raised_even_when_the_client_has_left(backend: Backend) -> None:
    """Leaving does not excuse an application from sending right messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await body(send)

    with pytest.raises(ASGIViolation):
        TestClient(app, backend=backend).post("/", content=b"hello", extensions={"disconnect_after": 0})
