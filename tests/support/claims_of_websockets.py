"""What the page "Coming from Starlette" says of WebSockets and the test client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
from both_frameworks import NOTHING, Kit, claim, client, endpoint

WEBSOCKETS, CLIENT = "WebSockets", "Test client"


def connected(kit: Kit, serve: Any) -> Any:
    """A WebSocket of the test client."""
    return client(kit, kit.routing.WebSocketRoute("/", serve)).websocket_connect("/")


@claim(WEBSOCKETS, "a wrong order of calls", theirs=False, ours=True)
def wrong_order(kit: Kit) -> Any:
    raised: list[RuntimeError] = []

    async def serve(websocket: Any) -> None:
        try:
            await websocket.send_text("early")
        except RuntimeError as error:
            raised.append(error)
        await websocket.accept()
        await websocket.close()

    with connected(kit, serve):
        pass
    (error,) = raised
    return "while the WebSocket is CONNECTING" in str(error)


@claim(WEBSOCKETS, "`receive_*`", theirs="TypeError", ours="TimeoutError")
def receive_timeout(kit: Kit) -> Any:
    raised: list[str] = []

    async def serve(websocket: Any) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text(timeout=0.001)
        except (TypeError, TimeoutError) as error:
            raised.append(type(error).__name__)
        await websocket.send_text("done")
        await websocket.close()

    with connected(kit, serve) as session:
        session.receive_text()
    return raised[0]


@claim(WEBSOCKETS, "a message that is no JSON, in `receive_json`", theirs="JSONDecodeError", ours=1007)
def websocket_json(kit: Kit) -> Any:
    async def serve(websocket: Any) -> None:
        await websocket.accept()
        await websocket.receive_json()

    with connected(kit, serve) as session:
        session.send_text("{")
        return session.receive()["code"]


@claim(WEBSOCKETS, "a plain function as endpoint", theirs="made", ours="TypeError")
def plain_function(kit: Kit) -> Any:
    def serve(websocket: Any) -> None:
        """Nothing to await."""

    kit.routing.WebSocketRoute("/", serve)
    return "made"


@claim(CLIENT, "waiting for an application that says nothing", theirs=NOTHING, ours="ReadTimeout")
def silent_application(kit: Kit) -> Any:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await anyio.sleep_forever()

    if not kit.is_ours:
        return NOTHING
    kit.testclient.TestClient(silent, timeout=0.001).get("/")
    return None


@claim(CLIENT, "streams", theirs=NOTHING, ours="0")
def endless_stream(kit: Kit) -> Any:
    async def numbers() -> AsyncIterator[bytes]:
        number = 0
        while True:
            yield b"%d" % number
            number += 1
            await anyio.lowlevel.checkpoint()

    if not kit.is_ours:
        return NOTHING
    asking = client(kit, endpoint(kit, "/", lambda request: kit.responses.StreamingResponse(numbers())))
    with asking.stream("GET", "/") as response:
        return next(response.iter_text())


@claim(CLIENT, "messages against the ASGI standard", theirs=200, ours="ASGIViolation")
def violations(kit: Kit) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Upper", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    return kit.testclient.TestClient(app).get("/").status_code


@claim(CLIENT, "in async tests", theirs="AttributeError", ours=200)
def async_tests(kit: Kit) -> Any:
    async def run() -> int:
        async with kit.testclient.AsyncTestClient(kit.app(endpoint(kit, "/", lambda request: 1))) as asking:
            status: int = (await asking.get("/")).status_code
            return status

    return anyio.run(run)
