"""Multi-dicts, query strings and forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.multidict import FormData, ImmutableMultiDict, MultiDict, QueryParams, TooManyFields, parse_fields
from pegboard.uploads import UploadFile

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=8)
TEXTS = st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=6)


def slow_fields(query: bytes) -> list[tuple[str, str]]:
    """The application/x-www-form-urlencoded parser of the URL standard, byte by byte."""

    def decoded(part: bytes) -> str:
        out = bytearray()
        position = 0
        while position < len(part):
            escape = re.match(rb"%([0-9A-Fa-f]{2})", part[position:])
            out.append(int(escape[1], 16) if escape else b" "[0] if part[position] == 0x2B else part[position])
            position += 3 if escape else 1
        return out.decode("utf-8", "replace")

    fields = [field for field in query.split(b"&") if field]
    return [(decoded(field.split(b"=", 1)[0]), decoded(b"=".join(field.split(b"=")[1:]))) for field in fields]


@pytest.mark.parametrize("kind", [ImmutableMultiDict, MultiDict])
@given(pairs=PAIRS)
def test_the_last_value_counts_and_all_are_kept(kind: Any, pairs: list[tuple[str, int]]) -> None:
    """Look-ups, views and lists say what the pairs say."""
    multi = kind(pairs)
    last = dict(pairs)
    assert multi.multi_items() == pairs
    assert dict(multi) == dict(multi.items()) == last
    assert list(multi) == list(multi.keys()) == list(last)
    assert list(multi.values()) == list(last.values())
    assert len(multi) == len(last)
    for key in "abcd":
        assert multi.getlist(key) == [value for item, value in pairs if item == key]
        assert multi.get(key, "none") == last.get(key, "none")
        assert multi.get(key) == last.get(key)
        assert (key in multi) == (key in last)


@pytest.mark.parametrize("kind", [ImmutableMultiDict, MultiDict, QueryParams, FormData])
@pytest.mark.parametrize(
    ("make", "pairs"),
    [
        (lambda kind: kind(), []),
        (lambda kind: kind({"a": "1"}), [("a", "1")]),
        (lambda kind: kind([("a", "1"), ("a", "2")]), [("a", "1"), ("a", "2")]),
        (lambda kind: kind(iter([("a", "1")])), [("a", "1")]),
        (lambda kind: kind(ImmutableMultiDict([("a", "1"), ("a", "2")])), [("a", "1"), ("a", "2")]),
        (lambda kind: kind([("a", "1")], a="2", value="3"), [("a", "1"), ("a", "2"), ("value", "3")]),
        (lambda kind: kind(a="1"), [("a", "1")]),
    ],
)
def test_every_form_of_the_constructor(kind: Any, make: Callable[[Any], Any], pairs: list[tuple[str, str]]) -> None:
    """Mappings, pairs, other multi-dicts and keyword arguments."""
    assert make(kind).multi_items() == pairs


def test_a_copy_does_not_follow_its_source() -> None:
    """A multi-dict made from another has its own pairs."""
    source = MultiDict(a=1)
    copy = ImmutableMultiDict(source)
    source["a"] = 2
    assert copy["a"] == 1


def test_equality_is_per_key_and_within_a_class() -> None:
    """The order between keys does not count, that of one key's values does."""
    assert MultiDict([("a", 1), ("b", [2])]) == MultiDict([("b", [2]), ("a", 1)])
    assert MultiDict([("a", 1), ("a", 2)]) != MultiDict([("a", 2), ("a", 1)])
    assert MultiDict(a=1) != ImmutableMultiDict(a=1)
    assert MultiDict(a=1) != {"a": 1}
    with pytest.raises(TypeError, match="unhashable"):
        hash(ImmutableMultiDict())


def test_repr_shows_every_pair() -> None:
    """`repr` can be read back."""
    assert repr(MultiDict([("a", 1), ("a", 2)])) == "MultiDict([('a', 1), ('a', 2)])"
    assert repr(QueryParams("a=1&a=2 3")) == "QueryParams('a=1&a=2+3')"


