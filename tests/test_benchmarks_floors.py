"""The floors of the benchmark do the job they stand for, no less."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from benchmarks import floors, least_pluggable
from benchmarks.asgi import Answer, Ask, ask_once, running
from benchmarks.cases.hooks import four_with
from benchmarks.peers import pegboard_, raw
from benchmarks.stacks import PLUGINS, REQUEST_ID, STEPS, ask_headers

from pegboard.routing import Route

ASK = Ask(headers=ask_headers(b"gzip"))


def asked(app: Any) -> Answer:
    """What an application answers to a request that gives all four plugins something to do."""

    async def once() -> Answer:
        async with running(app) as state:
            return await ask_once(app, ASK, state)

    return asyncio.run(once())


def behind_four() -> Answer:
    """What a board with the four plugins answers."""
    return asked(pegboard_.board(Route("/", pegboard_.plain), plugins=[make() for make in PLUGINS.values()]))


def test_raw_asgi_with_headers_answers_what_the_four_plugins_do() -> None:
    """Same head, same body: the floor over the wire is not one header less."""
    assert asked(floors.with_headers()) == behind_four()


def test_the_least_wrapper_adds_those_headers() -> None:
    """The floor around an application likewise."""
    assert asked(floors.least_wrapper(raw.plain, floors.ADDED_HEADERS)) == behind_four()


def test_the_four_by_hand_answer_and_log_as_the_plugins_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer, a caller in the scope, and a line for each request."""
    written: list[bytes] = []
    users: list[Any] = []
    monkeypatch.setattr(floors, "drop", written.append)
    monkeypatch.setattr(floors, "BATCH", 2)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        users.append(scope["user"])
        await raw.plain(scope, receive, send)

    assert asked(floors.four_by_hand_around(app)) == behind_four()
    assert users == ["ada"]
    alone = floors.four_by_hand()
    assert asked(alone) == asked(alone) == behind_four()
    seen = [json.loads(f"{{{line}") for line in b"".join(written).decode().split("{")[1:]]
    expected = {"method": "GET", "path": "/", "status": 200, "bytes": 13, "request_id": REQUEST_ID.decode()}
    assert [{key: line[key] for key in expected} for line in seen] == [expected] * 2


def test_the_four_as_hooks_answer_and_log_as_the_plugins_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise, with each job in hooks of its own."""
    written: list[bytes] = []
    users: list[Any] = []
    monkeypatch.setattr(floors, "drop", written.append)
    monkeypatch.setattr(least_pluggable, "BATCH", 2)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        users.append(scope["user"])
        await raw.plain(scope, receive, send)

    assert asked(least_pluggable.least_wrapper_with_four(app)) == behind_four()
    assert users == ["ada"]
    alone = least_pluggable.least_framework_with_four()
    assert asked(alone) == asked(alone) == behind_four()
    seen = [json.loads(f"{{{line}") for line in b"".join(written).decode().split("{")[1:]]
    expected = {"method": "GET", "path": "/", "status": 200, "bytes": 13, "request_id": REQUEST_ID.decode()}
    assert [{key: line[key] for key in expected} for line in seen] == [expected] * 2


@pytest.mark.parametrize(
    ("headers", "method"),
    [([(b"content-length", b"1024")], "GET"), ([], "OPTIONS")],
)
def test_the_four_as_hooks_are_for_this_request_alone(headers: list[tuple[bytes, bytes]], method: str) -> None:
    """What they look for and cannot do is not passed over."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def once() -> None:
        ask = Ask(method=method, headers=ask_headers(b"gzip"))
        await least_pluggable.least_wrapper_with_four(app)(ask.scope({}), *ask.channels())

    with pytest.raises(NotImplementedError):
        asyncio.run(once())


@pytest.mark.parametrize(
    "build",
    [
        floors.calls_in_loops,
        floors.calls_written_out,
        floors.least_framework,
        floors.least_framework_of_pegboard,
        floors.least_framework_with_hooks,
    ],
)
def test_the_others_answer_as_raw_asgi(build: Any) -> None:
    """What they do besides does not show."""
    assert asked(build()) == asked(raw.plain)


def test_the_least_wrapper_leaves_the_scope_alone() -> None:
    """The application gets a copy."""
    scopes: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        scopes.append(scope)
        await raw.plain(scope, receive, send)

    scope = ASK.scope({})

    async def once() -> None:
        await floors.least_wrapper(app)(scope, *ASK.channels())

    asyncio.run(once())
    assert scopes == [scope]
    assert scopes[0] is not scope


def test_empty_plugins_have_the_hooks_of_those_they_stand_for() -> None:
    """So that a step from one to the other is the price of what the real one does."""

    def hooks(real: Any) -> list[int]:
        board = pegboard_.board(Route("/", pegboard_.plain), plugins=four_with(real))
        pipeline = board.plan_for(ASK.scope({})).pipeline
        return [len(getattr(pipeline, hook)) for hook in ("request", "response", "body", "complete")]

    assert hooks(()) == hooks(PLUGINS)
    for step in STEPS.values():
        assert hooks(step) == hooks(PLUGINS)
