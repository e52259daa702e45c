"""A hook may have a request's body decoded: whoever reads it gets what it decodes to, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.exceptions import HTTPException
from pegboard.plugin import Plugin, hookimpl
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import StreamingResponse
from pegboard.routing import Mount, Route

pytestmark = pytest.mark.anyio


class Repeating:
    """A coding for tests: each byte stands for itself ``times`` times; "!" is a mistake, and "." has to end it."""

    def __init__(self, times: int = 3) -> None:
        self.times = times
        self.given = 0
        self.last = b"."

    def feed(self, data: bytes) -> Iterator[bytes]:
        for byte in data:
            if byte == ord("!"):
                raise HTTPException(400, "a mistake", {"X-Hint": "none"})
            if byte == ord("?"):
                raise ZeroDivisionError("the decoder is broken")
            self.last = bytes([byte])
            self.given += 1
            yield self.last * self.times

    def finish(self) -> Iterable[bytes]:
        if self.last != b".":
            raise HTTPException(400, "it is cut off")
        return (b"<end>",)


def scope(**more: Any) -> dict[str, Any]:
    headers = [(b"host", b"example.org"), (b"content-encoding", b"x-repeat"), (b"content-length", b"3")]
    return {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers, **more}


class Channel:
    """What the server sends, message by message; then the client leaves, or it waits."""

    def __init__(self, *chunks: bytes, leaves: bool = False) -> None:
        last = len(chunks) - 1
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": leaves or index < last}
            for index, chunk in enumerate(chunks)
        ]
        if leaves:
            self.messages.append({"type": "http.disconnect"})

    async def receive(self) -> dict[str, Any]:
        if not self.messages:
            await anyio.sleep_forever()
        return self.messages.pop(0)


def decoded(*chunks: bytes, limit: int | None = None, leaves: bool = False, times: int = 3) -> Request:
    request = Request(scope(), Channel(*chunks, leaves=leaves).receive, max_body_size=limit)
    request.decode_body(Repeating(times))
    return request


@pytest.mark.parametrize("chunks", [(b"ab.",), (b"a", b"b", b"."), (b"", b"ab.", b"")])
async def test_every_way_to_read_gives_what_the_body_decodes_to(chunks: tuple[bytes, ...]) -> None:
    assert await decoded(*chunks).body() == b"aaabbb...<end>"
    assert [piece async for piece in decoded(*chunks).stream()] == [b"aaa", b"bbb", b"...", b"<end>", b""]
    request = decoded(*chunks)
    assert await request.body() == await request.body()
    assert request.bytes_in == len(b"aaabbb...<end>")


async def test_forms_are_read_from_the_decoded_body() -> None:
    request = Request(
        scope(headers=[(b"content-type", b"application/x-www-form-urlencoded")]), Channel(b"a=1.").receive
    )
    request.decode_body(Repeating(1))
    assert (await request.form()).multi_items() == [("a", "1.<end>")]


async def test_what_spoke_of_the_bytes_that_were_sent_is_gone_from_the_headers() -> None:
    request = Request(scope(), Channel(b".").receive)
    before = request.scope["headers"]
    assert request.header(b"content-length") == b"3"
    request.decode_body(Repeating())
    assert dict(request.headers) == {"host": "example.org"}
    assert request.scope["headers"] == [(b"host", b"example.org")]
    assert len(before) == 3, "the server's own list is left as it is"


@pytest.mark.parametrize("name", [b"content-digest", b"content-md5", b"digest", b"repr-digest"])
async def test_digests_of_what_was_sent_are_gone_too(name: bytes) -> None:
    request = Request(scope(headers=[(name, b"sha-256=:x:"), (b"x-kept", b"1")]), Channel(b".").receive)
    request.decode_body(Repeating())
    assert request.scope["headers"] == [(b"x-kept", b"1")]


async def test_a_form_that_was_read_before_is_never_taken_for_the_decoded_one() -> None:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    request = Request(scope(headers=headers), Channel(b"a=1", b".").receive)
    await request.body()
    assert (await request.form())["a"] == "1."
    with pytest.raises(RuntimeError, match=r"form was read before its body is decoded.*in a later phase"):
        request.decode_body(Repeating())


async def test_a_body_that_was_kept_before_is_decoded_too() -> None:
    request = Request(scope(), Channel(b"a", b".").receive)
    assert await request.body() == b"a."
    request.decode_body(Repeating())
    assert await request.body() == b"aaa...<end>"


async def test_a_reading_that_was_cancelled_before_goes_on_decoded() -> None:
    channel = Channel(b"a", leaves=True)
    channel.messages.pop()
    request = Request(scope(), channel.receive)
    with anyio.move_on_after(0.01):
        await request.body()
    request.decode_body(Repeating())
    channel.messages.append({"type": "http.request", "body": b"."})
    assert await request.body() == b"aaa...<end>"


async def test_a_stream_that_was_given_away_cannot_be_decoded_any_more() -> None:
    request = Request(scope(), Channel(b"a", b".").receive)
    async with aclosing(request.stream()) as stream:
        await anext(stream)
    with pytest.raises(RuntimeError, match="its body is gone for a decoder"):
        request.decode_body(Repeating())


async def test_the_limit_holds_for_the_decoded_bytes_and_for_those_that_are_sent() -> None:
    assert await decoded(b"a.", limit=11).body() == b"aaa...<end>"
    with pytest.raises(HTTPException, match="larger than 10 bytes") as over:
        await decoded(b"a.", limit=10).body()
    assert over.value.status_code == 413
    with pytest.raises(HTTPException, match="larger than 10 bytes"):
        await decoded(b"a" * 11, limit=10, times=0).body()


async def test_pieces_are_decoded_when_they_are_asked_for() -> None:
    decoder = Repeating()
    request = Request(scope(), Channel(b"abcdef.").receive)
    request.decode_body(decoder)
    async with aclosing(request.stream()) as stream:
        await anext(stream)
    assert decoder.given == 1


async def test_others_have_their_turn_between_two_pieces() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        await decoded(b"a" * 50 + b".").body()
        group.cancel_scope.cancel()
    assert turns >= 50


async def test_a_reading_that_is_cancelled_loses_nothing() -> None:
    request = decoded(b"ab", b"c.")
    for _ in range(3):
        with anyio.CancelScope() as cancelled:
            cancelled.cancel()
            await request.body()
    assert await request.body() == b"aaabbbccc...<end>"


@pytest.mark.parametrize(
    ("chunks", "problem"), [((b"a!b", b"c."), "a mistake"), ((b"a", b"b"), "it is cut off"), ((b"",), "")]
)
async def test_what_cannot_be_decoded_is_refused_again_and_again(chunks: tuple[bytes, ...], problem: str) -> None:
    request = decoded(*chunks)
    if not problem:
        assert await request.body() == b"<end>"
        return
    for _ in range(3):
        with pytest.raises(HTTPException, match=problem) as refused:
            await request.body()
        assert refused.value.status_code == 400


async def test_a_decoder_that_breaks_is_not_asked_again() -> None:
    request = decoded(b"a?b.")
    with pytest.raises(ZeroDivisionError):
        await request.body()
    with pytest.raises(RuntimeError, match="failed before"):
        await request.body()


async def test_a_client_that_leaves_in_the_middle_is_noticed() -> None:
    with pytest.raises(ClientDisconnect):
        await decoded(b"ab", leaves=True).body()


async def test_watching_for_the_disconnect_takes_nothing_of_the_body() -> None:
    request = decoded(b"ab", b".")
    assert not await request.is_disconnected()
    assert await request.body() == b"aaabbb...<end>"


class Decodes(Plugin[Any]):
    name = "decodes"

    @hookimpl
    def request(self, request: Request) -> None:
        if request.header(b"content-encoding") == b"x-repeat":
            request.decode_body(Repeating())


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows nothing of Pegboard."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    names = b",".join(name for name, _ in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-names", names)]})
    await send({"type": "http.response.body", "body": body})


async def endpoint(request: Request) -> bytes:
    return await request.body()


async def streamed(request: Request) -> StreamingResponse:
    return StreamingResponse(request.stream())


CODED = {"content-encoding": "x-repeat", "content-length": "3"}


@pytest.mark.parametrize("path", ["/endpoint", "/streamed", "/app", "/board"])
async def test_endpoints_streams_applications_and_boards_behind_a_hook_read_decoded_bodies(path: str) -> None:
    inner = Pegboard(routes=[Route("/", endpoint, methods=["POST"])], config={}, autoload=False)
    routes = [
        Route("/endpoint", endpoint, methods=["POST"]),
        Route("/streamed", streamed, methods=["POST"]),
        Mount("/app", echo),
        Mount("/board", inner),
    ]
    board = Pegboard(routes=routes, plugins=[Decodes()], config={}, autoload=False)
    target = path if path in ("/endpoint", "/streamed") else f"{path}/"
    answer = await ask(board, target, "POST", CODED, b"ab.")
    assert (answer.status, answer.body) == (200, b"aaabbb...<end>")
    assert answer.header("x-names") in (None, "host")
    assert (await ask(board, target, "POST", {}, b"ab.")).body == b"ab."
    if path != "/streamed":
        refused = await ask(board, target, "POST", CODED, b"a!")
        assert (refused.status, refused.header("x-hint")) == (400, "none")
