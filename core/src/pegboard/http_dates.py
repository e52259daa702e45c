"""The dates of HTTP headers (RFC 9110 section 5.6.7), as whole seconds since 1970.

Rules that must not move:

- One form is written, all three are read: ``Sun, 06 Nov 1994 08:49:37 GMT``, RFC 850's and that of ``asctime``.
- They are read as the grammar has them, case included. What is no date is None and never an error: the fields that
  hold dates are ignored then.
"""

from __future__ import annotations

import re
import time
from calendar import timegm
from datetime import UTC, datetime
from functools import lru_cache

from pegboard.cookies import http_date

__all__ = ["format_http_date", "parse_http_date"]

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_CLOCK = rb"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):(?P<second>[0-5]\d|60)"
_MONTH = rb"(?P<month>" + b"|".join(_MONTHS) + rb")"
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_FORMS = tuple(
    re.compile(form)
    for form in (
        _DAY + rb", (?P<day>\d\d) " + _MONTH + rb" (?P<year>\d{4}) " + _CLOCK + rb" GMT",
        _LONG_DAY + rb", (?P<day>\d\d)-" + _MONTH + rb"-(?P<year>\d\d) " + _CLOCK + rb" GMT",
        _DAY + rb" " + _MONTH + rb" (?P<day>\d\d| \d) " + _CLOCK + rb" (?P<year>\d{4})",
    )
)


@lru_cache(maxsize=256)
def format_http_date(seconds: int) -> bytes:
    """``seconds`` since 1970 as a header has them."""
    return http_date(datetime.fromtimestamp(seconds, UTC)).encode("ascii")


@lru_cache(maxsize=256)
def parse_http_date(value: bytes) -> int | None:
    """The seconds since 1970 that a header tells, or None when it is no date."""
    for form in _FORMS:
        found = form.fullmatch(value)
        if found is not None:
            return _seconds(found)
    return None


def _seconds(found: re.Match[bytes]) -> int | None:
    year = int(found["year"])
    if len(found["year"]) == 2:
        year = _century(year, time.gmtime().tm_year)
    month, day = _MONTHS[found["month"]], int(found["day"])
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return timegm((year, month, day, int(found["hour"]), int(found["minute"]), int(found["second"])))


def _century(year: int, this_year: int) -> int:
    """A year of two digits: the one that is at most 50 years ahead (RFC 9110 section 5.6.7)."""
    full = this_year - this_year % 100 + year
    return full - 100 if full > this_year + 50 else full
