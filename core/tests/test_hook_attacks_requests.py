"""Attacks on the hook contract: what hooks make of bodies and answers.

What holds is kept as it is. What does not is a row marked `fault`, with what happens and what should: when it is mended
the strict mark fails, and goes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Wire, ask
from attack_harness import FailsSecond, Listener, board, echo_app, home, plugin

from pegboard import BodyFilter
from pegboard.requests import Request
from pegboard.responses import Response, StreamingResponse
from pegboard.routing import Mount, Route
from pegboard.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio


# Requests


async def echo(request: Request) -> bytes:
    return await request.body()


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingResponse(pieces())


async def boom(request: Request) -> None:
    raise ValueError("the endpoint failed")


async def reads_a_piece(self: Any, request: Request) -> None:
    reading = request.stream()
    await anext(reading)
    await reading.aclose()


async def gives_up_reading(self: Any, request: Request) -> None:
    """Reads until one piece has arrived, and is cancelled while it waits for the next."""
    async with anyio.create_task_group() as group:
        group.start_soon(request.body)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    request.scope["test.wire"].arrive(b"def", False)


async def whole_body(self: Any, request: Request) -> None:
    await request.body()


async def whole_body_late(self: Any, request: Request, response: Any) -> None:
    await request.body()


async def whole_body_of_error(self: Any, request: Request, exc: Exception) -> None:
    await request.body()


async def handler_that_reads(request: Request, exc: Exception) -> str:
    return (await request.body()).decode()


@pytest.mark.parametrize("behind", ["endpoint", "application"])
@pytest.mark.parametrize(
    ("hook", "chunks"),
    [
        pytest.param(whole_body, [b"abc", b"def"], id="read whole"),
        pytest.param(reads_a_piece, [b"abc", b"def"], id="read in part"),
        pytest.param(gives_up_reading, [b"abc"], id="reading cancelled"),
    ],
)
async def test_a_body_is_whole_or_an_error_but_never_cut_short(hook: Any, chunks: list[bytes], behind: str) -> None:
    """Whatever a hook did to it before."""
    routes = [Route("/", echo, methods=["POST"])] if behind == "endpoint" else [Mount("/", app=echo_app)]
    wire = Wire(chunks, incomplete=hook is gives_up_reading)
    seen = await ask(board(plugin(request=hook), routes=routes), method="POST", wire=wire)
    assert (seen.status, seen.body) == (200, b"abcdef") or isinstance(seen.raised, RuntimeError)


@pytest.mark.parametrize(
    ("hooks", "endpoint", "options"),
    [
        pytest.param({"request": whole_body}, home, {}, id="request hook"),
        pytest.param({}, echo, {}, id="endpoint"),
        pytest.param({"response": whole_body_late}, home, {}, id="response hook"),
        pytest.param({"error": whole_body_of_error}, boom, {}, id="error hook"),
        pytest.param({}, boom, {"exception_handlers": {ValueError: handler_that_reads}}, id="handler"),
    ],
)
async def test_a_client_that_leaves_while_its_body_is_read_is_no_error(
    hooks: Mapping[str, Any], endpoint: Any, options: Mapping[str, Any]
) -> None:
    listener = Listener()
    wire = Wire([b"abc"], incomplete=True, leave_after=0)
    app = board(listener, plugin(**hooks), endpoint=endpoint, **options)
    seen = await ask(app, method="POST", wire=wire)
    (outcome,) = listener.outcomes
    assert (seen.raised, outcome.kind, outcome.error) == (None, "client_disconnect", None)


class Appends(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk if more else chunk + b"!"


class Gathers(Appends):
    gather = 100


def to_status(status: int) -> Callable[..., Any]:
    def response(self: Any, response: Any) -> None:
        response.status_code = status

    return response


async def nothing(request: Request) -> Response:
    return Response(None, 304 if request.method == "POST" else 204)


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize(
    ("endpoint", "body_filter"),
    [
        pytest.param(home, None, id="whole"),
        pytest.param(stream, None, id="stream"),
        pytest.param(echo_app, None, id="application"),
        pytest.param(home, Appends, id="whole with a filter that appends"),
        pytest.param(stream, Gathers, id="stream with a filter that gathers"),
    ],
)
async def test_a_hook_that_sets_a_status_without_content_takes_the_content(
    endpoint: Any, body_filter: Any, status: int
) -> None:
    hooks: dict[str, Any] = {"response": to_status(status)}
    if body_filter is not None:
        hooks["body"] = lambda self: body_filter()
    routes = [Mount("/", app=echo_app)] if endpoint is echo_app else [Route("/", endpoint, methods=["POST"])]
    seen = await ask(board(plugin(**hooks), routes=routes), method="POST", body=b"abc")
    assert (seen.status, seen.faults) == (status, [])


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_filter_cannot_add_content_where_the_status_has_none(method: str) -> None:
    assert (await ask(board(plugin(body=lambda self: Appends()), endpoint=nothing), method=method)).faults == []


async def swallows(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that goes on whatever `send` raises."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"a", b"b", b"c"):
        try:
            await send({"type": "http.response.body", "body": piece, "more_body": piece != b"c"})
        except ValueError:
            continue


async def test_a_piece_lost_in_a_filter_cuts_the_answer_off_whatever_the_application_makes_of_it() -> None:
    listener = Listener()
    app = board(listener, plugin(body=lambda self: FailsSecond()), routes=[Mount("/", app=swallows)])
    seen = await ask(app)
    assert (seen.is_complete, listener.outcomes[0].kind) == (False, "error")
