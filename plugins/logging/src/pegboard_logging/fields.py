"""The fields of a record, under the plugin's own names: what every format starts from.

A record is a dict in the order of `FIELDS`; what is not known is left out. What a handler has bound comes after them,
and cannot take the name of a field: it gets an underscore at its end. The one exception is ``user``, which a handler
knows better than anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["FIELDS", "LEVELS", "with_bound"]

FIELDS: Mapping[str, str] = {
    "time": "when the request came in, UTC",
    "level": "debug, info, warning or error",
    "event": "request, websocket, log, background_failed or records_lost",
    "method": "the request's method",
    "path": "the decoded path",
    "query": "the query string, redacted",
    "route": "the path of the matched route",
    "status": "the status that went out; 0 when nothing did",
    "outcome": "sent, error, client_disconnect or cancelled; of WebSockets closed, denied, error or cancelled",
    "bytes_in": "bytes of the body that were read",
    "bytes_out": "bytes of the body that were sent",
    "duration": "seconds until the end",
    "first_byte": "seconds until the head was sent",
    "close_code": "the WebSocket's close code",
    "close_reason": "the WebSocket's close reason",
    "messages_in": "messages received from the WebSocket",
    "messages_out": "messages sent to the WebSocket",
    "request_id": "the request's id",
    "trace_id": "the trace's id",
    "span_id": "this request's span in the trace",
    "parent_id": "the caller's span",
    "client": "the client's address",
    "scheme": "http, https, ws or wss",
    "http_version": "1.0, 1.1, 2 or 3",
    "user": "who called",
    "answered_by": "the plugin that answered, when it was not the endpoint",
    "notes": "what plugins left word of, by their names",
    "user_agent": "the client's program",
    "referer": "where the client came from, redacted",
    "error": "the type of the exception that nobody handled",
    "error_in": "the hook that it came from",
    "sampled": "the share of such records that is kept, when it is not all",
    "request_headers": "the request headers that are listed in the settings",
    "response_headers": "the response headers that are listed in the settings",
    "logger": "the standard logger of an event",
    "message": "what an event says",
    "traceback": "where an exception came from",
    "count": "how many records were lost",
    "reason": "why they were lost",
}

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LEVEL_NAMES = {number: name for name, number in LEVELS.items()}


def level_name(number: int) -> str:
    """The name of a level of the standard library: the nearest one at or below it."""
    return LEVEL_NAMES.get(number) or next(
        (name for name in ("error", "warning", "info") if number >= LEVELS[name]), "debug"
    )


def with_bound(record: dict[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """``record`` with the fields that a handler has bound."""
    for name, value in bound.items():
        if name in FIELDS and name != "user":
            record[f"{name}_"] = value
        else:
            record[name] = value
    return record
