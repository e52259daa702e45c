"""The life of a request: what hooks, endpoints and applications share, and how each mishap is answered."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import Wire, ask, no_collector, scope_of
from exit_paths import Fails, board_of, culprit, raising

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.background import BackgroundTask
from pegboard.exceptions import HookError, HTTPException
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse, StreamingResponse
from pegboard.routing import Mount, Route
from pegboard.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio


class Hooked(Plugin):
    """Its hooks are given when it is made."""

    name = "hooked"

    def __init__(self, name: str = "hooked", **hooks: Callable[..., Any]) -> None:
        super().__init__()
        self.name = name
        for hook, function in hooks.items():
            setattr(self, hook, hookimpl(specname=hook)(function))


def board(endpoint: Any, *plugins: Plugin, methods: Any = ("GET", "POST"), **options: Any) -> Pegboard:
    return Pegboard(routes=[Route("/", endpoint, methods=methods)], plugins=list(plugins), **options)


async def hello(request: Request) -> str:
    return "hello"


def keep(outcomes: list[Any]) -> Any:
    """A `complete` hook that keeps what it is told."""

    def complete(outcome: Any) -> None:
        outcomes.append(outcome)

    return complete


def fails_with(exc: Callable[[], Exception]) -> Any:
    """An endpoint that raises."""

    async def endpoint(request: Request) -> None:
        raise exc()

    return endpoint


# The body


async def echo(request: Request) -> bytes:
    return await request.body()


async def streamed_echo(request: Request) -> bytes:
    return b"|".join([piece async for piece in request.stream()])


async def echo_app(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def read_body(request: Request) -> None:
    await request.body()


@pytest.mark.parametrize("endpoint", [echo, streamed_echo, echo_app], ids=["body", "stream", "application"])
async def test_a_body_read_in_a_hook_is_there_for_the_endpoint(endpoint: Any) -> None:
    """It is read from the server once, and everybody gets all of it."""
    wire = Wire([b"one ", b"two"])
    route = Mount("/", app=endpoint) if endpoint is echo_app else Route("/", endpoint, methods=["POST"])
    app = Pegboard(routes=[route], plugins=[Hooked(request=read_body)])
    seen = await ask(app, method="POST", wire=wire)
    assert seen.body.rstrip(b"|") == b"one two"
    assert wire.received == 2


async def test_a_body_read_in_a_hook_is_limited() -> None:
    """Whoever reads it, a body over the limit is answered with 413, and is not read to its end."""
    wire = Wire([b"x" * 8, b"x" * 8, b"x" * 8])
    seen = await ask(board(echo, Hooked(request=read_body), max_body_size=10), method="POST", wire=wire)
    assert (seen.status, wire.received) == (413, 2)


async def test_the_bytes_read_are_counted_once() -> None:
    """A body that is kept and given again was read from the client once."""
    outcomes: list[Any] = []
    told = Hooked(request=read_body, complete=keep(outcomes))
    await ask(Pegboard(routes=[Mount("/", app=echo_app)], plugins=[told]), method="POST", body=b"12345")
    assert outcomes[0].bytes_in == 5


# The client's presence


async def test_is_disconnected_is_true_to_the_wire_and_loses_nothing() -> None:
    """Asking before, while and after the body is read changes nothing for its reader."""
    answers: list[bool] = []

    async def endpoint(request: Request) -> bytes:
        wire: Wire = request.scope["test.wire"]
        answers.append(await request.is_disconnected())
        answers.append(await request.is_disconnected())
        body = await request.body()
        answers.append(await request.is_disconnected())
        wire.leave()
        answers.append(await request.is_disconnected())
        return body

    async def asks(request: Request) -> None:
        answers.append(await request.is_disconnected())

    seen = await ask(board(endpoint, Hooked(request=asks)), method="POST", wire=Wire([b"a", b"b", b"c"], polite=True))
    assert answers == [False, False, False, False, True]
    assert seen.raised is None


async def test_is_disconnected_sees_through_a_body_that_nobody_reads() -> None:
    """The last piece of a body hides nothing, so a loop over GET requests ends."""
    rounds = 0

    async def endpoint(request: Request) -> str:
        nonlocal rounds
        while not await request.is_disconnected():
            rounds += 1
            if rounds == 3:
                request.scope["test.wire"].leave()
            await anyio.lowlevel.checkpoint()
        return "seen"

    await ask(board(endpoint), wire=Wire(polite=True))
    assert rounds == 3


async def test_a_stream_may_read_the_body_while_the_client_is_watched() -> None:
    """The watcher for the client's leaving holds pieces back for the reader; none is lost."""

    async def endpoint(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            async for piece in request.stream():
                yield piece

        return StreamingResponse(pieces())

    seen = await ask(board(endpoint), method="POST", wire=Wire([b"a", b"b", b"c"]))
    assert seen.body == b"abc"
    assert seen.faults == []


async def test_a_client_that_leaves_while_a_hook_reads_is_no_error() -> None:
    """Nothing is answered, nothing is raised, and `complete` knows."""
    outcomes: list[Any] = []
    told = Hooked(request=read_body, complete=keep(outcomes))
    seen = await ask(board(hello, told), method="POST", wire=Wire([b"a"], incomplete=True, leave_after=0))
    assert (seen.wire.sent, seen.raised) == ([], None)
    assert (outcomes[0].kind, outcomes[0].disconnected, outcomes[0].error) == ("client_disconnect", True, None)


# Context variables

word: ContextVar[str] = ContextVar("word", default="nothing")


async def async_word(request: Request) -> str:
    said = word.get()
    word.set("endpoint's")
    return said


def sync_word(request: Request) -> str:
    said = word.get()
    word.set("endpoint's")
    return said


def set_word() -> None:
    word.set("hook's")


async def async_set_word() -> None:
    set_word()
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("endpoint", [async_word, sync_word])
@pytest.mark.parametrize("hook", [set_word, async_set_word])
async def test_context_variables_go_both_ways(endpoint: Any, hook: Any) -> None:
    """What a hook sets the endpoint sees, in its thread as well, and what that sets later hooks see."""
    heard: list[str] = []
    plugin = Hooked(
        request=hook, response=lambda response: heard.append(word.get()), complete=lambda: heard.append(word.get())
    )
    seen = await ask(board(endpoint, plugin), method="GET")
    assert seen.body == b"hook's"
    assert heard == ["endpoint's", "endpoint's"]


async def test_context_variables_reach_a_stream() -> None:
    """The pieces of a stream are made in the request's own context."""

    async def endpoint(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield word.get()

        return StreamingResponse(pieces())

    assert (await ask(board(endpoint, Hooked(request=set_word)))).body == b"hook's"


# Answers


async def test_hooks_run_outside_in_and_back() -> None:
    """rewrite and request come in from outside, error, response, body and complete go out from inside."""
    order: list[str] = []
    plugins = []
    for name in ("a", "b"):

        def says(hook: str, name: str = name) -> Callable[[], None]:
            return lambda: order.append(f"{hook} {name}")

        hooks = {hook: says(hook) for hook in ("rewrite", "request", "error", "response", "body", "complete")}
        plugins.append(Hooked(name, **hooks))
    await ask(board(fails_with(lambda: ValueError("failed")), *plugins))
    assert order == [
        f"{hook} {name}"
        for hook, names in (
            ("rewrite", "ab"),
            ("request", "ab"),
            ("error", "ba"),
            ("response", "ba"),
            ("body", "ba"),
            ("complete", "ba"),
        )
        for name in names
    ]


async def test_rewrite_changes_what_is_routed() -> None:
    """The router sees the scope that rewrite hooks left."""

    def shorten(scope: Scope) -> None:
        scope["path"] = scope["path"].removeprefix("/prefix")

    app = Pegboard(routes=[Route("/there", hello)], plugins=[Hooked(rewrite=shorten)])
    assert (await ask(app, "/prefix/there")).body == b"hello"


async def test_a_synchronous_hook_that_returns_a_coroutine_is_named() -> None:
    """The coroutine is closed, the answer is a 500, and the error says what to do."""

    async def later() -> None:
        raise AssertionError("nobody awaits this")

    for hook in ("request", "response", "body", "rewrite"):
        seen = await ask(board(hello, culprit(hook, later, "sync")))
        assert (seen.status, type(seen.raised)) == (500, HookError)
        for word in (f"hook '{hook}' of", "culprit", "async def"):
            assert word in str(seen.raised)


async def test_complete_hooks_that_misbehave_are_logged_and_named(caplog: pytest.LogCaptureFixture) -> None:
    """The response is out already, and the other plugins are told all the same."""

    async def later() -> None:
        raise AssertionError("nobody awaits this")

    told: list[Any] = []
    seen = await ask(board(hello, culprit("complete", later, "sync"), Hooked(complete=lambda: told.append(1))))
    assert (seen.status, seen.raised, told) == (200, None, [1])
    assert "Hook 'complete' of" in caplog.text
    assert "culprit" in caplog.text


@pytest.mark.parametrize("hook", ["request", "error"])
async def test_a_bare_head_is_no_answer(hook: str) -> None:
    """What cannot be sent is refused where it was returned."""
    app = board(fails_with(lambda: HTTPException(404)), culprit(hook, lambda: Head(200, []), "async"))
    seen = await ask(app)
    assert seen.status == 500
    assert isinstance(seen.raised, HookError)
    assert "expected a response or None" in str(seen.raised)


async def test_a_response_hook_may_return_what_it_was_given() -> None:
    """`return response` replaces nothing, for own responses and for foreign ones."""

    def add(response: Any) -> Any:
        response.headers["x-seen"] = "yes"
        return response

    outcomes: list[Any] = []
    plugin = Hooked(response=add, complete=keep(outcomes))
    for app in (board(hello, plugin), Pegboard(routes=[Mount("/", app=echo_app)], plugins=[Hooked(response=add)])):
        seen = await ask(app)
        assert (seen.status, seen.headers[b"x-seen"]) == (200, b"yes")
    assert outcomes[0].answered_by is None


async def test_notes_name_the_hook_that_failed() -> None:
    """Whatever leaves a hook carries the hook's name and its plugin's."""
    for hook in ("rewrite", "request", "response", "body"):
        seen = await ask(board(hello, culprit(hook, raising(lambda: ValueError("failed")), "sync")))
        notes = getattr(seen.raised, "__notes__", [])
        assert [note for note in notes if f"hook '{hook}'" in note and "culprit" in note], hook


async def test_a_hook_that_fails_on_an_error_keeps_the_error_in_sight() -> None:
    """The server gets both: what the hook raised, and what it was raised on."""
    seen = await ask(
        board(fails_with(lambda: KeyError("first")), culprit("response", raising(lambda: ValueError("second")), "sync"))
    )
    assert isinstance(seen.raised, ValueError)
    assert isinstance(seen.raised.__context__, KeyError)


async def test_exceptions_of_hooks_reach_the_exception_handlers() -> None:
    """A handler answers for a hook's exception as it does for the endpoint's, and the plugin is still named."""
    outcomes: list[Any] = []
    app = board(
        hello,
        culprit("request", raising(lambda: KeyError("who")), "sync"),
        Hooked(complete=keep(outcomes)),
        exception_handlers={KeyError: lambda request, exc: PlainTextResponse("handled", 409)},
    )
    seen = await ask(app)
    assert (seen.status, seen.raised) == (409, None)
    assert (outcomes[0].answered_by, outcomes[0].error) == ("culprit", None)


async def test_an_answer_that_fails_before_it_starts_is_answered_in_turn() -> None:
    """First like any exception; when that answer fails as well, with a 500 that nobody touches."""

    def handler(request: Request, exc: Exception) -> Fails:
        return Fails(b"")

    async def endpoint(request: Request) -> Fails:
        return Fails(b"")

    seen = await ask(board(endpoint, exception_handlers={ValueError: handler}))
    assert (seen.status, seen.body) == (500, b"Internal Server Error")
    assert isinstance(seen.raised, ValueError)
    assert seen.faults == []


async def test_an_exception_that_cannot_speak_is_a_500() -> None:
    """An HTTPException whose headers cannot travel is answered, not dropped."""
    seen = await ask(board(fails_with(lambda: HTTPException(400, headers={"x": "two\nlines"}))))
    assert seen.status == 500
    assert isinstance(seen.raised, ValueError)


async def test_an_error_page_of_the_user_is_sent_and_the_error_raised() -> None:
    """The handler for 500 answers; the server hears of the exception all the same."""
    app = board(
        fails_with(lambda: ValueError("failed")),
        exception_handlers={500: lambda request, exc: PlainTextResponse("oh", 500)},
    )
    seen = await ask(app)
    assert (seen.body, type(seen.raised)) == (b"oh", ValueError)


async def test_a_cancellation_that_the_endpoint_swallows_is_none(anyio_backend_name: str) -> None:
    """An endpoint that answers instead of ending is taken at its word."""
    if anyio_backend_name != "asyncio":
        pytest.skip("only asyncio lets a cancellation be swallowed")
    outcomes: list[Any] = []

    async def endpoint(request: Request) -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "still here"
        raise AssertionError("it was not cancelled")

    app = board(endpoint, Hooked(complete=keep(outcomes)))
    task = asyncio.ensure_future(ask(app))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    seen = await task
    assert (seen.body, outcomes[0].kind) == (b"still here", "sent")


async def test_a_request_cancelled_by_its_server_is_told_to_the_end(anyio_backend_name: str) -> None:
    """Hooks at the end may await, although the request's task was cancelled."""
    if anyio_backend_name != "asyncio":
        pytest.skip("servers on asyncio cancel tasks")
    told: list[str] = []

    async def tell(outcome: Any) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(outcome.kind)

    async def endpoint(request: Request) -> None:
        await anyio.sleep_forever()

    task = asyncio.ensure_future(ask(board(endpoint, Hooked(complete=tell))))
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled"]


@pytest.mark.parametrize("hook", ["request", "error", "response"])
async def test_a_request_cancelled_in_a_hook_is_told_and_sends_nothing(hook: str) -> None:
    """Wherever the cancellation hits, it is the end, and no exception of anybody's."""
    outcomes: list[Any] = []

    async def cancels(request: Request) -> None:
        request.scope["test.cancel"]()
        await anyio.sleep_forever()

    hooks: dict[str, Any] = {"complete": keep(outcomes), hook: cancels}
    app = board(fails_with(lambda: ValueError("failed")), Hooked(**hooks))
    seen = await ask(app)
    assert (seen.cancelled, seen.wire.sent, seen.leaked) == (True, [], [])
    assert [(outcome.kind, outcome.status_code, outcome.first_byte) for outcome in outcomes] == [("cancelled", 0, None)]


# Background tasks


async def test_the_background_task_comes_after_complete() -> None:
    """First the response is over for everybody, then what it left to do is done."""
    order: list[str] = []

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello", background=BackgroundTask(lambda: order.append("task")))

    await ask(board(endpoint, Hooked(complete=lambda: order.append("complete"))))
    assert order == ["complete", "task"]


async def test_a_client_that_leaves_does_not_stop_the_background_task() -> None:
    """Temporary files are deleted, whoever waits for them."""
    done: list[int] = []

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"a", b"b"]), background=BackgroundTask(lambda: done.append(1)))

    await ask(board(endpoint), wire=Wire(leave_after=1))
    assert done == [1]


