"""Answers: a head, and a body that is known at once or pushed piece by piece.

Rules that must not move:

- A `Head` is all that a response hook needs: status and headers. Every response is one, and so is the start of a
  foreign application's answer.
- A response whose class keeps `Response.push` is *whole*: status, headers and body are known before anything is
  sent, and the pipeline sends it with two messages and no interception. Any other one pushes its own messages.
- A response whose class keeps `Response.__call__` leaves its background task to the pipeline.
- The core owns Content-Length. A hook that changes a whole body sets it with `set_body`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.cookies import set_cookie_header
from pegboard.headers import MutableHeaders
from pegboard.headers import replace as replace_header
from pegboard.typed_json import encode_json
from pegboard.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "HTMLResponse",
    "Head",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
]

RawHeader = tuple[bytes, bytes]
Content = str | bytes | memoryview


_SMALL = 4096
_LENGTHS: dict[int, RawHeader] = {}


def content_length(size: int) -> RawHeader:
    """The Content-Length header for a body of ``size`` bytes; those of small bodies are made once."""
    header = _LENGTHS.get(size)
    if header is None:
        header = (b"content-length", b"%d" % size)
        if size < _SMALL:
            _LENGTHS[size] = header
    return header


@lru_cache(maxsize=256)
def type_headers(media_type: str | None, charset: str) -> tuple[RawHeader, ...]:
    """The Content-Type header, if there is one; applications have few different ones."""
    if media_type is None:
        return ()
    if media_type.startswith("text/") and "charset=" not in media_type.lower():
        media_type = f"{media_type}; charset={charset}"
    return ((b"content-type", media_type.encode("latin-1")),)


def bytes_of(content: Any, charset: str) -> bytes:
    """Text or bytes-like content as bytes. Raises TypeError for anything else."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode(charset)
    try:
        # Not ``bytes(content)``: of a number that would make so many zero bytes.
        return bytes(memoryview(content))
    except TypeError:
        got = type(content).__name__
        raise TypeError(f"a body is made of str or bytes, got {got}; for other values use JSONResponse") from None


_MAKERS = ("__init__", "init_headers", "render")
"""The methods of a response that may decide on its headers."""


