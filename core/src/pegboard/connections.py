"""What HTTP requests and WebSockets share: the scope, and lazy views of it.

Rules that must not move:

- Nothing is parsed that nobody asked for. What was parsed once serves every hook and the endpoint: one object goes
  through the whole pipeline.
- A slot that is not filled yet means "not parsed yet": the getters try the slot first and parse on ``AttributeError``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pegboard.cookies import parse_cookies
from pegboard.exceptions import HTTPException
from pegboard.headers import Headers
from pegboard.multidict import QueryParams, TooManyFields
from pegboard.state import State
from pegboard.types import Message, RawHeaders, Receive, Scope
from pegboard.urls import URL, Address, URLPath

__all__ = ["NOTES", "HTTPConnection", "no_receive", "no_send"]

NOTES: Final = "pegboard.notes"
"""The key in the scope of what plugins left word of, see `HTTPConnection.note`."""


class HTTPConnection(Mapping[str, Any]):
    """What HTTP requests and WebSockets share: the scope, and lazy views of it.

    It is a mapping over the ASGI scope, compared by identity.
    """

    __slots__ = ("_base_url", "_cookies", "_headers", "_query_params", "_state", "_url", "scope")

    _base_url: URL
    _cookies: dict[str, str]
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

        This is the cheap way for plugins. It looks through the list: an index has to hash every name as it came from
        the server, which takes longer than all that plugins look for.
        """
        # `raw_headers.find`, without its frame: this is on the path of every request.
        for key, value in self.scope["headers"]:
            if key == name:
                return value  # type: ignore[no-any-return]
        return None

    def header_count(self, name: bytes) -> int:
        """How many headers have this name, for those that may stand only once; ``name`` in lower case."""
        return sum(key == name for key, _ in self.scope["headers"])

    def replace_headers(self, raw: RawHeaders) -> None:
        """Put other headers in the place of those that were sent; all who ask from now on see these.

        The server's list is left as it is: the scope gets ``raw``, pairs of bytes with names in lower case.
        """
        self.scope["headers"] = raw
        for slot in ("_base_url", "_cookies", "_headers", "_url"):
            if hasattr(self, slot):
                delattr(self, slot)

    def note(self, name: str, text: str) -> None:
        """Leave a word on why the plugin ``name`` decided as it did, for hooks that see the outcome; never for clients.

        A plugin has one note; a later one takes its place. What a client sent goes in as one line of bounded length.
        """
        self.scope.setdefault(NOTES, {})[name] = text

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
            if "state" not in self.scope:
                # This server shares no state of the lifespan, so the board has kept it.
                self.scope["state"] = dict(getattr(self.scope.get("app"), "lifespan_state", ()))
            self._state = State(self.scope["state"])
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
        router = self.scope.get("pegboard.router") or self.scope["app"]
        path: URLPath = router.url_path_for(name, **path_params)
        return path.make_absolute_url(base_url=self.base_url)

    def _provided(self, key: str, by: str) -> Any:
        try:
            return self.scope[key]
        except KeyError:
            raise RuntimeError(f"request.{key} is not set: install {by}, and switch it on for this route") from None


async def no_receive() -> Message:
    """Stands for the ``receive`` that a request was made without."""
    raise RuntimeError("This request was made without a `receive` channel, so it has no body")


async def no_send(message: Message) -> None:
    """Stands for the ``send`` that a request was made without."""
    raise RuntimeError("This request was made without a `send` channel")
