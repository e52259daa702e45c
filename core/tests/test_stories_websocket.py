"""The life of a WebSocket: refusals, ends, and what plugins are told of them."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio
import trio.testing
from asgi_harness import Socket

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import HookError, HTTPException, WebSocketException
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.types import Receive, Scope, Send
from pegboard.websockets import WebSocket

pytestmark = pytest.mark.anyio

DENIAL = ("websocket.http.response",)


class Recorder(Plugin):
    """Writes down who was told what; its answer, if any, denies."""

    def __init__(self, name: str, phase: Any, journal: list[Any], answer: Any = None) -> None:
        super().__init__()
        self.name, self.phase, self.journal, self.answer = name, phase, journal, answer

    def act(self) -> Any:
        return self.answer() if self.answer is not None else None


class SyncRecorder(Recorder):
    @hookimpl
    def websocket(self, websocket: WebSocket) -> Any:
        self.journal.append(("websocket", self.name))
        return self.act()

    @hookimpl
    def websocket_complete(self, websocket: WebSocket, outcome: Any) -> None:
        self.journal.append(("complete", self.name, outcome))


class AsyncRecorder(Recorder):
    @hookimpl
    async def websocket(self, websocket: WebSocket) -> Any:
        await anyio.lowlevel.checkpoint()
        self.journal.append(("websocket", self.name))
        return self.act()

    @hookimpl
    async def websocket_complete(self, websocket: WebSocket, outcome: Any) -> None:
        await anyio.lowlevel.checkpoint()
        self.journal.append(("complete", self.name, outcome))


def raises(exc: BaseException) -> Any:
    def act() -> None:
        raise exc

    return act


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def foreign_echo(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def leaves_open(websocket: WebSocket) -> None:
    await websocket.accept()


async def never_accepts(websocket: WebSocket) -> None:
    return


async def closes(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close(3000, "enough")


async def fails(websocket: WebSocket) -> None:
    await websocket.accept()
    raise ValueError("the endpoint failed")


async def fails_before(websocket: WebSocket) -> None:
    raise ValueError("the endpoint failed")


async def forbids(websocket: WebSocket) -> None:
    raise HTTPException(403)


async def ends_it(websocket: WebSocket) -> None:
    await websocket.accept()
    raise WebSocketException(1008, "policy")


async def waits(websocket: WebSocket) -> None:
    await websocket.accept()
    websocket.scope["test.cancel"]()
    await anyio.sleep_forever()


async def writes(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive()
    await websocket.send_text("too late")


ENDPOINTS = (echo, leaves_open, never_accepts, closes, fails, fails_before, forbids, ends_it, waits, writes)

# path, what is received; then: messages, kind, code, status, error, raised
WAYS: dict[str, tuple[str, Socket, list[str], str, int | None, int, Any]] = {
    "echo": ("/echo", Socket(["a", "bc"]), ["accept", "send", "send"], "closed", 1000, 101, None),
    "client's code": ("/echo", Socket([], code=3001), ["accept"], "closed", 3001, 101, None),
    "application": ("/foreign/", Socket(["a"]), ["accept", "send"], "closed", 1000, 101, None),
    "left open": ("/leaves_open", Socket(), ["accept", "close"], "closed", 1000, 101, None),
    "never accepted": ("/never_accepts", Socket(), ["close"], "denied", None, 403, None),
    "closed": ("/closes", Socket(), ["accept", "close"], "closed", 3000, 101, None),
    "fails": ("/fails", Socket(), ["accept", "close"], "error", 1011, 101, ValueError),
    "fails before": ("/fails_before", Socket(), ["close"], "error", None, 403, ValueError),
    "HTTPException": ("/forbids", Socket(), ["close"], "denied", None, 403, None),
    "WebSocketException": ("/ends_it", Socket(), ["accept", "close"], "closed", 1008, 101, None),
    "cancelled": ("/waits", Socket(), ["accept"], "cancelled", 1006, 101, None),
    "vanished": ("/writes", Socket([], code=1006), ["accept"], "closed", 1006, 101, None),
    "not found": ("/nowhere", Socket(), ["close"], "denied", None, 403, None),
    "a route for requests": ("/page", Socket(), ["close"], "denied", None, 403, None),
}


async def page(request: Any) -> str:
    return "page"


def board(*plugins: Plugin, **options: Any) -> Pegboard:
    return Pegboard(
        routes=[
            *(WebSocketRoute(f"/{endpoint.__name__}", endpoint) for endpoint in ENDPOINTS),
            Mount("/foreign", app=foreign_echo),
            Route("/page", page),
        ],
        plugins=list(plugins),
        **options,
    )


@pytest.mark.parametrize("recorder", [SyncRecorder, AsyncRecorder], ids=["sync", "async"])
@pytest.mark.parametrize("way", WAYS)
async def test_every_way_a_websocket_ends(way: str, recorder: type[Recorder]) -> None:
    """Each plugin is told once, from inside out, and the WebSocket is closed for the server."""
    path, template, messages, kind, code, status, error = WAYS[way]
    socket = Socket()
    socket.incoming = list(template.incoming)
    journal: list[Any] = []
    await socket.open(board(recorder("outer", "observe", journal), recorder("inner", "app", journal)), path)
    assert socket.types == messages
    assert [entry[:2] for entry in journal] == [
        ("websocket", "outer"),
        ("websocket", "inner"),
        ("complete", "inner"),
        ("complete", "outer"),
    ]
    outcome = journal[-1][2]
    assert (outcome.kind, outcome.close_code, outcome.status_code) == (kind, code, status)
    assert outcome.accepted is (status == 101)
    assert outcome.answered_by is None
    assert type(socket.raised) is (error or type(None))
    assert socket.cancelled is (kind == "cancelled")
    if kind != "cancelled":
        assert outcome.error is socket.raised


async def test_the_outcome_counts() -> None:
    """Messages and bytes both ways, text in UTF-8."""
    journal: list[Any] = []
    await Socket(["é", "abc"]).open(board(SyncRecorder("outer", "observe", journal)), "/echo")
    outcome = journal[-1][2]
    assert (outcome.messages_in, outcome.messages_out, outcome.bytes_in, outcome.bytes_out) == (2, 2, 5, 5)
    assert outcome.route.path == "/echo"


@pytest.mark.parametrize("recorder", [SyncRecorder, AsyncRecorder], ids=["sync", "async"])
@pytest.mark.parametrize("extensions", [DENIAL, ()], ids=["response", "close"])
async def test_a_hook_denies(recorder: type[Recorder], extensions: Any) -> None:
    """With a response where the server can send one, with a close otherwise; nobody further inside is asked."""
    journal: list[Any] = []
    app = board(
        recorder("outer", "observe", journal),
        recorder("denies", "guard", journal, lambda: PlainTextResponse("no", 401)),
        recorder("inner", "app", journal),
    )
    socket = await Socket().open(app, "/echo", extensions)
    if extensions:
        assert socket.types == ["http.response.start", "http.response.body"]
        assert (socket.sent[0]["status"], socket.sent[1]["body"]) == (401, b"no")
    else:
        assert socket.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]
    assert [entry[1] for entry in journal if entry[0] == "websocket"] == ["outer", "denies"]
    outcome = journal[-1][2]
    assert (outcome.kind, outcome.answered_by, outcome.error, outcome.accepted) == ("denied", "denies", None, False)
    assert outcome.status_code == (401 if extensions else 403)


DENIED = {
    "HTTPException": (HTTPException(401), 401, None),
    "WebSocketException": (WebSocketException(3000), 403, None),
    "exception": (ValueError("failed"), 500, ValueError),
}


@pytest.mark.parametrize(("exc", "status", "raised"), DENIED.values(), ids=DENIED)
async def test_a_hook_that_raises_denies(exc: Exception, status: int, raised: Any) -> None:
    """Its plugin is named, in the outcome and in a note."""
    journal: list[Any] = []
    app = board(SyncRecorder("outer", "observe", journal), SyncRecorder("raises", "app", journal, raises(exc)))
    socket = await Socket().open(app, "/echo", DENIAL)
    assert type(socket.raised) is (raised or type(None))
    outcome = journal[-1][2]
    assert (outcome.answered_by, outcome.status_code) == ("raises", status)
    assert "in hook 'websocket' of" in exc.__notes__[0]
    assert "raises" in exc.__notes__[0]


async def test_a_denial_that_streams() -> None:
    """Any response may deny."""
    answer = SyncRecorder("denies", "app", [], lambda: StreamingResponse(iter([b"n", b"o"]), 403))
    socket = await Socket([], code=None).open(board(answer), "/echo", DENIAL)
    assert b"".join(message.get("body", b"") for message in socket.sent) == b"no"
    assert socket.sent[-1]["more_body"] is False


async def test_a_denial_that_fails_midway_is_raised() -> None:
    """What was begun cannot be closed otherwise; the server is told, and so are the plugins."""

    def pieces() -> Any:
        yield b"n"
        raise ValueError("the denial failed")

    journal: list[Any] = []
    answer = SyncRecorder("denies", "app", journal, lambda: StreamingResponse(pieces(), 403))
    socket = await Socket([], code=None).open(board(answer), "/echo", DENIAL)
    assert isinstance(socket.raised, ValueError)
    assert "close" not in socket.types
    assert (journal[-1][2].kind, journal[-1][2].error) == ("error", socket.raised)


async def test_what_is_no_answer_is_refused() -> None:
    """A hook that returns anything but a response or None is named."""
    socket = await Socket().open(board(SyncRecorder("wrong", "app", [], lambda: "text")), "/echo", DENIAL)
    assert isinstance(socket.raised, HookError)
    assert "hook 'websocket' of" in str(socket.raised)
    assert socket.sent[0]["status"] == 500


async def test_hooks_add_headers_to_the_handshake() -> None:
    """They follow what the endpoint gives itself."""

    class Adds(Plugin):
        name = "adds"

        @hookimpl
        def websocket(self, websocket: WebSocket) -> None:
            websocket.accept_headers.append((b"x-added", b"1"))

    async def accepts(websocket: WebSocket) -> None:
        await websocket.accept(headers=[(b"x-own", b"1")])

    for route in (WebSocketRoute("/", accepts), Mount("/", app=foreign_echo)):
        socket = await Socket().open(Pegboard(routes=[route], plugins=[Adds()]))
        headers = socket.sent[0]["headers"]
        assert headers[-1] == (b"x-added", b"1")


async def test_rewrite_hooks_see_websockets() -> None:
    """They may route them elsewhere; one that fails denies, and is named."""
    journal: list[Any] = []

    class Rewrites(Plugin):
        name = "rewrites"

        @hookimpl
        def rewrite(self, scope: Scope) -> None:
            if scope["path"] == "/bad":
                raise ValueError("failed")
            scope["path"] = "/echo"

    app = board(Rewrites(), SyncRecorder("outer", "observe", journal))
    assert (await Socket(["a"]).open(app, "/elsewhere")).types == ["accept", "send"]
    socket = await Socket().open(app, "/bad", DENIAL)
    assert (socket.sent[0]["status"], type(socket.raised)) == (500, ValueError)
    assert journal[-1][2].answered_by == "rewrites"


async def test_a_complete_hook_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The others are told all the same."""
    journal: list[Any] = []

    class Fails(Plugin):
        name = "fails"

        @hookimpl
        def websocket_complete(self) -> None:
            raise ValueError("failed")

    socket = await Socket().open(board(Fails(), SyncRecorder("outer", "observe", journal)), "/echo")
    assert socket.raised is None
    assert len(journal) == 2
    assert "Hook 'websocket_complete' of" in caplog.text


