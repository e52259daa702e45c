"""One WebSocket as hooks and endpoints see it.

The two ends have a state each, and every message moves one of them: see the tables at the end of the module. An
operation in the wrong state raises RuntimeError that says which call was expected.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

import msgspec
from anyio import fail_after

from pegboard.connections import HTTPConnection
from pegboard.responses import Response
from pegboard.types import Message, Receive, Scope, Send

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketDisconnected", "WebSocketState"]

RawHeader = tuple[bytes, bytes]


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


class WebSocket(HTTPConnection):
    """One WebSocket: the connection, and messages both ways."""

    __slots__ = (
        "_receive",
        "_send",
        "accept_headers",
        "accepted",
        "application_state",
        "bytes_in",
        "bytes_out",
        "client_state",
        "close_code",
        "close_reason",
        "denial_status",
        "messages_in",
        "messages_out",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope)
        self._receive = receive
        self._send = send
        self.client_state = WebSocketState.CONNECTING
        self.application_state = WebSocketState.CONNECTING
        self.accept_headers: list[RawHeader] = []
        self.accepted = False
        self.denial_status = 403
        self.close_code: int | None = None
        self.close_reason = ""
        self.messages_in = self.messages_out = self.bytes_in = self.bytes_out = 0

    # Messages

    async def receive(self) -> Message:
        """The next ASGI message from the client. Raises RuntimeError after the disconnect was received."""
        state = self.client_state
        if state is WebSocketState.DISCONNECTED:
            raise RuntimeError('Cannot call "receive" once a disconnect message has been received')
        message = await self._receive()
        kind = message["type"]
        if kind not in _RECEIVED[state]:
            raise RuntimeError(
                f"The server sent {kind!r} while the WebSocket was {state.name}; expected {_RECEIVED[state]}"
            )
        if kind == "websocket.receive":
            self.messages_in += 1
            self.bytes_in += _size(message)
        elif kind == "websocket.connect":
            self.client_state = WebSocketState.CONNECTED
        else:
            self.client_state = WebSocketState.DISCONNECTED
            if self.close_code is None:
                self.close_code = message.get("code", 1005)
                self.close_reason = message.get("reason") or ""
        return message

    async def send(self, message: Message) -> None:
        """Send an ASGI message. Raises RuntimeError in the wrong state, WebSocketDisconnected after a close."""
        state = self.application_state
        kind = message["type"]
        if kind not in _SENT[state]:
            raise _wrong_send(state, kind)
        if kind == "websocket.accept" and self.accept_headers:
            message = {**message, "headers": [*message.get("headers", ()), *self.accept_headers]}
        self._move(kind, message)
        try:
            await self._send(message)
        except OSError as error:
            self.application_state = WebSocketState.DISCONNECTED
            if self.close_code is None:
                self.close_code = 1006
            raise WebSocketDisconnect(1006) from error
        if kind == "websocket.send":
            self.messages_out += 1
            self.bytes_out += _size(message)

    def _move(self, kind: str, message: Message) -> None:
        """Go to the state that sending ``message`` leads to."""
        state = _MOVES.get(kind)
        if kind == "websocket.http.response.body" and not message.get("more_body", False):
            state = WebSocketState.DISCONNECTED
        if state is not None:
            self.application_state = state
        if kind == "websocket.accept":
            self.accepted = True
        elif kind == "websocket.http.response.start":
            self.denial_status = message["status"]
        elif kind == "websocket.close" and self.close_code is None:
            self.close_code = message.get("code", 1000)
            self.close_reason = message.get("reason") or ""

    # The handshake and the end

    async def accept(
        self, subprotocol: str | None = None, headers: Iterable[tuple[bytes, bytes]] | None = None
    ) -> None:
        """Accept the handshake, with one of the client's subprotocols and more headers if given."""
        if self.client_state is WebSocketState.CONNECTING:
            await self.receive()
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": list(headers or ())})

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close with ``code`` and ``reason``; before ``accept`` the client sees HTTP 403."""
        await self.send({"type": "websocket.close", "code": code, "reason": reason or ""})

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the handshake with an HTTP response. Raises RuntimeError where the server cannot send one."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise RuntimeError(
                "This server does not offer the extension 'websocket.http.response'; use `close()` to refuse with 403"
            )

        async def send(message: Message) -> None:
            await self.send({**message, "type": "websocket." + message["type"]})

        await response({**self.scope, "method": "GET"}, self._receive, send)

    # Text, bytes, JSON

    async def receive_text(self, timeout: float | None = None) -> str:
        """The next text message. Raises WebSocketDisconnect, or TimeoutError after ``timeout`` seconds."""
        text = (await self._receive_data(timeout)).get("text")
        if text is None:
            raise RuntimeError("The client sent bytes; expected text: use `receive_bytes()` or `receive()`")
        return str(text)

    async def receive_bytes(self, timeout: float | None = None) -> bytes:
        """The next binary message. Raises WebSocketDisconnect, or TimeoutError after ``timeout`` seconds."""
        data = (await self._receive_data(timeout)).get("bytes")
        if data is None:
            raise RuntimeError("The client sent text; expected bytes: use `receive_text()` or `receive()`")
        return bytes(data)

    async def receive_json(
        self, mode: Literal["text", "binary"] = "text", type: Any = Any, timeout: float | None = None
    ) -> Any:
        """The next message decoded from JSON, into ``type`` when one is given."""
        data = await (self.receive_text(timeout) if _checked(mode) == "text" else self.receive_bytes(timeout))
        return msgspec.json.decode(data) if type is Any else msgspec.json.decode(data, type=type)

    async def iter_text(self) -> AsyncIterator[str]:
        """Text messages until the client leaves."""
        try:
            while True:
                yield await self.receive_text()
        except WebSocketDisconnect:
            pass

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """Binary messages until the client leaves."""
        try:
            while True:
                yield await self.receive_bytes()
        except WebSocketDisconnect:
            pass

    async def iter_json(self) -> AsyncIterator[Any]:
        """Messages decoded from JSON until the client leaves."""
        try:
            while True:
                yield await self.receive_json()
        except WebSocketDisconnect:
            pass

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        await self.send({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        await self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send ``data`` encoded as JSON, as text or binary."""
        encoded = msgspec.json.encode(data)
        if _checked(mode) == "text":
            await self.send_text(encoded.decode())
        else:
            await self.send_bytes(encoded)

    async def _receive_data(self, timeout: float | None) -> Message:
        if self.application_state is not WebSocketState.CONNECTED:
            raise RuntimeError('The WebSocket is not connected; call "accept" first')
        if timeout is None:
            message = await self.receive()
        else:
            with fail_after(timeout):
                message = await self.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
        return message


