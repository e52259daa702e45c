"""A WebSocket speaks text, bytes and JSON, and says what to do when it is used out of turn."""

from typing import Any

import anyio
import msgspec
import pytest
from pydantic import BaseModel

from pegboard import Pegboard
from pegboard.exceptions import WebSocketException
from pegboard.responses import PlainTextResponse
from pegboard.routing import WebSocketRoute
from pegboard.testclient import AsyncTestClient
from pegboard.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected, WebSocketState

pytestmark = pytest.mark.anyio


class Server:
    """The server's side: gives messages, then waits; keeps what was sent."""

    def __init__(self, *messages: dict[str, Any], connect: bool = True, gone: bool = False) -> None:
        self.messages = [{"type": "websocket.connect"}, *messages] if connect else list(messages)
        self.sent: list[dict[str, Any]] = []
        self.gone = gone

    async def receive(self) -> dict[str, Any]:
        if not self.messages:
            await anyio.sleep_forever()
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        if self.gone and message["type"] == "websocket.send":
            raise OSError("gone")
        self.sent.append(message)

    def websocket(self, **scope: Any) -> WebSocket:
        return WebSocket({"type": "websocket", "headers": [], "path": "/", **scope}, self.receive, self.send)


def text(data: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": data}


def binary(data: bytes) -> dict[str, Any]:
    return {"type": "websocket.receive", "bytes": data}


GONE = {"type": "websocket.disconnect", "code": 1001, "reason": "bye"}


async def accepted(*messages: dict[str, Any], **options: Any) -> tuple[Server, WebSocket]:
    server = Server(*messages, **options)
    websocket = server.websocket()
    await websocket.accept()
    return server, websocket


async def test_accept_sends_subprotocol_and_headers_of_both_kinds() -> None:
    server = Server()
    websocket = server.websocket()
    websocket.accept_headers.append((b"x-plugin", b"1"))
    await websocket.accept("chat", [(b"x-own", b"2")])
    assert server.sent == [
        {"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"x-own", b"2"), (b"x-plugin", b"1")]}
    ]
    assert websocket.accepted
    assert websocket.client_state is websocket.application_state is WebSocketState.CONNECTED


async def test_text_bytes_and_json_go_both_ways_and_are_counted() -> None:
    server, websocket = await accepted(text("ä"), binary(b"abc"), text('{"a":1}'), binary(b"[2]"))
    assert await websocket.receive_text() == "ä"
    assert await websocket.receive_bytes() == b"abc"
    assert await websocket.receive_json() == {"a": 1}
    assert await websocket.receive_json(mode="binary") == [2]
    await websocket.send_text("ä")
    await websocket.send_bytes(b"abc")
    await websocket.send_json({"a": 1})
    await websocket.send_json([2], mode="binary")
    assert [message.get("text", message.get("bytes")) for message in server.sent[1:]] == [
        "ä",
        b"abc",
        '{"a":1}',
        b"[2]",
    ]
    assert (websocket.messages_in, websocket.messages_out) == (4, 4)
    assert (websocket.bytes_in, websocket.bytes_out) == (15, 15)


async def test_json_is_validated_into_a_type() -> None:
    class Order(msgspec.Struct):
        count: int

    _, websocket = await accepted(text('{"count": 3}'), text('{"count": "x"}'))
    assert await websocket.receive_json(type=Order) == Order(3)
    with pytest.raises(WebSocketException, match=r"1007: The message does not fit: .* at `\$.count`"):
        await websocket.receive_json(type=Order)


async def test_models_of_pydantic_travel_too() -> None:
    class Order(BaseModel):
        count: int

    server, websocket = await accepted(text('{"count": 3}'), text('{"count": "x"}'))
    assert await websocket.receive_json(type=Order) == Order(count=3)
    with pytest.raises(WebSocketException, match=r"\$.count"):
        await websocket.receive_json(type=Order)
    await websocket.send_json([Order(count=4)])
    assert server.sent[-1]["text"] == '[{"count":4}]'


@pytest.mark.parametrize(
    "data",
    ["{", "", "NaN", "[" * 100_000, '"\\ud800"', "é" * 200],
    ids=["cut off", "empty", "NaN", "deep", "surrogate", "long"],
)
async def test_what_is_no_json_is_the_clients_fault(data: str) -> None:
    _, websocket = await accepted(text(data))
    with pytest.raises(WebSocketException) as caught:
        await websocket.receive_json()
    assert caught.value.code == 1007
    assert 0 < len(caught.value.reason.encode()) <= 123


async def test_json_that_nobody_catches_closes_with_1007_and_without_an_error() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_json()

    app = Pegboard(routes=[WebSocketRoute("/", endpoint)], plugins=[], config={})
    async with AsyncTestClient(app) as client, client.websocket_connect("/") as session:
        await session.send_text("{")
        with pytest.raises(WebSocketDisconnect) as caught:
            await session.receive_text()
    assert (caught.value.code, caught.value.reason[:29]) == (1007, "The message is not valid JSON")


@pytest.mark.parametrize(
    ("method", "message", "data"),
    [("iter_text", text("a"), "a"), ("iter_bytes", binary(b"a"), b"a"), ("iter_json", text("1"), 1)],
)
async def test_iteration_ends_when_the_client_leaves(method: str, message: dict[str, Any], data: Any) -> None:
    _, websocket = await accepted(message, message, GONE)
    assert [item async for item in getattr(websocket, method)()] == [data, data]
    assert (websocket.close_code, websocket.close_reason) == (1001, "bye")


@pytest.mark.parametrize("method", ["iter_text", "iter_bytes", "iter_json"])
async def test_iteration_that_a_loop_leaves_early_leaves_nothing_to_be_closed(method: str) -> None:
    """A generator would: on trio, one that nobody closes is a warning."""
    message = binary(b"1") if method == "iter_bytes" else text("1")
    _, websocket = await accepted(message, message, message, GONE)
    messages = getattr(websocket, method)()
    async for _ in messages:
        break
    assert not hasattr(messages, "aclose")
    assert len([item async for item in messages]) == 2


async def test_iteration_that_has_ended_stays_ended() -> None:
    _, websocket = await accepted(GONE)
    messages = websocket.iter_text()
    assert [[item async for item in messages] for _ in range(2)] == [[], []]


async def test_a_client_that_leaves_is_told_with_code_and_reason() -> None:
    _, websocket = await accepted(GONE)
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (1001, "bye")
    with pytest.raises(RuntimeError, match="once a disconnect message has been received"):
        await websocket.receive_text()


@pytest.mark.parametrize(
    ("call", "late", "data"),
    [
        ("receive_text", text("late"), "late"),
        ("receive_bytes", binary(b"late"), b"late"),
        ("receive_json", text("1"), 1),
    ],
)
async def test_waiting_can_have_an_end_and_what_comes_late_is_still_received(
    call: str, late: dict[str, Any], data: Any
) -> None:
    server, websocket = await accepted()
    with pytest.raises(TimeoutError):
        await getattr(websocket, call)(timeout=0)
    assert websocket.client_state is WebSocketState.CONNECTED
    server.messages.append(late)
    assert await getattr(websocket, call)(timeout=60) == data


async def test_what_comes_in_time_is_received_and_counted() -> None:
    _, websocket = await accepted(text("ä"), binary(b"ab"), text(""), binary(b""))
    data = [await websocket.receive_text(60), await websocket.receive_bytes(60)]
    assert [*data, await websocket.receive_text(), await websocket.receive_bytes()] == ["ä", b"ab", "", b""]
    await websocket.send_text("öö")
    await websocket.send_bytes(b"abc")
    assert (websocket.messages_in, websocket.bytes_in) == (4, 4)
    assert (websocket.messages_out, websocket.bytes_out) == (2, 7)


async def test_both_keys_of_a_message_may_be_there_one_of_them_empty() -> None:
    """As servers send it that fill in both (ASGI, WebSocket receive)."""
    both = {"type": "websocket.receive", "text": None, "bytes": b"x"}
    _, websocket = await accepted(both, {"type": "websocket.receive", "text": "x", "bytes": None})
    assert (await websocket.receive_bytes(), await websocket.receive_text()) == (b"x", "x")
    assert websocket.bytes_in == 2


async def test_of_two_who_receive_each_gets_a_message() -> None:
    _, websocket = await accepted(text("a"), text("b"))
    got: list[str] = []

    async def receive() -> None:
        got.append(await websocket.receive_text())

    async with anyio.create_task_group() as group:
        group.start_soon(receive)
        group.start_soon(receive)
    assert sorted(got) == ["a", "b"]


async def test_the_other_kind_of_data_is_refused_with_advice() -> None:
    _, websocket = await accepted(binary(b"x"), text("x"))
    with pytest.raises(RuntimeError, match="The client sent bytes; expected text: use `receive_bytes"):
        await websocket.receive_text()
    with pytest.raises(RuntimeError, match="The client sent text; expected bytes: use `receive_text"):
        await websocket.receive_bytes()


@pytest.mark.parametrize("call", ["send_text", "receive_text"])
async def test_use_before_accept_says_what_to_do(call: str) -> None:
    websocket = Server().websocket()
    with pytest.raises(RuntimeError, match=r'call "accept" first|expected websocket.accept'):
        await (websocket.send_text("x") if call == "send_text" else websocket.receive_text())


async def test_sending_after_the_close_is_an_error_of_its_own() -> None:
    server, websocket = await accepted()
    await websocket.close(4000, "done")
    assert server.sent[-1] == {"type": "websocket.close", "code": 4000, "reason": "done"}
    assert (websocket.close_code, websocket.close_reason) == (4000, "done")
    with pytest.raises(WebSocketDisconnected, match="the WebSocket is closed"):
        await websocket.send_text("late")


async def test_a_server_that_has_lost_the_client_is_a_disconnect() -> None:
    _, websocket = await accepted(gone=True)
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.send_text("x")
    assert caught.value.code == websocket.close_code == 1006
    assert websocket.messages_out == 0


async def test_a_denial_response_goes_where_the_server_offers_it() -> None:
    server = Server()
    websocket = server.websocket(extensions={"websocket.http.response": {}})
    await websocket.receive()
    await websocket.send_denial_response(PlainTextResponse("no", 401))
    assert [message["type"] for message in server.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert server.sent[0]["status"] == websocket.denial_status == 401
    assert websocket.application_state is WebSocketState.DISCONNECTED
    plain = Server().websocket()
    with pytest.raises(RuntimeError, match=r"use `close\(\)` to refuse with 403"):
        await plain.send_denial_response(PlainTextResponse("no", 401))


@pytest.mark.parametrize("call", ["receive_json", "send_json"])
async def test_an_unknown_mode_is_refused(call: str) -> None:
    _, websocket = await accepted(text("1"))
    mode: Any = "tetx"
    with pytest.raises(RuntimeError, match="mode is 'tetx'"):
        await (websocket.receive_json(mode) if call == "receive_json" else websocket.send_json(1, mode))


async def test_a_server_that_speaks_out_of_turn_is_named() -> None:
    websocket = Server(text("early"), connect=False).websocket()
    with pytest.raises(RuntimeError, match=r"The server sent 'websocket\.receive' while the WebSocket was CONNECTING"):
        await websocket.accept()
