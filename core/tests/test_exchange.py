"""Responses that push their own messages: what passes, what is fed to filters, and what is refused."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from asgi_harness import Seen, Wire, ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.filters import BodyFilter
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Mount, Route
from pegboard.types import Receive, Scope, Send

pytestmark = pytest.mark.anyio

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"hello"}


def part(text: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text, "more_body": more}


class Upper(BodyFilter):
    """Gives upper case, and says so in the head when it comes in time."""

    def __init__(self, response: Any, gather: int = 0) -> None:
        self.response = response
        self.gather = gather

    def feed(self, chunk: bytes, more: bool) -> bytes:
        self.response.headers["x-case"] = "upper"
        return chunk.upper()


class Doubled(Upper):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return super().feed(chunk, more) * 2


class Filtering(Plugin):
    """Puts a filter on every response, and keeps the outcome."""

    name = "filtering"

    def __init__(self, make: Callable[[Any], BodyFilter | None] = lambda response: None) -> None:
        super().__init__()
        self.make = make
        self.outcome: Any = None

    @hookimpl
    def body(self, response: Any) -> BodyFilter | None:
        return self.make(response)

    @hookimpl
    def complete(self, outcome: Any) -> None:
        self.outcome = outcome


App = Callable[[Scope, Receive, Send], Awaitable[None]]


def sends(*messages: dict[str, Any]) -> App:
    """A foreign application that sends these messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(dict(message))

    return app


def swallows(*messages: dict[str, Any]) -> App:
    """A foreign application that sends these messages, whatever happens."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            with suppress(Exception):
                await send(dict(message))

    return app


async def through(app: App, plugin: Plugin | None = None, **options: Any) -> Seen:
    board = Pegboard(routes=[Mount("/", app=app)], plugins=[plugin] if plugin else [])
    return await ask(board, **options)


# Messages out of order

OUT_OF_ORDER = {
    "body before the start": (sends(BODY), 500, "has not started"),
    "body before the start, then all of it": (swallows(BODY, START, BODY), 500, "has not started"),
    "file before the start": (sends({"type": "http.response.pathsend", "path": __file__}), 500, "has not started"),
    "two starts": (sends(START, START, BODY), 200, "started already"),
    "two starts, swallowed": (swallows(START, START, part(b"a")), 200, "started already"),
    "body after the end": (sends(START, BODY, BODY), 200, "had ended already"),
    "start after the end": (sends(START, BODY, START), 200, "started already"),
    "file after the end": (sends(START, BODY, {"type": "http.response.pathsend", "path": __file__}), 200, "had ended"),
    "nothing": (sends(), 500, "without having started"),
    "no end": (sends(START, part(b"a")), 200, "before its body had ended"),
    "no body": (sends(START), 200, "before its body had ended"),
}


@pytest.mark.parametrize("filtered", [False, True], ids=["bare", "filtered"])
@pytest.mark.parametrize(("app", "status", "words"), OUT_OF_ORDER.values(), ids=OUT_OF_ORDER)
async def test_messages_out_of_order(app: App, status: int, words: str, filtered: bool) -> None:
    """They are refused, reported to the server, and what goes out stays in order."""
    plugin = Filtering(Upper if filtered else lambda response: None)
    seen = await through(app, plugin)
    assert seen.faults == []
    assert seen.status == status
    assert isinstance(seen.raised, RuntimeError)
    assert words in str(seen.raised)
    assert plugin.outcome.kind == ("sent" if seen.is_complete else "error")
    assert plugin.outcome.error is seen.raised


async def test_what_an_application_swallows_still_counts() -> None:
    """A filter that failed has failed, although the application went on as if nothing had happened."""

    class Fails(Upper):
        def feed(self, chunk: bytes, more: bool) -> bytes:
            raise ValueError("the filter failed")

    plugin = Filtering(Fails)
    seen = await through(swallows(START, part(b"a"), part(b"b", False)), plugin)
    assert isinstance(seen.raised, ValueError)
    assert "in hook 'body' of" in seen.raised.__notes__[0]
    assert (plugin.outcome.kind, seen.body) == ("error", b"")


async def test_a_failing_server_is_not_asked_again() -> None:
    """What the server refuses is raised to it; no second answer is tried."""

    class Refuses(Wire):
        async def send(self, message: Any) -> None:
            raise RuntimeError("the server will not")

    for app in (sends(START, BODY), swallows(START, BODY)):
        plugin = Filtering()
        seen = await through(app, plugin, wire=Refuses())
        assert str(seen.raised) == "the server will not"
        assert (plugin.outcome.kind, plugin.outcome.status_code) == ("error", 0)


# Heads


async def test_names_of_foreign_headers_become_lower_case() -> None:
    """Hooks find what they look for, and Content-Length is the core's."""
    head = {**START, "headers": [[b"Content-Length", bytearray(b"5")], (b"X-Own", b"Yes")]}
    seen = await through(sends(head, BODY), Filtering(Doubled))
    assert seen.faults == []
    assert (seen.body, seen.headers) == (b"HELLOHELLO", {b"x-own": b"Yes"})


