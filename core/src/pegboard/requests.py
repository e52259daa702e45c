"""One HTTP request as hooks and endpoints see it.

Rules that must not move:

- Nothing is parsed that nobody asked for. What was parsed once serves every hook and the endpoint: one request
  object goes through the whole pipeline.
- The body is limited, counted while it arrives, and read from the server once; whoever asks later gets the same bytes.
- A slot that is not filled yet means "not parsed yet": the getters try the slot first and parse on ``AttributeError``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from pegboard.cookies import parse_cookies
from pegboard.exceptions import HTTPException
from pegboard.headers import Headers
from pegboard.inbox import Inbox
from pegboard.multidict import QueryParams, TooManyFields
from pegboard.state import State
from pegboard.types import Message, Receive, Scope, Send
from pegboard.urls import URL, Address

if TYPE_CHECKING:
    from pegboard.routing import Router

__all__ = ["ClientDisconnect", "HTTPConnection", "Request"]

T = TypeVar("T")


class ClientDisconnect(OSError):
    """The client has left: its body will not arrive, or nothing more can be sent to it."""


class HTTPConnection(Mapping[str, Any]):
    """What HTTP requests and WebSockets share: the scope, and lazy views of it.

    It is a mapping over the ASGI scope, compared by identity.
    """

    __slots__ = ("_base_url", "_cookies", "_first", "_headers", "_query_params", "_state", "_url", "scope")

    _base_url: URL
    _cookies: dict[str, str]
    _first: dict[bytes, bytes]
    _headers: Headers
    _query_params: QueryParams
    _state: State
    _url: URL

    def __init__(self, scope: Scope, receive: Receive | None = None) -> None:
        self.scope = scope

    def __getitem__(self, key: str) -> Any:
        return self.scope[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __len__(self) -> int:
        return len(self.scope)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @property
    def app(self) -> Any:
        """The board that serves this connection."""
        return self.scope["app"]

    @property
    def headers(self) -> Headers:
        """The request's headers; names are case-insensitive."""
        try:
            return self._headers
        except AttributeError:
            self._headers = Headers(raw=self.scope["headers"])
            return self._headers

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, as the bytes that were sent; ``name`` in lower case.

        This is the cheap way for plugins: one look-up in an index that is built once for all of them.
        """
        try:
            return self._first.get(name)
        except AttributeError:
            # The last of equal keys wins in a dict, and the first of equal headers is wanted.
            self._first = first = dict(reversed(list(self.scope["headers"])))
            return first.get(name)

    @property
    def query_params(self) -> QueryParams:
        """The query string's fields. Raises HTTPException 400 when there are more than are accepted."""
        try:
            return self._query_params
        except AttributeError:
            try:
                self._query_params = QueryParams(self.scope["query_string"])
            except TooManyFields as error:
                raise HTTPException(400, str(error)) from error
            return self._query_params

    @property
    def path_params(self) -> dict[str, Any]:
        """What the route's template found in the path, converted."""
        params: dict[str, Any] = self.scope.get("path_params", {})
        return params

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the client sent, by name. Raises HTTPException 400 when there are more than are accepted."""
        try:
            return self._cookies
        except AttributeError:
            # HTTP/2 clients may split the header (RFC 9113 section 8.2.3); together it has one limit.
            header = b"; ".join(self.headers.raw_getlist(b"cookie"))
            try:
                self._cookies = parse_cookies(header)
            except TooManyFields as error:
                raise HTTPException(400, str(error)) from error
            return self._cookies

    @property
    def url(self) -> URL:
        """The URL that was asked for, as the server saw it."""
        try:
            return self._url
        except AttributeError:
            self._url = URL(scope=self.scope)
            return self._url

    @property
    def base_url(self) -> URL:
        """The URL of the application's root, with a trailing slash."""
        try:
            return self._base_url
        except AttributeError:
            root = self.scope.get("pegboard.root_path", self.scope.get("root_path", ""))
            path = root if root.endswith("/") else root + "/"
            self._base_url = URL(scope={**self.scope, "path": path, "query_string": b"", "root_path": root})
            return self._base_url

    @property
    def client(self) -> Address | None:
        """Host and port of the peer, or None when the server does not tell."""
        client = self.scope.get("client")
        return None if client is None else Address(*client)

    @property
    def state(self) -> State:
        """What hooks and endpoints share during this request, on top of the lifespan's state."""
        try:
            return self._state
        except AttributeError:
            self._state = State(self.scope.setdefault("state", {}))
            return self._state

    @property
    def session(self) -> dict[str, Any]:
        """The session that a session plugin or middleware put there."""
        session: dict[str, Any] = self._provided("session", "a plugin that provides `session`")
        return session

    @property
    def user(self) -> Any:
        """Who calls, as an authentication plugin found out."""
        return self._provided("user", "a plugin that provides `identity`, such as pegboard-auth")

    @property
    def auth(self) -> Any:
        """How the caller was authenticated and what they may do."""
        return self._provided("auth", "a plugin that provides `identity`, such as pegboard-auth")

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """The absolute URL of the route called ``name``. Raises NoMatchFound when there is none."""
        router: Router = self.scope.get("pegboard.router") or self.scope["app"]
        return URL(str(router.url_path_for(name, **path_params).make_absolute_url(base_url=self.base_url)))

    def _provided(self, key: str, by: str) -> Any:
        try:
            return self.scope[key]
        except KeyError:
            raise RuntimeError(f"request.{key} is not set: install {by}, and switch it on for this route") from None


