"""Rejections: readable, and harmless in a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_cors.rejections import Reason, Rejection, printable


def test_a_rejection_reads_as_one_line() -> None:
    """Kind, origin, reason, and what was asked for where there is something."""
    with_detail = Rejection("preflight", Reason.METHOD, "https://a.example", "PUT")
    without = Rejection("actual", Reason.ORIGIN, "null")
    assert str(with_detail) == "preflight from https://a.example: the method is not allowed (PUT)"
    assert str(without) == "actual from null: the origin is not allowed"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"https://a.example", "https://a.example"),
        (b"a\r\nFAKE log line", "a\\r\\nFAKE log line"),
        (b"\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        (b"\xe2\x80\xae", "\\xe2\\x80\\xae"),
        (b"", ""),
        (b"a" * 1000, "a" * 200 + "..."),
    ],
)
def test_what_was_sent_is_escaped_and_cut(sent: bytes, text: str) -> None:
    """Controls, other alphabets and length cannot disturb a log."""
    assert printable(sent) == text


@given(st.binary(max_size=1000))
def test_any_bytes_become_one_printable_ascii_line(sent: bytes) -> None:
    """Whatever was sent, the text is short, printable and ASCII."""
    text = printable(sent)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 203
