"""The test clients with a board: what an application's own tests look like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import pytest

from pegboard.applications import Pegboard
from pegboard.background import BackgroundTask
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.testclient import AsyncTestClient, ClientLeft, LifespanFailed, TestClient, WebSocketDenialResponse
from pegboard.websockets import WebSocket, WebSocketDisconnect

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


class Shop:
    """A small application; ``log`` is what happened in it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.board = Pegboard(
            routes=[
                Route("/greeting/{name}", self.greeting),
                Route("/old", self.old),
                Route("/orders", self.orders, methods=["POST"]),
                Route("/ticks", self.ticks),
                Route("/fails", self.fails),
                Route("/mail", self.mail),
                WebSocketRoute("/echo", self.echo),
                WebSocketRoute("/fails", self.fails_open),
                Mount("/sub", routes=[Route("/where", self.where)]),
            ],
            lifespan=self.lifespan,
            plugins=[],
        )

    @asynccontextmanager
    async def lifespan(self, board: Pegboard) -> AsyncIterator[dict[str, Any]]:
        self.log.append("open")
        yield {"greeting": "Hello"}
        self.log.append("closed")

    async def greeting(self, request: Request) -> str:
        return f"{request.state.greeting}, {request.path_params['name']}!"

    async def old(self, request: Request) -> RedirectResponse:
        response = RedirectResponse("/greeting/again")
        response.set_cookie("seen", "old")
        return response

    async def orders(self, request: Request) -> Any:
        return {"size": len(await request.body())}, 201

    async def ticks(self, request: Request) -> StreamingResponse:
        async def ticks() -> AsyncIterator[bytes]:
            try:
                for number in range(10**9):
                    yield b"%d\n" % number
            finally:
                self.log.append("stream closed")

        return StreamingResponse(ticks())

    async def fails(self, request: Request) -> None:
        raise ZeroDivisionError

    async def mail(self, request: Request) -> PlainTextResponse:
        async def send() -> None:
            self.log.append("mail sent")
            raise LookupError

        return PlainTextResponse("queued", background=BackgroundTask(send))

    async def where(self, request: Request) -> str:
        return f"{request.scope['root_path']} {request.url}"

    async def echo(self, websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="chat")
        async for text in websocket.iter_text():
            await websocket.send_text(text)
        self.log.append("websocket closed")

    async def fails_open(self, websocket: WebSocket) -> None:
        await websocket.accept()
        raise ZeroDivisionError


def test_requests(backend: Backend) -> None:
    """Routes, state, redirects, cookies and uploads work; the lifespan runs around them."""
    shop = Shop()
    with TestClient(shop.board, backend=backend) as client:
        assert client.get("/greeting/Ann").text == "Hello, Ann!"
        response = client.get("/old")
        assert (response.text, response.history[0].status_code, client.cookies["seen"]) == ("Hello, again!", 307, "old")
        response = client.post("/orders", content=b"x" * 100_000)
        assert (response.status_code, response.json()) == (201, {"size": 100_000})
        assert [client.get(path).status_code for path in ("/nowhere", "/orders")] == [404, 405]
    assert shop.log == ["open", "closed"]


def test_root_path() -> None:
    """Paths are given below the root path, and URLs contain it."""
    client = TestClient(Shop().board, root_path="/shop")
    assert client.get("/sub/where").text == "/shop/sub http://testserver/shop/sub/where"


def test_exceptions(backend: Backend) -> None:
    """What no handler took is raised after its 500 was sent, or is not seen beside it."""
    with pytest.raises(ZeroDivisionError):
        TestClient(Shop().board, backend=backend).get("/fails")
    response = TestClient(Shop().board, backend=backend, raise_server_exceptions=False).get("/fails")
    assert response.status_code == 500


def test_streams(backend: Backend) -> None:
    """An endless stream is read and closed; its generator has been closed with it."""
    shop = Shop()
    with TestClient(shop.board, backend=backend).stream("GET", "/ticks") as response:
        lines = response.iter_lines()
        assert [next(lines) for _ in range(3)] == ["0", "1", "2"]
    assert shop.log == ["stream closed"]


def test_background_tasks(backend: Backend) -> None:
    """A background task has run when the response is there; what it raises is raised, or captured."""
    shop = Shop()
    with pytest.raises(LookupError):
        TestClient(shop.board, backend=backend).get("/mail")
    client = TestClient(shop.board, backend=backend, background="capture")
    assert client.get("/mail").text == "queued"
    assert shop.log == ["mail sent"] * 2
    assert [type(error) for error in client.background_errors] == [LookupError]


def test_clients_that_leave(backend: Backend) -> None:
    """A client that leaves in the middle of its upload is no error of the board."""
    with pytest.raises(ClientLeft):
        TestClient(Shop().board, backend=backend).post("/orders", content=b"xyz", extensions={"disconnect_after": 1})


def test_websockets(backend: Backend) -> None:
    """Messages go both ways; an error closes with 1011 and is raised; an unknown path is denied with 404."""
    shop = Shop()
    client = TestClient(shop.board, backend=backend)
    with client.websocket_connect("/echo", subprotocols=["chat"]) as session:
        session.send_text("hello")
        assert (session.receive_text(), session.accepted_subprotocol) == ("hello", "chat")
    assert shop.log == ["websocket closed"]
    session = client.websocket_connect("/fails").__enter__()
    with pytest.raises(WebSocketDisconnect) as closed:
        session.receive_text()
    assert closed.value.code == 1011
    with pytest.raises(ZeroDivisionError):
        session.__exit__()
    with pytest.raises(WebSocketDenialResponse) as denied:
        client.websocket_connect("/nowhere").__enter__()
    assert denied.value.status_code == 404


def test_a_board_that_does_not_start(backend: Backend) -> None:
    """A lifespan that fails keeps the client from being entered, and the reason is in the error."""

    @asynccontextmanager
    async def lifespan(board: Pegboard) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield  # type: ignore[unreachable]

    with pytest.raises((LifespanFailed, LookupError), match="no database"):
        TestClient(Pegboard(lifespan=lifespan, plugins=[]), backend=backend).__enter__()


@pytest.mark.anyio
async def test_the_asynchronous_client() -> None:
    """The same application in the test's own loop: several streams, a WebSocket and requests at once."""
    shop = Shop()
    async with AsyncTestClient(shop.board) as client:
        async with (
            client.stream("GET", "/ticks") as first,
            client.stream("GET", "/ticks") as second,
            client.websocket_connect("/echo", subprotocols=["chat"]) as session,
        ):
            lines = zip([0, 1], [first.aiter_lines(), second.aiter_lines()], strict=True)
            assert [await anext(each) for _, each in lines] == ["0", "0"]
            await session.send_json([1])
            assert await session.receive_json() == [1]
            assert (await client.get("/greeting/Bob")).text == "Hello, Bob!"
        assert sorted(shop.log) == ["open", "stream closed", "stream closed", "websocket closed"]
        with anyio.CancelScope() as scope:
            scope.cancel()
            await client.get("/greeting/nobody")
    assert shop.log[-1] == "closed"
