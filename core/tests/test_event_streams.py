"""Server-sent events: how they travel, and how streams of them end."""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from asgi_harness import Wire, scope_of
from hypothesis import given
from hypothesis import strategies as st

from pegboard.applications import Pegboard
from pegboard.event_streams import EventSourceResponse, ServerSentEvent, encode_event
from pegboard.requests import Request
from pegboard.routing import Route

anyio_test = pytest.mark.anyio


@dataclass
class Price:
    amount: int


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("hello", b"data: hello\n\n"),
        ("", b"data: \n\n"),
        ("one\ntwo", b"data: one\ndata: two\n\n"),
        ("one\r\ntwo\rthree\n", b"data: one\ndata: two\ndata: three\ndata: \n\n"),
        ("a\u2028b\x0bc\x85d", "data: a\u2028b\x0bc\x85d\n\n".encode()),
        (" leading", b"data:  leading\n\n"),
        ("ä", "data: ä\n\n".encode()),
        (b"bytes", b"data: bytes\n\n"),
        (3, b"data: 3\n\n"),
        ([1, "a\nb"], b'data: [1,"a\\nb"]\n\n'),
        (Price(3), b'data: {"amount":3}\n\n'),
        (ServerSentEvent({"a": 1}), b'data: {"a":1}\n\n'),
        (ServerSentEvent("x", event="tick", id=7, retry=1500), b"id: 7\nevent: tick\nretry: 1500\ndata: x\n\n"),
        ({"data": "x", "event": "tick", "id": "7"}, b"id: 7\nevent: tick\ndata: x\n\n"),
        ({"data": {"a": 1}}, b'data: {"a":1}\n\n'),
        (ServerSentEvent(comment="one\ntwo"), b": one\n: two\n\n"),
        (ServerSentEvent(id=""), b"id: \n\n"),
        (ServerSentEvent(retry=0), b"retry: 0\n\n"),
        (ServerSentEvent(data=""), b"data: \n\n"),
        (ServerSentEvent(data=0), b"data: 0\n\n"),
        (ServerSentEvent(), b"\n"),
    ],
)
def test_an_event_travels_as_the_standard_says(event: Any, expected: bytes) -> None:
    """One table: text, JSON, fields, comments and line breaks of every kind."""
    assert encode_event(event) == expected


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\r\nb"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_a_line_break_cannot_be_smuggled_into_a_field(name: str, text: str) -> None:
    """Names and ids are one line."""
    with pytest.raises(ValueError, match="one line"):
        ServerSentEvent("x", **{name: text})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one line"):
        encode_event({name: text})


@pytest.mark.parametrize("make", [lambda: ServerSentEvent(id="a\0"), lambda: ServerSentEvent(retry=-1)])
def test_what_clients_would_ignore_is_refused(make: Callable[[], Any]) -> None:
    """An id with NUL, a time that is negative."""
    with pytest.raises(ValueError, match="expected"):
        make()


@pytest.mark.parametrize(
    ("event", "part"),
    [
        ({"price": 3}, "ServerSentEvent(data={...})"),
        (None, "is None"),
        (object(), "object"),
    ],
)
def test_what_is_no_event_says_what_to_do(event: Any, part: str) -> None:
    """A dict that is data, nothing, and what JSON cannot say."""
    with pytest.raises(TypeError, match=re.escape(part)):
        encode_event(event)


def parsed(stream: str) -> list[tuple[str, str, str]]:
    """What a browser makes of a stream: type, data and last id of every event (WHATWG HTML, 9.2.6)."""
    events, data, kind, last = [], list[str](), "", ""
    for line in re.split("\r\n|\n|\r", stream):
        if not line:
            if data:
                events.append((kind or "message", "\n".join(data), last))
            data, kind = [], ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last = value
    return events


LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), LINE.filter(bool), LINE), max_size=5))
def test_a_browser_gets_what_was_sent(events: list[tuple[str, str, str]]) -> None:
    """Text comes back whole but for the kind of its line breaks, whatever else it has."""
    stream = b"".join(encode_event(ServerSentEvent(data, event=kind, id=last)) for data, kind, last in events)
    assert parsed(stream.decode()) == [(kind, re.sub("\r\n|\r", "\n", data), last) for data, kind, last in events]


