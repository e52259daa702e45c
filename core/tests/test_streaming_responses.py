"""Bodies that are pushed piece by piece, and iterators that are closed on every path."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.background import BackgroundTask
from pegboard.responses import StreamingResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


class Closing:
    """An async iterator that remembers how it ended."""

    def __init__(self, *pieces: Any, fail: bool = False, forever: bool = False) -> None:
        self.pieces, self.fail, self.forever = list(pieces), fail, forever
        self.closed = 0

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self.pieces:
            return self.pieces.pop(0)
        if self.fail:
            raise LookupError("no more")
        if self.forever:
            await anyio.sleep_forever()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("piece", ["text", b"bytes", bytearray(b"array"), memoryview(b"view")])
async def test_a_stream_pushes_text_and_bytes(piece: Any) -> None:
    source = Closing(piece)
    answer = await ask(StreamingResponse(source, media_type="text/plain"), "/")
    assert answer.body == (piece.encode() if isinstance(piece, str) else bytes(piece))
    assert answer.headers == [("content-type", "text/plain; charset=utf-8")]
    assert source.closed == 1


async def test_a_synchronous_iterable_is_run_in_threads_and_closed() -> None:
    closed: list[bool] = []

    def numbers() -> Iterator[str]:
        try:
            for number in range(3):
                yield str(number)
        finally:
            closed.append(True)

    assert (await ask(StreamingResponse(numbers()), "/")).body == b"012"
    assert (await ask(StreamingResponse(["a", "b"]), "/")).body == b"ab"
    assert closed == [True]


async def test_a_stream_that_fails_is_closed_and_raises_just_that() -> None:
    source = Closing(b"one", fail=True)
    answer = await ask(StreamingResponse(source), "/")
    assert isinstance(answer.error, LookupError)
    assert answer.body == b"one"
    assert source.closed == 1


async def test_a_stream_ends_when_the_client_leaves() -> None:
    source = Closing(b"one", forever=True)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    with anyio.fail_after(5):
        await StreamingResponse(source)({"type": "http", "method": "GET"}, receive, send)
    assert source.closed == 1


async def test_head_never_runs_a_stream() -> None:
    source = Closing(b"one", forever=True)
    answer = await ask(StreamingResponse(source), "/", "HEAD")
    assert answer.body == b""
    assert source.closed == 1
    assert source.pieces == [b"one"]


@pytest.mark.parametrize("piece", [3, [97], None])
async def test_a_piece_that_is_no_text_and_no_bytes_is_named(piece: Any) -> None:
    source = Closing(b"one", piece)
    answer = await ask(StreamingResponse(source), "/")
    assert str(answer.error).startswith(f"a body is made of str or bytes, got {type(piece).__name__};")
    assert (answer.body, source.closed) == (b"one", 1)


async def test_a_type_that_is_given_as_a_header_stays_and_no_length_is_made_up() -> None:
    response = StreamingResponse(Closing(b"x"), headers={"Content-Type": "text/csv"}, media_type="text/plain")
    assert response.raw_headers == [(b"content-type", b"text/csv")]
    await response.discard()


async def test_pieces_go_out_as_they_come_and_an_empty_one_ends_them() -> None:
    messages = (await ask(StreamingResponse(Closing(b"a", "b")), "/")).messages[1:]
    pieces = [(message["body"], message["more_body"]) for message in messages]
    assert pieces == [(b"a", True), (b"b", True), (b"", False)]


async def test_a_synchronous_generator_runs_in_threads_step_by_step() -> None:
    threads: set[int] = set()

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            threads.add(threading.get_ident())
            yield b"x"

    assert (await ask(StreamingResponse(pieces()), "/")).body == b"xxx"
    assert threading.get_ident() not in threads


async def test_a_generator_is_left_by_its_finally_when_the_client_leaves() -> None:
    log: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await anyio.sleep_forever()
        finally:
            log.append("left")

    async def receive() -> Any:
        while not log:
            log.append("asked")
            await anyio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await anyio.lowlevel.checkpoint()

    with anyio.fail_after(5):
        await StreamingResponse(pieces())({"type": "http", "method": "GET"}, receive, send)
    assert log == ["asked", "left"]


async def test_a_body_that_nobody_has_read_does_not_hide_that_the_client_left() -> None:
    """The pieces of the request's own body stand before the disconnect; they are passed over."""
    source = Closing(b"one", forever=True)
    messages = [{"type": "http.request", "body": b"x", "more_body": True} for _ in range(3)]
    messages.append({"type": "http.disconnect"})

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        """Take anything."""

    with anyio.fail_after(5):
        await StreamingResponse(source)({"type": "http", "method": "POST"}, receive, send)
    assert (source.closed, messages) == (1, [])


async def test_the_background_task_runs_behind_the_last_piece() -> None:
    log: list[str] = []
    response = StreamingResponse(Closing(b"x"), background=BackgroundTask(log.append, "task"))

    async def endpoint(request: Any) -> StreamingResponse:
        return response

    answer = await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[], config={}), "/")
    assert (answer.body, log) == (b"x", ["task"])


async def test_a_stream_that_never_waits_ends_when_the_client_leaves() -> None:
    """Neither the generator nor the server gives way, and everybody else has their turn all the same."""
    closed: list[bool] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            for _ in range(100_000):
                yield b"piece"
            raise AssertionError("nobody could say that the client has left")
        finally:
            closed.append(True)

    async def receive() -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    app = Pegboard(routes=[Route("/", lambda request: StreamingResponse(endless()))], plugins=[])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)
    assert closed == [True]