async def test_a_foreign_start_without_headers_is_one() -> None:
    """ASGI lets `headers` be left out."""
    seen = await through(sends({"type": "http.response.start", "status": 201}, BODY), Filtering())
    assert (seen.status, seen.headers, seen.body) == (201, {}, b"hello")


async def test_headers_from_an_iterator_are_all_sent() -> None:
    """ASGI lets `headers` be any iterable."""
    head = {**START, "headers": iter([(b"x-one", b"1"), (b"x-two", b"2")])}
    seen = await through(sends(head, BODY))
    assert seen.headers == {b"x-one": b"1", b"x-two": b"2"}


async def test_a_start_of_its_own_wins_over_the_head() -> None:
    """A response that decides while it is sent, as files do with ranges, is what counts; filters still add to it."""

    class Decides(Response):
        async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({**START, "status": 206, "headers": [(b"x-own", b"1"), (b"content-length", b"2")]})
            await send(part(b"he", False))

    async def endpoint(request: Request) -> Decides:
        return Decides(b"hello")

    plugin = Filtering(lambda response: Doubled(response, gather=100))
    seen = await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[plugin]))
    assert seen.faults == []
    assert (seen.status, seen.body) == (206, b"HEHE")
    assert seen.headers == {b"x-own": b"1", b"x-case": b"upper", b"content-length": b"4"}
    assert plugin.outcome.status_code == 206


# Content-Length


@pytest.mark.parametrize("gather", [0, 3, 100])
async def test_the_core_owns_the_length_of_a_stream(gather: int) -> None:
    """It is left out where it is not known, and right where the filter has seen all."""
    head = {**START, "headers": [(b"content-length", b"4")]}
    app = sends(head, part(b"ab"), part(b"cd"), part(b"", False))
    seen = await through(app, Filtering(lambda head: Doubled(head, gather)))
    assert seen.faults == []
    assert sorted(seen.body) == sorted(b"ABCDABCD")
    assert seen.headers.get(b"content-length") == (b"8" if gather == 100 else None)
    assert (b"x-case" in seen.headers) is (gather > 0)


async def test_the_core_owns_the_length_of_a_whole_body() -> None:
    """A filter sees the whole body before the head goes out."""

    async def endpoint(request: Request) -> str:
        return "hello"

    board = Pegboard(routes=[Route("/", endpoint)], plugins=[Filtering(Doubled)])
    seen = await ask(board)
    assert seen.faults == []
    assert (seen.headers[b"content-length"], seen.headers[b"x-case"]) == (b"10", b"upper")
    head = await ask(board, method="HEAD")
    assert (head.body, head.headers) == (b"", seen.headers)


@pytest.mark.parametrize("gather", [0, 100])
async def test_no_length_where_the_status_has_none(gather: int) -> None:
    """A filter on an empty 204 or 304 adds no Content-Length (RFC 9110 section 8.6)."""
    plugin = Filtering(lambda head: Upper(head, gather))
    for status in (204, 304):
        seen = await through(sends({**START, "status": status}, part(b"", False)), plugin)
        assert seen.faults == []
        assert b"content-length" not in seen.headers


