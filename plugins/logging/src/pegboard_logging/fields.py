"""The fields of a record, under the plugin's own names: what every format starts from.

Of requests and WebSockets a record begins as a `Record`, which JSON is made from as it is. For every other format, and
where a handler has bound something, it becomes a dict (`fields_of`); events are dicts from the start. All are in the
order of `FIELDS`, and what is not known is left out. What a handler has bound comes after them, and cannot take the
name of a field: it gets an underscore at its end. The one exception is ``user``, which a handler knows better than
anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

__all__ = ["FIELDS", "LEVELS", "Fields", "Record", "fields_of", "with_bound"]

Fields = dict[str, Any]
"""A record as a dict."""

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
    "request_id": "the request's id",
    "client": "the client's address",
    "scheme": "http, https, ws or wss",
    "http_version": "1.0, 1.1, 2 or 3",
    "user_agent": "the client's program",
    "user": "who called",
    "answered_by": "the plugin that answered, when it was not the endpoint",
    "notes": "what plugins left word of, by their names",
    "referer": "where the client came from, redacted",
    "trace_id": "the trace's id",
    "span_id": "this request's span in the trace",
    "parent_id": "the caller's span",
    "error": "the type of the exception that nobody handled",
    "error_in": "the hook that it came from",
    "close_code": "the WebSocket's close code",
    "close_reason": "the WebSocket's close reason",
    "messages_in": "messages received from the WebSocket",
    "messages_out": "messages sent to the WebSocket",
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


class Record(msgspec.Struct, gc=False):
    """The record of a request or WebSocket; the fields are described in `FIELDS`.

    A struct is made and encoded in half of the time that a dict takes. Its values are text, numbers and dicts of text,
    so that the garbage collector need not look at it.
    """

    time: str
    level: str
    event: str
    method: str
    path: str
    query: str | UnsetType
    route: str | UnsetType
    status: int
    outcome: str
    bytes_in: int
    bytes_out: int
    duration: float
    first_byte: float | UnsetType
    request_id: str
    client: str | UnsetType
    scheme: str
    http_version: str
    user_agent: str | UnsetType
    user: str | UnsetType = UNSET
    answered_by: str | UnsetType = UNSET
    notes: dict[str, str] | UnsetType = UNSET
    referer: str | UnsetType = UNSET
    trace_id: str | UnsetType = UNSET
    span_id: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    error_in: str | UnsetType = UNSET
    close_code: int | UnsetType = UNSET
    close_reason: str | UnsetType = UNSET
    messages_in: int | UnsetType = UNSET
    messages_out: int | UnsetType = UNSET
    sampled: float | UnsetType = UNSET
    request_headers: dict[str, str] | UnsetType = UNSET
    response_headers: dict[str, str] | UnsetType = UNSET


_NAMES = Record.__struct_fields__


def fields_of(record: Record | Fields) -> Fields:
    """A record as a dict, without what is not known."""
    if isinstance(record, dict):
        return record
    return {name: value for name in _NAMES if (value := getattr(record, name)) is not UNSET}


def with_bound(record: Fields, bound: Mapping[str, Any]) -> Fields:
    """``record`` with the fields that a handler has bound."""
    for name, value in bound.items():
        if name in FIELDS and name != "user":
            record[f"{name}_"] = value
        else:
            record[name] = value
    return record
