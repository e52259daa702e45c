"""A file's name reaches the client whole, and cannot leave its header."""

import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.content_disposition import content_disposition

HEADER = re.compile(
    rb"""attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(?:; filename\*=UTF-8''([!#$&+.^_`|~0-9A-Za-z%-]*))?"""
)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (None, b"attachment"),
        ("report.pdf", b'attachment; filename="report.pdf"'),
        ("a report (1).pdf", b'attachment; filename="a report (1).pdf"'),
        ("", b'attachment; filename=""'),
        ("naïve.txt", b"attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ("文.txt", b"attachment; filename=\"_.txt\"; filename*=UTF-8''%E6%96%87.txt"),
        ('a"b.txt', b"attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100%.txt", b"attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("../../etc/passwd", b'attachment; filename=".._.._etc_passwd"'),
        ("c:\\x\\y.txt", b'attachment; filename="c:_x_y.txt"'),
        ("a\r\nSet-Cookie: b=c", b'attachment; filename="a__Set-Cookie: b=c"'),
        ("\x00\x7f\x85", b'attachment; filename="___"'),
    ],
)
def test_names(filename: str | None, expected: bytes) -> None:
    assert content_disposition("attachment", filename) == expected


def test_it_may_be_inline() -> None:
    assert content_disposition("inline", "a.txt") == b'inline; filename="a.txt"'


@pytest.mark.parametrize("disposition", ["", "in line", "a;b", "a\r\nb", "ä"])
def test_a_disposition_that_is_no_token_is_refused(disposition: str) -> None:
    with pytest.raises(ValueError, match='expected "attachment" or "inline"'):
        content_disposition(disposition, "a.txt")


@given(st.text(alphabet=st.characters(blacklist_categories=()), max_size=30))
def test_every_name_makes_one_well_formed_header(filename: str) -> None:
    """Lone surrogates included, as names of files have them."""
    value = content_disposition("attachment", filename)
    found = HEADER.fullmatch(value)
    assert found is not None
    if found[1] is not None:
        sent = unquote_to_bytes(found[1]).decode("utf-8")
        expected = re.sub(r"[\x00-\x1f\x7f-\x9f/\\]", "_", filename)
        assert sent == expected.encode("utf-8", "replace").decode("utf-8")
