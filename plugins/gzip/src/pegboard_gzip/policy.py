"""What compression does on one kind of route: its settings, decided once, as the hooks that requests meet.

The order of questions in `Policy.body` is that of their price. A response that is too small, or of a type that does not
shrink, is let go before the request is looked at.

A whole body is compressed on the spot where it is small enough and nothing further inside filters bodies; everything
else passes through a body filter, which the core feeds in the right order.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pegboard.concurrency import ThreadLimit
from pegboard.filters import BodyFilter
from pegboard.raw_headers import find, merge_vary, replace
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse, Response
from pegboard_gzip.codecs import CODINGS, Codec, make_codec
from pegboard_gzip.compressing import Compressing
from pegboard_gzip.conditions import asked_about, turn_back
from pegboard_gzip.media_rules import matching
from pegboard_gzip.negotiation import Negotiator
from pegboard_gzip.response_rules import (
    NOT_MODIFIED,
    PARTIAL,
    WITHOUT_CONTENT,
    describe_body,
    encode_head,
)
from pegboard_gzip.settings import GzipRouteSettings, Levels
from pegboard_gzip.wishes import read_wishes

__all__ = ["Policy"]

_VARY = b"Accept-Encoding"
_WHOLE_FILE = 64 * 1024
"""Bytes of a stream of known length up to which it is collected, so that it can be sent with its new length."""


class _Kind(NamedTuple):
    """How one type of content is compressed: the codec for each coding, and whether its pieces are waited for."""

    codecs: Mapping[str, Codec]
    immediate: bool


class Policy:
    """Compression as the settings of one or more routes want it.

    ``inline`` says that whole bodies may be compressed on the spot, since no plugin further inside filters them.
    """

    def __init__(self, settings: GzipRouteSettings, threads: ThreadLimit, inline: bool) -> None:
        self.settings = settings
        self._minimum = settings.minimum_size
        self._threads = threads
        self._inline = inline
        self._choice = Negotiator(settings.codings).choice
        self._usual = {str(coding): make_codec(coding, settings.level(coding)) for coding in settings.codings}
        self._kind = lru_cache(256)(self._find_kind)

    def refuse(self, request: Request) -> Response | None:
        """The answer 406 to a request that accepts nothing of what could be sent (RFC 9110 section 15.5.7)."""
        if self._choice(read_wishes(request.scope["headers"])[0]).acceptable:
            return None
        offered = ", ".join((*self.settings.codings, "identity"))
        return PlainTextResponse(f"Accept-Encoding accepts none of: {offered}", 406, {"Vary": "Accept-Encoding"})

    def request(self, request: Request) -> None:
        """Turn conditions on tags of compressed responses back into conditions on the endpoint's own tags."""
        scope = request.scope
        reading = scope["method"] in _READING
        condition = b"if-none-match" if reading else b"if-match"
        for name, value in scope["headers"]:
            if name == condition and b"--" in value:
                turn_back(request, condition, self._wanted(request) if reading else CODINGS)
                return

    def body(self, request: Request, response: Head) -> BodyFilter | None:
        """Compress a response, or not: the head is changed now, or as soon as its body decides."""
        status = response.status_code
        whole = response.whole
        if whole and len(response.body) < self._minimum and status != NOT_MODIFIED:  # type: ignore[attr-defined]
            return None
        raw = response.raw_headers
        if status in WITHOUT_CONTENT or status < 200:
            if status == NOT_MODIFIED and request.scope["method"] in _READING:
                self._not_modified(request, response)
            return None
        body = describe_body(raw)
        if body is None:
            self._mark_partial(response)
            return None
        content_type, length = body
        kind = self._kind(content_type)
        if kind is None or (not whole and length is not None and length < self._minimum):
            return None
        merge_vary(raw, _VARY)
        accepted, forbidden = read_wishes(request.scope["headers"])
        coding = self._choice(accepted).coding
        if coding is None or forbidden or status == PARTIAL:
            return None
        codec = kind.codecs[coding]
        if whole:
            return self._whole(response, codec)
        return self._stream(request, response, codec, length, kind.immediate)

    def _wanted(self, request: Request) -> tuple[str, ...]:
        coding = self._choice(read_wishes(request.scope["headers"])[0]).coding
        return () if coding is None else (coding,)

    def _whole(self, response: Any, codec: Codec) -> BodyFilter | None:
        body = response.body
        if not self._inline or len(body) >= codec.inline:
            return Compressing(codec, response.raw_headers, self._minimum, 1, self._threads)
        compressed = codec.whole(body)
        if len(compressed) < len(body):
            encode_head(response.raw_headers, codec.coding)
            response.set_body(compressed)
        return None

    def _stream(
        self, request: Request, response: Head, codec: Codec, length: int | None, immediate: bool
    ) -> BodyFilter | None:
        if request.scope["method"] == "HEAD":
            encode_head(response.raw_headers, codec.coding)
            return None
        gather = self._minimum
        if immediate:
            gather = 0
        elif length is not None:
            gather = length + 1 if length <= _WHOLE_FILE else 0
        return Compressing(codec, response.raw_headers, self._minimum, gather, self._threads)

    def _mark_partial(self, response: Head) -> None:
        """A part of a body without a coding: what the whole one would vary by is said here too (RFC 9110 15.3.7)."""
        content_type = find(response.raw_headers, b"content-type")
        if response.status_code == PARTIAL and content_type is not None and self._kind(content_type) is not None:
            merge_vary(response.raw_headers, _VARY)

    def _not_modified(self, request: Request, response: Head) -> None:
        """Give a 304 the tag of the compressed response that the client holds, when that is what it asked about."""
        raw = response.raw_headers
        merge_vary(raw, _VARY)
        tag = find(raw, b"etag")
        own = None if tag is None else asked_about(request, tag)
        if own is not None:
            replace(raw, b"etag", own)

    def _find_kind(self, content_type: bytes) -> _Kind | None:
        """The kind of a Content-Type; None when it is not compressed."""
        settings = self.settings
        pattern = matching(content_type, (*settings.types, *settings.by_type))
        own = settings.by_type.get(pattern, True) if pattern is not None else False
        if own is False:
            return None
        immediate = matching(content_type, settings.immediate_types) is not None
        if not isinstance(own, Levels):
            return _Kind(self._usual, immediate)
        return _Kind(
            {coding: make_codec(coding, settings.level(coding, own)) for coding in settings.codings}, immediate
        )


_READING = frozenset({"GET", "HEAD"})