# Exception handlers


async def test_a_handler_may_end_the_websocket() -> None:
    """What is handled is not raised."""

    async def handler(websocket: WebSocket, exc: Exception) -> None:
        await websocket.close(3999, str(exc))

    socket = await Socket().open(board(exception_handlers={ValueError: handler}), "/fails")
    assert socket.sent[-1] == {"type": "websocket.close", "code": 3999, "reason": "the endpoint failed"}
    assert socket.raised is None


@pytest.mark.parametrize("path", ["/fails", "/fails_before"])
async def test_what_a_handler_leaves_open_is_closed(path: str) -> None:
    """Whatever ends, a WebSocket is left closed."""

    async def handler(websocket: WebSocket, exc: Exception) -> None:
        return

    socket = await Socket().open(board(exception_handlers={ValueError: handler}), path)
    assert (socket.types[-1], socket.raised) == ("close", None)


async def test_a_handler_may_deny() -> None:
    """Before the handshake, its response is the denial."""

    async def handler(websocket: WebSocket, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("no", 409)

    socket = await Socket().open(board(exception_handlers={ValueError: handler}), "/fails_before", DENIAL)
    assert (socket.sent[0]["status"], socket.raised) == (409, None)


@pytest.mark.parametrize("path", ["/fails", "/fails_before"])
async def test_a_handler_that_fails_closes_with_1011(path: str) -> None:
    """Its exception is raised, and the WebSocket closed."""

    async def handler(websocket: WebSocket, exc: Exception) -> None:
        raise KeyError("the handler failed")

    socket = await Socket().open(board(exception_handlers={ValueError: handler}), path)
    assert isinstance(socket.raised, KeyError)
    assert socket.sent[-1]["code"] == 1011


async def test_a_server_that_refuses_the_close_does_not_hide_the_error() -> None:
    """The endpoint's exception is the one to be reported."""

    class Refuses(Socket):
        async def send(self, message: Any) -> None:
            if message["type"] == "websocket.close":
                raise RuntimeError("it is closed already")
            await super().send(message)

    journal: list[Any] = []
    socket = await Refuses().open(board(SyncRecorder("outer", "observe", journal)), "/fails")
    assert isinstance(socket.raised, ValueError)
    assert journal[-1][2].error is socket.raised


# An end that hooks set


class Ends(Plugin):
    """Sets an end for every WebSocket, and keeps them."""

    name = "ends"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.open: list[WebSocket] = []
        self.outcomes: list[Any] = []

    @hookimpl
    def websocket(self, websocket: WebSocket) -> None:
        websocket.close_after(self.seconds, 3000, "expired")
        self.open.append(websocket)

    @hookimpl
    def websocket_complete(self, websocket: WebSocket, outcome: Any) -> None:
        self.outcomes.append(outcome)


def ends(plugin: Ends, endpoint: Any) -> Pegboard:
    return Pegboard(routes=[WebSocketRoute("/", endpoint), Mount("/foreign", app=endpoint)], plugins=[plugin])


async def listens(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    finally:
        websocket.scope["test.left"] = True


async def foreign_listens(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


async def test_a_websocket_whose_end_has_come_is_closed_and_its_endpoint_cancelled() -> None:
    plugin, socket = Ends(60), Socket([], code=None)

    async def listens_on(websocket: WebSocket) -> None:
        await websocket.accept()
        websocket.close_after(0, 3003, "logged out")
        await websocket.receive_text()

    await socket.open(ends(plugin, listens_on))
    assert socket.sent[-1] == {"type": "websocket.close", "code": 3003, "reason": "logged out"}
    [outcome] = plugin.outcomes
    assert (outcome.kind, outcome.close_code, outcome.error) == ("closed", 3003, None)
    assert socket.raised is None
    assert not socket.cancelled


@pytest.mark.parametrize("path", ["/", "/foreign/"])
async def test_the_end_may_be_moved_from_outside_of_the_endpoint(path: str) -> None:
    plugin, socket = Ends(float("inf")), Socket([], code=None)
    app = ends(plugin, listens if path == "/" else foreign_listens)
    async with anyio.create_task_group() as group:
        group.start_soon(socket.open, app, path)
        await anyio.wait_all_tasks_blocked()
        assert socket.types == ["accept"]
        plugin.open[0].close_after(0, 3003)
    assert socket.sent[-1] == {"type": "websocket.close", "code": 3003, "reason": ""}
    assert path == "/foreign/" or plugin.open[0].scope["test.left"]


async def test_an_end_that_has_passed_before_the_handshake_refuses_it() -> None:
    plugin, socket = Ends(-1), Socket([], code=None)
    await socket.open(ends(plugin, listens))
    assert socket.types == ["close"]
    assert plugin.outcomes[0].kind == "denied"


async def test_a_websocket_that_is_closed_before_its_end_is_closed_as_ever() -> None:
    for seconds in (60, float("inf")):
        plugin, socket = Ends(seconds), Socket(["a"])
        await socket.open(ends(plugin, echo))
        assert socket.types == ["accept", "send"]
        assert plugin.outcomes[0].close_code == 1000


async def test_what_fails_while_it_is_cancelled_is_an_error_like_any() -> None:
    async def fails_on_the_way_out(websocket: WebSocket) -> None:
        await websocket.accept()
        websocket.close_after(0, 3000)
        try:
            await websocket.receive_text()
        finally:
            raise ValueError("on the way out")

    socket = Socket([], code=None)
    await socket.open(ends(Ends(60), fails_on_the_way_out))
    assert socket.sent[-1]["code"] == 1011
    assert isinstance(socket.raised, ValueError)


async def test_an_end_is_announced_by_a_hook_before_the_endpoint_runs() -> None:
    async def late(websocket: WebSocket) -> None:
        websocket.close_after(5)

    socket = Socket()
    await socket.open(board_of(late))
    assert isinstance(socket.raised, RuntimeError)
    assert "call it in a `websocket` hook first" in str(socket.raised)


def board_of(endpoint: Any) -> Pegboard:
    return Pegboard(routes=[WebSocketRoute("/", endpoint)], plugins=[])


def test_an_end_comes_in_its_time_and_not_before() -> None:
    """An hour of the virtual clock."""
    plugin, socket = Ends(3600), Socket([], code=None)

    async def taken() -> float:
        started = trio.current_time()
        await socket.open(ends(plugin, listens))
        return trio.current_time() - started

    assert trio.run(taken, clock=trio.testing.MockClock(autojump_threshold=0)) == 3600.0
    assert socket.sent[-1]["code"] == 3000
