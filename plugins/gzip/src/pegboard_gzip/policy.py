"""What compression does on one kind of route: its settings, decided once, as the hooks that requests meet.

The order of questions in `Policy.body` is that of their price. A response that is too small, or of a type that does not
shrink, is let go before the request is looked at.

A whole body is compressed on the spot where it is small enough and nothing further inside filters bodies; everything
else passes through a body filter, which the core feeds in the right order.
"""

from __future__ import annotations

from typing import Any

from pegboard.concurrency import ThreadLimit
from pegboard.filters import BodyFilter
from pegboard.raw_headers import find, merge_vary, replace
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse, Response
from pegboard.types import RawHeaders
from pegboard_gzip.codecs import CODINGS, Codec
from pegboard_gzip.compressing import Compressing
from pegboard_gzip.conditions import CONDITIONS, asked_about, turn_back
from pegboard_gzip.dictionaries import CODING, read_dictionaries
from pegboard_gzip.kept_bodies import KEPT_MARK, KeptBodies, is_lasting
from pegboard_gzip.kinds import Kind, Kinds
from pegboard_gzip.negotiation import Negotiator
from pegboard_gzip.response_rules import NOT_MODIFIED, PARTIAL, WITHOUT_CONTENT, encode_head, must_stay
from pegboard_gzip.settings import GzipRouteSettings
from pegboard_gzip.validators import weak_tag
from pegboard_gzip.wishes import read_wishes

__all__ = ["Policy"]

_WHOLE_FILE = 64 * 1024
"""Bytes of a stream of known length up to which it is collected, so that it can be sent with its new length."""

_DIGITS = 20
"""More than a length has: what is longer is none."""

_SPEAKING_FOR_ANOTHER = frozenset({PARTIAL, NOT_MODIFIED})
"""The statuses of what may be part of a compressed response, or stand for one, whatever its own type."""