@pytest.mark.parametrize("content", ["text", b"bytes", {"data": "x"}])
def test_content_that_is_one_event_is_refused(content: Any) -> None:
    """A text is iterable, but not an iterable of events."""
    with pytest.raises(TypeError, match="iterable of events"):
        EventSourceResponse(content)


def test_a_negative_keep_alive_is_refused() -> None:
    """Seconds, or 0."""
    with pytest.raises(ValueError, match="keep_alive"):
        EventSourceResponse([], keep_alive=-1)


def test_nobody_on_the_way_may_keep_events() -> None:
    """The three headers, unless they are given."""
    response = EventSourceResponse([], headers={"Cache-Control": "no-cache", "X-Mine": "1"})
    assert dict(response.headers) == {
        "cache-control": "no-cache",
        "x-mine": "1",
        "content-type": "text/event-stream",
        "x-accel-buffering": "no",
    }
    assert EventSourceResponse([]).headers["cache-control"] == "no-store"


# On the wire


async def served(response: Any, wire: Wire, method: str = "GET") -> None:
    """Serve ``response`` from a board."""

    async def endpoint(request: Request) -> Any:
        return response

    board = Pegboard(routes=[Route("/", endpoint)], plugins=[], config={})
    await board(scope_of(method=method), wire.receive, wire.send)


def body(wire: Wire) -> bytes:
    return b"".join(message.get("body", b"") for message in wire.sent)


async def some() -> AsyncIterator[str]:
    yield "one"
    yield "two"


def some_sync() -> Iterator[str]:
    yield "one"
    yield "two"


@anyio_test
@pytest.mark.parametrize("make", [some, some_sync, lambda: ["one", "two"]])
async def test_events_are_sent_one_by_one_to_their_end(make: Callable[[], Any]) -> None:
    """From any iterable; the end of the iterable is the end of the answer."""
    wire = Wire()
    await served(EventSourceResponse(make()), wire)
    assert [message.get("body") for message in wire.sent[1:]] == [b"data: one\n\n", b"data: two\n\n", b""]
    assert wire.sent[-1]["more_body"] is False


@anyio_test
async def test_head_has_headers_only_and_closes_the_iterator() -> None:
    """Nothing is iterated for HEAD."""
    wire = Wire()
    watched = Watched(endless=True)
    await served(EventSourceResponse(watched.events()), wire, "HEAD")
    assert body(wire) == b""
    assert watched.started is False


class Watched:
    """A stream whose beginning, waiting and end are seen."""

    def __init__(self, endless: bool = False, failure: Exception | None = None) -> None:
        self.endless = endless
        self.failure = failure
        self.started = False
        self.waiting = anyio.Event()
        self.closed = False

    async def events(self) -> AsyncIterator[str]:
        self.started = True
        try:
            yield "first"
            self.waiting.set()
            if self.failure is not None:
                raise self.failure
            await anyio.sleep_forever()
        finally:
            self.closed = True


@anyio_test
async def test_a_client_that_leaves_ends_the_stream() -> None:
    """The generator is closed where it stands."""
    wire, watched = Wire(), Watched()
    async with anyio.create_task_group() as group:
        group.start_soon(served, EventSourceResponse(watched.events()), wire)
        with anyio.fail_after(5):
            await watched.waiting.wait()
            assert not watched.closed
            wire.leave()
    assert watched.closed
    assert body(wire) == b"data: first\n\n"


@anyio_test
async def test_a_stream_that_fails_is_cut_off_and_told_to_the_server() -> None:
    """Its exception arrives as it is, in no group."""
    watched = Watched(failure=LookupError("gone"))
    wire = Wire()
    with pytest.raises(LookupError, match="gone"):
        await served(EventSourceResponse(watched.events()), wire)
    assert watched.closed
    assert wire.sent[-1]["more_body"] is True


