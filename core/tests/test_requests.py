"""A request shows what came in: lazily, once, and within limits."""

from dataclasses import dataclass
from typing import Any

import anyio
import msgspec
import pytest

from pegboard.exceptions import HTTPException
from pegboard.requests import ClientDisconnect, Request

pytestmark = pytest.mark.anyio


def scope(**more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/a/b",
        "query_string": b"x=1&x=2&y=%C3%A4",
        "headers": [(b"host", b"example.org"), (b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"a=1; b=two")],
        "http_version": "1.1",
        "scheme": "https",
        "root_path": "",
        "client": ("10.0.0.1", 4711),
        **more,
    }


def request(*chunks: bytes, limit: int | None = None, **more: Any) -> Request:
    """A request whose body arrives in these pieces."""
    last = len(chunks) - 1
    messages = [{"type": "http.request", "body": chunk, "more_body": i < last} for i, chunk in enumerate(chunks)]
    return Request(scope(**more), Channel(*messages).receive, max_body_size=limit)


class Channel:
    """What the server sends, message by message; then it waits."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.received = 0

    async def receive(self) -> dict[str, Any]:
        if not self.messages:
            await anyio.sleep_forever()
        self.received += 1
        return self.messages.pop(0)


@pytest.mark.parametrize("chunks", [(b"",), (b"abc",), (b"a", b"b", b"c"), (b"", b"abc", b"")])
async def test_the_body_is_read_once_and_kept(chunks: tuple[bytes, ...]) -> None:
    seen = request(*chunks)
    whole = b"".join(chunks)
    assert await seen.body() == whole
    assert await seen.body() == whole
    assert [piece async for piece in seen.stream()] == [whole, b""]
    assert seen.bytes_in == len(whole)


async def test_the_stream_gives_pieces_as_they_arrive_and_only_once() -> None:
    seen = request(b"a", b"", b"b")
    assert [piece async for piece in seen.stream()] == [b"a", b"b", b""]
    with pytest.raises(RuntimeError, match="stream was read before"):
        await seen.body()
    with pytest.raises(RuntimeError, match="stream was read before"):
        _ = [piece async for piece in seen.stream()]


@pytest.mark.parametrize("read", ["body", "stream", "json"])
async def test_a_body_over_the_limit_is_413_as_soon_as_it_is_seen(read: str) -> None:
    channel = Channel(*({"type": "http.request", "body": b"x" * 10, "more_body": True} for _ in range(100)))
    seen = Request(scope(), channel.receive, max_body_size=25)

    async def stream() -> None:
        _ = [piece async for piece in seen.stream()]

    with pytest.raises(HTTPException) as caught:
        await {"body": seen.body, "json": seen.json, "stream": stream}[read]()
    assert (caught.value.status_code, caught.value.headers) == (413, {"Connection": "close"})
    assert channel.received == 3


async def test_an_announced_length_over_the_limit_is_413_before_more_is_read() -> None:
    channel = Channel(*({"type": "http.request", "body": b"x", "more_body": True} for _ in range(100)))
    headers = [(b"content-length", b"1000")]
    with pytest.raises(HTTPException, match="413"):
        await Request(scope(headers=headers), channel.receive, max_body_size=25).body()
    assert channel.received <= 1


async def test_a_413_over_http2_does_not_close_the_connection() -> None:
    with pytest.raises(HTTPException) as caught:
        await request(b"xxxxx", limit=1, http_version="2").body()
    assert caught.value.headers is None


async def test_a_client_that_leaves_is_told() -> None:
    seen = Request(
        scope(), Channel({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}).receive
    )
    with pytest.raises(ClientDisconnect):
        await seen.body()


class Order(msgspec.Struct):
    item: str
    count: int


@dataclass
class Point:
    x: int


async def test_json_is_decoded_and_validated() -> None:
    assert await request(b'{"a": [1]}').json() == {"a": [1]}
    assert await request(b'{"item": "peg", "count": 2}').json(type=Order) == Order("peg", 2)
    assert await request(b'{"x": 2}').json(type=Point) == Point(2)


@pytest.mark.parametrize(
    ("body", "kind", "status", "part"),
    [
        (b"{", Any, 400, "not valid JSON"),
        (b"", Any, 400, "not valid JSON"),
        (b"\xff", Any, 400, "not valid JSON"),
        (b"[" * 100_000, Any, 400, "not valid JSON"),
        (b'{"item": "peg", "count": "two"}', Order, 422, "$.count"),
        (b'{"item": "peg"}', Order, 422, "count"),
    ],
)
async def test_json_that_is_wrong_is_a_clear_4xx(body: bytes, kind: Any, status: int, part: str) -> None:
    with pytest.raises(HTTPException) as caught:
        await request(body).json(type=kind)
    assert caught.value.status_code == status
    assert part in caught.value.detail


async def test_asking_for_the_clients_presence_loses_nothing() -> None:
    channel = Channel({"type": "http.request", "body": b"all", "more_body": False})
    seen = Request(scope(), channel.receive)
    assert not await seen.is_disconnected()
    assert not await seen.is_disconnected()
    assert await seen.body() == b"all"
    channel.messages.append({"type": "http.disconnect"})
    assert await seen.is_disconnected()
    assert await seen.is_disconnected()


async def test_a_body_that_was_kept_is_replayed_for_an_application_behind() -> None:
    channel = Channel({"type": "http.request", "body": b"kept", "more_body": False}, {"type": "http.disconnect"})
    seen = Request(scope(), channel.receive)
    await seen.body()
    assert await seen.read_message() == {"type": "http.request", "body": b"kept", "more_body": False}
    assert (await seen.read_message())["type"] == "http.disconnect"


async def test_a_body_that_is_gone_is_an_error_for_an_application_behind_and_never_a_wait() -> None:
    seen = request(b"gone")
    _ = [piece async for piece in seen.stream()]
    with pytest.raises(RuntimeError, match="its body is gone for the application behind"):
        await seen.read_message()


async def test_early_hints_go_where_the_server_offers_them() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await Request(scope(), send=send).send_early_hints("</a.css>; rel=preload", "</b.css>")
    assert sent == []
    offered = Request(scope(extensions={"http.response.early_hint": {}}), send=send)
    await offered.send_early_hints("</a.css>; rel=preload", "</b.css>")
    assert sent == [{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.css>"]}]
    with pytest.raises(ValueError, match="control character"):
        await offered.send_early_hints("</a.css>\r\nx: y")


async def test_a_request_without_channels_says_so() -> None:
    with pytest.raises(RuntimeError, match="without a `receive` channel"):
        await Request(scope()).body()
    with pytest.raises(RuntimeError, match="without a `send` channel"):
        await Request(scope()).send({"type": "x"})


async def test_a_push_promise_goes_where_the_server_offers_it() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept", b"*/*"), (b"authorization", b"secret")]
    await Request(scope(headers=headers), send=send).send_push_promise("/style.css")
    assert sent == []
    offered = scope(headers=headers, extensions={"http.response.push": {}})
    await Request(offered, send=send).send_push_promise("/style.css")
    assert sent == [{"type": "http.response.push", "path": "/style.css", "headers": [(b"accept", b"*/*")]}]


async def test_several_tasks_may_ask_for_the_body_at_once() -> None:
    """One of them reads, and the others wait for it, also when it is cancelled or refused."""
    made = request(b"one", b"two")
    got: list[bytes] = []

    async def ask_for_it() -> None:
        got.append(await made.body())

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask_for_it)
    assert got == [b"onetwo"] * 3


@pytest.mark.parametrize(("first", "second"), [("body", "stream"), ("stream", "body"), ("stream", "stream")])
async def test_a_body_is_never_shared_out_between_two_that_read_it_at_once(first: str, second: str) -> None:
    """A stream beside `body()` has all of it; beside another stream it is refused, and so is `body()`."""
    arrived = anyio.Event()
    server = Channel(*({"type": "http.request", "body": b"%d" % i, "more_body": i < 3} for i in range(4)))
    got: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        await arrived.wait()
        await anyio.lowlevel.checkpoint()
        return await server.receive()

    seen = Request(scope(), receive)

    async def read(place: str, how: str) -> None:
        try:
            got[place] = await seen.body() if how == "body" else b"".join([piece async for piece in seen.stream()])
        except RuntimeError as error:
            got[place] = str(error)[:34]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read, "first", first)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(read, "second", second)
        await anyio.wait_all_tasks_blocked()
        arrived.set()
    refused = "The request's stream was read befo"
    assert got == {"first": b"0123", "second": b"0123" if first == "body" else refused}


async def test_who_waits_goes_on_where_a_cancelled_reader_stopped() -> None:
    arrives = anyio.Event()
    pieces = [b"one", b"two"]

    async def receive() -> Any:
        if len(pieces) == 1:
            await arrives.wait()
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    made = Request(scope(), receive)
    got: list[bytes] = []

    async def ask_for_it() -> None:
        got.append(await made.body())

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as first:
                group.start_soon(ask_for_it)
                first.cancel()
                await made.body()
            arrives.set()
    assert got == [b"onetwo"]


async def test_a_body_that_was_refused_is_refused_again() -> None:
    """Whoever catches the 413 never gets a body that was cut short."""
    made = Request(scope(), request(b"123456").receive, max_body_size=5)
    for _ in range(2):
        with pytest.raises(HTTPException) as caught:
            await made.body()
        assert caught.value.status_code == 413
