"""What each end of a WebSocket may send where it stands, and where that leads."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from pegboard.websocket_states import (
    MOVES,
    RECEIVED,
    SENT,
    WebSocketDisconnect,
    WebSocketDisconnected,
    WebSocketState,
    other_than,
    size_of,
    wrong_send,
)


def test_every_state_has_its_messages() -> None:
    assert set(SENT) == set(RECEIVED) == set(WebSocketState)
    assert SENT[WebSocketState.DISCONNECTED] == RECEIVED[WebSocketState.DISCONNECTED] == ()


def test_every_move_is_by_a_message_that_may_be_sent() -> None:
    sent = {message for messages in SENT.values() for message in messages}
    assert set(MOVES) <= sent
    assert sent - set(MOVES) == {"websocket.send", "websocket.http.response.body"}


@pytest.mark.parametrize(
    ("data", "size"),
    [
        ({"text": "abc"}, 3),
        ({"text": "ä€"}, 5),
        ({"bytes": b"ab"}, 2),
        ({"text": None, "bytes": b"a"}, 1),
        ({"text": "", "bytes": None}, 0),
        ({}, 0),
    ],
)
def test_sizes_are_in_bytes_as_they_travel(data: dict[str, Any], size: int) -> None:
    assert size_of({"type": "websocket.receive", **data}) == size


def test_what_is_not_the_data_that_was_asked_for_is_the_leaving_or_a_mistake() -> None:
    left = other_than({"type": "websocket.disconnect", "code": 1001, "reason": None}, "wrong kind")
    assert isinstance(left, WebSocketDisconnect)
    assert (left.code, left.reason) == (1001, "")
    # ASGI: a disconnect without a code is one without a close frame.
    assert other_than({"type": "websocket.disconnect"}, "").code == 1005  # type: ignore[attr-defined]
    assert str(other_than({"type": "websocket.receive"}, "wrong kind")) == "wrong kind"


def test_a_wrong_message_is_told_with_those_that_were_expected() -> None:
    assert str(wrong_send(WebSocketState.CONNECTED, "websocket.accept")) == (
        "Cannot send 'websocket.accept' while the WebSocket is CONNECTED; expected websocket.send, websocket.close"
    )
    assert isinstance(wrong_send(WebSocketState.DISCONNECTED, "websocket.send"), WebSocketDisconnected)


def test_a_disconnect_travels_between_processes() -> None:
    again = pickle.loads(pickle.dumps(WebSocketDisconnect(3000, "bye")))
    assert (again.code, again.reason) == (3000, "bye")
