"""A WebSocket in the hands of a test: what it can send, receive and see.

The asynchronous session does the work. The synchronous one has the same methods, and waits for them in the client's
loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self

from anyio import CancelScope

from pegboard.testclient.portals import Portal
from pegboard.testclient.sockets import Socket
from pegboard.testclient.transports import AsyncTransport, in_all
from pegboard.types import Message, RawHeaders, Scope

__all__ = ["AsyncWebSocketTestSession", "WebSocketTestSession"]

Timeout = float | None | Literal["default"]
Mode = Literal["text", "binary"]


class AsyncWebSocketTestSession:
    """An open WebSocket, from ``async with client.websocket_connect(url)`` on.

    Waits take ``timeout`` seconds at most, the session's own when it is not given, and raise TimeoutError after that.
    """

    __test__ = False

    def __init__(
        self,
        transport: AsyncTransport,
        scope: Scope,
        timeout: float | None = 5.0,
        on_accept: Callable[[RawHeaders], None] = lambda headers: None,
    ) -> None:
        self.scope = scope
        self.accepted_subprotocol: str | None = None
        self.extra_headers: RawHeaders = []
        self.timeout = timeout
        self._transport = transport
        self._on_accept = on_accept
        self._opened: Socket | None = None

    async def __aenter__(self) -> Self:
        group = self._transport.group()
        self._opened = socket = Socket(self._transport.server, self.scope)
        self._transport.start(socket, group)
        try:
            message = await socket.connect(self.timeout)
        except BaseException:
            await self.__aexit__()
            raise
        self.accepted_subprotocol = message.get("subprotocol")
        self.extra_headers = [(name, value) for name, value in message.get("headers", ())]
        self._on_accept(self.extra_headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._socket.disconnect(1000, "")
        try:
            with CancelScope(shield=True):
                await self._socket.finish()
        finally:
            self._transport.forget(self._socket)

    async def send(self, message: Message) -> None:
        """Send an ASGI message of type ``websocket.receive`` or ``websocket.disconnect``."""
        if message["type"] == "websocket.disconnect":
            await self.close(message.get("code", 1005), message.get("reason"))
        else:
            await self._socket.put(message)

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        await self._socket.put({"type": "websocket.receive", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        await self._socket.put({"type": "websocket.receive", "bytes": data})

    async def send_json(self, data: Any, mode: Mode = "text") -> None:
        """Send ``data`` as JSON, in a text or in a binary message."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if _is_text(mode):
            await self.send_text(text)
        else:
            await self.send_bytes(text.encode())

    async def receive(self, timeout: Timeout = "default") -> Message:
        """The next ASGI message of the application, ``websocket.close`` included."""
        message = await self._socket.get(self.timeout if timeout == "default" else timeout)
        if message["type"] == "websocket.close":
            self._socket.closed(message)
        return message

    async def receive_text(self, timeout: Timeout = "default") -> str:
        """The next text message. Raises WebSocketDisconnect on a close, RuntimeError on a binary message."""
        data: str = await self._receive("text", timeout)
        return data

    async def receive_bytes(self, timeout: Timeout = "default") -> bytes:
        """The next binary message. Raises WebSocketDisconnect on a close, RuntimeError on a text message."""
        data: bytes = await self._receive("bytes", timeout)
        return data

    async def receive_json(self, mode: Mode = "text", timeout: Timeout = "default") -> Any:
        """The next message, decoded from JSON. Raises as ``receive_text`` and ``receive_bytes`` do."""
        return json.loads(await self._receive("text" if _is_text(mode) else "bytes", timeout))

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close from the client's side: the application receives ``websocket.disconnect``."""
        self._socket.disconnect(code, reason or "")

    @property
    def _socket(self) -> Socket:
        if self._opened is None:
            raise RuntimeError(
                "this WebSocket is not open: use it in a `with` block, or `async with` when asynchronous"
            )
        return self._opened

    async def _receive(self, key: str, timeout: Timeout) -> Any:
        message = await self.receive(timeout)
        if message["type"] == "websocket.close":
            raise self._socket.closed(message)
        if message.get(key) is None:
            raise RuntimeError(f"expected a message with {key!r}, and the application sent {dict(message)!r}")
        return message[key]


class WebSocketTestSession:
    """An open WebSocket, from ``with client.websocket_connect(url)`` on.

    Waits take ``timeout`` seconds at most, the session's own when it is not given, and raise TimeoutError after that.
    """

    __test__ = False

    def __init__(self, portal: Portal, session: AsyncWebSocketTestSession) -> None:
        self._portal = portal
        self._session = session

    def __enter__(self) -> Self:
        self._portal.__enter__()
        try:
            self._call(self._session.__aenter__, limit=in_all(self._session.timeout))
        except BaseException:
            self._portal.__exit__()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            self._call(self._session.__aexit__, limit=in_all(0.0))
        finally:
            self._portal.__exit__()

    @property
    def scope(self) -> Scope:
        """The scope that the application was called with."""
        return self._session.scope

    @property
    def accepted_subprotocol(self) -> str | None:
        """The subprotocol that the application has chosen."""
        return self._session.accepted_subprotocol

    @property
    def extra_headers(self) -> RawHeaders:
        """The headers that the application has added to the handshake's answer."""
        return self._session.extra_headers

    def send(self, message: Message) -> None:
        """Send an ASGI message of type ``websocket.receive`` or ``websocket.disconnect``."""
        self._call(self._session.send, message)

    def send_text(self, data: str) -> None:
        """Send a text message."""
        self._call(self._session.send_text, data)

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._call(self._session.send_bytes, data)

    def send_json(self, data: Any, mode: Mode = "text") -> None:
        """Send ``data`` as JSON, in a text or in a binary message."""
        self._call(self._session.send_json, data, mode)

    def receive(self, timeout: Timeout = "default") -> Message:
        """The next ASGI message of the application, ``websocket.close`` included."""
        message: Message = self._call(self._session.receive, timeout, limit=self._limit(timeout))
        return message

    def receive_text(self, timeout: Timeout = "default") -> str:
        """The next text message. Raises WebSocketDisconnect on a close, RuntimeError on a binary message."""
        text: str = self._call(self._session.receive_text, timeout, limit=self._limit(timeout))
        return text

    def receive_bytes(self, timeout: Timeout = "default") -> bytes:
        """The next binary message. Raises WebSocketDisconnect on a close, RuntimeError on a text message."""
        data: bytes = self._call(self._session.receive_bytes, timeout, limit=self._limit(timeout))
        return data

    def receive_json(self, mode: Mode = "text", timeout: Timeout = "default") -> Any:
        """The next message, decoded from JSON. Raises as ``receive_text`` and ``receive_bytes`` do."""
        return self._call(self._session.receive_json, mode, timeout, limit=self._limit(timeout))

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close from the client's side: the application receives ``websocket.disconnect``."""
        self._call(self._session.close, code, reason)

    def _call(self, function: Callable[..., Any], *args: Any, limit: float | None = 0.0) -> Any:
        return self._portal.call(function, *args, limit=limit)

    def _limit(self, timeout: Timeout) -> float | None:
        return self._session.timeout if timeout == "default" else timeout


def _is_text(mode: str) -> bool:
    if mode not in ("text", "binary"):
        raise ValueError(f'mode is {mode!r}; expected "text" or "binary"')
    return mode == "text"
