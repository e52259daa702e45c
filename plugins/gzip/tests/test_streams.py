"""Streams on a board: every piece in time, and everything closed however they end."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import brotli
import pytest

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[Any]]
DECODERS: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
    "zstd": lambda: zstd.ZstdDecompressor().decompress,
    "br": lambda: brotli.Decompressor().process,
    "gzip": lambda: zlib.decompressobj(31).decompress,
}
CODINGS = tuple(DECODERS)


def board(generate: Callable[[], AsyncIterator[Any]], media_type: str = "text/plain", **settings: Any) -> Pegboard:
    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(generate(), media_type=media_type)

    return Pegboard(routes=[Route("/", endpoint)], plugins=[Gzip(**settings)], config={}, autoload=False)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("media_type", ["text/event-stream", "application/x-ndjson"])
async def test_each_event_can_be_read_before_the_next_one_is_made(ask: Ask, coding: str, media_type: str) -> None:
    decode = DECODERS[coding]()
    received = b""
    arrived = anyio.Event()

    async def generate() -> AsyncIterator[str]:
        nonlocal arrived
        for number in range(4):
            arrived = anyio.Event()
            yield f"data: {number}\n\n"
            await arrived.wait()
            assert received.endswith(f"data: {number}\n\n".encode())

    async def on_message(message: dict[str, Any]) -> None:
        nonlocal received
        received += decode(message.get("body", b""))
        arrived.set()

    answer = await ask(board(generate, media_type), accept=coding, on_message=on_message)
    assert (answer.coding, answer.decoded) == (coding, b"".join(b"data: %d\n\n" % number for number in range(4)))
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("coding", CODINGS)
async def test_every_piece_behind_the_minimum_is_sent_when_it_comes(ask: Ask, coding: str) -> None:
    decode = DECODERS[coding]()

    async def generate() -> AsyncIterator[bytes]:
        for number in range(8):
            yield b"%d" % number * 600

    answer = await ask(board(generate), accept=coding)
    assert [len(decode(piece)) for piece in answer.pieces] == [1200, 600, 600, 600, 600, 600, 600, 0]


async def test_a_short_stream_stays_plain_and_is_told_its_length(ask: Ask) -> None:
    async def generate() -> AsyncIterator[str]:
        for _ in range(3):
            yield "short "

    answer = await ask(board(generate), accept="gzip")
    assert (answer.coding, answer.body) == (None, b"short short short ")
    assert (answer.headers["content-length"], answer.headers["vary"]) == ("18", "Accept-Encoding")


@pytest.mark.parametrize("media_type", ["text/plain", "text/event-stream"])
async def test_a_stream_without_pieces_is_a_valid_body(ask: Ask, media_type: str) -> None:
    async def generate() -> AsyncIterator[str]:
        return
        yield ""  # type: ignore[unreachable]

    for coding in CODINGS:
        assert (await ask(board(generate, media_type), accept=coding)).decoded == b""


@pytest.mark.parametrize("coding", CODINGS)
async def test_the_generator_is_closed_when_the_client_leaves(ask: Ask, coding: str) -> None:
    closed = anyio.Event()
    leave = anyio.Event()

    async def generate() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"again and again " * 100
                await anyio.lowlevel.checkpoint()
        finally:
            closed.set()

    async def on_message(message: dict[str, Any]) -> None:
        if message.get("body"):
            leave.set()

    answer = await ask(board(generate), accept=coding, leave=leave, on_message=on_message)
    assert closed.is_set()
    assert answer.messages[-1].get("more_body") is True


@pytest.mark.parametrize("size", [10, 300_000])
async def test_the_generator_is_closed_when_the_server_cancels_the_request(ask: Ask, size: int) -> None:
    closed = anyio.Event()
    scope = anyio.CancelScope()

    async def generate() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"a" * size
                await anyio.lowlevel.checkpoint()
        finally:
            closed.set()

    async def on_message(message: dict[str, Any]) -> None:
        if message.get("body"):
            scope.cancel()

    with scope:
        await ask(board(generate, "text/event-stream"), accept="br", on_message=on_message)
    assert scope.cancelled_caught
    assert closed.is_set()


async def test_a_stream_that_fails_before_its_head_went_out_is_answered_as_an_error(ask: Ask) -> None:
    async def generate() -> AsyncIterator[str]:
        yield "a few bytes"
        raise LookupError("no more")

    answers = []

    async def on_message(message: dict[str, Any]) -> None:
        answers.append(message)

    with pytest.raises(LookupError, match="no more"):
        await ask(board(generate), accept="gzip", on_message=on_message)
    assert answers[0]["status"] == 500
    assert not any(name == b"content-encoding" for name, _ in answers[0]["headers"])


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_stream_that_fails_in_the_middle_never_looks_like_a_whole_one(ask: Ask, coding: str) -> None:
    async def generate() -> AsyncIterator[str]:
        yield "a piece that is long enough " * 100
        raise LookupError("no more")

    answers: list[dict[str, Any]] = []

    async def on_message(message: dict[str, Any]) -> None:
        answers.append(message)

    with pytest.raises(LookupError, match="no more"):
        await ask(board(generate), accept=coding, on_message=on_message)
    assert [message.get("more_body") for message in answers] == [None, True]
    decode: Any = DECODERS[coding]()
    assert decode(answers[1]["body"]).startswith(b"a piece that is long enough")
    decoder = decode.__self__
    assert not (decoder.is_finished() if coding == "br" else decoder.eof)


@pytest.mark.parametrize(("media_type", "coding"), [("text/plain", None), ("text/event-stream", "gzip")])
async def test_empty_pieces_say_nothing_and_cost_no_message(ask: Ask, media_type: str, coding: str | None) -> None:
    async def generate() -> AsyncIterator[str]:
        for piece in ("", "", "a", "", "b", ""):
            yield piece

    answer = await ask(board(generate, media_type), accept="gzip")
    assert (answer.coding, answer.decoded) == (coding, b"ab")
    assert all(answer.pieces[:-1])


async def test_large_pieces_go_through_threads_and_keep_their_order(ask: Ask) -> None:
    pieces = [b"%d " % number * 50_000 for number in range(6)]

    async def generate() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            yield b"|"

    for coding in CODINGS:
        assert (await ask(board(generate), accept=coding)).decoded == b"|".join([*pieces, b""])


async def test_two_hundred_streams_at_once(ask: Ask) -> None:
    everyone_is_here = anyio.Event()
    started = 0

    async def generate() -> AsyncIterator[bytes]:
        nonlocal started
        started += 1
        number = started
        if started == 200:
            everyone_is_here.set()
        yield b"stream %d begins\n" % number
        await everyone_is_here.wait()
        for _ in range(5):
            yield b"stream %d\n" % number

    app = board(generate, "text/event-stream")
    bodies = []

    async def one(coding: str) -> None:
        bodies.append((await ask(app, accept=coding)).decoded)

    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(one, CODINGS[number % 3])
    expected = {b"stream %d begins\n" % number + b"stream %d\n" % number * 5 for number in range(1, 201)}
    assert set(bodies) == expected
    assert len(bodies) == 200
