"""Taking tokens apart."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.jwt_parsing import Malformed, decode_segment, parse_object, split


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@given(st.binary(min_size=1))
def test_a_canonical_segment_decodes_to_what_was_encoded(data: bytes) -> None:
    assert decode_segment(encoded(data)) == data


@given(st.binary(min_size=1, max_size=12))
def test_a_segment_has_one_spelling_only(segment: bytes) -> None:
    try:
        decoded = decode_segment(segment)
    except Malformed:
        return
    assert encoded(decoded) == segment


@pytest.mark.parametrize(
    "segment",
    [
        b"A",
        b"AB",
        b"AAB",
        b"AA==",
        b"AAA=",
        b"A+AA",
        b"A/AA",
        b"AA\nA",
        b" AAA",
        b"AAAAA",
        b"\xc3\xa9AA",
        b"AA.A",
        b"A\0AA",
    ],
)
def test_a_segment_that_is_not_canonical_is_malformed(segment: bytes) -> None:
    with pytest.raises(Malformed):
        decode_segment(segment)


def test_three_segments_are_split() -> None:
    assert split(b"a.b.c") == (b"a", b"b", b"c")


@pytest.mark.parametrize("token", [b"", b".", b"..", b"a.b", b"a.b.", b".b.c", b"a..c", b"a.b.c.d", b"a.b.c.d.e"])
def test_any_other_number_of_segments_is_malformed(token: bytes) -> None:
    with pytest.raises(Malformed):
        split(token)


TEXT = st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.none() | st.lists(st.booleans())), st.booleans())
def test_an_object_is_read_as_json_says(value: dict[str, object], escaped: bool) -> None:
    assert parse_object(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary())
def test_no_bytes_raise_anything_but_malformed(raw: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse_object(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": [{"b": 1, "b": 2}]}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}",
        b"[" * 100_000,
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "tab\there"}',
        b'{"a": 1,}',
    ],
)
def test_what_is_no_strict_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_object(raw)


def test_a_whole_surrogate_pair_is_text() -> None:
    assert parse_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}


def test_no_message_shows_any_of_the_token() -> None:
    with pytest.raises(Malformed) as caught:
        parse_object(b'{"hunter2": hunter2}')
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
