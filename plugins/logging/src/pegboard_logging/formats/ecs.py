"""The Elastic Common Schema, version 8: JSON lines with its dotted names. Bound fields become labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pegboard_logging.escaping import escape_json
from pegboard_logging.fields import FIELDS, Fields
from pegboard_logging.formats.values import dump, odd

__all__ = ["ecs_format"]

ECS_VERSION = "8.11.0"


def ecs_format() -> Callable[[Fields], bytes]:
    """One JSON object a line, with ECS field names."""
    return _line


def _line(record: Fields) -> bytes:
    document: dict[str, Any] = {
        "@timestamp": record["time"],
        "log.level": record["level"],
        "message": _message(record),
        "ecs.version": ECS_VERSION,
        "event.action": record["event"],
    }
    labels: dict[str, Any] = {}
    for name, value in record.items():
        known = _NAMES.get(name)
        if known is not None:
            document[known] = value
        elif name not in FIELDS:
            labels[name.replace(".", "_")] = _scalar(value)
        elif name in _LABELS:
            labels[name] = _scalar(value)
    if "duration" in record:
        document["event.duration"] = round(record["duration"] * 1e9)
    if "outcome" in record:
        failed = record["outcome"] == "error" or record["status"] >= 400
        document["event.outcome"] = "failure" if failed else "success"
        labels["outcome"] = record["outcome"]
    for side in ("request", "response"):
        for name, value in record.get(f"{side}_headers", {}).items():
            document[f"http.{side}.headers.{name}"] = value
    if labels:
        document["labels"] = labels
    return escape_json(dump(document))


def _message(record: Fields) -> str:
    if "method" in record:
        return f"{record['method']} {record['path']} {record['status']}"
    return str(record.get("message", record["event"]))


def _scalar(value: Any) -> str | int | float | bool:
    """Labels are scalars: what is none is written as JSON."""
    if isinstance(value, str | int | float | bool):
        return value
    return dump(value).decode() if isinstance(value, Mapping | list | tuple) else odd(value)


_NAMES: Mapping[str, str] = {
    "method": "http.request.method",
    "path": "url.path",
    "query": "url.query",
    "route": "http.route",
    "status": "http.response.status_code",
    "bytes_in": "http.request.body.bytes",
    "bytes_out": "http.response.body.bytes",
    "request_id": "http.request.id",
    "trace_id": "trace.id",
    "span_id": "span.id",
    "parent_id": "parent.id",
    "client": "client.address",
    "scheme": "url.scheme",
    "http_version": "http.version",
    "user": "user.name",
    "user_agent": "user_agent.original",
    "referer": "http.request.referrer",
    "error": "error.type",
    "traceback": "error.stack_trace",
    "logger": "log.logger",
}

_LABELS = frozenset(
    {
        "first_byte",
        "close_code",
        "close_reason",
        "messages_in",
        "messages_out",
        "answered_by",
        "notes",
        "error_in",
        "sampled",
        "count",
        "reason",
    }
)
