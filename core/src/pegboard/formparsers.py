"""Forms as clients send them: urlencoded (WHATWG URL) and multipart (RFC 7578), read once, within limits.

Rules that must not move:

- The body is read as a stream, so that ``max_body_size`` holds and a form over a limit is refused when that is seen,
  not when all of it has arrived.
- Whatever stops the reading, be it a broken form, the client's leaving, a full disk or a cancellation, every temporary
  file that was made is closed.
- Any other kind of body, or none, is a form without fields, and is not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from pegboard.body_limits import closing_headers
from pegboard.form_limits import FormLimits, MultiPartException, over_limit
from pegboard.media_types import parse_media_type
from pegboard.multidict import FormData, parse_fields
from pegboard.multipart_forms import BATCH, MultipartForm
from pegboard.uploads import UploadFile

if TYPE_CHECKING:
    from pegboard.requests import Request

__all__ = ["FormLimits", "FormReading", "MultiPartException", "read_form"]

MAX_BOUNDARY = 70
"""How many bytes a boundary may have (RFC 2046 section 5.1.1)."""


class FormReading:
    """A form that is about to be read: ``await`` it, or use it in ``async with``, which closes its files at the end."""

    __slots__ = ("_form", "_read")

    _form: FormData

    def __init__(self, read: Callable[[], Awaitable[FormData]]) -> None:
        self._read = read

    def __await__(self) -> Generator[Any, None, FormData]:
        return self._read().__await__()

    async def __aenter__(self) -> FormData:
        self._form = await self._read()
        return self._form

    async def __aexit__(self, *exc_info: object) -> None:
        await self._form.close()


async def read_form(request: Request, limits: FormLimits) -> FormData:
    """The fields and files of the request's form.

    Raises MultiPartException (400 broken, 413 over a limit), ClientDisconnect, and HTTPException 413 over
    ``max_body_size``.
    """
    form = _form_for(request.header(b"content-type"), limits)
    if form is None:
        return FormData()
    try:
        return FormData(await _collected(request, form, limits.total_size))
    except BaseException as error:
        await _close(form.files)
        if isinstance(error, MultiPartException) and error.status_code == 413:
            error.headers = closing_headers(request.scope)
        raise
    finally:
        form.release()


class UrlencodedForm:
    """The fields of one urlencoded body, fed piece by piece, and decoded when all have come."""

    files: Sequence[UploadFile] = ()
    waiting = 0

    def __init__(self, limits: FormLimits) -> None:
        self._limits = limits
        self._chunks: list[bytes] = []
        self._separators = 0
        # The bytes of the field that is arriving, so far.
        self._run = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body. Raises MultiPartException when the form is over a limit."""
        self._separators += chunk.count(b"&")
        if chunk and self._separators >= self._limits.fields:
            raise over_limit("The form has too many fields", self._limits.fields, "fields", "max_fields")
        if self._run + len(chunk) > self._limits.part_size:
            self._check_sizes(chunk)
        last = chunk.rfind(b"&")
        self._run = self._run + len(chunk) if last < 0 else len(chunk) - last - 1
        self._chunks.append(chunk)

    def _check_sizes(self, chunk: bytes) -> None:
        sizes = [len(field) for field in chunk.split(b"&")]
        sizes[0] += self._run
        if max(sizes) > self._limits.part_size:
            raise over_limit("A field of the form is too long", self._limits.part_size, "bytes", "max_part_size")

    async def settle(self) -> None:
        """Nothing waits here."""

    async def finish(self) -> list[tuple[str, str]]:
        """The fields, in order."""
        # Those that were counted are within the limit.
        return parse_fields(b"".join(self._chunks), None)

    def release(self) -> None:
        """Nothing to let go of."""


async def _collected(request: Request, form: UrlencodedForm | MultipartForm, total: float | None) -> Any:
    """Feed the body to ``form``, and give its pairs."""
    size = 0
    async with aclosing(request.stream()) as stream:
        async for chunk in stream:
            size += len(chunk)
            if total is not None and size > total:
                raise over_limit("The form is too long", total, "bytes", "max_total_size")
            form.feed(chunk)
            if form.waiting >= BATCH:
                await form.settle()
    return await form.finish()


async def _close(files: Sequence[UploadFile]) -> None:
    """Close the files of a form that is given up; what stopped the reading is the news, not what happens here."""
    try:
        await FormData([("", file) for file in files]).close()
    except ExceptionGroup:
        return


def _form_for(content_type: bytes | None, limits: FormLimits) -> UrlencodedForm | MultipartForm | None:
    """What reads a body of this type, or None. Raises MultiPartException for a type that cannot be read."""
    if content_type is None:
        return None
    try:
        media_type = parse_media_type(content_type)
    except ValueError as error:
        raise MultiPartException(f"The Content-Type cannot be read: {error}") from error
    if media_type.essence == "application/x-www-form-urlencoded":
        return UrlencodedForm(limits)
    if media_type.essence != "multipart/form-data":
        return None
    boundary = media_type.parameters.get("boundary", "").encode("latin-1")
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        raise MultiPartException(
            f"The Content-Type has a boundary of {len(boundary)} bytes, expected 1 to {MAX_BOUNDARY} "
            "(RFC 2046 section 5.1.1)"
        )
    return MultipartForm(boundary, limits)