class Head:
    """Status and headers of a response about to start, as hooks see it.

    ``raw_headers`` is a list of pairs of bytes, names in lower case; ``headers`` is a view that edits this very list.
    """

    __slots__ = ("_headers", "raw_headers", "status_code")

    _headers: MutableHeaders

    body: bytes = b""
    """The body, where the response is ``whole``; nothing otherwise."""

    whole: ClassVar[bool] = False
    """Whether status, headers and body are all known now."""

    is_app: ClassVar[bool] = False
    """Whether an ASGI application answers, whose head is not known before it starts."""

    plain_call: ClassVar[bool] = False
    """Whether calling the response pushes it and then runs its background task, and nothing else."""

    background: Callable[[], Awaitable[None]] | None = None
    """What runs after the response was sent."""

    first_use: Any = None
    """Status, headers and body as they were before hooks saw this response for the first time."""

    def __init__(self, status_code: int, raw_headers: list[RawHeader]) -> None:
        self.status_code = status_code
        self.raw_headers = raw_headers

    @property
    def headers(self) -> MutableHeaders:
        """The headers, to read and to change."""
        try:
            return self._headers
        except AttributeError:
            self._headers = MutableHeaders(raw=self.raw_headers)
            return self._headers

    async def discard(self) -> None:
        """Release what a response holds that is never going to be sent."""

    def start_message(self) -> Message:
        """The ASGI message that starts this response."""
        return {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | str | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Add a cookie (RFC 6265bis). Raises ValueError for names, values or combinations that clients refuse."""
        header = set_cookie_header(key, value, max_age, expires, path, domain, secure, httponly, samesite, partitioned)
        self.raw_headers.append((b"set-cookie", header.encode("latin-1")))

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Tell the client to drop a cookie; path, domain and flags as it was set with."""
        self.set_cookie(key, "", 0, 0, path, domain, secure, httponly, samesite, partitioned)


class Response(Head):
    """An answer with a whole body of text or bytes.

    ``media_type`` becomes the Content-Type (with a charset for text); ``background`` runs after the answer was sent.
    """

    media_type: str | None = None
    charset: str = "utf-8"
    whole = True
    plain_call = True
    _type_header: ClassVar[RawHeader | None] = None
    _has_usual_headers: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._type_header = next(iter(type_headers(cls.media_type, cls.charset)), None)
        cls._has_usual_headers = all(getattr(getattr(cls, method), "__module__", "") == __name__ for method in _MAKERS)
        cls.plain_call = cls.__call__ is Response.__call__
        cls.whole = cls.plain_call and cls.push is Response.push

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
    ) -> None:
        self.status_code = status_code
        self.background = background
        if media_type is not None:
            self.media_type = media_type
        self.body = self.render(content)
        if status_code == 200 and headers is None and media_type is None and self._has_usual_headers:
            # What `init_headers` does for nearly every answer, without its frame.
            size, kind = len(self.body), self._type_header
            length = _LENGTHS.get(size) or content_length(size)
            self.raw_headers = [length] if kind is None else [length, kind]
        else:
            self.init_headers(headers)

    def render(self, content: Any) -> bytes:
        """Turn ``content`` into the bytes of the body."""
        return b"" if content is None else bytes_of(content, self.charset)

    def init_headers(self, headers: Mapping[str, str] | None) -> None:
        """Fill ``raw_headers``: the given ones, then Content-Length and Content-Type where they are not given."""
        status = self.status_code
        # RFC 9110 section 8.6: no Content-Length in 1xx and 204; a 304 would have to tell the other answer's length.
        sized = status >= 200 and status not in (204, 304)
        if not sized:
            self.body = b""
        if headers is None:
            types = type_headers(self.media_type, self.charset)
            self.raw_headers = [content_length(len(self.body)), *types] if sized else [*types]
            return
        self.raw_headers = raw = MutableHeaders(headers).raw
        names = {name for name, _ in raw}
        if sized and b"content-length" not in names and b"transfer-encoding" not in names:
            raw.append(content_length(len(self.body)))
        if b"content-type" not in names:
            raw.extend(type_headers(self.media_type, self.charset))

    def set_body(self, body: bytes) -> None:
        """Replace a whole body, and Content-Length with it."""
        self.body = body
        replace_header(self.raw_headers, *content_length(len(body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send this response, as any ASGI application would, then run its background task."""
        await self.push(scope, receive, send)
        if self.background is not None:
            await self.background()

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send this response."""
        await send(self.start_message())
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


class HTMLResponse(Response):
    """HTML."""

    media_type = "text/html"


class PlainTextResponse(Response):
    """Plain text."""

    media_type = "text/plain"

    def render(self, content: Any) -> bytes:
        """Turn text into bytes."""
        return content.encode("utf-8") if type(content) is str else super().render(content)


class JSONResponse(Response):
    """JSON (RFC 8259), encoded by msgspec: dataclasses, Structs, dates, UUIDs and enums included."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode ``content``. Raises TypeError for what JSON cannot say."""
        return encode_json(content)


class RedirectResponse(Response):
    """A redirect to ``url`` (307 unless told otherwise); anything a URL must not hold is percent-encoded."""

    def __init__(
        self,
        url: Any,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
    ) -> None:
        super().__init__(b"", status_code, headers, None, background)
        self.raw_headers.append((b"location", quote(str(url), safe=":/%#?=@[]!$&'()*+,;").encode("latin-1")))


class AppResponse(Head):
    """The answer of a foreign ASGI application: its head is known only once the application starts it."""

    __slots__ = ("app", "push")

    is_app = True
    plain_call = True

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(0, [])
        self.app = self.push = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        await self.app(scope, receive, send)
