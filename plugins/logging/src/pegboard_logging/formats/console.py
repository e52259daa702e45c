"""The format for people at a terminal: short, aligned, coloured where colours are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pegboard_logging.escaping import escape_text
from pegboard_logging.fields import FIELDS, Fields
from pegboard_logging.formats.structured import logfmt_format

__all__ = ["console_format"]

Paint = Callable[[str, str], str]

_extra = logfmt_format(None)


def console_format(colours: bool) -> Callable[[Fields], bytes]:
    """``time method status path duration size``, then whatever else is worth knowing."""
    paint = _coloured if colours else _uncoloured

    def line(record: Fields) -> bytes:
        parts = _request(record, paint) if "method" in record else _event(record, paint)
        return " ".join(parts).encode("utf-8", "backslashreplace")

    return line


def _request(record: Fields, paint: Paint) -> Iterator[str]:
    status = record["status"]
    query = f"?{record['query']}" if "query" in record else ""
    yield paint("dim", record["time"][11:23])
    yield f"{escape_text(record['method']):<6}"
    yield paint(_STATUS_COLOURS.get(status // 100, "red"), f"{status or '---'}")
    yield escape_text(f"{record['path']}{query}")
    yield paint("dim", f"{record['duration'] * 1000:.1f}ms {record['bytes_out']}B")
    if record["outcome"] not in ("sent", "closed"):
        yield paint("red", record["outcome"])
    yield from _rest(record, ("error", "error_in", "answered_by", "notes", "close_code", "user", "request_id"), paint)


def _event(record: Fields, paint: Paint) -> Iterator[str]:
    yield paint("dim", record["time"][11:23])
    yield paint(_LEVEL_COLOURS[record["level"]], record["level"].upper())
    yield escape_text(str(record.get("message", record["event"])))
    yield from _rest(record, ("logger", "error", "count", "reason", "request_id", "traceback"), paint)


def _rest(record: Fields, shown: tuple[str, ...], paint: Paint) -> Iterator[str]:
    rest = {name: record[name] for name in shown if name in record}
    rest.update((name, value) for name, value in record.items() if name not in FIELDS)
    if rest:
        yield paint("dim", _extra(rest).decode())


def _coloured(colour: str, text: str) -> str:
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def _uncoloured(colour: str, text: str) -> str:
    return text


_CODES: Mapping[str, str] = {"dim": "2", "green": "32", "cyan": "36", "yellow": "33", "red": "31"}
_STATUS_COLOURS: Mapping[int, str] = {1: "cyan", 2: "green", 3: "cyan", 4: "yellow"}
_LEVEL_COLOURS: Mapping[str, str] = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red"}
