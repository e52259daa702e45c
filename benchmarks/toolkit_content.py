"""What the cases of the toolkit send, and what every peer has to make of it: a line of text that shows it was read."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus

__all__ = [
    "COOKIES",
    "FILE_SIZE",
    "HEADERS",
    "LONG_STREAM",
    "QUERY",
    "READ_TEXT",
    "UPLOAD",
    "UPLOAD_TYPE",
    "WANTED_HEADERS",
    "form_body",
    "form_text",
    "upload_text",
]

QUERY: Final = b"page=3&size=50&q=board+games%21&tag=wood&tag=round&sort=-created"
COOKIES: Final = (
    b"session=0123456789abcdef0123456789abcdef; theme=dark; lang=en; csrftoken=f00dfeedf00dfeedf00dfeed; "
    b"_ga=GA1.1.1234567890.1700000000; seen=1; region=eu; cart=3"
)
READ_TEXT: Final = "3 50 board games! wood,round 0123456789abcdef0123456789abcdef dark"
"""Page, size, q, both tags, and two cookies."""

WANTED_HEADERS: Final = tuple(f"x-field-{number}" for number in range(50))
HEADERS: Final = tuple((name.encode(), b"value of %d" % number) for number, name in enumerate(WANTED_HEADERS))
"""Fifty headers of one request's own; each is looked up by its name."""

LONG_STREAM: Final = 1_000
"""Pieces of 1 KB."""

FILE_SIZE: Final = 10 * 1024 * 1024
_BOUNDARY = b"----boundary0123456789abcdef"
UPLOAD_TYPE: Final = b"multipart/form-data; boundary=" + _BOUNDARY
_CONTENT = bytes(range(256)) * (FILE_SIZE // 256)
UPLOAD: Final = b"".join(
    (
        b'--%b\r\nContent-Disposition: form-data; name="title"\r\n\r\nA board\r\n' % _BOUNDARY,
        b'--%b\r\nContent-Disposition: form-data; name="file"; filename="board.bin"\r\n' % _BOUNDARY,
        b"Content-Type: application/octet-stream\r\n\r\n",
        _CONTENT,
        b"\r\n--%b--\r\n" % _BOUNDARY,
    )
)


def form_body(fields: int) -> bytes:
    """A urlencoded form of so many fields, some of them escaped."""
    return b"&".join(b"field%d=%b" % (n, quote_plus(_value(n)).encode()) for n in range(fields))


def form_text(fields: int) -> str:
    """How many fields the form has, and the last one's value."""
    return f"{fields} {_value(fields - 1)}"


def upload_text(title: str, data: bytes) -> str:
    """The field, the size of the file, and its end."""
    return f"{title} {len(data)} {data[-4:].hex()}"


def _value(number: int) -> str:
    return f"value {number}" if number % 4 else f"größe & {number}"