class Request(HTTPConnection):
    """One HTTP request: the connection, its body, and the client's presence.

    ``max_body_size`` is the limit of the whole body in bytes, or None for no limit.
    """

    __slots__ = ("_body", "_inbox", "_limit", "_read", "_receive", "_send", "bytes_in")

    _body: bytes
    _inbox: Inbox

    def __init__(
        self, scope: Scope, receive: Receive | None = None, send: Send | None = None, max_body_size: int | None = None
    ) -> None:
        self.scope = scope
        self._receive: Receive = receive or _no_receive
        self._send: Send = send or _no_send
        self._limit = max_body_size
        self._read = False
        self.bytes_in = 0

    @property
    def method(self) -> str:
        """The request's method, in upper case as clients send it."""
        method: str = self.scope["method"]
        return method

    @property
    def receive(self) -> Receive:
        """The ASGI channel this request reads from."""
        return self._receive

    @property
    def send(self) -> Send:
        """The ASGI channel this request is answered on."""
        return self._send

    async def stream(self) -> AsyncIterator[bytes]:
        """The body piece by piece, as it arrives; ends with an empty piece.

        Raises ClientDisconnect when the client leaves first, HTTPException 413 above the limit, and RuntimeError
        when the stream was read before (a body kept by ``body()`` is given again).
        """
        try:
            body = self._body
        except AttributeError:
            if self._read:
                raise RuntimeError(
                    "The request's stream was read before; use `await request.body()` to keep it"
                ) from None
            while not self._read:
                chunk = self._chunk(await self._receive())
                if chunk:
                    yield chunk
        else:
            yield body
        yield b""

    async def body(self) -> bytes:
        """The whole body. Raises as ``stream`` does."""
        try:
            return self._body
        except AttributeError:
            if self._read:
                raise RuntimeError("The request's stream was read before, so its body is gone") from None
        chunks = [self._chunk(await self._receive())]
        while not self._ended():
            chunks.append(self._chunk(await self._receive()))
        self._body = body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return body

    def _ended(self) -> bool:
        return self._read

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, type: type[T]) -> T: ...
    async def json(self, type: Any = Any) -> Any:
        """The body decoded from JSON (RFC 8259), into ``type`` when one is given.

        Raises HTTPException 400 when the body is not JSON, and 422 with the place of the fault when it does not fit.
        """
        body = await self.body()
        try:
            return msgspec.json.decode(body) if type is Any else msgspec.json.decode(body, type=type)
        except msgspec.ValidationError as error:
            raise HTTPException(422, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(400, f"The body is not valid JSON: {error}") from error

    async def is_disconnected(self) -> bool:
        """Whether the client has left, without waiting and without losing any of the body."""
        return await self.inbox().poll()

    def inbox(self) -> Inbox:
        """The inbox through which the body's reader and a watcher for disconnects share the server's messages."""
        try:
            return self._inbox
        except AttributeError:
            self._inbox = inbox = Inbox(self._receive)
            self._receive = inbox.receive
            return inbox

    async def read_message(self) -> Message:
        """The body's next message for an ASGI application behind this request: counted, limited, replayed if kept."""
        try:
            body = self._body
        except AttributeError:
            message = await self._receive()
            if message["type"] == "http.request":
                self._chunk(message)
            return message
        if self._read:
            self._read = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()

    async def send_push_promise(self, path: str) -> None:
        """Ask the server to push ``path``, where it offers ``http.response.push``."""
        if "http.response.push" in self.scope.get("extensions", {}):
            headers = [pair for pair in self.scope["headers"] if pair[0] in _PUSHED_HEADERS]
            await self._send({"type": "http.response.push", "path": path, "headers": headers})

    def _chunk(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect("The client left before its whole body had arrived")
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            self._read = True
        elif self.bytes_in == 0 and self._limit is not None:
            self._refuse_announced(self._limit)
        self.bytes_in += len(chunk)
        if self._limit is not None and self.bytes_in > self._limit:
            raise too_large(self.scope, self._limit)
        return chunk

    def _refuse_announced(self, limit: int) -> None:
        """Refuse a body of several pieces whose Content-Length is over the limit before it is all sent."""
        length = self.header(b"content-length")
        if length is not None and length.isdigit() and (len(length) > 18 or int(length) > limit):
            raise too_large(self.scope, limit)


def too_large(scope: Scope, limit: int) -> HTTPException:
    """The answer to a body over ``limit`` bytes: 413 (RFC 9110 section 15.5.14), closing an HTTP/1 connection."""
    headers = {"Connection": "close"} if scope.get("http_version", "1.1") in ("1.0", "1.1") else None
    return HTTPException(413, f"The body is larger than {limit} bytes", headers)


_PUSHED_HEADERS = frozenset({b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"user-agent"})


async def _no_receive() -> Message:
    raise RuntimeError("This request was made without a `receive` channel, so it has no body")


async def _no_send(message: Message) -> None:
    raise RuntimeError("This request was made without a `send` channel")
