"""How conversations end: every hook is told once, whatever the others do and whoever cancels."""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.convertors import Convertor, register_url_convertor
from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.requests import Request
from pegboard.routing import Route, WebSocketRoute
from pegboard.testclient import TestClient
from pegboard.websockets import WebSocket

pytestmark = pytest.mark.anyio


class Told(Plugin):
    """Is told, after ``act``."""

    def __init__(self, name: str, told: list[str], act: Any = anyio.lowlevel.checkpoint) -> None:
        super().__init__()
        self.name, self.told, self.act = name, told, act

    @hookimpl
    async def complete(self, request: Request, outcome: Any) -> None:
        await self.act()
        await anyio.lowlevel.checkpoint()
        self.told.append(self.name)


async def hello(request: Request) -> str:
    return "hello"


async def test_a_cancellation_while_they_are_told_waits_for_the_rest() -> None:
    """The hook that it hits is cut off, as whoever cancels wants it; the others are told."""
    told: list[str] = []
    cancels: list[Any] = []

    async def cancelled() -> None:
        cancels[0]()
        await anyio.sleep_forever()

    class Keeps(Plugin):
        name = "keeps"

        @hookimpl
        def request(self, request: Request) -> None:
            cancels.append(request.scope["test.cancel"])

    # Inside-out: c, b, a.
    app = Pegboard(
        routes=[Route("/", hello)], plugins=[Told("a", told), Told("b", told, cancelled), Told("c", told), Keeps()]
    )
    seen = await ask(app)
    assert seen.cancelled
    assert told == ["c", "a"]
    assert seen.body == b"hello"


async def test_a_failure_while_they_are_told_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with hook and plugin."""
    told: list[str] = []

    async def fails() -> None:
        raise ValueError("failed")

    seen = await ask(
        Pegboard(routes=[Route("/", hello)], plugins=[Told("a", told), Told("b", told, fails), Told("c", told)])
    )
    assert (seen.raised, told) == (None, ["c", "a"])
    assert "Hook 'complete' of" in caplog.text
    assert "'b'" in caplog.text or " b" in caplog.text


async def test_the_outcome_tells_the_times_in_order() -> None:
    """The first byte comes after the start and before the end, in seconds from the start."""
    outcomes: list[Any] = []

    class Keeps(Plugin):
        name = "keeps"

        @hookimpl
        def complete(self, outcome: Any) -> None:
            outcomes.append(outcome)

    await ask(Pegboard(routes=[Route("/", hello)], plugins=[Keeps()]))
    outcome = outcomes[0]
    assert 0 <= outcome.first_byte <= outcome.duration
    assert outcome.started > 0
    assert outcome.route.path == "/"
    assert repr(outcome) == "<Outcome sent 200 answered_by=endpoint>"


async def test_without_anybody_to_tell_there_is_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody listens to is not made."""
    from pegboard.stories import http

    def never(*arguments: Any) -> None:
        raise AssertionError("nobody listens")

    monkeypatch.setattr(http, "Outcome", never)
    assert (await ask(Pegboard(routes=[Route("/", hello)], plugins=[]))).body == b"hello"


async def test_the_files_of_a_form_are_closed_when_the_request_ends() -> None:
    uploads: list[Any] = []

    async def upload(request: Request) -> str:
        form = await request.form()
        uploads.append(form["file"])
        assert not uploads[0].file.closed
        return "kept open"

    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--b--\r\n'
    app = Pegboard(routes=[Route("/", upload, methods=["POST"])], plugins=[])
    with TestClient(app) as client:
        answer = client.post("/", content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert answer.text == "kept open"
    assert uploads[0].file.closed


class Noting(Plugin):
    """Leaves word of why it decided as it did, and hears of it in the end."""

    name = "noting"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[dict[str, str]] = []

    @hookimpl
    def request(self, request: Request) -> None:
        if "note" in request.query_params:
            request.note("noting", "first thoughts")
            request.note("noting", "asked for a note")

    @hookimpl
    def websocket(self, websocket: WebSocket) -> None:
        websocket.note("noting", "a socket")

    @hookimpl
    def complete(self, outcome: Outcome) -> None:
        self.heard.append(dict(outcome.notes))

    @hookimpl
    def websocket_complete(self, outcome: WebSocketOutcome) -> None:
        self.heard.append(dict(outcome.notes))


def test_notes_of_plugins_are_in_the_outcome() -> None:
    """The last word of each plugin, of its own conversation only, and nothing where nobody left one."""
    noting = Noting()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()

    app = Pegboard(routes=[Route("/", hello), WebSocketRoute("/socket", endpoint)], plugins=[noting])
    with TestClient(app) as client:
        client.get("/?note")
        client.get("/")
        with client.websocket_connect("/socket"):
            pass
    assert noting.heard == [{"noting": "asked for a note"}, {}, {"noting": "a socket"}]


class Keeping(Plugin):
    """Keeps the outcomes."""

    name = "keeping"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []

    @hookimpl
    def complete(self, request: Request, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


async def test_a_request_begins_before_its_route_is_found() -> None:
    """Whatever the finding takes is in its duration."""
    converted: list[float] = []

    class Noting(Convertor[str]):
        regex = "noting"

        def convert(self, value: str) -> str:
            converted.append(perf_counter())
            return value

        def to_string(self, value: str) -> str:
            return value

    keeping = Keeping()
    register_url_convertor("noting", Noting())
    await ask(Pegboard(routes=[Route("/{word:noting}", hello)], plugins=[keeping], config={}), "/noting")
    [outcome] = keeping.outcomes
    assert outcome.started <= converted[-1] <= outcome.started + outcome.duration


async def test_nobody_is_told_times_of_the_clock_for_durations() -> None:
    """A plan may be made for a request whose begin was not noted; it has taken no time then, not all of it."""
    keeping = Keeping()
    board = Pegboard(routes=[Route("/", hello)], plugins=[keeping], config={})
    board.freeze()
    board.frozen.http.is_timed = False
    before = perf_counter()
    await ask(board, "/")
    [outcome] = keeping.outcomes
    assert before <= outcome.started <= outcome.started + outcome.duration <= perf_counter()
    assert outcome.first_byte is None


async def test_whatever_ends_the_telling_keeps_no_outcome() -> None:
    """It holds the error, whose traceback holds the frame that told it: nobody would ever let go of them."""

    class Stops(BaseException):
        pass

    async def stop() -> None:
        raise Stops

    async def fails(request: Request) -> str:
        raise ValueError

    board = Pegboard(routes=[Route("/", fails)], plugins=[Told("a", [], stop)], config={})
    await ask_until_it_stops(board, Stops)
    gc.collect()
    before = outcomes_alive()
    gc.disable()
    try:
        await ask_until_it_stops(board, Stops)
        assert len(outcomes_alive()) == len(before)
    finally:
        gc.enable()


def outcomes_alive() -> list[Any]:
    """Whatever keeps them; other tests have kept some. Proxies among all the objects are not asked what they are."""
    return [kept for kept in gc.get_objects() if type(kept) is Outcome]


async def ask_until_it_stops(board: Pegboard, stops: type[BaseException]) -> None:
    """Ask, and keep nothing of what is raised."""
    has_stopped = False
    try:
        await ask(board)
    except stops:
        has_stopped = True
    assert has_stopped
