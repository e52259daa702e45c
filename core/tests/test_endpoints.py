"""Endpoints as classes answer the methods and events they have, and no others."""

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.endpoints import HTTPEndpoint, WebSocketEndpoint
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard.websockets import WebSocket

pytestmark = pytest.mark.anyio


class Resource(HTTPEndpoint):
    async def get(self, request: Request) -> str:
        return "got"

    def post(self, request: Request) -> str:
        return "posted"

    async def secret(self, request: Request) -> str:
        return "secret"


@pytest.fixture
def app() -> Pegboard:
    return Pegboard(routes=[Route("/", Resource), Route("/wide", Resource, methods=["GET", "DELETE"])], plugins=[])


@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("/", "GET", 200, b"got"),
        ("/", "HEAD", 200, b""),
        ("/", "POST", 200, b"posted"),
        ("/", "DELETE", 405, b"Method Not Allowed"),
        ("/", "SECRET", 405, b"Method Not Allowed"),
        ("/", "__INIT__", 405, b"Method Not Allowed"),
        ("/", "OPTIONS", 204, b""),
        ("/wide", "DELETE", 405, b"Method Not Allowed"),
    ],
)
async def test_methods_of_a_class(app: Pegboard, path: str, method: str, status: int, body: bytes) -> None:
    answer = await ask(app, path, method)
    assert (answer.status, answer.body) == (status, body)


async def test_a_405_tells_the_methods(app: Pegboard) -> None:
    assert (await ask(app, "/", "PUT")).header("allow") == "GET, HEAD, OPTIONS, POST"
    assert (await ask(app, "/wide", "DELETE")).header("allow") == "GET, HEAD, POST"


async def test_a_class_is_an_asgi_application_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Resource(scope, receive, send)

    assert (await ask(app, "/")).body == b"got"
    refused = await ask(app, "/", "DELETE")
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD, POST")


async def test_a_dispatch_of_its_own_is_what_answers() -> None:
    class Dispatching(Resource):
        async def dispatch(self) -> None:
            if self.scope["method"] == "POST":
                await super().dispatch()
            else:
                await PlainTextResponse("dispatched")(self.scope, self.receive, self.send)

    app = Pegboard(routes=[Route("/", Dispatching)], plugins=[])
    assert (await ask(app, "/")).body == b"dispatched"
    assert (await ask(app, "/", "POST")).body == b"posted"


async def test_a_websockets_dispatch_of_its_own_is_what_serves() -> None:
    events: list[str] = []

    class Dispatching(WebSocketEndpoint):
        async def dispatch(self) -> None:
            events.append("dispatched")
            await super().dispatch()

        async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
            events.append("disconnected")

    conversation = Conversation()
    scope = {"type": "websocket", "path": "/", "headers": []}
    app = Pegboard(routes=[WebSocketRoute("/", Dispatching)], plugins=[])
    await app(scope, conversation.receive, conversation.send)
    assert events == ["dispatched", "disconnected"]


class Conversation:
    """The client's side of a WebSocket, message by message."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.incoming = [{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect", "code": 1001}]
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        return self.incoming.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def converse(app: Any, *messages: dict[str, Any]) -> Conversation:
    conversation = Conversation(*messages)
    await app({"type": "websocket", "headers": []}, conversation.receive, conversation.send)
    return conversation


@pytest.mark.parametrize(
    ("encoding", "message", "data"),
    [
        (None, {"text": "a"}, "a"),
        (None, {"bytes": b"a"}, b"a"),
        ("text", {"text": "a"}, "a"),
        ("bytes", {"bytes": b"a"}, b"a"),
        ("json", {"text": '{"a": 1}'}, {"a": 1}),
        ("json", {"bytes": b"[1]"}, [1]),
    ],
)
async def test_events_of_a_websocket(encoding: Any, message: dict[str, Any], data: Any) -> None:
    events: list[Any] = []

    class Echo(WebSocketEndpoint):
        async def on_receive(self, websocket: WebSocket, data: Any) -> None:
            events.append(data)

        async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
            events.append(close_code)

    Echo.encoding = encoding
    conversation = await converse(Echo, {"type": "websocket.receive", **message})
    assert events == [data, 1001]
    assert [message["type"] for message in conversation.sent] == ["websocket.accept"]


@pytest.mark.parametrize(
    ("encoding", "message"),
    [("text", {"bytes": b"a"}), ("bytes", {"text": "a"}), ("json", {"text": "{"}), ("json", {})],
)
async def test_what_has_the_wrong_encoding_closes_with_1003(encoding: Any, message: dict[str, Any]) -> None:
    codes: list[int] = []

    class Strict(WebSocketEndpoint):
        async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
            codes.append(close_code)

    Strict.encoding = encoding
    conversation = Conversation({"type": "websocket.receive", **message})
    with pytest.raises(RuntimeError, match="The client sent"):
        await Strict({"type": "websocket", "headers": []}, conversation.receive, conversation.send)
    assert conversation.sent[-1] == {"type": "websocket.close", "code": 1003, "reason": ""}
    assert codes == [1011]
