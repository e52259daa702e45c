"""The formats for machines that take any field: JSON lines, and logfmt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pegboard_logging.escaping import escape_json, escape_text
from pegboard_logging.fields import FIELDS, Fields, Record, fields_of
from pegboard_logging.formats.values import dump, encode, odd

__all__ = ["json_format", "logfmt_format", "selector"]

_BARE = re.compile(r"[!#-<>-\[\]-~]+")
_NOT_KEY = re.compile(r"[^A-Za-z0-9_.-]")


def selector(fields: Sequence[str], rename: Mapping[str, str]) -> Callable[[Fields], Fields] | None:
    """What picks and renames fields; None when the settings leave records as they are.

    Fields are picked from the records of requests and WebSockets, and bound fields always stay. An event is not cut:
    what it says stands in fields of its own.
    """
    if not fields and not rename:
        return None

    def select(record: Fields) -> Fields:
        if fields and "method" in record:
            chosen = {name: record[name] for name in fields if name in record}
            chosen.update((name, value) for name, value in record.items() if name not in FIELDS)
            record = chosen
        return {rename.get(name, name): value for name, value in record.items()} if rename else record

    return select


def json_format(select: Callable[[Fields], Fields] | None) -> Callable[[Record | Fields], bytes]:
    """One JSON object (RFC 8259) a line."""
    if select is None:
        return _json_line

    def line(record: Record | Fields) -> bytes:
        return _json_line(select(fields_of(record)))

    return line


def _json_line(record: Record | Fields) -> bytes:
    try:
        line = encode(record)
    except Exception:  # noqa: BLE001  an odd value is no reason to lose a record
        line = dump(record)
    return escape_json(line)


def logfmt_format(select: Callable[[Fields], Fields] | None) -> Callable[[Fields], bytes]:
    """``key=value`` pairs; values with anything but printable ASCII, blanks, quotes or ``=`` stand between quotes."""

    def line(record: Fields) -> bytes:
        return " ".join(_pairs("", record if select is None else select(record))).encode("utf-8", "backslashreplace")

    return line


def _pairs(prefix: str, fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        key = prefix + (_NOT_KEY.sub("_", odd(name)) or "_")
        if isinstance(value, Mapping) and prefix.count(".") < 4:
            yield from _pairs(f"{key}.", value)
        else:
            yield f"{key}={_value(value)}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else _SCALARS.get(type(value), _json)(value)
    if _BARE.fullmatch(text):
        return text
    escaped = escape_text(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def _json(value: Any) -> str:
    return dump(value).decode() if isinstance(value, Mapping | list | tuple | set | frozenset) else odd(value)


_SCALARS: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
    int: str,
    float: repr,
}
