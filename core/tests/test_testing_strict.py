"""The strict checker lets what ASGI 3 allows pass unseen, and raises for everything else, whoever swallows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from pegboard.testing import ASGIViolation, Faults, StrictASGI, converse, converse_websocket
from pegboard.testing.strict import PATIENCE
from pegboard.types import ASGIApp, Receive, Scope, Send

pytestmark = pytest.mark.anyio


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def raised_by(app: ASGIApp, **options: Any) -> str:
    """The violation that one conversation ends with."""
    strict = StrictASGI(app)
    seen = await converse(strict, **options)
    assert isinstance(seen.raised, ASGIViolation)
    assert strict.violations == [seen.raised]
    return str(seen.raised)


async def test_a_conversation_by_the_rules_passes_unchanged() -> None:
    strict = StrictASGI(fine)
    seen = await converse(strict)
    assert (seen.status, seen.body, seen.raised, strict.violations) == (200, b"ok", None, [])


def answering(*messages: dict[str, Any]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"ok"}


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([BODY], "before the response has started"),
        ([START], "the application returned after the response has started"),
        ([START, BODY, BODY], "after the end"),
        ([{**START, "status": "200"}], "'status'"),
        ([{**START, "headers": [(b"X-Loud", b"1")]}], "lower case"),
        ([{**START, "headers": [("x-text", b"1")]}], "lower case"),
        ([{**START, "headers": [(b"content-length", b"5")]}, BODY], "5 bytes in all"),
        ([{**START, "headers": [(b"content-length", b"1")]}, BODY], "1 bytes in all"),
    ],
    ids=["no-start", "no-body", "after-the-end", "status", "capitals", "text", "too-short", "too-long"],
)
async def test_what_an_application_sends_is_checked(messages: list[dict[str, Any]], word: str) -> None:
    assert word in await raised_by(answering(*messages))


def with_scope(change: Callable[[Scope], None]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        change(scope)
        await fine(scope, receive, send)

    return app


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda scope: scope.update(extensions={}), "scope['extensions']"),
        (lambda scope: scope["extensions"].update(mine={}), "scope['extensions']"),
        (lambda scope: scope.update(state={}), "scope['state']"),
        (lambda scope: scope["state"].update(pool=None), "scope['state']['pool']"),
        (lambda scope: scope["state"].clear(), "scope['state']['pool']"),
    ],
    ids=["other-extensions", "more-extensions", "other-state", "changed-state", "emptied-state"],
)
async def test_extensions_and_state_are_left_alone(change: Callable[[Scope], None], word: str) -> None:
    assert word in await raised_by(with_scope(change), state={"pool": object()})


async def test_a_request_may_add_to_its_state() -> None:
    strict = StrictASGI(with_scope(lambda scope: scope["state"].update(user="ada")))
    await converse(strict, state={"pool": object()})
    assert strict.violations == []


async def test_a_violation_that_is_swallowed_is_raised_at_the_end() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(BODY)
        except Exception:  # noqa: BLE001
            await fine(scope, receive, send)

    assert "before the response has started" in await raised_by(app)


async def test_a_violation_is_not_hidden_by_another_error() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(BODY)
        except Exception as error:
            raise ValueError("something else") from error

    assert "before the response has started" in await raised_by(app)


async def test_an_error_of_the_application_is_no_violation() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("failed")

    strict = StrictASGI(app)
    assert isinstance((await converse(strict)).raised, ValueError)
    assert strict.violations == []


async def _ask(receive: Receive) -> None:
    await receive()


async def test_two_tasks_never_wait_on_one_receive() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        async with anyio.create_task_group() as group:
            group.start_soon(_ask, receive)
            await anyio.lowlevel.checkpoint()
            try:
                await receive()
            finally:
                group.cancel_scope.cancel()

    strict = StrictASGI(app)
    await converse(strict)
    assert "a second one" in str(strict.violations[0])


async def test_a_request_that_asks_in_circles_after_its_disconnect_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(PATIENCE + 2):
            await receive()
        await receive()

    assert "after the disconnect" in await raised_by(app, faults=Faults(leave_after=0))


async def test_a_websocket_is_not_asked_after_its_disconnect() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            await receive()

    strict = StrictASGI(app)
    seen = await converse_websocket(strict)
    assert "after the disconnect" in str(seen.raised)


async def test_nothing_is_asked_of_an_application_whose_client_has_left() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    strict = StrictASGI(app)
    assert (await converse(strict, faults=Faults(leave_after=0))).raised is None
    assert strict.violations == []


# What plugins make of the conversation on its way in: the checker stands around the application.


@pytest.mark.parametrize(
    ("scope", "word"),
    [
        ({"path": b"/"}, "scope['path']"),
        ({"method": "get"}, "upper case"),
        ({"headers": [(b"Host", b"x")]}, "lower case"),
        ({"query_string": "q"}, "scope['query_string']"),
    ],
    ids=["path", "method", "headers", "query"],
)
async def test_the_scope_of_an_application_is_checked(scope: dict[str, Any], word: str) -> None:
    strict = StrictASGI(fine)

    async def rewritten(given: Scope, receive: Receive, send: Send) -> None:
        await strict({**given, **scope}, receive, send)

    await converse(rewritten)
    assert word in str(strict.violations[0])


async def reads_everything(scope: Scope, receive: Receive, send: Send) -> None:
    for _ in range(2):
        await receive()


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([{"type": "http.request", "body": "text"}], "'body'"),
        ([{"type": "http.request", "more_body": 1}], "'more_body'"),
        ([{"type": "http.request"}, {"type": "http.request"}], "after the client has sent everything"),
        ([{"type": "websocket.receive"}], "a message for the application"),
        ([{}], "a message for the application"),
    ],
    ids=["text", "flag", "after-the-last", "of-another-kind", "without-type"],
)
async def test_messages_for_an_application_are_checked(messages: list[dict[str, Any]], word: str) -> None:
    strict = StrictASGI(reads_everything)
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: Any) -> None:
        pass

    with pytest.raises(ASGIViolation, match=word):
        await strict({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)


async def test_websocket_messages_for_an_application_are_checked() -> None:
    strict = StrictASGI(reads_everything)
    waiting: Any = iter([{"type": "websocket.connect"}, {"type": "websocket.receive"}])

    async def receive() -> dict[str, Any]:
        message: dict[str, Any] = next(waiting)
        return message

    async def send(message: Any) -> None:
        pass

    with pytest.raises(ASGIViolation, match="exactly one of 'bytes' and 'text'"):
        await strict({"type": "websocket", "path": "/", "headers": []}, receive, send)


async def test_scopes_of_other_types_pass_unseen() -> None:
    asked: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope)

    async def nothing(*arguments: Any) -> Any:
        return None

    await StrictASGI(app)({"type": "other"}, nothing, nothing)
    assert asked == [{"type": "other"}]
