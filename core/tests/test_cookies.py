"""Cookies read leniently and written strictly."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.cookies import MAX_COOKIES, http_date, parse_cookies, set_cookie_header
from pegboard.multidict import TooManyFields

TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=5)
VALUES = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=12)
BARE: dict[str, Any] = {"path": None, "samesite": None}


def slow_trim(text: str) -> str:
    while text[:1] in {" ", "\t"}:
        text = text[1:]
    while text[-1:] in {" ", "\t"}:
        text = text[:-1]
    return text


def slow_unquote(value: str) -> str:
    if len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    plain, rest = "", value[1:-1]
    while rest:
        if rest[0] == "\\" and re.match("[0-3][0-7][0-7]", rest[1:4]):
            plain, rest = plain + chr(int(rest[1:4], 8)), rest[4:]
        elif rest[0] == "\\" and len(rest) > 1:
            plain, rest = plain + rest[1], rest[2:]
        else:
            plain, rest = plain + rest[0], rest[1:]
    return plain


def slow_cookies(header: str) -> dict[str, str]:
    """The rules for reading, one character at a time."""
    cookies = {}
    for piece in header.split(";"):
        name, value = piece.split("=", 1) if "=" in piece else ("", piece)
        if "=" in piece or slow_trim(value):
            cookies[slow_trim(name)] = slow_unquote(slow_trim(value))
    return cookies


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        (" ; ;", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a=1; b=2;", {"a": "1", "b": "2"}),
        (" a = 1 ;\tb=\t2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "2"}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a=", {"a": ""}),
        ("foo; b=2", {"": "foo", "b": "2"}),
        ("=foo", {"": "foo"}),
        ("a=x y", {"a": "x y"}),
        ('a="x y"', {"a": "x y"}),
        (r'a="\"\\\073\054\351\q"', {"a": '"\\;,éq'}),
        ('a="x; b=y"', {"a": '"x', "b": 'y"'}),
        ('a="', {"a": '"'}),
        ("$Version=1; a,b=c[]", {"$Version": "1", "a,b": "c[]"}),
        ("a=\xe9", {"a": "é"}),
    ],
)
def test_reading(header: str, cookies: dict[str, str]) -> None:
    """Whatever a browser sends is read, from str and from bytes; the last of equal names counts."""
    assert parse_cookies(header) == cookies
    assert parse_cookies(header.encode("latin-1")) == cookies


@given(st.one_of(st.text('ab=; "\\\t071', max_size=24), st.text(st.characters(max_codepoint=255), max_size=16)))
def test_reading_agrees_with_the_slow_way(header: str) -> None:
    """The fast path changes nothing, and nothing in a header is an error."""
    assert parse_cookies(header) == slow_cookies(header)


def test_the_number_of_cookies_is_bounded() -> None:
    """One too many is refused, with the numbers."""
    assert len(parse_cookies("; ".join(f"c{number}=1" for number in range(MAX_COOKIES)))) == MAX_COOKIES
    with pytest.raises(TooManyFields, match="The Cookie header has 513 fields, at most 512 are accepted"):
        parse_cookies("a=1;" * MAX_COOKIES)
    assert parse_cookies("a=1;" * 1000, limit=None) == {"a": "1"}


@given(TOKENS, VALUES)
def test_a_value_comes_back(name: str, value: str) -> None:
    """Whatever may be set is read back."""
    assert parse_cookies(set_cookie_header(name, value, **BARE)) == {name: value}


@given(VALUES.filter(str.isascii))
def test_the_standard_library_reads_the_same(value: str) -> None:
    """Other servers of the same site see the value too."""
    assert SimpleCookie(set_cookie_header("name", value, **BARE))["name"].value == value


@given(st.dictionaries(TOKENS, VALUES, max_size=5))
def test_several_values_come_back(cookies: dict[str, str]) -> None:
    """Values do not run into each other in one Cookie header."""
    header = "; ".join(set_cookie_header(name, value, **BARE) for name, value in cookies.items())
    assert parse_cookies(header) == cookies


@pytest.mark.parametrize(
    ("arguments", "header"),
    [
        ({}, "a=b; Path=/; SameSite=lax"),
        ({"value": ""}, 'a=""; Path=/; SameSite=lax'),
        ({"value": "x=y=="}, "a=x=y==; Path=/; SameSite=lax"),
        ({"value": "x; y"}, 'a="x\\073 y"; Path=/; SameSite=lax'),
        ({"max_age": 0}, "a=b; Max-Age=0; Path=/; SameSite=lax"),
        ({"path": "", "samesite": None, "domain": ""}, "a=b"),
        ({"samesite": "Strict"}, "a=b; Path=/; SameSite=Strict"),
        ({"secure": True, "partitioned": True}, "a=b; Partitioned; Path=/; SameSite=lax; Secure"),
        (
            {
                "max_age": 9,
                "expires": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
                "domain": "a.b",
                "secure": True,
                "httponly": True,
                "samesite": "lax",
            },
            "a=b; Domain=a.b; expires=Wed, 02 Jan 2030 03:04:05 GMT; HttpOnly; Max-Age=9; Path=/; SameSite=lax; Secure",
        ),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", **BARE}, "a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        (
            {"expires": datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=2))), **BARE},
            "a=b; expires=Mon, 31 Dec 2029 22:00:00 GMT",
        ),
    ],
)
def test_writing(arguments: dict[str, Any], header: str) -> None:
    """Every attribute is written as RFC 6265bis has it."""
    assert set_cookie_header(**{"name": "a", "value": "b", **arguments}) == header


def test_expires_in_seconds_is_counted_from_now() -> None:
    """A number is a distance in time."""
    before = datetime.now(UTC).replace(microsecond=0)
    header = set_cookie_header("a", "b", expires=3600, **BARE)
    written = datetime.strptime(header.removeprefix("a=b; expires="), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert before + timedelta(hours=1) <= written <= datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "cookie ''"),
        ({"name": "a b"}, "expected a name"),
        ({"name": "a=b"}, "expected a name"),
        ({"name": "a\r\nb"}, r"cookie 'a\\r\\nb'"),
        ({"name": "é"}, "expected a name"),
        ({"value": "x\r\nSet-Cookie: y=z"}, r"control character '\\r' at position 1"),
        ({"value": "\0"}, r"control character '\\x00' at position 0"),
        ({"value": "a\u2603"}, r"'\\u2603' at position 1, outside ISO-8859-1.*quote"),
        ({"path": "/a;b"}, "its Path has ';' at position 2"),
        ({"path": "/\n"}, r"its Path has '\\n'"),
        ({"domain": "a;b"}, "its Domain has ';'"),
        ({"domain": "é"}, "its Domain has"),
        ({"expires": "x; Secure"}, "its expires has ';'"),
        ({"expires": datetime(2030, 1, 1)}, "time zone"),  # noqa: DTZ001
        ({"samesite": "sometimes"}, 'expected samesite "lax"'),
        ({"partitioned": True}, "partitioned=True demands secure=True"),
        ({"name": "__Secure-a"}, "prefix __Secure- demands secure=True"),
        ({"name": "__secure-a"}, "prefix __Secure- demands secure=True"),
        ({"name": "__Host-a"}, "prefix __Host- demands"),
        ({"name": "__HOST-a", "secure": True, "path": "/x"}, "prefix __Host- demands"),
        ({"name": "__Host-a", "secure": True, "domain": "example.org"}, "prefix __Host- demands"),
        ({"name": "__Host-a", "secure": True, "path": None}, "prefix __Host- demands"),
    ],
)
def test_what_a_client_would_drop_or_misread_is_refused(arguments: dict[str, Any], message: str) -> None:
    """The error names the cookie and what to do, and shows no control character raw."""
    with pytest.raises(ValueError, match=message) as caught:
        set_cookie_header(**{"name": "a", "value": "b", **arguments})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["__Host-a", "__Secure-a", "__Hosta"])
def test_prefixes_that_are_kept(name: str) -> None:
    """A cookie that keeps the rules of its prefix is written."""
    assert set_cookie_header(name, "b", secure=True).startswith(f"{name}=b; ")


@given(st.datetimes(timezones=st.just(UTC)))
def test_dates_are_written_whatever_the_locale(moment: datetime) -> None:
    """Day and month are English and in GMT."""
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT", http_date(moment))
    read = datetime.strptime(http_date(moment), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert read == moment.replace(microsecond=0)
