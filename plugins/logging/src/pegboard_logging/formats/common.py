"""The formats of web servers: Common Log Format, and Combined, which adds Referer and User-Agent.

Neither has a place for anything but requests, so events stand in a line of their own that begins with ``#``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pegboard_logging.escaping import escape_ascii
from pegboard_logging.fields import Fields
from pegboard_logging.formats.structured import logfmt_format

__all__ = ["combined_format", "common_format"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def common_format() -> Callable[[Fields], bytes]:
    """``client - user [time] "request" status bytes``."""
    return _format(_common)


def combined_format() -> Callable[[Fields], bytes]:
    """Common, and then ``"referer" "user agent"``."""
    return _format(_combined)


def _format(request: Callable[[Fields], str]) -> Callable[[Fields], bytes]:
    event = logfmt_format(None)

    def line(record: Fields) -> bytes:
        if "method" not in record:
            return b"# " + event(record)
        return request(record).encode("ascii", "backslashreplace")

    return line


def _common(record: Fields) -> str:
    target = quote(record["path"], safe="/:@!$&'()*+,;=~-._", errors="replace")
    if "query" in record:
        target += f"?{escape_ascii(record['query'])}"
    return (
        f"{_word(record.get('client'))} - {_word(record.get('user'))} [{_date(record['time'])}] "
        f'"{_word(record["method"])} {target} HTTP/{_word(record["http_version"])}" '
        f"{record['status']} {record['bytes_out'] or '-'}"
    )


def _combined(record: Fields) -> str:
    return f'{_common(record)} "{_quoted(record.get("referer"))}" "{_quoted(record.get("user_agent"))}"'


def _quoted(value: Any) -> str:
    return "-" if value is None else escape_ascii(str(value))


def _word(value: Any) -> str:
    """A value that stands between blanks; an empty one would move those behind it."""
    return _quoted(value).replace(" ", "\\x20") or "-"


def _date(time: str) -> str:
    """``22/Nov/2026:11:46:43 +0000`` from ISO 8601."""
    return f"{time[8:10]}/{MONTHS[int(time[5:7]) - 1]}/{time[:4]}:{time[11:19]} +0000"
