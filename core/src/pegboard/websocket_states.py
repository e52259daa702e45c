"""The states of a WebSocket's two ends: which messages each may send where it stands, and where they lead. No I/O.

What leads nowhere in `MOVES` leaves the state as it is; the last piece of a denial's body leads to DISCONNECTED.
"""

from __future__ import annotations

import enum

from pegboard.types import Message

__all__ = [
    "MOVES",
    "RECEIVED",
    "SENT",
    "WebSocketDisconnect",
    "WebSocketDisconnected",
    "WebSocketState",
    "other_than",
    "size_of",
    "wrong_send",
]


class WebSocketState(enum.Enum):
    """Where one end of a WebSocket stands."""

    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3


class WebSocketDisconnect(Exception):
    """The client has closed the WebSocket, with ``code`` and ``reason`` (RFC 6455 section 7.4)."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        super().__init__(code, reason or "")
        self.code = code
        self.reason = reason or ""


class WebSocketDisconnected(RuntimeError):
    """Something was sent on a WebSocket that is closed already."""


def size_of(message: Message) -> int:
    """The bytes of a message's data as they travel, text in UTF-8."""
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())


def other_than(message: Message, what: str) -> Exception:
    """What to raise for a message that is not the data that was asked for."""
    if message["type"] == "websocket.disconnect":
        return WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
    return RuntimeError(what)


def wrong_send(state: WebSocketState, kind: str) -> RuntimeError:
    """What to raise when ``kind`` is sent in a state that does not send it."""
    if state is WebSocketState.DISCONNECTED:
        return WebSocketDisconnected(f"Cannot send {kind!r}: the WebSocket is closed")
    return RuntimeError(f"Cannot send {kind!r} while the WebSocket is {state.name}; expected {', '.join(SENT[state])}")


RECEIVED: dict[WebSocketState, tuple[str, ...]] = {
    WebSocketState.CONNECTING: ("websocket.connect",),
    WebSocketState.CONNECTED: ("websocket.receive", "websocket.disconnect"),
    WebSocketState.DISCONNECTED: (),
    WebSocketState.RESPONSE: (),
}
"""The messages that a client's end in each state sends."""

SENT: dict[WebSocketState, tuple[str, ...]] = {
    WebSocketState.CONNECTING: ("websocket.accept", "websocket.close", "websocket.http.response.start"),
    WebSocketState.CONNECTED: ("websocket.send", "websocket.close"),
    WebSocketState.RESPONSE: ("websocket.http.response.body",),
    WebSocketState.DISCONNECTED: (),
}
"""The messages that our end in each state sends."""

MOVES: dict[str, WebSocketState] = {
    "websocket.accept": WebSocketState.CONNECTED,
    "websocket.close": WebSocketState.DISCONNECTED,
    "websocket.http.response.start": WebSocketState.RESPONSE,
}
"""Where messages of ours lead."""