async def test_a_filter_on_the_answer_to_head_invents_no_length() -> None:
    """What the stream would have become is not known."""
    seen = await through(sends(START, part(b"", False)), Filtering(lambda head: Upper(head, 100)), method="HEAD")
    assert seen.faults == []
    assert b"content-length" not in seen.headers


# Extensions


@pytest.mark.parametrize("filtered", [False, True], ids=["bare", "filtered"])
async def test_trailers_and_early_hints_pass(filtered: bool) -> None:
    """Hints before the start, trailers after the end, filters or not."""
    hint = {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]}
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False}
    plugin = Filtering((lambda head: Upper(head, 100)) if filtered else (lambda head: None))
    seen = await through(sends(hint, {**START, "trailers": True}, part(b"a"), part(b"b", False), trailers), plugin)
    assert seen.types == ["early_hint", "start", "body", *([] if filtered else ["body"]), "trailers"]
    assert seen.faults == []
    assert seen.raised is None
    assert seen.start is not None
    assert seen.start["trailers"] is True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(b"0123456789")
    return path


async def test_pathsend_is_left_to_the_server(file: Path) -> None:
    """The message passes as it is, and its bytes are counted."""
    plugin = Filtering()
    seen = await through(sends(START, {"type": "http.response.pathsend", "path": str(file)}), plugin)
    assert seen.wire.sent[1] == {"type": "http.response.pathsend", "path": str(file)}
    assert (plugin.outcome.kind, plugin.outcome.bytes_out) == ("sent", 10)


async def test_pathsend_is_read_for_filters(file: Path) -> None:
    """Filters see the bytes of a file that the server would have read."""
    plugin = Filtering(Upper)
    seen = await through(sends(START, {"type": "http.response.pathsend", "path": str(file)}), plugin)
    assert (seen.body, seen.faults, plugin.outcome.bytes_out) == (b"0123456789", [], 10)
    assert "pathsend" not in seen.types


@pytest.mark.parametrize("filtered", [False, True], ids=["bare", "filtered"])
async def test_a_file_that_is_gone_cuts_the_response_off(filtered: bool) -> None:
    """It is an error of the application's, not a client that left."""
    plugin = Filtering(Upper if filtered else lambda head: None)
    seen = await through(sends(START, {"type": "http.response.pathsend", "path": "/no/such/file"}), plugin)
    assert isinstance(seen.raised, FileNotFoundError)
    assert (plugin.outcome.kind, seen.is_complete) == ("error", False)


SPANS = {
    "all": ({}, b"0123456789"),
    "from an offset": ({"offset": 4}, b"456789"),
    "a count": ({"count": 3}, b"012"),
    "offset and count": ({"offset": 2, "count": 3}, b"234"),
    "nothing": ({"count": 0}, b""),
    "more than there is": ({"offset": 8, "count": 100}, b"89"),
}


@pytest.mark.parametrize(("span", "bytes_"), SPANS.values(), ids=SPANS)
async def test_zerocopysend_is_read_for_filters(file: Path, span: dict[str, int], bytes_: bytes) -> None:
    """Filters see exactly the bytes that the server would have sent; the descriptor stays the application's."""
    with file.open("rb") as opened:
        message = {"type": "http.response.zerocopysend", "file": opened.fileno(), **span}
        plugin = Filtering(Upper)
        seen = await through(sends(START, message), plugin)
        os.fstat(opened.fileno())
    assert (seen.body, seen.faults, plugin.outcome.kind) == (bytes_, [], "sent")


@pytest.mark.parametrize("filtered", [False, True], ids=["bare", "filtered"])
async def test_zerocopysend_mixes_with_bodies(file: Path, filtered: bool) -> None:
    """A part by descriptor, a part by bytes; an object that has a descriptor will do."""
    with file.open("rb") as opened:
        message = {"type": "http.response.zerocopysend", "file": opened, "offset": 8, "more_body": True}
        plugin = Filtering(Upper if filtered else lambda head: None)
        seen = await through(sends(START, message, part(b"end", False)), plugin)
    assert seen.faults == []
    assert plugin.outcome.bytes_out == 5
    assert seen.body == (b"89END" if filtered else b"end")


