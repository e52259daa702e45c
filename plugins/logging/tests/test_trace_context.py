"""Trace context: the tables of the W3C recommendation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.trace_context import Trace, continued, parse_traceparent, parse_tracestate

TRACE = b"0af7651916cd43dd8448eb211c80319c"
PARENT = b"b7ad6b7169203331"
VALID = b"00-" + TRACE + b"-" + PARENT + b"-01"


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (VALID, 1),
        (VALID[:-2] + b"00", 0),
        (VALID[:-2] + b"03", 3),
        # Flags that are not known are dropped, not refused.
        (VALID[:-2] + b"ff", 3),
        (VALID[:-2] + b"08", 0),
        # Later versions are read as far as version 00 goes.
        (b"01" + VALID[2:], 1),
        (b"cc" + VALID[2:] + b"-what-the-future-will-be-like", 1),
        (b"cc" + VALID[2:] + b"-", 1),
        (b"fe" + VALID[2:], 1),
    ],
)
def test_a_valid_traceparent_is_read(value: bytes, flags: int) -> None:
    assert parse_traceparent([value]) == (TRACE.decode(), PARENT.decode(), flags)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"00",
        VALID[:-1],
        VALID + b"0",
        VALID + b"-",
        VALID + b"-extra",
        b"ff" + VALID[2:],
        b"0" + VALID[2:],
        b"000" + VALID[2:],
        b".0" + VALID[2:],
        b"cc" + VALID[2:] + b".what",
        b"00-" + b"0" * 32 + b"-" + PARENT + b"-01",
        b"00-" + TRACE + b"-" + b"0" * 16 + b"-01",
        b"00-" + TRACE.upper() + b"-" + PARENT + b"-01",
        b"00-" + TRACE + b"-" + PARENT.upper() + b"-01",
        b"00-" + TRACE[1:] + b"-" + PARENT + b"-01",
        b"00-" + TRACE + b"0-" + PARENT + b"-01",
        b"00-" + TRACE + b"-" + PARENT[1:] + b"-01",
        b"00-" + TRACE + b"-" + PARENT + b"0-01",
        b"00-" + TRACE + b"-" + PARENT + b"-.0",
        b"00-" + TRACE + b"-" + PARENT + b"-0",
        b"00_" + TRACE + b"_" + PARENT + b"_01",
        VALID + b"\n",
        b" " + VALID,
        b"00-" + b"." * 32 + b"-" + PARENT + b"-01",
        VALID + b"," + VALID,
    ],
)
def test_an_invalid_traceparent_counts_as_none(value: bytes) -> None:
    assert parse_traceparent([value]) is None


def test_a_repeated_or_missing_traceparent_counts_as_none() -> None:
    assert parse_traceparent([VALID, VALID]) is None
    assert parse_traceparent([]) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([b"foo=1"], "foo=1"),
        ([b"foo=1,bar=2"], "foo=1,bar=2"),
        # Several headers are one list, in order; empty members and blanks around members are allowed.
        ([b"foo=1", b"bar=2"], "foo=1,bar=2"),
        ([b"foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        ([b"foo=1,", b"", b",,bar=2"], "foo=1,bar=2"),
        ([b"t@v=1"], "t@v=1"),
        ([b"0t@v=1"], "0t@v=1"),
        ([b"a_-*/=1"], "a_-*/=1"),
        ([b"z" * 256 + b"=1"], "z" * 256 + "=1"),
        ([b"t" * 241 + b"@" + b"v" * 14 + b"=1"], "t" * 241 + "@" + "v" * 14 + "=1"),
        ([b"foo= 1"], "foo= 1"),
        ([b"foo=" + b"v" * 256], "foo=" + "v" * 256),
        ([b",".join(b"k%d=1" % number for number in range(32))], ",".join(f"k{number}=1" for number in range(32))),
    ],
)
def test_a_valid_tracestate_is_kept(values: list[bytes], expected: str) -> None:
    assert parse_tracestate(values) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"foo",
        b"foo=",
        b"=1",
        b"foo =1",
        b"FOO=1",
        b"foo.bar=1",
        b"1foo=1",
        b"foo@=1,bar=2",
        b"@foo=1",
        b"foo@@bar=1",
        b"foo@bar@baz=1",
        b"foo@1bar=1",
        b"foo=1=2",
        b"foo=\x01",
        b"foo=\xe9",
        b"foo=1\x7f",
        b"z" * 257 + b"=1",
        b"t" * 242 + b"@v=1",
        b"t@" + b"v" * 15 + b"=1",
        b"foo=" + b"v" * 257,
        b"foo=1,foo=2",
        b",".join(b"k%d=1" % number for number in range(33)),
    ],
)
def test_an_invalid_tracestate_is_dropped_whole(value: bytes) -> None:
    assert parse_tracestate([value]) == ""


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_whatever_is_sent_the_parser_gives_an_answer(traceparent: bytes, tracestate: bytes) -> None:
    trace = continued([traceparent], [tracestate], "0" * 15 + "1")
    assert trace is None or parse_traceparent([trace.headers()["traceparent"].encode()]) is not None


def test_a_continued_trace_hands_on_the_same_trace_with_a_span_of_its_own() -> None:
    trace = continued([VALID], [b"foo=1"], "00f067aa0ba902b7")
    assert trace == Trace(TRACE.decode(), "00f067aa0ba902b7", PARENT.decode(), 1, "foo=1")
    assert trace is not None
    assert trace.sampled
    assert trace.headers() == {
        "traceparent": f"00-{TRACE.decode()}-00f067aa0ba902b7-01",
        "tracestate": "foo=1",
    }


def test_a_broken_tracestate_does_not_harm_the_trace_and_is_not_handed_on() -> None:
    trace = continued([VALID], [b"FOO"], "00f067aa0ba902b7")
    assert trace is not None
    assert "tracestate" not in trace.headers()


def test_without_a_valid_traceparent_the_tracestate_does_not_count() -> None:
    assert continued([b"00-nonsense"], [b"foo=1"], "00f067aa0ba902b7") is None
