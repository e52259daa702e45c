"""A Range header gives the ranges that a slow reading of RFC 9110 section 14 gives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.ranges import (
    MAX_RANGES,
    InvalidRange,
    Range,
    UnsatisfiableRange,
    content_range,
    multipart,
    parse_ranges,
)

Spec = tuple[int | None, int | None]

SPECS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 45), st.integers(0, 25)).map(lambda pair: (pair[0], pair[0] + pair[1])),
        st.tuples(st.integers(0, 45), st.none()),
        st.tuples(st.none(), st.integers(0, 45)),
    ),
    min_size=1,
    max_size=12,
)


def positions(spec: Spec, size: int) -> set[int]:
    """The positions that one range names, one by one."""
    first, last = spec
    if first is None:
        return {position for position in range(size) if position >= size - (last or 0)}
    return {position for position in range(size) if position >= first and (last is None or position <= last)}


def reference(specs: list[Spec], size: int) -> list[Range]:
    """Runs of wanted positions, in the order in which the first of each is asked for."""
    asked = [positions(spec, size) for spec in specs]
    wanted = sorted(set().union(*asked))
    runs: list[list[int]] = []
    for position in wanted:
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    runs.sort(key=lambda run: min(place for place, found in enumerate(asked) if found and min(found) in run))
    return [(run[0], run[-1] + 1) for run in runs]


def text(specs: list[Spec], comma: str = ",") -> bytes:
    shown = [["" if number is None else str(number) for number in spec] for spec in specs]
    return ("bytes=" + comma.join(map("-".join, shown))).encode()


@given(SPECS, st.integers(1, 40), st.sampled_from([",", ", ", " ,\t", ",,", ", ,"]))
def test_ranges_are_those_of_the_slow_reference(specs: list[Spec], size: int, comma: str) -> None:
    expected = reference(specs, size)
    if expected:
        assert parse_ranges(text(specs, comma), size) == expected
    else:
        with pytest.raises(UnsatisfiableRange):
            parse_ranges(text(specs, comma), size)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"bytes=0-0", [(0, 1)]),
        (b"bytes=0-9", [(0, 10)]),
        (b"bytes=0-", [(0, 10)]),
        (b"bytes=9-", [(9, 10)]),
        (b"bytes=5-1000", [(5, 10)]),
        (b"bytes=-1", [(9, 10)]),
        (b"bytes=-1000", [(0, 10)]),
        (b"BYTES=1-2", [(1, 3)]),
        (b"bytes= 1-2 ", [(1, 3)]),
        (b"bytes=0-1,20-30", [(0, 2)]),
        (b"bytes=0-1,-0", [(0, 2)]),
        (b"bytes=5-6,1-2", [(5, 7), (1, 3)]),
        (b"bytes=5-6,1-2,3-4", [(1, 7)]),
        (b"bytes=0-18446744073709551616", [(0, 10)]),
        (b"bytes=0-" + b"9" * 5000, [(0, 10)]),
        (b"bytes=" + b"0" * 5000 + b"1-2", [(1, 3)]),
        (b"bytes=-" + b"9" * 5000, [(0, 10)]),
    ],
)
def test_ranges_of_ten_bytes(value: bytes, expected: list[Range]) -> None:
    assert parse_ranges(value, 10) == expected


@pytest.mark.parametrize("value", [b"lines=1-2", b"", b"1-2", b"none", b"bytesx=0-1", b"items=", b"=0-1"])
def test_other_units_are_ignored(value: bytes) -> None:
    """RFC 9110 section 14.2."""
    assert parse_ranges(value, 10) is None


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        b"bytes=",
        b"bytes=,",
        b"bytes=-",
        b"bytes=a-b",
        b"bytes=1",
        b"bytes=1-2-3",
        b"bytes=2-1",
        b"bytes=+1-2",
        b"bytes=1 - 2",
        b"bytes=0-1,x",
        b"bytes=0x1-2",
        "bytes=\u0661-2".encode(),
        b"bytes=0-1;2-3",
    ],
)
def test_malformed_ranges_are_named(value: bytes) -> None:
    with pytest.raises(InvalidRange, match="Range "):
        parse_ranges(value, 10)


@pytest.mark.parametrize(
    "value", [b"bytes=10-", b"bytes=10-11", b"bytes=-0", b"bytes=99-,10-,-0", b"bytes=" + b"9" * 99 + b"-"]
)
def test_ranges_outside_are_named(value: bytes) -> None:
    with pytest.raises(UnsatisfiableRange, match="outside of the 10 bytes"):
        parse_ranges(value, 10)


def test_of_nothing_only_the_end_can_be_asked_for_and_is_the_whole() -> None:
    assert parse_ranges(b"bytes=-5", 0) is None
    for value in (b"bytes=0-", b"bytes=0-0", b"bytes=-0"):
        with pytest.raises(UnsatisfiableRange):
            parse_ranges(value, 0)


def test_a_hundred_ranges_are_read_and_one_more_is_too_many() -> None:
    hundred = text([(place * 3, place * 3) for place in range(MAX_RANGES)])
    assert parse_ranges(hundred, 1000) == [(place * 3, place * 3 + 1) for place in range(MAX_RANGES)]
    with pytest.raises(UnsatisfiableRange, match="more than 100"):
        parse_ranges(hundred + b",999-", 1000)
    with pytest.raises(UnsatisfiableRange, match="more than 100"):
        parse_ranges(b"bytes=" + b"," * 60_000, 1000)


@given(st.binary(max_size=60).map(lambda tail: b"bytes=" + tail), st.integers(0, 30))
def test_whatever_comes_ranges_are_apart_and_inside(value: bytes, size: int) -> None:
    try:
        ranges = parse_ranges(value, size)
    except (InvalidRange, UnsatisfiableRange):
        return
    ordered = sorted(ranges or [])
    assert all(0 <= start < stop <= size for start, stop in ordered)
    assert all(left[1] < right[0] for left, right in pairwise(ordered))


def test_content_range_names_the_last_byte() -> None:
    assert content_range(0, 500, 1234) == b"bytes 0-499/1234"


def test_a_multipart_body_and_its_length() -> None:
    pieces, length = multipart([(0, 2), (5, 10)], 10, b"text/plain", b"xyz")
    content = b"0123456789"
    body = b"".join(piece if isinstance(piece, bytes) else content[slice(*piece)] for piece in pieces)
    assert body == (
        b"--xyz\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
        b"\r\n--xyz\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-9/10\r\n\r\n56789"
        b"\r\n--xyz--\r\n"
    )
    assert length == len(body)


def test_parts_of_no_type_have_no_type() -> None:
    pieces, _ = multipart([(0, 2), (5, 10)], 10, None, b"xyz")
    assert pieces[0] == b"--xyz\r\nContent-Range: bytes 0-1/10\r\n\r\n"