def _checked(mode: str) -> str:
    if mode not in ("text", "binary"):
        raise RuntimeError(f'mode is {mode!r}; expected "text" or "binary"')
    return mode


def _size(message: Message) -> int:
    text = message.get("text")
    if text is None:
        return len(message.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode())


def _wrong_send(state: WebSocketState, kind: str) -> RuntimeError:
    if state is WebSocketState.DISCONNECTED:
        return WebSocketDisconnected(f"Cannot send {kind!r}: the WebSocket is closed")
    return RuntimeError(f"Cannot send {kind!r} while the WebSocket is {state.name}; expected {', '.join(_SENT[state])}")


_RECEIVED: dict[WebSocketState, tuple[str, ...]] = {
    WebSocketState.CONNECTING: ("websocket.connect",),
    WebSocketState.CONNECTED: ("websocket.receive", "websocket.disconnect"),
    WebSocketState.DISCONNECTED: (),
    WebSocketState.RESPONSE: (),
}

_SENT: dict[WebSocketState, tuple[str, ...]] = {
    WebSocketState.CONNECTING: ("websocket.accept", "websocket.close", "websocket.http.response.start"),
    WebSocketState.CONNECTED: ("websocket.send", "websocket.close"),
    WebSocketState.RESPONSE: ("websocket.http.response.body",),
    WebSocketState.DISCONNECTED: (),
}

_MOVES: dict[str, WebSocketState] = {
    "websocket.accept": WebSocketState.CONNECTED,
    "websocket.close": WebSocketState.DISCONNECTED,
    "websocket.http.response.start": WebSocketState.RESPONSE,
}
