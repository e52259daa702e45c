"""An answer with a file: conditional requests and ranges (RFC 9110 sections 13 and 14), read in threads.

Rules that must not move:

- One hop to a thread opens the file, looks at it, decides the answer and reads the first portion; a small file is
  closed again by then. Each further portion is one more hop.
- The head is not known before the file was looked at, so hooks see it as they see a foreign application's: when it
  starts, as a 200, 206, 304, 412 or 416 with the headers that go out.
- Content-Length is what the open file has. A file that grows is sent up to there; one that shrinks, or cannot be read
  any more, cuts the answer off with a RuntimeError. No OSError of the file's leaves from here: one would say that the
  client has left.
- Whatever happens, the file is closed, and nothing is read for a client that has left.
- Sending changes nothing in the response: the same one may answer many requests.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar, NamedTuple

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.base_responses import PlainTextResponse, Response, content_length, type_headers
from pegboard.conditional import make_etag
from pegboard.content_disposition import content_disposition
from pegboard.exceptions import HTTPException
from pegboard.file_answers import FileAnswer, answer_for
from pegboard.file_siblings import PRECOMPRESSED, find_siblings, sibling_headers
from pegboard.file_types import guess_media_type
from pegboard.headers import MutableHeaders
from pegboard.http_dates import format_http_date
from pegboard.open_files import FilePieces, OpenFile
from pegboard.presence import push_while_present
from pegboard.raw_headers import field_value, find, merge_vary
from pegboard.types import RawHeaders, Receive, Scope, Send

__all__ = ["FileResponse"]


class _Ready(NamedTuple):
    """An answer that can start now. ``first`` is its first portion, None when the server is to read the file."""

    answer: FileAnswer
    pieces: FilePieces
    first: bytes | None


class FileResponse(Response):
    """The file at ``path``, whole or the part that was asked for; 404 when there is none, 304 when nothing changed.

    ``filename`` is the name to save under, and makes the answer an attachment unless ``content_disposition_type`` says
    otherwise. ``media_type`` is guessed from the name unless it is given. ``cache_control`` is that header's value.
    ``stat_result`` shows size and validators in ``headers`` before the file was opened; what is sent is what the open
    file has. What stands in ``headers`` is kept, validators included; ``Accept-Ranges: none`` there means no ranges.
    """

    is_app: ClassVar[bool] = True
    chunk_size = 256 * 1024
    """How many bytes are read and sent at a time."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
        *,
        cache_control: str | None = None,
    ) -> None:
        self.path = path
        self.status_code = status_code
        self.background = background
        self.filename = filename
        self.stat_result = stat_result
        self.media_type = media_type or guess_media_type(filename or os.fspath(path))
        self._ready: _Ready | None = None
        self.init_headers(headers)
        raw = self.raw_headers
        if filename is not None and find(raw, b"content-disposition") is None:
            raw.append((b"content-disposition", content_disposition(content_disposition_type, filename)))
        if cache_control is not None and find(raw, b"cache-control") is None:
            raw.append((b"cache-control", field_value("cache-control", cache_control)))
        self._told: RawHeaders = []
        if stat_result is not None:
            self._told = [content_length(stat_result.st_size), *_validators(raw, stat_result)]
            raw += self._told

    def init_headers(self, headers: Mapping[str, str] | None) -> None:
        """Fill ``raw_headers``: the given ones, and Content-Type; the length is that of the file."""
        self.raw_headers = MutableHeaders(headers).raw
        if find(self.raw_headers, b"content-type") is None:
            self.raw_headers.extend(type_headers(self.media_type, self.charset))

    def prepare(self, scope: Scope) -> None:
        """Do in this thread what else ``push`` does first in one of its own; the answer to ``scope`` is sent next.

        Raises OSError when the file cannot be opened.
        """
        file = OpenFile()
        try:
            self._ready = self._look(scope, file)
        except BaseException:
            file.close()
            raise

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file until it ends or the client leaves.

        Raises HTTPException 404 within a board when there is no file, RuntimeError when it cannot be read.
        """
        try:
            ready = self._ready or await self._open(scope)
        except HTTPException as error:
            if "app" in scope:
                raise
            await PlainTextResponse(error.detail, error.status_code).push(scope, receive, send)
            return
        self._ready = None
        try:
            status, headers = ready.answer.status_code, ready.answer.headers
            await send({"type": "http.response.start", "status": status, "headers": headers})
            if ready.first is None:
                await _hand_over(ready, scope, send)
            else:
                more = not ready.pieces.are_read
                await send({"type": "http.response.body", "body": ready.first, "more_body": more})
                if more:
                    await push_while_present(receive, partial(self._send_rest, ready.pieces, send))
        finally:
            ready.pieces.file.close()

    async def _open(self, scope: Scope) -> _Ready:
        file = OpenFile()
        try:
            return await file.work(partial(self._look, scope, file))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise HTTPException(404) from error
        except OSError as error:
            raise RuntimeError(
                f"FileResponse cannot read {os.fspath(self.path)!r}: {error}; expected a regular file that this "
                "process may read"
            ) from error

    def _look(self, scope: Scope, file: OpenFile) -> _Ready:
        """Open the file, decide the answer, read the first portion: runs in a thread."""
        known, headers = self._choose(scope, file)
        answer = answer_for(scope, self.status_code, headers, known.st_size)
        silent = scope["method"] == "HEAD"
        pieces = FilePieces(file, () if silent else answer.pieces)
        if not silent and _is_sent_by_path(scope, answer):
            file.close()
        elif silent or not _is_sent_by_descriptor(scope, answer):
            return _Ready(answer, pieces, pieces.read(self.chunk_size))
        return _Ready(answer, pieces, None)

    def _choose(self, scope: Scope, file: OpenFile) -> tuple[os.stat_result, RawHeaders]:
        """Open the file that answers, and give its headers: a compressed one beside it, where that is wanted."""
        if PRECOMPRESSED not in scope:
            known = file.open(self.path)
            return known, self._headers_of(known)
        for sibling in find_siblings(scope, self.path, self.raw_headers):
            # One that cannot be read, or has just gone, is none.
            with suppress(OSError):
                known = file.open(sibling.path)
                return known, sibling_headers(self._headers_of(sibling.original), sibling.coding, known)
        known = file.open(self.path)
        headers = self._headers_of(known)
        if find(headers, b"content-encoding") is None:
            merge_vary(headers, b"Accept-Encoding")
        return known, headers

    def _headers_of(self, known: os.stat_result) -> RawHeaders:
        """The headers of the whole file, without its length."""
        told = self._told
        raw = [pair for pair in self.raw_headers if pair[0] != b"content-length" and pair not in told]
        if 200 <= self.status_code < 300:
            raw += _validators(raw, known)
        return raw

    async def _send_rest(self, pieces: FilePieces, send: Send) -> None:
        more = True
        while more:
            body = await pieces.file.work(partial(pieces.read, self.chunk_size))
            more = not pieces.are_read
            await send({"type": "http.response.body", "body": body, "more_body": more})


def _validators(raw: RawHeaders, known: os.stat_result) -> RawHeaders:
    """What a file's answer says of it, as far as ``raw`` does not."""
    # RFC 9110 section 8.8.2.1: never later than now, whatever the file's clock says.
    modified = max(min(int(known.st_mtime), int(time.time())), 0)
    names = {name for name, _ in raw}
    told = [
        (b"accept-ranges", b"bytes"),
        (b"last-modified", format_http_date(modified)),
        (b"etag", make_etag(known.st_size, known.st_mtime_ns)),
    ]
    return [pair for pair in told if pair[0] not in names]