class Policy:
    """Compression as the settings of one or more routes want it.

    ``inline`` says that whole bodies may be compressed on the spot, since no plugin further inside filters them.
    ``kept`` is where compressed bodies are kept, if they are. Raises OSError for a dictionary that cannot be read.
    """

    def __init__(
        self, settings: GzipRouteSettings, threads: ThreadLimit, inline: bool, kept: KeptBodies | None = None
    ) -> None:
        self.settings = settings
        self._minimum = settings.minimum_size
        self._threads = threads
        self._inline = inline
        self._kept = None if settings.padding else kept
        dictionaries = read_dictionaries(settings.dictionaries)
        self._dictionaries = frozenset(dictionary.name for dictionary in dictionaries)
        self._kind = Kinds(settings, dictionaries).find
        self._choice = Negotiator(settings.codings).choice
        self._choice_with_dictionary = Negotiator((CODING, *settings.codings)).choice
        self._vary = b"Accept-Encoding, Available-Dictionary" if dictionaries else b"Accept-Encoding"
        marks = ("", KEPT_MARK) if self._kept is not None else ("",)
        self._marks = {str(coding): tuple(f"{coding}{mark}" for mark in marks) for coding in CODINGS}
        self._all_marks = tuple(mark for marks in self._marks.values() for mark in marks)

    def refuse(self, request: Request) -> Response | None:
        """The answer 406 to a request that accepts nothing of what could be sent (RFC 9110 section 15.5.7)."""
        accepted = read_wishes(request.scope["headers"])[0]
        if self._choice(accepted).acceptable or self._coding(request, accepted) is not None:
            return None
        offered = ", ".join((*self.settings.codings, "identity"))
        vary = self._vary.decode("ascii")
        return PlainTextResponse(f"Accept-Encoding accepts none of: {offered}", 406, {"Vary": vary})

    def request(self, request: Request) -> None:
        """Turn conditions on tags of compressed responses back into conditions on the endpoint's own tags."""
        scope = request.scope
        for name, value in scope["headers"]:
            if name in CONDITIONS and b"--" in value:
                turn_back(request, self._wanted(request) if scope["method"] in _READING else self._all_marks)
                return

    def body(self, request: Request, response: Head) -> BodyFilter | None:
        """Compress a response, or not: the head is changed now, or as soon as its body decides."""
        length = len(response.body) if response.whole else _length(response.raw_headers)
        if length is not None and length < self._minimum and response.status_code not in _SPEAKING_FOR_ANOTHER:
            return None
        kind = None
        for name, value in response.raw_headers:
            if name == b"content-type":
                kind = self._kind(value)
                break
        if kind is None:
            if response.status_code in _SPEAKING_FOR_ANOTHER:
                self._speak_for_another(request, response)
            return None
        return self._consider(request, response, kind, None if response.whole else length)

    def _consider(self, request: Request, response: Head, kind: Kind, length: int | None) -> BodyFilter | None:
        status, raw = response.status_code, response.raw_headers
        if status in WITHOUT_CONTENT or status < 200:
            if status == NOT_MODIFIED:
                self._speak_for_another(request, response)
            return None
        if must_stay(raw):
            if status == PARTIAL:
                # A part without a coding: what the whole one would vary by is said here too (RFC 9110 section 15.3.7).
                merge_vary(raw, self._vary)
            return None
        if length is not None and length < self._minimum:
            return None
        merge_vary(raw, self._vary)
        accepted, forbidden = read_wishes(request.scope["headers"])
        coding = self._coding(request, accepted)
        if coding is None or forbidden or status == PARTIAL:
            return None
        codec = kind.codecs[coding]
        if response.whole:
            return self._whole(response, codec)
        return self._stream(request, response, codec, length, kind.immediate)

    def _coding(self, request: Request, accepted: bytes | None) -> str | bytes | None:
        """The coding for a request, or the name of the dictionary that it is to be used with; None for none."""
        if self._dictionaries:
            name = (request.header(b"available-dictionary") or b"").strip(b" \t")
            if name in self._dictionaries and self._choice_with_dictionary(accepted).coding == CODING:
                return name
        return self._choice(accepted).coding

    def _wanted(self, request: Request) -> tuple[str, ...]:
        """What stands in the tags of the responses that a request gets now."""
        coding = self._coding(request, read_wishes(request.scope["headers"])[0])
        return self._marks[coding] if isinstance(coding, str) else ()

    def _whole(self, response: Any, codec: Codec) -> BodyFilter | None:
        body = response.body
        raw = response.raw_headers
        kept = self._kept_for(raw, codec) if self._kept is not None else None
        if not self._inline or len(body) >= codec.inline:
            return Compressing(codec, raw, self._minimum, 1, self._threads, kept)
        if kept is None:
            compressed = codec.whole(body)
        else:
            found = kept.find(codec.coding, body)
            if found is None:
                return Compressing(codec, raw, self._minimum, 1, self._threads, kept)
            compressed, codec = found, kept.codec(codec.coding)
        if len(compressed) < len(body):
            # What `set_body` does, in the one pass that the head needs anyway.
            encode_head(raw, codec, len(compressed))
            response.body = compressed
        return None

    def _kept_for(self, raw: RawHeaders, codec: Codec) -> KeptBodies | None:
        """Where the body of a response is kept, if it is."""
        kept = self._kept
        return kept if kept is not None and codec.exact and is_lasting(raw) else None

    def _stream(
        self, request: Request, response: Head, codec: Codec, length: int | None, immediate: bool
    ) -> BodyFilter | None:
        if request.scope["method"] == "HEAD":
            encode_head(response.raw_headers, codec)
            return None
        gather = self._minimum
        if immediate:
            gather = 0
        elif length is not None:
            gather = length + 1 if length <= _WHOLE_FILE else 0
        raw = response.raw_headers
        kept = self._kept_for(raw, codec) if gather else None
        return Compressing(codec, raw, self._minimum, gather, self._threads, kept)

    def _speak_for_another(self, request: Request, response: Head) -> None:
        """Let a 304, or several parts in one 206, vary by what the whole response would (RFC 9110 section 15.3.7)."""
        if response.status_code == NOT_MODIFIED:
            if request.scope["method"] in _READING:
                self._not_modified(request, response)
        elif (find(response.raw_headers, b"content-type") or b"").lower().startswith(b"multipart/byteranges"):
            # What type the parts are of stands within them, so any of them may be of one that is compressed.
            merge_vary(response.raw_headers, self._vary)

    def _not_modified(self, request: Request, response: Head) -> None:
        """Give a 304 the tag of the compressed response that the client holds, when that is what it asked about."""
        raw = response.raw_headers
        merge_vary(raw, self._vary)
        tag = find(raw, b"etag")
        if tag is None:
            return
        own = asked_about(request, tag)
        if own is None and (self.settings.padding or self._dictionaries):
            own = weak_tag(tag)
            if own is None or own not in (request.header(b"if-none-match") or b""):
                return
        if own is not None:
            replace(raw, b"etag", own)


def _length(raw: RawHeaders) -> int | None:
    value = find(raw, b"content-length")
    return int(value) if value is not None and value.isdigit() and len(value) < _DIGITS else None


_READING = frozenset({"GET", "HEAD"})