@anyio_test
async def test_an_item_that_is_no_event_fails_and_closes_the_iterator() -> None:
    """The mistake is the application's, and told to the server."""
    closed: list[bool] = []

    async def events() -> AsyncIterator[Any]:
        try:
            yield {"price": 3}
        finally:
            closed.append(True)

    with pytest.raises(TypeError, match="price"):
        await served(EventSourceResponse(events()), Wire())
    assert closed == [True]


@anyio_test
async def test_a_cancelled_request_closes_the_iterator() -> None:
    """As servers do when they stop at once."""
    wire, watched = Wire(), Watched()
    async with anyio.create_task_group() as group:
        group.start_soon(served, EventSourceResponse(watched.events()), wire)
        with anyio.fail_after(5):
            await watched.waiting.wait()
        group.cancel_scope.cancel()
    assert watched.closed


@anyio_test
async def test_a_server_that_stops_ends_the_stream_in_good_order() -> None:
    """The signal that stops the server ends the answer: the client comes back to another one."""
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        wire, watched = Wire(), Watched()
        async with anyio.create_task_group() as group:
            group.start_soon(served, EventSourceResponse(watched.events()), wire)
            with anyio.fail_after(5):
                await watched.waiting.wait()
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIGTERM]
    assert watched.closed
    assert wire.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


class Patient(Wire):
    """A client that leaves after so many comments."""

    def __init__(self, comments: int) -> None:
        super().__init__()
        self.comments = comments

    async def send(self, message: Any) -> None:
        await super().send(message)
        self.comments -= message.get("body") == b":\n\n"
        if self.comments == 0:
            self.leave()


@anyio_test
async def test_silence_is_filled_with_comments() -> None:
    """Nobody on the way gives up a connection on which something is sent."""
    wire, watched = Patient(2), Watched()
    with anyio.fail_after(5):
        await served(EventSourceResponse(watched.events(), keep_alive=0.001), wire)
    assert body(wire) == b"data: first\n\n" + b":\n\n" * 2
    assert watched.closed


@anyio_test
async def test_a_keep_alive_finds_out_that_the_client_has_left() -> None:
    """A server that says nothing by `receive` says it by `send`."""

    class Deaf(Patient):
        async def receive(self) -> Any:
            await anyio.sleep_forever()

    wire, watched = Deaf(1), Watched()
    with anyio.fail_after(5):
        await served(EventSourceResponse(watched.events(), keep_alive=0.001), wire)
    assert watched.closed


@anyio_test
async def test_without_keep_alive_nothing_fills_the_silence() -> None:
    """0 means none."""
    wire, watched = Wire(), Watched()
    async with anyio.create_task_group() as group:
        group.start_soon(served, EventSourceResponse(watched.events(), keep_alive=0), wire)
        with anyio.fail_after(5):
            await watched.waiting.wait()
            await anyio.sleep(0.02)
            wire.leave()
    assert body(wire) == b"data: first\n\n"


@anyio_test
async def test_one_message_is_sent_at_a_time() -> None:
    """Keep-alives wait for an event on its way, and events for keep-alives."""

    class Slow(Wire):
        busy = False

        async def send(self, message: Any) -> None:
            assert not self.busy
            self.busy = True
            await anyio.sleep(0.003)
            self.busy = False
            await super().send(message)

    async def events() -> AsyncIterator[int]:
        for number in range(10):
            await anyio.sleep(0.002)
            yield number

    wire = Slow()
    with anyio.fail_after(5):
        await served(EventSourceResponse(events(), keep_alive=0.001), wire)
    assert [line for line in body(wire).decode().split("\n\n") if line != ":"] == [
        *(f"data: {number}" for number in range(10)),
        "",
    ]


@anyio_test
async def test_a_client_that_comes_back_says_what_it_got_last() -> None:
    """The last id is a header of the request."""

    async def endpoint(request: Request) -> EventSourceResponse:
        last = int(request.headers.get("last-event-id", "0"))
        return EventSourceResponse([ServerSentEvent("x", id=number) for number in range(last + 1, 4)])

    board = Pegboard(routes=[Route("/", endpoint)], plugins=[], config={})
    wire = Wire()
    await board(scope_of(headers=[(b"last-event-id", b"2")]), wire.receive, wire.send)
    assert body(wire) == b"id: 3\ndata: x\n\n"
