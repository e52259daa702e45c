"""Secrets, and lists in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.text_values import CommaSeparatedStrings, Secret


def test_a_secret_is_shown_only_on_purpose() -> None:
    """`str` gives it, `repr` and formatting of containers do not."""
    secret = Secret("hunter2")
    assert str(secret) == "hunter2"
    assert "hunter2" not in f"{secret!r} {[secret]}"
    assert secret
    assert not Secret("")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ("a,,b", ["a", "b"]),
        ("\"a,b\", 'c,d'", ["a,b", "c,d"]),
        ('a "b"c', ["a bc"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r'"a\"b\n"', [r'a"b\n']),
        (r"'a\b'", [r"a\b"]),
        ("'',b", ["", "b"]),
        ("a#b, c", ["a#b", "c"]),
        ("a\nb", ["a\nb"]),
    ],
)
def test_a_text_is_cut_at_commas(text: str, items: list[str]) -> None:
    """Quotes and backslashes keep commas; blanks around items do not count."""
    assert list(CommaSeparatedStrings(text)) == items


@pytest.mark.parametrize(("text", "position"), [('a, "b', 3), ("'", 0), ("a\\", 1)])
def test_what_is_left_open_is_refused(text: str, position: int) -> None:
    """The error says where."""
    with pytest.raises(ValueError, match=f"position {position}"):
        CommaSeparatedStrings(text)


@given(st.lists(st.text(min_size=1).filter(lambda item: item == item.strip()), max_size=5))
def test_quoted_items_come_back(items: list[str]) -> None:
    """Whatever is escaped inside double quotes is found again."""
    quoted = ['"{}"'.format(item.replace("\\", "\\\\").replace('"', '\\"')) for item in items]
    assert list(CommaSeparatedStrings(", ".join(quoted))) == items


def test_it_is_a_sequence() -> None:
    """Made from a sequence, it is indexed, sliced, counted and shown."""
    strings = CommaSeparatedStrings(("a", "b'c"))
    assert strings[0] == "a"
    assert strings[:1] == ["a"]
    assert len(strings) == 2
    assert "a" in strings
    assert str(strings) == "'a', \"b'c\""
    assert repr(strings) == "CommaSeparatedStrings(['a', \"b'c\"])"
