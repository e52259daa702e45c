"""Cookies (RFC 6265bis): what a client sends back, and what a server sets.

Rules that must not move:

- Reading is lenient, as browsers are in sending: nothing in a Cookie header is an error but too many cookies. It is
  linear in the header's length.
- Of several cookies of one name the *last* one counts. Browsers put the most specific path first, but a server must not
  rely on it; a name that matters is protected by the prefix ``__Host-``.
- Writing is strict: what a client would refuse or misread raises ValueError here, where it can be mended.
- A value that cannot travel as it is goes in double quotes with octal escapes, as Python's `http.cookies` has it, and
  comes back whole.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Literal

from pegboard.multidict import TooManyFields

__all__ = ["MAX_COOKIES", "http_date", "parse_cookies", "set_cookie_header"]

MAX_COOKIES = 512
"""How many cookies a request may have: well over what browsers keep for a site."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PLAIN_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_ATTRIBUTE = re.compile(r"[^\x20-\x3a\x3c-\x7e]")
_TO_ESCAPE = re.compile(r'[",;\\\x80-\xff]')
_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)


def parse_cookies(header: str | bytes, limit: int | None = MAX_COOKIES) -> dict[str, str]:
    """The cookies of a Cookie header by name, in order. Raises TooManyFields when there are more than ``limit``.

    Blanks around names and values do not count; a piece without ``=`` is the value of the cookie with the empty name.
    """
    text = header if isinstance(header, str) else header.decode("latin-1")
    semicolons = text.count(";")
    if limit is not None and semicolons >= limit:
        raise TooManyFields("The Cookie header", semicolons + 1, limit)
    pieces = text.split("; ")
    # As browsers write it: one blank behind each semicolon and nowhere else, so that nothing is left to trim.
    if len(pieces) - 1 == semicolons == text.count(" ") and '"' not in text and "\t" not in text:
        cookies: dict[str, str] = {}
        for piece in pieces:
            name, equals, value = piece.partition("=")
            if equals:
                cookies[name] = value
            elif name:
                cookies[""] = name
        return cookies
    return _parse_untidy(text)


def set_cookie_header(
    name: str,
    value: str = "",
    max_age: int | None = None,
    expires: datetime | str | int | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: Literal["lax", "strict", "none"] | None = "lax",
    partitioned: bool = False,
) -> str:
    """The value of a Set-Cookie header (RFC 6265bis section 4.1).

    ``max_age`` is in seconds. ``expires`` is an aware datetime, seconds from now, or a text that is taken as it is.
    Raises ValueError for a name that is no token, for control characters, for characters outside ISO-8859-1, and when
    the rules of the prefixes ``__Host-`` and ``__Secure-`` or of ``partitioned`` are broken.
    """
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(
            f"cookie {name!a}: expected a name of letters, digits and !#$%&'*+-.^_`|~ (RFC 6265bis section 4.1)"
        )
    _check_rules(name, path, domain, secure, partitioned)
    if samesite is not None and samesite.lower() not in ("lax", "strict", "none"):
        raise ValueError(f'cookie {name!a}: expected samesite "lax", "strict", "none" or None, got {samesite!a}')
    # Names and order of the attributes are those of `http.cookies`.
    attributes = (
        (domain, "Domain", domain),
        (expires is not None, "expires", _expires(name, expires)),
        (httponly, "HttpOnly", None),
        (max_age is not None, "Max-Age", max_age),
        (partitioned, "Partitioned", None),
        (path, "Path", path),
        (samesite is not None, "SameSite", samesite),
        (secure, "Secure", None),
    )
    parts = [f"{name}={_quoted(name, value)}"]
    for present, attribute, setting in attributes:
        if present:
            parts.append(attribute if setting is None else _attribute(name, attribute, str(setting)))
    return "; ".join(parts)


def http_date(moment: datetime) -> str:
    """``moment``, an aware datetime, as headers write it (RFC 9110 section 5.6.7), whatever the locale."""
    if moment.tzinfo is None:
        raise ValueError(
            f"expected a datetime with a time zone, got {moment!r}; use datetime.now(UTC) or .replace(tzinfo=UTC)"
        )
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"


def _check_rules(name: str, path: str | None, domain: str | None, secure: bool, partitioned: bool) -> None:
    """Refuse what a client would drop without a word (RFC 6265bis section 5.7)."""
    prefix = name[:9].lower()
    if prefix.startswith("__host-") and (not secure or domain or path != "/"):
        raise ValueError(f'cookie {name!a}: the prefix __Host- demands secure=True, path="/" and no domain')
    if prefix == "__secure-" and not secure:
        raise ValueError(f"cookie {name!a}: the prefix __Secure- demands secure=True")
    if partitioned and not secure:
        raise ValueError(f"cookie {name!a}: partitioned=True demands secure=True")


def _quoted(name: str, value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value):
        return value
    if bad := _CONTROL.search(value):
        raise ValueError(f"cookie {name!a}: its value has the control character {bad[0]!a} at position {bad.start()}")
    if not value.isascii() and (bad := re.search(r"[^\x00-\xff]", value)):
        raise ValueError(
            f"cookie {name!a}: its value has {bad[0]!a} at position {bad.start()}, outside ISO-8859-1; "
            "encode it, for example with urllib.parse.quote"
        )
    return f'"{_TO_ESCAPE.sub(_escaped, value)}"'


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return f"\\{char}" if char in '"\\' else f"\\{ord(char):03o}"


def _parse_untidy(text: str) -> dict[str, str]:
    cookies: dict[str, str] = {}
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip(" \t")
        if equals:
            cookies[name] = _unquoted(value.strip(" \t"))
        elif name:
            cookies[""] = _unquoted(name)
    return cookies


def _unquoted(value: str) -> str:
    if len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    return _ESCAPE.sub(_unescaped, value[1:-1]) if "\\" in value else value[1:-1]


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 8)) if match[1] else match[2]


def _attribute(name: str, attribute: str, setting: str) -> str:
    if bad := _NOT_IN_ATTRIBUTE.search(setting):
        raise ValueError(
            f"cookie {name!a}: its {attribute} has {bad[0]!a} at position {bad.start()}; "
            "expected printable ASCII without a semicolon"
        )
    return f"{attribute}={setting}"


def _expires(name: str, expires: datetime | str | int | None) -> str | None:
    if isinstance(expires, datetime):
        try:
            return http_date(expires)
        except ValueError as error:
            raise ValueError(f"cookie {name!a}: expires: {error}") from None
    if isinstance(expires, int):
        return http_date(datetime.fromtimestamp(time.time() + expires, UTC))
    return expires
