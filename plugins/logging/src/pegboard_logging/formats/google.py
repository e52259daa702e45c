"""Google Cloud's structured logging: JSON lines with ``severity`` and ``httpRequest``, linked to their trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pegboard_logging.escaping import escape_json
from pegboard_logging.fields import Fields
from pegboard_logging.formats.values import dump

__all__ = ["google_format"]

_TRACE = "logging.googleapis.com/trace"
_SPAN = "logging.googleapis.com/spanId"


def google_format(project: str) -> Callable[[Fields], bytes]:
    """One JSON object a line; with ``project`` the trace is named as the project's resource."""
    prefix = f"projects/{project}/traces/" if project else ""

    def line(record: Fields) -> bytes:
        document: dict[str, Any] = {
            "severity": _SEVERITIES[record["level"]],
            "time": record["time"],
            "message": _message(record),
        }
        if "method" in record:
            document["httpRequest"] = _request(record)
        if "trace_id" in record:
            document[_TRACE] = f"{prefix}{record['trace_id']}"
            document[_SPAN] = record["span_id"]
        for name, value in record.items():
            if name not in _PLACED:
                document[f"{name}_" if name in document else name] = value
        return escape_json(dump(document))

    return line


def _request(record: Fields) -> dict[str, Any]:
    query = f"?{record['query']}" if "query" in record else ""
    request = {
        "requestMethod": record["method"],
        "requestUrl": f"{record['path']}{query}",
        "status": record["status"],
        # Sizes are strings: they are int64 in JSON's clothes.
        "requestSize": str(record["bytes_in"]),
        "responseSize": str(record["bytes_out"]),
        "latency": f"{record['duration']:.6f}s",
        "protocol": f"HTTP/{record['http_version']}",
    }
    for name, key in (("user_agent", "userAgent"), ("client", "remoteIp"), ("referer", "referer")):
        if name in record:
            request[key] = record[name]
    return request


def _message(record: Fields) -> str:
    if "method" in record:
        return f"{record['method']} {record['path']} {record['status']}"
    text = str(record.get("message", record["event"]))
    # Error Reporting looks for the traceback in the message.
    return f"{text}\n{record['traceback']}" if "traceback" in record else text


_SEVERITIES: Mapping[str, str] = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR"}

_PLACED = frozenset(
    {
        "time",
        "level",
        "message",
        "traceback",
        "method",
        "path",
        "query",
        "status",
        "bytes_in",
        "bytes_out",
        "duration",
        "http_version",
        "user_agent",
        "client",
        "referer",
        "trace_id",
        "span_id",
    }
)
