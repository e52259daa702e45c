"""One WebSocket as hooks and endpoints see it.

The two ends have a state each, and every message moves one of them: see `pegboard.websocket_states`. An operation in
the wrong state raises RuntimeError that says which call was expected.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, Literal, TypeVar

import msgspec
from anyio import CancelScope, current_time, fail_after

from pegboard.connections import HTTPConnection
from pegboard.exceptions import WebSocketException
from pegboard.responses import Response
from pegboard.typed_json import decode_json, encode_json
from pegboard.types import Message, Receive, Scope, Send
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

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketDisconnected", "WebSocketState"]

T = TypeVar("T")

RawHeader = tuple[bytes, bytes]


# Members of an enumeration are looked up through its class, which costs more than a name of the module.
_CONNECTED, _DISCONNECTED = WebSocketState.CONNECTED, WebSocketState.DISCONNECTED


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
        "denial_headers",
        "denial_status",
        "end_code",
        "end_reason",
        "ending",
        "is_served",
        "messages_in",
        "messages_out",
    )

    end_code: int
    end_reason: str

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope)
        self._receive = receive
        self._send = send
        self.client_state = WebSocketState.CONNECTING
        self.application_state = WebSocketState.CONNECTING
        self.accept_headers: list[RawHeader] = []
        self.accepted = False
        self.denial_headers: list[RawHeader] = []
        self.denial_status = 403
        self.close_code: int | None = None
        self.close_reason = ""
        self.ending: CancelScope | None = None
        self.is_served = False
        self.messages_in = self.messages_out = self.bytes_in = self.bytes_out = 0

    # Messages

    async def receive(self) -> Message:
        """The next ASGI message from the client. Raises RuntimeError after the disconnect was received."""
        state = self.client_state
        if state is _DISCONNECTED:
            raise RuntimeError('Cannot call "receive" once a disconnect message has been received')
        message = await self._receive()
        if message["type"] == "websocket.receive" and state is _CONNECTED:
            # The way of nearly every message is kept short.
            self.messages_in += 1
            text = message.get("text")
            self.bytes_in += len(text) if text is not None and text.isascii() else size_of(message)
        else:
            self._hear(message, state)
        return message

    async def send(self, message: Message) -> None:
        """Send an ASGI message. Raises RuntimeError in the wrong state, WebSocketDisconnected after a close."""
        is_data = message["type"] == "websocket.send" and self.application_state is _CONNECTED
        if not is_data:
            message = self._say(message)
        try:
            await self._send(message)
        except OSError as error:
            self.application_state = _DISCONNECTED
            if self.close_code is None:
                self.close_code = 1006
            raise WebSocketDisconnect(1006) from error
        if is_data:
            self.messages_out += 1
            text = message.get("text")
            self.bytes_out += len(text) if text is not None and text.isascii() else size_of(message)

    def _hear(self, message: Message, state: WebSocketState) -> None:
        """Go to the state that a message from the client, other than its data, leads to from ``state``."""
        kind = message["type"]
        if kind not in RECEIVED[state]:
            raise RuntimeError(
                f"The server sent {kind!r} while the WebSocket was {state.name}; expected {RECEIVED[state]}"
            )
        if kind == "websocket.connect":
            self.client_state = _CONNECTED
        else:
            self.client_state = _DISCONNECTED
            if self.close_code is None:
                self.close_code = message.get("code", 1005)
                self.close_reason = message.get("reason") or ""

    def _say(self, message: Message) -> Message:
        """Go to the state that a message of ours leads to, other than data; gives it as it is sent."""
        state, kind = self.application_state, message["type"]
        if kind not in SENT[state]:
            raise wrong_send(state, kind)
        if kind == "websocket.accept" and self.accept_headers:
            message = {**message, "headers": [*message.get("headers", ()), *self.accept_headers]}
        elif kind == "websocket.http.response.start" and self.denial_headers:
            message = {**message, "headers": [*message.get("headers", ()), *self.denial_headers]}
        self._move(kind, message)
        return message

    def _move(self, kind: str, message: Message) -> None:
        """Go to the state that sending ``message`` leads to."""
        state = MOVES.get(kind)
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

    def close_after(self, seconds: float, code: int = 1000, reason: str = "") -> None:
        """Close in so many seconds with ``code`` and ``reason``, whatever the endpoint is doing then: it is cancelled.

        A `websocket` hook says it first, with `math.inf` where there is no end yet; after that the end may be moved at
        any time, from the same event loop. Raises RuntimeError when the endpoint runs and no hook has said it.
        """
        if self.ending is None:
            if self.is_served:
                raise RuntimeError("close_after() comes too late; call it in a `websocket` hook first")
            self.ending = CancelScope()
        self.end_code, self.end_reason = code, reason
        self.ending.deadline = current_time() + seconds

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
        message = await self._next(timeout)
        text: str | None = message.get("text")
        if text is None:
            raise other_than(message, "The client sent bytes; expected text: use `receive_bytes()` or `receive()`")
        return text

    async def receive_bytes(self, timeout: float | None = None) -> bytes:
        """The next binary message. Raises WebSocketDisconnect, or TimeoutError after ``timeout`` seconds."""
        message = await self._next(timeout)
        data: bytes | None = message.get("bytes")
        if data is None:
            raise other_than(message, "The client sent text; expected bytes: use `receive_text()` or `receive()`")
        return data if type(data) is bytes else bytes(data)

    async def receive_json(
        self, mode: Literal["text", "binary"] = "text", type: Any = Any, timeout: float | None = None
    ) -> Any:
        """The next message decoded from JSON, into ``type`` when one is given: a Struct, a dataclass, a model.

        Raises WebSocketException 1007 for what is not JSON or does not fit; left alone, it closes the WebSocket.
        """
        data = await (self.receive_text(timeout) if _checked(mode) == "text" else self.receive_bytes(timeout))
        try:
            return decode_json(data, type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            what = "does not fit" if isinstance(error, msgspec.ValidationError) else "is not valid JSON"
            # RFC 6455 section 5.5: a control frame has room for 123 bytes of reason.
            reason = f"The message {what}: {error}".encode()[:123].decode(errors="ignore")
            raise WebSocketException(1007, reason) from error

    def iter_text(self) -> AsyncIterator[str]:
        """Text messages until the client leaves."""
        return _UntilGone(self.receive_text)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Binary messages until the client leaves."""
        return _UntilGone(self.receive_bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """Messages decoded from JSON until the client leaves."""
        return _UntilGone(self.receive_json)

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        """Send a text message."""
        return self.send({"type": "websocket.send", "text": data})

    def send_bytes(self, data: bytes) -> Coroutine[Any, Any, None]:
        """Send a binary message."""
        return self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send ``data`` encoded as JSON, as text or binary."""
        encoded = encode_json(data)
        if _checked(mode) == "text":
            await self.send_text(encoded.decode())
        else:
            await self.send_bytes(encoded)

    def _next(self, timeout: float | None) -> Coroutine[Any, Any, Message]:
        """Receive the next message, at most so many seconds; the caller awaits this."""
        if self.application_state is not _CONNECTED:
            raise RuntimeError('The WebSocket is not connected; call "accept" first')
        return self.receive() if timeout is None else self._receive_within(timeout)

    async def _receive_within(self, timeout: float) -> Message:
        with fail_after(timeout):
            return await self.receive()


class _UntilGone(AsyncIterator[T]):
    """What ``receive`` gives until the client leaves.

    It is no generator: one that a loop leaves early would wait for somebody to close it.
    """

    __slots__ = ("_is_over", "_receive")

    def __init__(self, receive: Callable[[], Awaitable[T]]) -> None:
        self._receive = receive
        self._is_over = False

    async def __anext__(self) -> T:
        if self._is_over:
            raise StopAsyncIteration
        try:
            return await self._receive()
        except WebSocketDisconnect:
            self._is_over = True
            raise StopAsyncIteration from None


def _checked(mode: str) -> str:
    if mode not in ("text", "binary"):
        raise RuntimeError(f'mode is {mode!r}; expected "text" or "binary"')
    return mode
