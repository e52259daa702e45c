"""Lists of header pairs edited in place, and the validation of names and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.raw_headers import field_name, field_value, find, merge_vary, remove, replace
from pegboard.types import RawHeaders

NAMES = st.sampled_from([b"a", b"b", b"c", b"vary"])
LISTS = st.lists(st.tuples(NAMES, st.binary(max_size=3)), max_size=8)


@given(LISTS, NAMES)
def test_find_gives_the_first_value(raw: RawHeaders, name: bytes) -> None:
    """`find` is the first match of a scan, or None."""
    assert find(raw, name) == next((value for key, value in raw if key == name), None)


@given(LISTS, NAMES)
def test_replace_leaves_exactly_one(raw: RawHeaders, name: bytes) -> None:
    """After `replace` there is one value, where the first was or at the end, and the others are untouched."""
    before = list(raw)
    place = next((index for index, (key, _) in enumerate(before) if key == name), len(before))
    replace(raw, name, b"new")
    assert raw == [
        *before[:place],
        (name, b"new"),
        *[pair for pair in before[place:] if pair[0] != name],
    ]


@given(LISTS, NAMES)
def test_remove_drops_all_and_keeps_the_order(raw: RawHeaders, name: bytes) -> None:
    """`remove` drops every match, in the same list."""
    same, expected = raw, [pair for pair in raw if pair[0] != name]
    remove(raw, name)
    assert same == expected


def test_pairs_may_be_lists_as_some_servers_send_them() -> None:
    """Nothing depends on pairs being tuples."""
    raw: list[list[bytes]] = [[b"a", b"1"], [b"b", b"2"]]
    assert find(raw, b"b") == b"2"  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("before", "token", "after"),
    [
        ([], b"Origin", [(b"vary", b"Origin")]),
        ([], b"A, b, a", [(b"vary", b"A, b")]),
        ([(b"vary", b"Origin")], b"Origin", [(b"vary", b"Origin")]),
        ([(b"vary", b"Origin")], b"origin", [(b"vary", b"Origin")]),
        ([(b"vary", b"A"), (b"x", b"y")], b"B", [(b"vary", b"A, B"), (b"x", b"y")]),
        ([(b"vary", b"A"), (b"x", b"y"), (b"vary", b"B")], b"c", [(b"vary", b"A, B, c"), (b"x", b"y")]),
        ([(b"vary", b"*")], b"Origin", [(b"vary", b"*")]),
        ([(b"vary", b"A")], b"*", [(b"vary", b"*")]),
        ([(b"vary", b"")], b"A", [(b"vary", b"A")]),
        ([(b"vary", b" A ,, B")], b"B", [(b"vary", b"A, B")]),
        ([(b"vary", b"Accept-Encoding")], b"Accept", [(b"vary", b"Accept-Encoding, Accept")]),
    ],
)
def test_vary_is_merged(before: RawHeaders, token: bytes, after: RawHeaders) -> None:
    """Names are added once, whatever their case, to one line; a star stays alone."""
    merge_vary(before, token)
    assert before == after


@given(st.lists(st.sampled_from([b"A", b"a", b"B", b"b", b"Accept", b"*"]), max_size=6))
def test_vary_never_has_a_name_twice(tokens: list[bytes]) -> None:
    """Whatever is merged, no name repeats and a star stands alone."""
    raw: RawHeaders = []
    for token in tokens:
        merge_vary(raw, token)
    members = [member.lower() for member in (find(raw, b"vary") or b"").split(b", ") if member]
    assert len(members) == len(set(members))
    assert set(members) == ({b"*"} if b"*" in tokens else {token.lower() for token in tokens})


def test_a_name_is_lowered() -> None:
    """The str API takes any case."""
    assert field_name("X-Request-ID") == b"x-request-id"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "\u212a", "a\0", "a(b"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    """The error names the header, and shows no control character raw."""
    with pytest.raises(ValueError, match="header name") as caught:
        field_name(name)
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    ("value", "position"),
    [("a\rb", 1), ("\nb", 0), ("ab\0", 2), ("a\x1bb", 1), ("a\x7f", 1), ("a\r\nset-cookie: x=y", 1), ("é\r", 1)],
)
def test_a_value_with_control_characters_is_refused(value: str, position: int) -> None:
    """The error names header and position, and shows no control character raw."""
    with pytest.raises(ValueError, match=f"header 'X-A'.*position {position}") as caught:
        field_value("X-A", value)
    assert str(caught.value).isprintable()


def test_a_value_beyond_latin_1_is_refused_with_the_way_out() -> None:
    """The error names header, character and position, and says how to encode it."""
    with pytest.raises(ValueError, match=r"header 'X-A'.*u2603.*position 1.*quote"):
        field_value("X-A", "a\u2603")


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20))
def test_whatever_latin_1_can_say_travels(value: str) -> None:
    """A value without control characters is encoded as ISO-8859-1; a tab is none of those refused."""
    assert field_value("a", f"{value}\t").decode("latin-1") == f"{value}\t"
