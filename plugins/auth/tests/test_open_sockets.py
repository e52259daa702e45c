"""Open WebSockets are closed when their callers lose what they were let in for."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from asgi_harness import Socket

from pegboard import Pegboard
from pegboard.routing import WebSocketRoute
from pegboard.websockets import WebSocket
from pegboard_auth import Access, Auth, Rejected, Scheme, User, digest_of, requires
from pegboard_auth.open_sockets import OpenSockets

pytestmark = pytest.mark.anyio


class Door(Scheme):
    """Finds what it is told to find."""

    name = "door"

    def __init__(self, found: Any) -> None:
        self.found = found

    def authenticate(self, connection: Any) -> Any:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class LateDoor(Door):
    async def authenticate(self, connection: Any) -> Any:
        return super().authenticate(connection)


@requires("read")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def ann(scopes: str = "read", expires: float | None = None) -> Access:
    return Access(User("ann"), "door", scopes.split(), expires=expires)


class Rounds:
    """Stands in for the time between looks: each `round` is one look at all."""

    def __init__(self) -> None:
        self.next = anyio.Event()

    async def sleep(self, seconds: float) -> None:
        self.next = anyio.Event()
        await self.next.wait()

    async def round(self) -> None:
        await anyio.wait_all_tasks_blocked()
        self.next.set()
        await anyio.wait_all_tasks_blocked()


async def looked_at(door: Door, *found: Any, **auth: Any) -> tuple[Socket, OpenSockets]:
    """A WebSocket behind a door that finds other things with each look."""
    plugin = Auth(custom_schemes=[door], **auth)
    board = Pegboard(routes=[WebSocketRoute("/", echo)], plugins=[plugin], config={})
    board.freeze()
    rounds, sockets, socket = Rounds(), plugin._sockets, Socket([], code=None)
    sockets._sleep = rounds.sleep
    async with anyio.create_task_group() as group:
        group.start_soon(sockets.run)
        group.start_soon(socket.open, board)
        await anyio.wait_all_tasks_blocked()
        assert socket.types == ["accept"]
        assert len(sockets) == 1
        for one in found:
            door.found = one
            await rounds.round()
        group.cancel_scope.cancel()
    return socket, sockets


LOSSES: dict[str, tuple[Any, int]] = {
    "logged out": (None, 3000),
    "revoked": (Rejected("revoked"), 3000),
    "scope taken away": (ann("write"), 3003),
    "another site": (Rejected("another site", None, 403), 3003),
}


@pytest.mark.parametrize("kind", [Door, LateDoor])
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_caller_who_loses_the_right_is_shown_the_door(kind: type[Door], loss: str) -> None:
    found, code = LOSSES[loss]
    socket, sockets = await looked_at(kind(ann()), ann(), found)
    assert socket.sent[-1] == {"type": "websocket.close", "code": code, "reason": "no longer allowed"}
    assert len(sockets) == 0


@pytest.mark.parametrize("kind", [Door, LateDoor])
async def test_what_cannot_be_told_now_closes_nothing(kind: type[Door]) -> None:
    socket, _ = await looked_at(kind(ann()), Rejected("down", None, 503), ann(), Rejected("many", None, 429))
    assert socket.types == ["accept"]


async def connected(door: Door, **auth: Any) -> tuple[Socket, OpenSockets]:
    plugin = Auth(custom_schemes=[door], **auth)
    socket = Socket(["a"])
    await socket.open(Pegboard(routes=[WebSocketRoute("/", echo)], plugins=[plugin], config={}))
    return socket, plugin._sockets


@pytest.mark.parametrize("kind", [Door, LateDoor])
async def test_one_that_is_closed_is_looked_at_no_longer(kind: type[Door]) -> None:
    socket, sockets = await connected(kind(ann()))
    assert socket.types == ["accept", "send"]
    assert len(sockets) == 0


async def test_looking_can_be_switched_off() -> None:
    socket, _ = await connected(Door(ann()), websocket_check=0)
    assert socket.types == ["accept", "send"]


@pytest.mark.parametrize("kind", [Door, LateDoor])
@pytest.mark.parametrize("check", [0, 60])
async def test_a_websocket_ends_with_its_callers_credentials(kind: type[Door], check: float) -> None:
    socket = Socket([], code=None)
    plugin = Auth(custom_schemes=[kind(ann(expires=time.time() + 0.05))], websocket_check=check)
    with anyio.fail_after(10):
        await socket.open(Pegboard(routes=[WebSocketRoute("/", echo)], plugins=[plugin], config={}))
    assert socket.sent[-1] == {"type": "websocket.close", "code": 3000, "reason": "credentials have expired"}


async def test_a_token_that_ends_ends_its_websocket_and_needs_no_looks() -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    token = {"identity": "ann", "digest": digest_of("a-token-of-the-tests"), "scopes": ["read"], "expires": end}
    plugin, seen = Auth(tokens=[token]), []

    @requires("read")
    async def look(websocket: WebSocket) -> None:
        assert websocket.ending is not None
        seen.append(websocket.ending.deadline - anyio.current_time())

    board = Pegboard(routes=[WebSocketRoute("/", look)], plugins=[plugin], config={})
    await Socket().open(board, headers=[(b"authorization", b"Bearer a-token-of-the-tests")])
    assert 3500 < seen[0] <= 3600
    assert len(plugin._sockets) == 0
    assert not plugin._binder.bind(board.routes[0], plugin.RouteSettings()).hooks().websocket_complete  # type: ignore[union-attr]