async def test_a_failing_task_does_not_hide_the_error(caplog: pytest.LogCaptureFixture) -> None:
    """The server gets the exception that nobody handled; what the task of its page raised is logged."""

    def fail() -> None:
        raise KeyError("task")

    def page(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("oh", 500, background=BackgroundTask(fail))

    seen = await ask(board(fails_with(lambda: ValueError("failed")), exception_handlers={500: page}))
    assert isinstance(seen.raised, ValueError)
    assert "A background task failed" in caplog.text


async def test_a_failing_task_is_named() -> None:
    """The server's log says which task it was."""

    def fail() -> None:
        raise KeyError("task")

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello", background=BackgroundTask(fail))

    seen = await ask(board(endpoint))
    assert isinstance(seen.raised, KeyError)
    assert "in background task" in seen.raised.__notes__[0]


# What is left behind


class Marker:
    """Something that a request keeps alive."""


async def drop(app: Any, scope: Scope) -> None:
    """Serve a request, and let go of all that came of it."""
    wire = Wire()
    with suppress(Exception):
        await app(scope, wire.receive, wire.send)


@pytest.mark.parametrize(
    "path", ["/plain", "/boom", "/fails", "/teapot", "/foreign/fails", "/foreign/midway", "/nowhere"]
)
async def test_no_cycle_keeps_a_request_alive(path: str) -> None:
    """When a request is over and its exception dropped, counted references free it: no collector is needed."""
    app = board_of(Hooked(complete=lambda: None, response=lambda: None))
    await drop(app, scope_of(path))
    with no_collector():
        marker = Marker()
        alive = weakref.ref(marker)
        await drop(app, scope_of(path, marker=marker))
        del marker
        assert alive() is None