@pytest.mark.parametrize(
    ("change", "result", "pairs"),
    [
        (lambda m: m.__setitem__("a", 9), None, [("b", 2), ("a", 9)]),
        (lambda m: m.__setitem__("c", 9), None, [("a", 1), ("b", 2), ("a", 3), ("c", 9)]),
        (lambda m: m.__delitem__("a"), None, [("b", 2)]),
        (lambda m: m.pop("a"), 3, [("b", 2)]),
        (lambda m: m.pop("z"), None, [("a", 1), ("b", 2), ("a", 3)]),
        (lambda m: m.pop("z", 5), 5, [("a", 1), ("b", 2), ("a", 3)]),
        (lambda m: m.popitem(), ("b", 2), [("a", 1), ("a", 3)]),
        (lambda m: m.poplist("a"), [1, 3], [("b", 2)]),
        (lambda m: m.poplist("z"), [], [("a", 1), ("b", 2), ("a", 3)]),
        (lambda m: m.clear(), None, []),
        (lambda m: m.setdefault("a", 9), 3, [("a", 1), ("b", 2), ("a", 3)]),
        (lambda m: m.setdefault("z", 9), 9, [("a", 1), ("b", 2), ("a", 3), ("z", 9)]),
        (lambda m: m.setlist("a", iter([7, 8])), None, [("b", 2), ("a", 7), ("a", 8)]),
        (lambda m: m.setlist("a", []), None, [("b", 2)]),
        (lambda m: m.append("b", 4), None, [("a", 1), ("b", 2), ("a", 3), ("b", 4)]),
        (lambda m: m.update([("a", 7), ("a", 8)], c=9), None, [("b", 2), ("a", 7), ("a", 8), ("c", 9)]),
        (lambda m: m.update({"b": 7}), None, [("a", 1), ("a", 3), ("b", 7)]),
        (lambda m: m.update(m), None, [("a", 1), ("b", 2), ("a", 3)]),
    ],
)
def test_every_change(change: Callable[[MultiDict], Any], result: Any, pairs: list[tuple[str, int]]) -> None:
    """A change returns what it should, and leaves pairs and look-ups in agreement."""
    multi = MultiDict([("a", 1), ("b", 2), ("a", 3)])
    assert change(multi) == result
    assert multi.multi_items() == pairs
    assert dict(multi) == dict(pairs)


def test_what_is_not_there_cannot_be_dropped() -> None:
    """Deleting a missing key, or from an empty multi-dict, is a KeyError."""
    with pytest.raises(KeyError, match="z"):
        del MultiDict()["z"]
    with pytest.raises(KeyError, match="empty"):
        MultiDict().popitem()
    with pytest.raises(KeyError, match="z"):
        MultiDict()["z"]


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("&&", []),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=b", [("", "b")]),
        ("=", [("", "")]),
        ("a=b=c", [("a", "b=c")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("a%2Bb=%26%3D", [("a+b", "&=")]),
        ("a=%", [("a", "%")]),
        ("a=%zz%4", [("a", "%zz%4")]),
        ("a=%C3%A9", [("a", "é")]),
        ("a=é", [("a", "é")]),
        ("a=%FF", [("a", "\ufffd")]),
        (b"a=\xff", [("a", "\ufffd")]),
        (b"a=\xc3%A9", [("a", "é")]),
        (b"a=\xe2&b=1", [("a", "\ufffd"), ("b", "1")]),
    ],
)
def test_query_strings(query: str | bytes, pairs: list[tuple[str, str]]) -> None:
    """Blank values, missing signs, repeated keys, escapes and broken UTF-8 are read as the URL standard says."""
    assert QueryParams(query).multi_items() == parse_fields(query) == pairs


@given(st.one_of(st.binary(max_size=30), st.text("ab&=+%4fé", max_size=30).map(str.encode)))
def test_the_parser_agrees_with_the_slow_one(query: bytes) -> None:
    """Fast paths change nothing."""
    assert parse_fields(query, limit=None) == slow_fields(query)


@given(TEXTS)
def test_fields_come_back(pairs: list[tuple[str, str]]) -> None:
    """What `str` writes, the constructor reads, from str and bytes."""
    params = QueryParams(pairs)
    assert QueryParams(str(params)) == params
    assert QueryParams(str(params).encode()).multi_items() == pairs


def test_values_become_text() -> None:
    """Whatever query parameters are made from, keys and values are str."""
    assert QueryParams([("a", None), (1, True)], b=2).multi_items() == [("a", "None"), ("1", "True"), ("b", "2")]
    assert QueryParams("a=1", b=2).multi_items() == [("a", "1"), ("b", "2")]


def test_fields_are_bounded() -> None:
    """One field too many is refused before any is made, with the numbers."""
    assert len(parse_fields("a=1&" * 999 + "a=1")) == 1000
    with pytest.raises(TooManyFields, match="The query string has 1001 fields, at most 1000") as caught:
        QueryParams("a=1&" * 1000 + "a=1")
    assert (caught.value.found, caught.value.limit) == (1001, 1000)
    with pytest.raises(TooManyFields, match="The form has 2 fields, at most 1 "):
        parse_fields(b"a&b", 1, "The form")
    assert len(parse_fields("&a" * 5000, limit=None)) == 5000


class BrokenFile(BytesIO):
    def close(self) -> None:
        super().close()
        raise OSError("no space left")


@pytest.mark.anyio
async def test_a_form_closes_every_file() -> None:
    """One file that fails does not keep the others open, and is reported."""
    files = [BytesIO(), BrokenFile(), BytesIO()]
    form = FormData([("text", "a"), *[("file", UploadFile(file)) for file in files]])
    with pytest.raises(ExceptionGroup) as caught:
        await form.close()
    assert [str(error) for error in caught.value.exceptions] == ["no space left"]
    assert all(file.closed for file in files)


@pytest.mark.anyio
async def test_closing_a_form_twice_is_no_error() -> None:
    """A form that is closed stays closed."""
    form = FormData(file=UploadFile(BytesIO()), text="a")
    await form.close()
    await form.close()
    assert form["text"] == "a"
