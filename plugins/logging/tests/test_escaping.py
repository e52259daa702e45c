"""One record is one line."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.escaping import escape_ascii, escape_json, escape_text

UNSAFE = "\n\r\t\x00\x1b\x7f\x85\x9b\u2028\u2029\u202e\u2066"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\r\nFAKE", "a\\r\\nFAKE"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp", "\\u202egnp"),
        ("grün", "grün"),
    ],
)
def test_text_keeps_what_is_readable(text: str, expected: str) -> None:
    assert escape_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ('a"b\\c', 'a\\"b\\\\c'),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("grün", "gr\\xc3\\xbcn"),
    ],
)
def test_web_servers_escapes_are_ascii(text: str, expected: str) -> None:
    assert escape_ascii(text) == expected


@given(st.text())
def test_whatever_the_text_no_unsafe_character_is_left(text: str) -> None:
    escaped = escape_text(text + UNSAFE)
    assert not set(escaped) & set(UNSAFE)
    assert escape_ascii(text + UNSAFE).isascii()
    assert escape_ascii(text + UNSAFE).isprintable()


@given(st.text(st.characters(codec="utf-8")))
def test_escaped_json_means_the_same(text: str) -> None:
    document = escape_json(msgspec.json.encode({"a": text + UNSAFE}))
    assert not set(document.decode()) & set(UNSAFE)
    assert json.loads(document) == {"a": text + UNSAFE}