@pytest.mark.parametrize("kind", ["pathsend", "zerocopysend"])
async def test_no_file_in_the_answer_to_head(file: Path, kind: str) -> None:
    """A server told to send a file would send it: what goes out is an empty body (RFC 9110 section 9.3.2)."""
    with file.open("rb") as opened:
        message = {"type": f"http.response.{kind}", "path": str(file), "file": opened.fileno()}
        for plugin in (Filtering(), Filtering(Upper)):
            seen = await through(sends(START, message), plugin, method="HEAD")
            assert (seen.types, seen.body, plugin.outcome.bytes_out) == (["start", "body"], b"", 0)


# Responses that are replaced


class Replacing(Plugin):
    name = "replacing"

    def __init__(self, answer: Callable[[], Any]) -> None:
        super().__init__()
        self.answer = answer

    @hookimpl
    def response(self) -> Any:
        return self.answer()


async def three() -> AsyncIterator[bytes]:
    for piece in (b"1", b"2", b"3"):
        yield piece


@pytest.mark.parametrize("answer", [lambda: PlainTextResponse("123"), lambda: StreamingResponse(three())])
async def test_a_replaced_application_talks_to_nobody(answer: Callable[[], Any]) -> None:
    """It may go on as long as it likes, and still read its request; nothing of it goes out."""
    bodies: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(dict(START))
        bodies.append((await receive())["body"])
        await send(part(b"a"))
        await send(part(b"b", False))
        await send(part(b"c", False))

    seen = await through(app, Replacing(answer), method="POST", body=b"asked")
    assert (seen.body, bodies, seen.faults, seen.raised) == (b"123", [b"asked"], [], None)


async def test_a_replaced_application_may_fail() -> None:
    """The answer is out; the exception is the server's to log."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(dict(START))
        raise ValueError("too late")

    seen = await through(app, Replacing(lambda: PlainTextResponse("ok")))
    assert (seen.body, type(seen.raised), seen.faults) == (b"ok", ValueError, [])


async def test_a_replacement_that_fails_is_answered_like_any_exception() -> None:
    """Even when the application swallows it and answers for itself: nothing of its own had gone out."""

    class Fails(Response):
        async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise ValueError("the replacement failed")

    for app in (sends(START, BODY), swallows(START, START, BODY)):
        seen = await through(app, Replacing(iter([Fails(), None]).__next__))
        assert (seen.status, type(seen.raised), seen.faults) == (500, ValueError, [])


# Clients that leave


async def test_an_application_that_hears_of_the_leaving_and_fails() -> None:
    """Nobody is there to be answered; the exception is reported all the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"
        raise ValueError("the client is gone")

    plugin = Filtering()
    seen = await through(app, plugin, wire=Wire([], leave_after=0))
    assert seen.wire.sent == []
    assert isinstance(seen.raised, ValueError)
    assert (plugin.outcome.kind, plugin.outcome.error) == ("client_disconnect", seen.raised)


async def test_an_application_that_hears_of_the_leaving_and_returns() -> None:
    """Nothing is missing: there was nobody to be answered."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"

    plugin = Filtering()
    seen = await through(app, plugin, wire=Wire([], leave_after=0))
    assert (seen.raised, plugin.outcome.kind, plugin.outcome.status_code) == (None, "client_disconnect", 0)


async def test_what_an_application_makes_of_an_oserror_is_no_news() -> None:
    """Servers raise OSError to those who send to a client that left; what follows from it is not reported."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(dict(START))
        except OSError as error:
            raise RuntimeError("the application's own way to say so") from error

    plugin = Filtering()
    seen = await through(app, plugin, wire=Wire(leave_after=0))
    assert (seen.raised, plugin.outcome.kind) == (None, "client_disconnect")


async def test_a_stream_is_cancelled_where_it_stands_when_the_client_leaves() -> None:
    """It is closed as well: what it holds is given back."""
    events: list[str] = []

    async def endpoint(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"a"
                request.scope["test.wire"].leave()
                await anyio.sleep_forever()
            finally:
                events.append("closed")

        return StreamingResponse(pieces())

    seen = await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[]), wire=Wire(polite=True))
    assert (events, seen.raised, seen.leaked) == (["closed"], None, [])
