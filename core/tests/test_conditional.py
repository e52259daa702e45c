"""Conditions hold or fail as RFC 9110 section 13 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.conditional import (
    Validators,
    conditional_fields,
    failed_precondition,
    make_etag,
    not_modified_headers,
    range_applies,
)
from pegboard.types import RawHeaders

OLD, SAME, NEW = (
    b"Sun, 06 Nov 1994 08:49:36 GMT",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sun, 06 Nov 1994 08:49:38 GMT",
)
STRONG = Validators(b'"a"', 784111777)
WEAK = Validators(b'W/"a"', 784111777)
NOTHING = Validators()


def failed(fields: dict[str, bytes], current: Validators = STRONG, method: str = "GET") -> int | None:
    return failed_precondition(method, {name.encode(): value for name, value in fields.items()}, current)


@pytest.mark.parametrize(
    ("value", "strong", "weak"),
    [
        (b'"a"', 304, 304),
        (b'W/"a"', 304, 304),
        (b"*", 304, 304),
        (b'"b"', None, None),
        (b'"b", "a"', 304, 304),
        (b'"b","c" ,W/"a"', 304, 304),
        (b'"x, y", "a"', 304, 304),
        (b'"A"', None, None),
        (b"a", None, None),
        (b'"a', None, None),
        (b'w/"a"', 304, 304),
        (b"", None, None),
        (b'"*"', None, None),
        (b'"a b", "c"', None, None),
    ],
)
def test_if_none_match_compares_weakly(value: bytes, strong: int | None, weak: int | None) -> None:
    assert failed({"if-none-match": value}) == strong
    assert failed({"if-none-match": value}, WEAK) == weak


@pytest.mark.parametrize(
    ("value", "strong", "weak"),
    [
        (b'"a"', None, 412),
        (b'W/"a"', 412, 412),
        (b"*", None, None),
        (b'"b"', 412, 412),
        (b'"b", "a"', None, 412),
        (b"nonsense", 412, 412),
        (b"", 412, 412),
    ],
)
def test_if_match_compares_strongly(value: bytes, strong: int | None, weak: int | None) -> None:
    assert failed({"if-match": value}) == strong
    assert failed({"if-match": value}, WEAK) == weak


@pytest.mark.parametrize(
    ("since", "modified", "unmodified"),
    [
        (OLD, None, 412),
        (SAME, 304, None),
        (NEW, 304, None),
        (b"yesterday", None, None),
        (SAME + b", " + SAME, None, None),
    ],
)
def test_dates_are_compared_and_what_is_no_date_is_ignored(
    since: bytes, modified: int | None, unmodified: int | None
) -> None:
    assert failed({"if-modified-since": since}) == modified
    assert failed({"if-unmodified-since": since}) == unmodified
    assert failed({"if-modified-since": since}, NOTHING) is None
    assert failed({"if-unmodified-since": since}, NOTHING) is None


def test_tags_make_dates_of_the_same_kind_unheard() -> None:
    """RFC 9110 sections 13.1.3 and 13.1.4."""
    assert failed({"if-none-match": b'"b"', "if-modified-since": NEW}) is None
    assert failed({"if-match": b'"a"', "if-unmodified-since": OLD}) is None


def test_what_must_match_comes_before_what_must_not() -> None:
    """RFC 9110 section 13.2.2."""
    assert failed({"if-match": b'"b"', "if-none-match": b'"a"'}) == 412
    assert failed({"if-match": b'"a"', "if-none-match": b'"a"'}) == 304
    assert failed({"if-unmodified-since": OLD, "if-none-match": b'"a"'}) == 412


def test_methods_that_change_something_get_412_and_have_no_if_modified_since() -> None:
    assert failed({"if-none-match": b'"a"'}, method="HEAD") == 304
    assert failed({"if-none-match": b'"a"'}, method="PUT") == 412
    assert failed({"if-none-match": b"*"}, method="PUT") == 412
    assert failed({"if-modified-since": NEW}, method="PUT") is None


def test_a_tag_matches_nothing_where_there_is_none() -> None:
    assert failed({"if-none-match": b'"a"'}, NOTHING) is None
    assert failed({"if-match": b'"a"'}, NOTHING) == 412
    assert failed({"if-match": b"*"}, NOTHING) is None


@pytest.mark.parametrize(
    ("value", "strong", "weak", "nothing"),
    [
        (None, True, True, True),
        (b'"a"', True, False, False),
        (b'W/"a"', False, False, False),
        (b'"b"', False, False, False),
        (b'"b", "a"', False, False, False),
        (b"*", False, False, False),
        (SAME, True, True, False),
        (OLD, False, False, False),
        (NEW, False, False, False),
        (b"tomorrow", False, False, False),
        (b"", False, False, False),
    ],
)
def test_if_range_wants_the_same_and_no_list(value: bytes | None, strong: bool, weak: bool, nothing: bool) -> None:
    fields = {} if value is None else {b"if-range": value}
    assert [range_applies(fields, current) for current in (STRONG, WEAK, NOTHING)] == [strong, weak, nothing]


def test_only_the_fields_that_count_are_read_and_repeated_ones_are_joined() -> None:
    headers = [
        (b"host", b"x"),
        (b"if-none-match", b'"a"'),
        (b"accept", b"*/*"),
        (b"if-none-match", b'"b"'),
        (b"range", b"bytes=0-1"),
        (b"if-none-match", b'"c"'),
    ]
    assert conditional_fields(headers) == {b"if-none-match": b'"a", "b", "c"', b"range": b"bytes=0-1"}


def test_a_304_says_nothing_of_content_that_is_not_sent() -> None:
    """RFC 9110 section 15.4.5."""
    kept: RawHeaders = [
        (b"cache-control", b"no-cache"),
        (b"content-location", b"/a"),
        (b"content-security-policy", b"default-src 'self'"),
        (b"date", SAME),
        (b"etag", b'"a"'),
        (b"expires", NEW),
        (b"set-cookie", b"a=b"),
        (b"vary", b"accept"),
    ]
    dropped: RawHeaders = [
        (b"content-type", b"text/plain"),
        (b"content-length", b"3"),
        (b"content-encoding", b"gzip"),
        (b"content-language", b"la"),
        (b"content-disposition", b"inline"),
    ]
    modified = (b"last-modified", SAME)
    assert not_modified_headers([*dropped, *kept, modified]) == kept
    assert not_modified_headers([modified, *dropped]) == [modified]


def test_a_tag_changes_with_the_size_and_with_the_nanosecond() -> None:
    tags = {make_etag(size, time) for size in (0, 1, 16) for time in (0, 1, 1_700_000_000_000_000_000)}
    assert len(tags) == 9
    assert all(tag.startswith(b'"') and tag.endswith(b'"') for tag in tags)


@given(st.lists(st.from_regex(rb'(W/)?"[!#-~\x80-\xff]{0,5}"', fullmatch=True), min_size=1, max_size=6), st.data())
def test_a_tag_is_found_in_any_list_of_tags(tags: list[bytes], data: st.DataObject) -> None:
    """Also when tags hold commas, asterisks or backslashes."""
    current = Validators(data.draw(st.sampled_from(tags)))
    value = data.draw(st.sampled_from([b",", b", ", b" ,\t"])).join(tags)
    assert failed({"if-none-match": value}, current) == 304
    is_strong = not (current.etag or b"").startswith(b"W/")
    assert failed({"if-match": value}, current) == (None if is_strong else 412)


@given(st.dictionaries(st.sampled_from(["if-match", "if-none-match", "if-modified-since"]), st.binary(max_size=60)))
def test_nothing_that_a_client_sends_raises(fields: dict[str, bytes]) -> None:
    assert failed(fields) in (None, 304, 412)
