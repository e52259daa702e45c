"""Media types, parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.media_types import MAX_LENGTH, parse_media_type

TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("text/html", "text/html", {}),
        ("Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        (' text/html ;charset="utf-8" ; q=1', "text/html", {"charset": "utf-8", "q": "1"}),
        (r'multipart/form-data; boundary="a \"b\" ;c"', "multipart/form-data", {"boundary": 'a "b" ;c'}),
        ("a/b; x=1; X=2", "a/b", {"x": "1"}),
        ("a/b;", "a/b", {}),
        ("a/b; ; x=y;", "a/b", {"x": "y"}),
    ],
)
def test_a_media_type(text: str, essence: str, parameters: dict[str, str]) -> None:
    """Case and blanks do not count, quotes are taken off, the first of repeated parameters counts."""
    for value in (text, text.encode()):
        media_type = parse_media_type(value)
        assert media_type.essence == essence
        assert f"{media_type.type}/{media_type.subtype}" == essence
        assert media_type.parameters == parameters


@pytest.mark.parametrize(
    "text", ["", "text", "text/", "/html", "a b/c", "a/b x", "a/b; x", "a/b; x=", 'a/b; x="y', "é/b"]
)
def test_what_is_no_media_type_is_refused(text: str) -> None:
    """The error shows the text, and no control character raw."""
    with pytest.raises(ValueError, match=r"media type .* is malformed"):
        parse_media_type(text)


def test_the_length_is_bounded() -> None:
    """A longer one than the limit is refused unread."""
    with pytest.raises(ValueError, match="has 1025 characters, at most 1024"):
        parse_media_type("a/" + "b" * (MAX_LENGTH - 1))


@given(TOKENS, TOKENS, st.dictionaries(TOKENS.map(str.lower), st.text(st.characters(max_codepoint=255), max_size=9)))
def test_parameters_come_back(type: str, subtype: str, parameters: dict[str, str]) -> None:
    """Whatever is quoted is read back."""
    text = f"{type}/{subtype}"
    for name, value in parameters.items():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        text += f'; {name}="{quoted}"'
    assert parse_media_type(text.encode("latin-1")).parameters == parameters


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("text/json", True),
        ("text/a", False),
    ],
)
def test_json_is_recognised(text: str, is_json: bool) -> None:
    """The type itself and the suffix stand for JSON."""
    assert parse_media_type(text).is_json is is_json


def test_the_charset() -> None:
    """It is lowered, and None when it is not said."""
    assert parse_media_type("text/plain; charset=UTF-8").charset == "utf-8"
    assert parse_media_type("text/plain").charset is None
