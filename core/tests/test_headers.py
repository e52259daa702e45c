"""Headers as mappings, read and changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.headers import Headers, MutableHeaders
from pegboard.types import RawHeaders

NAMES = st.sampled_from(["a", "b", "content-type", "x-y"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=5)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
BOTH = pytest.mark.parametrize("kind", [Headers, MutableHeaders])


def raw_of(pairs: list[tuple[str, str]]) -> RawHeaders:
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]


@BOTH
@given(pairs=PAIRS, name=NAMES)
def test_a_look_up_is_the_scan_of_the_list(kind: type[Headers], pairs: list[tuple[str, str]], name: str) -> None:
    """The first value wins, all values are kept, whatever the case of the name, as str and as bytes."""
    headers = kind(raw=raw_of(pairs))
    values = [value for key, value in pairs if key == name]
    first = values[0] if values else None
    assert headers.get(name.upper()) == first
    assert headers.get(name, "default") == (first if values else "default")
    assert headers.getlist(name.title()) == values
    assert (name in headers) is bool(values)
    assert headers.raw_getlist(name.encode()) == [value.encode("latin-1") for value in values]
    assert headers.raw_get(name.encode()) == (None if first is None else first.encode("latin-1"))


@BOTH
@given(pairs=PAIRS)
def test_iteration_goes_over_every_header(kind: type[Headers], pairs: list[tuple[str, str]]) -> None:
    """Repeated names are not folded."""
    headers = kind(raw=raw_of(pairs))
    assert headers.items() == pairs
    assert headers.keys() == list(headers) == [name for name, _ in pairs]
    assert headers.values() == [value for _, value in pairs]
    assert len(headers) == len(pairs)


@pytest.mark.parametrize(
    "headers",
    [
        Headers({"Content-Type": "a/b"}),
        Headers(raw=[(b"content-type", b"a/b")]),
        Headers(scope={"headers": [(b"content-type", b"a/b")]}),
        Headers(scope={"headers": iter([(b"content-type", b"a/b")])}),
        Headers(scope={"headers": ([b"content-type", b"a/b"],)}),
    ],
)
def test_every_form_of_the_constructor(headers: Headers) -> None:
    """A mapping, a raw list and a scope, whose headers may be any iterable, make the same."""
    assert headers["content-type"] == "a/b"
    assert headers == Headers({"content-type": "a/b"})


@pytest.mark.parametrize(
    "arguments", [{"headers": {}, "raw": []}, {"raw": [], "scope": {}}, {"headers": {}, "scope": {}}]
)
def test_only_one_source_is_taken(arguments: dict[str, Any]) -> None:
    """Two sources are a mistake, not a merge."""
    with pytest.raises(ValueError, match="only one"):
        Headers(**arguments)


@BOTH
def test_the_raw_list_is_not_copied(kind: type[Headers]) -> None:
    """The view works on the very list it was given, also when it is empty."""
    raw: RawHeaders = []
    assert kind(raw=raw).raw is raw
    assert Headers(scope={"headers": raw}).raw is raw


def test_without_a_source_there_are_no_headers() -> None:
    """An empty instance is falsy."""
    assert not Headers()
    assert Headers().raw == []
    assert Headers().get("a") is None


def test_a_missing_header_is_a_key_error() -> None:
    """Indexing is strict."""
    with pytest.raises(KeyError, match="X-Missing"):
        Headers()["X-Missing"]


@pytest.mark.parametrize("name", ["\u2603", "", "a\\b", 5, None, b"a"])
def test_a_name_that_no_message_can_have_is_just_absent(name: Any) -> None:
    """Asking is no error, whatever is asked for."""
    assert name not in Headers(raw=[(b"a", b"b")])


def test_any_number_of_different_names_may_be_asked_for() -> None:
    """The table of known names is bounded and never in the way."""
    headers = Headers(raw=[(b"x-999", b"found"), (b"y" * 100, b"long")])
    assert [headers.get(f"X-{number}") for number in range(2000)].count("found") == 1
    assert headers["Y" * 100] == "long"


def test_equality_ignores_order_and_is_for_headers_only() -> None:
    """Same names, same values; a plain dict is something else, and so is another number of values."""
    assert Headers({"a": "1", "B": "2"}) == MutableHeaders({"b": "2", "A": "1"})
    assert Headers({"a": "1"}) != Headers(raw=[(b"a", b"1"), (b"a", b"1")])
    assert Headers({"a": "1"}) != {"a": "1"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Headers())


def test_repr_shows_a_mapping_or_the_list() -> None:
    """A repeated name is shown in full."""
    assert repr(Headers({"A": "b"})) == "Headers({'a': 'b'})"
    assert repr(MutableHeaders(raw=[(b"a", b"1"), (b"a", b"2")])) == (
        "MutableHeaders(raw=[(b'a', b'1'), (b'a', b'2')])"
    )


def test_a_copy_can_be_changed_alone() -> None:
    """`mutablecopy` leaves the original as it was."""
    headers = Headers({"a": "1"})
    copy = headers.mutablecopy()
    copy["a"] = "2"
    assert (headers["a"], copy["a"]) == ("1", "2")


def test_setting_leaves_one_value_and_edits_the_list() -> None:
    """All values of the name are replaced, in place."""
    raw = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    headers = MutableHeaders(raw=raw)
    headers["A"] = "9"
    headers["C"] = "4"
    assert raw == [(b"a", b"9"), (b"b", b"2"), (b"c", b"4")]


def test_others_may_edit_the_list_too() -> None:
    """There is no index that could become stale."""
    raw = [(b"a", b"1")]
    headers = MutableHeaders(raw=raw)
    assert headers["a"] == "1"
    raw[0] = (b"a", b"2")
    raw.append((b"b", b"3"))
    assert headers["a"] == "2"
    assert "b" in headers
    assert headers.raw_get(b"b") == b"3"


def test_deleting_drops_all_values_and_forgives_absence() -> None:
    """A header that is not there is deleted already."""
    headers = MutableHeaders(raw=[(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    del headers["A"]
    del headers["missing"]
    assert headers.raw == [(b"b", b"2")]


def test_setdefault_append_and_update() -> None:
    """The methods that add keep, add or replace."""
    headers = MutableHeaders({"a": "1"})
    assert headers.setdefault("A", "2") == "1"
    assert headers.setdefault("B", "2") == "2"
    headers.append("b", "3")
    assert headers.getlist("b") == ["2", "3"]
    headers.update({"B": "4", "c": "5"})
    assert headers.items() == [("a", "1"), ("b", "4"), ("c", "5")]


def test_the_operators_merge() -> None:
    """``|`` makes a new one, ``|=`` edits the list."""
    headers = MutableHeaders({"a": "1"})
    raw = headers.raw
    merged = headers | {"A": "2", "b": "3"}
    assert (headers.items(), merged.items()) == ([("a", "1")], [("a", "2"), ("b", "3")])
    headers |= Headers({"c": "4"})
    assert raw == [(b"a", b"1"), (b"c", b"4")]


def test_a_scope_whose_headers_are_no_list_gets_one() -> None:
    """What is changed through the view is seen by the next reader of the scope."""
    scope: dict[str, Any] = {"headers": ((b"a", b"1"),)}
    MutableHeaders(scope=scope)["b"] = "2"
    assert scope["headers"] == [(b"a", b"1"), (b"b", b"2")]


def test_what_is_changed_in_a_message_stays_in_that_message() -> None:
    """The list may be that of a response which answers every request: middleware must not change it for the next."""
    raw: RawHeaders = [(b"a", b"1")]
    message = {"headers": raw}
    headers = MutableHeaders(scope=message)
    headers["b"] = "2"
    assert (message["headers"], message["headers"] is headers.raw) == ([(b"a", b"1"), (b"b", b"2")], True)
    assert raw == [(b"a", b"1")]


def test_vary_is_merged() -> None:
    """`add_vary_header` adds a name once."""
    headers = MutableHeaders()
    for name in ("Accept-Encoding", "Origin", "accept-encoding"):
        headers.add_vary_header(name)
    assert headers["vary"] == "Accept-Encoding, Origin"


@pytest.mark.parametrize("value", ["a\r\nb", "a\0", "\u2603"])
def test_every_setter_validates(value: str) -> None:
    """No way of the str API lets through what would split a message, and a refused change changes nothing."""
    headers = MutableHeaders({"a": "1"})
    for change in (
        lambda: headers.__setitem__("a", value),
        lambda: headers.setdefault("b", value),
        lambda: headers.append("b", value),
        lambda: headers.update({"b": value}),
        lambda: headers.add_vary_header(value),
        lambda: headers.append("b:", "1"),
        lambda: Headers({"a": value}),
        lambda: headers | {"b": value},
    ):
        with pytest.raises(ValueError, match="header"):
            change()
    assert headers.raw == [(b"a", b"1")]
