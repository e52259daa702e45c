"""Request bodies that come compressed: which are taken, and how much they may decode to.

Rules that must not move:

- Nothing is decoded for a request that a guard or the authentication refuses: those phases are further outside.
- What decodes is counted after each coding. The limits hold for every one of them, so that no chain hides a large
  middle behind a small end.
- A coding that is not taken is refused with 415, and what decodes to too much with 413; both say in Accept-Encoding
  what is taken (RFC 7694 section 3). What is malformed is refused with 400.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pegboard.body_limits import closing_headers
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.types import Scope
from pegboard_gzip.decoders import DECODERS, Broken
from pegboard_gzip.settings import GzipRouteSettings

__all__ = ["RequestBodies", "read_codings"]

_FREE = 1024 * 1024
"""Bytes that every body may decode to, whatever its ratio."""

_MAX_LENGTH = 256
_ALIASES = {"x-gzip": "gzip"}


class RequestBodies:
    """The compressed request bodies of routes with these settings."""

    def __init__(self, settings: GzipRouteSettings) -> None:
        self._settings = settings
        self._offered = ", ".join(settings.request_codings)

    def request(self, request: Request) -> None:
        """Have a body with codings decoded. Raises HTTPException 415 when they are not taken."""
        if request.header(b"content-encoding") is None:
            return
        scope = request.scope
        values = [value for name, value in scope["headers"] if name == b"content-encoding"]
        codings = read_codings(b",".join(values))
        problem = self._problem(codings)
        if problem is not None:
            raise HTTPException(415, problem, self._headers(scope))
        if codings:
            request.decode_body(_Bounded(codings, self._settings, scope, self._headers(scope)))

    def _problem(self, codings: Sequence[str] | None) -> str | None:
        """What stands against a body with these codings, if anything does."""
        if codings is None:
            return f"Content-Encoding is no list of codings of at most {_MAX_LENGTH} bytes; taken are {self._offered}"
        if len(codings) > self._settings.max_request_codings:
            return (
                f"The body has {len(codings)} codings, one over the other; "
                f"at most {self._settings.max_request_codings} are taken"
            )
        for coding in codings:
            if coding not in self._settings.request_codings:
                return f"The coding {coding} is not taken for bodies here; taken are {self._offered}"
        return None

    def _headers(self, scope: Scope) -> dict[str, str]:
        return {"Accept-Encoding": self._offered, **(closing_headers(scope) or {})}


def read_codings(header: bytes) -> list[str] | None:
    """The codings of a Content-Encoding header, in the order in which they were applied; None when it is no list."""
    if len(header) > _MAX_LENGTH:
        return None
    names = [member.strip(b" \t").lower().decode("latin-1") for member in header.split(b",")]
    if not all(name.isascii() and name.isprintable() and " " not in name for name in names):
        return None
    return [_ALIASES.get(name, name) for name in names if name not in ("", "identity")]


class _Bounded:
    """Undoes the codings of one body, and counts what each of them gives."""

    def __init__(
        self, codings: Sequence[str], settings: GzipRouteSettings, scope: Scope, headers: dict[str, str]
    ) -> None:
        # The last coding that was applied is the first to be undone.
        self._stages = [(coding, DECODERS[coding]()) for coding in reversed(codings)]
        self._given = [0] * len(self._stages)
        self._sent = 0
        self._settings = settings
        self._scope = scope
        self._headers = headers

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._sent += len(data)
        return self._through(data, 0)

    def finish(self) -> Iterator[bytes]:
        for coding, decoder in self._stages:
            try:
                decoder.finish()
            except Broken as error:
                raise self._malformed(coding, error) from error
        return iter(())

    def _through(self, data: bytes, index: int) -> Iterator[bytes]:
        if index == len(self._stages):
            yield data
            return
        coding, decoder = self._stages[index]
        try:
            for piece in decoder.feed(data):
                self._count(index, len(piece))
                yield from self._through(piece, index + 1)
        except Broken as error:
            raise self._malformed(coding, error) from error

    def _count(self, index: int, size: int) -> None:
        """Raise HTTPException 413 when a coding has given too much."""
        given = self._given[index] = self._given[index] + size
        settings = self._settings
        if given > settings.max_decoded_size:
            raise HTTPException(413, f"The body decodes to more than {settings.max_decoded_size} bytes", self._headers)
        if given > _FREE and given > self._sent * settings.max_ratio:
            problem = f"The body decodes to more than {settings.max_ratio} times what was sent of it"
            raise HTTPException(413, problem, self._headers)

    def _malformed(self, coding: str, error: Broken) -> HTTPException:
        return HTTPException(400, f"The body is not valid {coding}: {error}", closing_headers(self._scope))
