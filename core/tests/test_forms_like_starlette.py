"""The same forms, put to Starlette and to Pegboard: the same fields, but for a list.

What stands in `DIFFERENCES` is answered otherwise on purpose, and told in the documentation for those who come from
Starlette.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
import starlette.exceptions
import starlette.requests
from forms import MULTIPART, URLENCODED, field, file, multipart, part, request
from hypothesis import given
from hypothesis import strategies as st

from pegboard.exceptions import HTTPException

pytestmark = pytest.mark.anyio

Answer = tuple[int, Any]


async def read(kind: Any, failure: Any, body: bytes, content_type: str | None) -> Answer:
    """Status, and the form's pairs as plain values."""
    made = request(body, content_type)
    asked = kind({**made.scope, "app": None}, made.receive)
    try:
        async with asked.form() as form:
            return 200, [
                (name, value if isinstance(value, str) else (value.filename, value.content_type, await value.read()))
                for name, value in form.multi_items()
            ]
    except failure as error:
        return error.status_code, None


async def both(body: bytes, content_type: str | None = MULTIPART) -> tuple[Answer, Answer]:
    theirs = await read(starlette.requests.Request, starlette.exceptions.HTTPException, body, content_type)
    ours = await read(type(request(b"")), HTTPException, body, content_type)
    return theirs, ours


SAME: dict[str, tuple[bytes, str | None]] = {
    "urlencoded": (b"a=1&b=%C3%A4+x&a=2", URLENCODED),
    "blank fields": (b"a&=b&&c=", URLENCODED),
    "semicolons": (b"a=1;b=2", URLENCODED),
    "escapes that are no UTF-8": (b"a=%ff", URLENCODED),
    "no body": (b"", URLENCODED),
    "no type": (b"a=1", None),
    "another type": (b"{}", "application/json"),
    "fields and files": (multipart(field("a", b"1"), file("f", b"x", "a.txt", b"Content-Type: text/plain")), MULTIPART),
    "no file chosen": (multipart(file("f", b"", "")), MULTIPART),
    "an escaped quote": (multipart(part(b'form-data; name="a\\"b"', b"1")), MULTIPART),
    "no parts": (b"--limit--\r\n", MULTIPART),
    "an epilogue": (multipart(field("a", b"1")) + b"more", MULTIPART),
    "no name": (multipart(part(b"form-data", b"1")), MULTIPART),
    "no boundary": (multipart(), "multipart/form-data"),
    "a large file": (multipart(file("f", b"x" * 1_500_000)), MULTIPART),
}

DIFFERENCES: dict[str, tuple[bytes, str | None, int, int]] = {
    "too many fields": (b"a=1&" * 1001, URLENCODED, 400, 413),
    "too many parts": (multipart(*[field("a", b"")] * 1001), MULTIPART, 400, 413),
    "too many files": (multipart(*[file("a", b"")] * 1001), MULTIPART, 400, 413),
    "a field too long": (multipart(field("a", b"x" * 1_100_000)), MULTIPART, 400, 413),
    "cut off": (field("a", b"1"), MULTIPART, 200, 400),
    "empty": (b"", MULTIPART, 200, 400),
    "two names": (multipart(part(b'form-data; name="a"; name="b"', b"1")), MULTIPART, 200, 400),
    "another disposition": (multipart(part(b'attachment; name="a"', b"1")), MULTIPART, 200, 400),
    "an encoded filename": (multipart(part(b"form-data; name=\"a\"; filename*=UTF-8''b", b"1")), MULTIPART, 200, 400),
    "a line feed in a name": (multipart(part(b'form-data; name="a\nb"', b"1")), MULTIPART, 200, 400),
    "an encoding": (multipart(field("a", b"MQ==", b"Content-Transfer-Encoding: base64")), MULTIPART, 200, 400),
    "no media type": (b"", "nonsense", 200, 400),
    "a dozen headers": (multipart(field("a", b"1", *[b"X-A: 1"] * 12)), MULTIPART, 400, 200),
}


@pytest.mark.parametrize(("body", "content_type"), SAME.values(), ids=SAME.keys())
async def test_forms_are_read_as_starlette_reads_them(body: bytes, content_type: str | None) -> None:
    """Equal status, fields and files."""
    theirs, ours = await both(body, content_type)
    assert ours == theirs


@pytest.mark.parametrize(
    ("body", "content_type", "their_status", "our_status"), DIFFERENCES.values(), ids=DIFFERENCES.keys()
)
async def test_what_is_otherwise_is_so_on_purpose(
    body: bytes, content_type: str | None, their_status: int, our_status: int
) -> None:
    """Each row is in the documentation; one that is no difference any more fails."""
    theirs, ours = await both(body, content_type)
    assert (theirs[0], ours[0]) == (their_status, our_status)


@given(st.binary(max_size=80))
def test_any_urlencoded_form_has_the_same_fields(body: bytes) -> None:
    """Whatever bytes come; those beyond ASCII are UTF-8 here, and ISO-8859-1 there, so they are left out."""
    theirs, ours = anyio.run(both, bytes(byte & 0x7F for byte in body), URLENCODED)
    assert ours == theirs
