"""The lifespan that the test clients run: what is started, what is stopped, and what of it is an error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

import anyio
import pytest

from pegboard.testclient import ASGIViolation, LifespanFailed, TestClient
from pegboard.types import Message, Receive, Scope, Send

Backend = Literal["asyncio", "trio"]
COMPLETE: Message = {"type": "lifespan.startup.complete"}
STOPPED: Message = {"type": "lifespan.shutdown.complete"}


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


class Life:
    """Answers startup and shutdown with what it was given, a message or an exception."""

    def __init__(self, startup: Any = COMPLETE, shutdown: Any = STOPPED) -> None:
        self.answers = [startup, shutdown]
        self.log: list[str] = []
        self.scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": repr(scope["state"]).encode()})
            scope["state"]["number"] = 2
            return
        self.scope = scope
        scope["state"]["number"] = 1
        for answer in self.answers:
            self.log.append((await receive())["type"])
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                return
            await send(answer)
            if answer["type"].endswith("failed"):
                return


def test_the_lifespan_runs_in_with(backend: Backend) -> None:
    """Startup comes before the block, shutdown after it, and each request has a copy of the state."""
    app = Life()
    with TestClient(app, backend=backend) as client:
        assert app.log == ["lifespan.startup"]
        assert [client.get("/").text for _ in range(2)] == ["{'number': 1}"] * 2
        assert client.app_state == {"number": 1}
    assert app.log == ["lifespan.startup", "lifespan.shutdown"]
    assert app.scope == {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": {"number": 1},
    }


def test_each_life_has_a_state_of_its_own(backend: Backend) -> None:
    """What one life has put into the state is not there for the next."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][len(seen)] = True
        seen.append(dict(scope["state"]))
        await Life()({**scope, "state": {}}, receive, send)

    seen: list[dict[int, bool]] = []
    client = TestClient(app, backend=backend)
    for _ in range(2):
        with client:
            pass
    assert seen == [{0: True}, {1: True}]


def test_no_lifespan_runs_outside_of_with(backend: Backend) -> None:
    """Without a `with`, or with `lifespan="off"`, requests are served and nothing is started."""
    app = Life()
    client = TestClient(app, backend=backend)
    assert client.get("/").text == "{}"
    with TestClient(app, backend=backend, lifespan="off") as client:
        assert client.get("/").text == "{}"
    assert app.log == []


@pytest.mark.parametrize("startup", [ZeroDivisionError(), None])
def test_an_application_may_know_no_lifespan(backend: Backend, startup: Any, caplog: pytest.LogCaptureFixture) -> None:
    """One that fails or returns before it answers is served all the same, unless the lifespan was asked for."""
    with caplog.at_level(logging.INFO, "pegboard.testclient"), TestClient(Life(startup), backend=backend) as client:
        assert client.get("/").status_code == 200
    assert [record.message for record in caplog.records if record.name.startswith("pegboard")] == [
        "the application knows no lifespan"
    ]
    with pytest.raises(LifespanFailed, match=r"did not answer 'lifespan\.startup'.* Use `lifespan=\"auto\"`") as caught:
        TestClient(Life(startup), backend=backend, lifespan="on").__enter__()
    assert caught.value.__cause__ is startup


FAILED: Message = {"type": "lifespan.startup.failed", "message": "no database"}


@pytest.mark.parametrize(
    ("app", "error", "text"),
    [
        (lambda: Life(FAILED), LifespanFailed, "the application's startup failed: no database"),
        (lambda: Life({"type": "lifespan.startup.failed"}), LifespanFailed, "it gave no reason"),
        (lambda: Life(STOPPED), ASGIViolation, "'lifespan.shutdown.complete' during startup"),
        (lambda: Life({"type": "startup"}), ASGIViolation, "expected one of a scope of type 'lifespan'"),
    ],
)
def test_a_failed_startup_is_raised(backend: Backend, app: Callable[[], Life], error: Any, text: str) -> None:
    """What keeps the application from starting is raised when the block is entered; nothing is left running."""
    with pytest.raises(error) as caught:
        TestClient(app(), backend=backend).__enter__()
    assert text in str(caught.value)


def test_an_exception_behind_a_failed_startup_is_raised(backend: Backend) -> None:
    """An application that says that it failed and then raises is known by what it raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(FAILED)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(app, backend=backend).__enter__()


@pytest.mark.parametrize(
    ("shutdown", "error", "text"),
    [
        (
            {"type": "lifespan.shutdown.failed", "message": "stuck"},
            LifespanFailed,
            "the application's shutdown failed: stuck",
        ),
        (ZeroDivisionError("down"), ZeroDivisionError, "down"),
        (COMPLETE, ASGIViolation, "'lifespan.startup.complete' after startup"),
    ],
)
def test_a_failed_shutdown_is_raised(backend: Backend, shutdown: Any, error: Any, text: str) -> None:
    """What goes wrong at the end is raised when the block is left."""
    client = TestClient(Life(shutdown=shutdown), backend=backend).__enter__()
    with pytest.raises(error) as caught:
        client.__exit__()
    assert text in str(caught.value)


def test_what_ends_while_serving_is_raised_at_the_end(backend: Backend) -> None:
    """A lifespan that fails in the middle does not disturb the requests; it is raised when the block is left."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Life()(scope, receive, send)
            return
        await receive()
        await send(COMPLETE)
        raise ZeroDivisionError

    client = TestClient(app, backend=backend).__enter__()
    assert client.get("/").status_code == 200
    with pytest.raises(ZeroDivisionError):
        client.__exit__()


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_starting_and_stopping_have_a_limit(backend: Backend, phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifespan that takes for ever is cancelled and named."""
    monkeypatch.setattr("pegboard.testclient.lifespans.LIFESPAN_LIMIT", 0.05)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if phase == "shutdown":
            await send(COMPLETE)
        await anyio.sleep_forever()

    named = rf"the application's {phase} took longer than 0\.05 seconds"
    with pytest.raises(TimeoutError, match=named), TestClient(app, backend=backend):
        assert phase == "shutdown"


def test_the_background_ends_before_the_shutdown(backend: Backend) -> None:
    """Work that was left to run on is waited for before the application is stopped."""
    log: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send(COMPLETE)
            await receive()
            log.append("shutdown")
            await send(STOPPED)
            return
        await Life()(scope, receive, send)
        await receive()
        log.append("background")

    with TestClient(app, backend=backend, background="detach") as client:
        client.get("/")
    assert log == ["background", "shutdown"]
