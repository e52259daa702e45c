"""Dates in headers are read in the three forms of RFC 9110, and written in one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.http_dates import format_http_date, parse_http_date

NOVEMBER = 784111777


def test_a_date_is_written_as_imf_fixdate() -> None:
    assert format_http_date(NOVEMBER) == b"Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(0) == b"Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    "value",
    [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_are_read(value: bytes) -> None:
    assert parse_http_date(value) == NOVEMBER


def test_a_leap_second_is_a_date() -> None:
    assert parse_http_date(b"Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"0",
        b"now",
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"sun, 06 nov 1994 08:49:37 gmt",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nov 0000 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:00:00 GMT",
        b"Sun, 06 Nov 1994 08:60:37 GMT",
        b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT; length=10",
    ],
)
def test_what_is_no_date_is_none(value: bytes) -> None:
    assert parse_http_date(value) is None


def test_two_digits_of_a_year_are_at_most_50_years_ahead() -> None:
    """RFC 9110 section 5.6.7."""
    this_year = time.gmtime().tm_year
    for distance in (-48, -1, 0, 49):
        year = this_year + distance
        short = b"Monday, 01-Mar-%02d 00:00:00 GMT" % (year % 100)
        assert parse_http_date(short) == parse_http_date(b"Mon, 01 Mar %d 00:00:00 GMT" % year)


@given(st.integers(0, 253402300799))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_http_date(format_http_date(seconds)) == seconds


@given(st.binary(max_size=64))
def test_reading_never_raises(value: bytes) -> None:
    assert parse_http_date(value) is None or len(value) >= 24
