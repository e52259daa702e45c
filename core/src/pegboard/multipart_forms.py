"""Multipart forms (RFC 7578), read as they arrive: python-multipart finds the parts, and what they may hold is ours.

Rules that must not move:

- Feeding does no I/O. Text is kept here; what belongs to a file is gathered and written by `settle`, in few steps.
- Every limit is looked at before what it limits is kept, inside a piece of the body as well as between two.
- Every file that was made is in ``files``, so that whoever reads the form can close them all on any path.
- A part's bytes are taken as they are: a part that is multipart itself is a field of text, and an encoded one (RFC 7578
  section 4.7) is refused.
"""

from __future__ import annotations

import logging
import re
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pegboard.form_limits import FormLimits, MultiPartException, over_limit
from pegboard.form_parts import parse_form_disposition
from pegboard.headers import Headers
from pegboard.types import RawHeaders
from pegboard.uploads import UploadFile

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

__all__ = ["BATCH", "MultipartForm"]

BATCH = 256 * 1024
"""How many bytes for files are gathered before they are written."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_PLAIN_ENCODINGS = frozenset({b"7bit", b"8bit", b"binary"})

# A broken form is the client's affair, and told to it: the parser's warnings would let anybody fill the log.
_silent = logging.getLogger("pegboard.forms.parser")
_silent.disabled = True


class MultipartForm:
    """The parts of one body, fed piece by piece; ``pairs`` holds those that are complete."""

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        self.limits = limits
        self.pairs: list[tuple[str, UploadFile | str]] = []
        self.files: list[UploadFile] = []
        self.is_complete = False
        self._has_begun = False
        self.waiting = 0
        self._texts = 0
        self._writes: list[tuple[UploadFile, bytearray]] = []
        self._begin()
        self._parser, self._error = _parser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._complete,
            },
            limits,
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body. Raises MultiPartException when it is broken, or over a limit."""
        if not self._has_begun:
            # Line breaks may stand before the first boundary. The parser would take any text behind them, but only in
            # the piece that they come in: a form must not depend on how it was cut.
            chunk = chunk.lstrip(b"\r\n")
            self._has_begun = bool(chunk)
        try:
            self._parser.write(chunk)
        except self._error as error:
            raise MultiPartException(f"The multipart body is malformed: {error}") from error

    async def settle(self) -> None:
        """Write what is waiting for files, each at once; in a thread where it goes to the disk."""
        writes, self._writes = self._writes, []
        self.waiting = 0
        if self._file is not None:
            self._writes.append((self._file, bytearray()))
        for file, data in writes:
            if data:
                await file.write(bytes(data))

    async def finish(self) -> list[tuple[str, UploadFile | str]]:
        """The parts, in order, every file at its start. Raises MultiPartException when the body is cut off."""
        if not self.is_complete:
            raise MultiPartException("The multipart body ends before its closing boundary")
        await self.settle()
        for file in self.files:
            await file.seek(0)
        return self.pairs

    def release(self) -> None:
        """Let go of the parser, which holds this form."""
        del self._parser

    # What the parser finds

    def _begin(self) -> None:
        self._headers: RawHeaders = []
        self._header_size = 0
        self._key = b""
        self._value = b""
        self._name = ""
        self._file: UploadFile | None = None
        self._text = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._key += self._header_piece(data, start, end)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._header_piece(data, start, end)

    def _header_piece(self, data: bytes, start: int, end: int) -> bytes:
        self._header_size += end - start
        if self._header_size > self.limits.part_header_size:
            raise over_limit("A part's headers are too long", self.limits.part_header_size, "bytes")
        return data[start:end]

    def _end_header(self) -> None:
        name, value = self._key.lower(), self._value.strip(b" \t")
        self._key = self._value = b""
        if len(self._headers) >= self.limits.part_headers:
            raise over_limit("A part has too many headers", self.limits.part_headers, "headers")
        if _CONTROL.search(value) is not None:
            raise MultiPartException(f"A part's header {name.decode('latin-1')!a} has a control character in its value")
        if name == b"content-transfer-encoding" and value.lower() not in _PLAIN_ENCODINGS:
            raise MultiPartException(
                f"A part has the Content-Transfer-Encoding {value[:40].decode('latin-1')!a}; expected its bytes as "
                "they are (RFC 7578 section 4.7)"
            )
        self._headers.append((name, value))

    def _open(self) -> None:
        """The headers of a part are complete: a file or a field begins."""
        dispositions = [value for name, value in self._headers if name == b"content-disposition"]
        if len(dispositions) != 1:
            raise MultiPartException(f"A part has {len(dispositions)} Content-Disposition headers, expected one")
        try:
            self._name, filename = parse_form_disposition(dispositions[0])
        except ValueError as error:
            raise MultiPartException(f"A part's Content-Disposition is malformed: {error}") from error
        if filename is None:
            self._texts += 1
            if self._texts > self.limits.fields:
                raise over_limit("The form has too many fields", self.limits.fields, "fields", "max_fields")
            return
        if len(self.files) >= self.limits.files:
            raise over_limit("The form has too many files", self.limits.files, "files", "max_files")
        spool = cast("BinaryIO", SpooledTemporaryFile(self.limits.spool_size))  # noqa: SIM115  closed with the form
        self._file = UploadFile(spool, size=0, filename=filename, headers=Headers(raw=self._headers))
        self.files.append(self._file)
        self._writes.append((self._file, bytearray()))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._writes[-1][1].extend(memoryview(data)[start:end])
            self.waiting += end - start
            return
        if len(self._text) + end - start > self.limits.part_size:
            what = f"The field {self._name[:80]!a} is too long"
            raise over_limit(what, self.limits.part_size, "bytes", "max_part_size")
        self._text += memoryview(data)[start:end]

    def _end(self) -> None:
        self.pairs.append((self._name, self._text.decode("utf-8", "replace") if self._file is None else self._file))
        self._file = None

    def _complete(self) -> None:
        self.is_complete = True


def _parser(boundary: bytes, callbacks: Any, limits: FormLimits) -> tuple[MultipartParser, type[Exception]]:
    """The maintained parser, and what it raises. Raises RuntimeError when it is not installed."""
    try:
        from python_multipart.exceptions import FormParserError  # noqa: PLC0415
        from python_multipart.multipart import MultipartParser  # noqa: PLC0415
    except ImportError as error:
        raise RuntimeError(
            "Multipart forms need python-multipart 0.0.27 or newer; install it with: pip install 'pegboard[forms]'"
        ) from error
    # Its own limits on headers are out of the way, and ours, which answer 413, come first.
    parser = MultipartParser(
        boundary,
        callbacks,
        max_header_count=limits.part_headers + 1,
        max_header_size=2 * limits.part_header_size,
    )
    parser.logger = _silent
    return parser, FormParserError