def _is_sent_by_path(scope: Scope, answer: FileAnswer) -> bool:
    """Whether the server offers to open the file itself, and is to send the whole of it."""
    return answer.is_whole and scope["type"] == "http" and "http.response.pathsend" in scope.get("extensions", ())


def _is_sent_by_descriptor(scope: Scope, answer: FileAnswer) -> bool:
    """Whether the server offers to read from the open file, and there is something to read."""
    offered = scope["type"] == "http" and "http.response.zerocopysend" in scope.get("extensions", ())
    return offered and any(isinstance(piece, tuple) for piece in answer.pieces)


async def _hand_over(ready: _Ready, scope: Scope, send: Send) -> None:
    """Let the server read the file: by its path, or from the descriptor."""
    file, pieces = ready.pieces.file, ready.pieces
    if _is_sent_by_path(scope, ready.answer):
        await send({"type": "http.response.pathsend", "path": file.path})
        return
    while not pieces.are_read:
        piece = pieces.take()
        more = not pieces.are_read
        if isinstance(piece, bytes):
            await send({"type": "http.response.body", "body": piece, "more_body": more})
            continue
        start, stop = piece
        await send(
            {
                "type": "http.response.zerocopysend",
                "file": file,
                "offset": start,
                "count": stop - start,
                "more_body": more,
            }
        )
