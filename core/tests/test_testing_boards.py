"""A board of the kit has what it is given and nothing else, and is held to ASGI 3."""

from __future__ import annotations

import os

import pytest

from pegboard import Plugin, Settings, hookimpl
from pegboard.exceptions import ConfigurationError
from pegboard.responses import Head
from pegboard.testing import (
    ASGIViolation,
    Faults,
    clean_environment,
    converse,
    converse_websocket,
    example_routes,
    make_board,
)
from pegboard.types import ASGIApp, Receive, Scope, Send

pytestmark = pytest.mark.anyio


class StampSettings(Settings, frozen=True, kw_only=True):
    text: str = "default"


class Stamp(Plugin[StampSettings]):
    name = "stamp"
    Settings = StampSettings

    @hookimpl
    def response(self, response: Head) -> None:
        response.headers["x-stamp"] = self.settings.text


class Breaks(Plugin):
    name = "breaks"

    @hookimpl
    def asgi(self, app: ASGIApp) -> ASGIApp:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.body", "body": b""})

        return broken


async def test_a_board_has_the_plugins_that_it_is_given_and_no_other() -> None:
    board = make_board([Stamp])
    assert [member.name for member in board.plugins] == ["stamp"]
    assert (await converse(board)).header("x-stamp") == "default"


async def test_settings_are_given_by_name() -> None:
    assert (await converse(make_board([Stamp], settings={"stamp": {"text": "x"}}))).header("x-stamp") == "x"


def test_settings_for_nobody_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="stamq"):
        make_board([Stamp], settings={"stamq": {}}).freeze()


async def test_a_board_that_breaks_asgi_is_told() -> None:
    board = make_board([Breaks])
    seen = await converse(board)
    assert isinstance(seen.raised, ASGIViolation)
    assert board.violations == [seen.raised]


def test_variables_are_put_away_and_brought_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEGBOARD_STAMP__TEXT", "from outside")
    with clean_environment():
        assert "PEGBOARD_STAMP__TEXT" not in os.environ
    assert os.environ["PEGBOARD_STAMP__TEXT"] == "from outside"


@pytest.mark.parametrize(
    ("path", "method", "status", "raises"),
    [
        ("/", "GET", 200, None),
        ("/thread", "GET", 200, None),
        ("/json", "GET", 200, None),
        ("/empty", "GET", 204, None),
        ("/stream", "GET", 200, None),
        ("/stream/fails", "GET", 200, "ExampleError"),
        ("/file", "GET", 200, None),
        ("/teapot", "GET", 418, None),
        ("/handled", "GET", 409, None),
        ("/fail", "GET", 500, "ExampleError"),
        ("/background", "GET", 200, None),
        ("/echo", "POST", 200, None),
        ("/slash", "GET", 307, None),
        ("/nowhere", "GET", 404, None),
        ("/echo", "GET", 405, None),
        ("/foreign/whole", "GET", 200, None),
        ("/foreign/stream", "GET", 200, None),
        ("/foreign/fails", "GET", 500, "ExampleError"),
        ("/foreign/midway", "GET", 200, "ExampleError"),
    ],
)
async def test_the_example_routes_end_in_every_way(path: str, method: str, status: int, raises: str | None) -> None:
    board = make_board()
    seen = await converse(board, path, method)
    assert seen.status == status
    assert (type(seen.raised).__name__ if seen.raised else None) == raises
    assert board.violations == []


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("/ws", ["accept", "send"]),
        ("/ws/close", ["accept", "send", "close"]),
        ("/ws/deny", ["close"]),
        ("/ws/refuse", ["close"]),
        ("/ws/fail", ["accept", "close"]),
    ],
)
async def test_the_example_websockets_end_in_every_way(path: str, types: list[str]) -> None:
    board = make_board()
    seen = await converse_websocket(board, path, ["a"])
    assert [each.removeprefix("websocket.") for each in seen.types] == types
    assert board.violations == []


async def test_the_endless_ones_end_when_the_client_leaves() -> None:
    board = make_board()
    assert (await converse(board, "/stream/waits", faults=Faults(leave_after=3))).raised is None
    assert (await converse(board, "/wait", faults=Faults(leave_after=0))).raised is None
    assert board.violations == []


def test_example_routes_are_new_each_time() -> None:
    assert not set(map(id, example_routes())) & set(map(id, example_routes()))
