"""Endpoints as classes: one method for each HTTP method, or for each event of a WebSocket.

Which methods a class answers is read off its own attributes when the class is made, among the names that are HTTP
methods and no others: a request never chooses an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, ClassVar, Literal

import msgspec

from pegboard.concurrency import is_async, run_in_threadpool
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import AppResponse, PlainTextResponse, to_response
from pegboard.status import WS_1000_NORMAL_CLOSURE, WS_1003_UNSUPPORTED_DATA, WS_1011_INTERNAL_ERROR
from pegboard.types import Message, Receive, Scope, Send
from pegboard.websockets import WebSocket

__all__ = ["HTTPEndpoint", "WebSocketEndpoint"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class HTTPEndpoint:
    """Base of endpoints with a method for each HTTP method: ``get``, ``post``, ``query``, …; sync ones run in threads.

    HEAD is answered by ``get`` unless there is a ``head``. Other methods get 405 with Allow.
    """

    allowed_methods: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.allowed_methods = frozenset(method for method in _METHODS if hasattr(cls, method.lower()))

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        """Serve as an ASGI application does."""
        return self.dispatch().__await__()

    @classmethod
    async def answer_request(cls, request: Request) -> Any:
        """What an instance of this class answers to ``request``; with a ``dispatch`` of its own it answers itself."""
        if cls.dispatch is not HTTPEndpoint.dispatch:
            return AppResponse(cls)
        return await cls(request.scope, request.receive, request.send).handle(request)

    async def dispatch(self) -> None:
        """Answer the request this instance was made for."""
        request = Request(self.scope, self.receive, self.send)
        response = to_response(await self.handle(request))
        await response(self.scope, self.receive, self.send)

    async def handle(self, request: Request) -> Any:
        """Call the method for the request's method."""
        method = request.method
        if method == "HEAD" and "HEAD" not in self.allowed_methods:
            method = "GET"
        if method not in self.allowed_methods:
            return await self.method_not_allowed(request)
        handler: Callable[[Request], Any] = getattr(self, method.lower())
        if is_async(handler):
            return await handler(request)
        return await run_in_threadpool(handler, request)

    async def method_not_allowed(self, request: Request) -> Any:
        """The answer to a method that this class does not have."""
        allowed = self.allowed_methods | {"HEAD"} if "GET" in self.allowed_methods else self.allowed_methods
        headers = {"Allow": ", ".join(sorted(allowed))}
        if "app" in self.scope:
            raise HTTPException(405, headers=headers)
        return PlainTextResponse("Method Not Allowed", 405, headers)


class WebSocketEndpoint:
    """Base of WebSocket endpoints with a method for each event.

    ``encoding`` says what ``on_receive`` is given: ``"text"``, ``"bytes"``, ``"json"``, or None for text or bytes.
    """

    encoding: ClassVar[Literal["text", "bytes", "json"] | None] = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        """Serve as an ASGI application does."""
        return self.dispatch().__await__()

    @classmethod
    async def answer_websocket(cls, websocket: WebSocket) -> None:
        """Serve ``websocket`` with an instance of this class."""
        endpoint = cls(websocket.scope, websocket.receive, websocket.send)
        if cls.dispatch is not WebSocketEndpoint.dispatch:
            await endpoint.dispatch()
        else:
            await endpoint.handle(websocket)

    async def dispatch(self) -> None:
        """Serve the WebSocket this instance was made for."""
        await self.handle(WebSocket(self.scope, self.receive, self.send))

    async def handle(self, websocket: WebSocket) -> None:
        """Call the methods as events come in; ``on_disconnect`` is called whatever ends the WebSocket."""
        await self.on_connect(websocket)
        close_code = WS_1000_NORMAL_CLOSURE
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    close_code = int(message.get("code") or WS_1000_NORMAL_CLOSURE)
                    break
                await self.on_receive(websocket, await self.decode(websocket, message))
        except Exception:
            close_code = WS_1011_INTERNAL_ERROR
            raise
        finally:
            await self.on_disconnect(websocket, close_code)

    async def decode(self, websocket: WebSocket, message: Message) -> Any:
        """The data of a message as ``encoding`` says; closes with 1003 and raises RuntimeError for anything else."""
        text, data = message.get("text"), message.get("bytes")
        if self.encoding is None:
            return text if text is not None else data
        if self.encoding == "json":
            return await self._decode_json(websocket, data if text is None else text)
        wanted = text if self.encoding == "text" else data
        if wanted is None:
            await websocket.close(WS_1003_UNSUPPORTED_DATA)
            raise RuntimeError(f"The client sent {'bytes' if text is None else 'text'}; expected {self.encoding}")
        return wanted

    async def _decode_json(self, websocket: WebSocket, data: str | bytes | None) -> Any:
        try:
            return msgspec.json.decode(data or b"")
        except msgspec.DecodeError as error:
            await websocket.close(WS_1003_UNSUPPORTED_DATA)
            raise RuntimeError(f"The client sent what is not JSON: {error}") from error

    async def on_connect(self, websocket: WebSocket) -> None:
        """Accept the WebSocket; override to look at it first."""
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        """Called with the data of each message."""

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        """Called when the WebSocket has ended, with its close code."""
