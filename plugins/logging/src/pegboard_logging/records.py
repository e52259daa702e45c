"""From an entry to a record: a dict of the plugin's own field names, redacted and cut to length.

This runs in the writer's thread. It is the only way from a request to a line, so that no format can leak what another
one would have hidden.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pegboard.outcome import WebSocketOutcome
from pegboard.types import RawHeaders
from pegboard_logging.addresses import Trusted, truncated
from pegboard_logging.entries import Access, Event
from pegboard_logging.fields import LEVEL_NAMES, level_name, with_bound
from pegboard_logging.log import IDS, Conversation
from pegboard_logging.redaction import Redaction
from pegboard_logging.settings import LoggingSettings

__all__ = ["Records"]

Record = dict[str, Any]

TEXTS = ("message", "traceback")
"""The fields of events that hold what others have written."""


class Records:
    """Makes records as the settings want them."""

    def __init__(self, settings: LoggingSettings) -> None:
        self.redaction = Redaction(settings.redact_headers, settings.redact_names)
        self.trusted = Trusted(settings.trusted_proxies)
        self.truncate = settings.truncate_addresses
        self.looks_at_addresses = bool(self.trusted) or self.truncate
        self.max_length = settings.max_length
        self.request_headers = _wanted(settings.request_headers)
        self.response_headers = _wanted(settings.response_headers)
        self.clock = Clock()

    def access(self, entry: Access, started: float, template: str | None, level: int, share: float) -> Record:
        """The record of a request or WebSocket that came in ``started`` seconds after the epoch.

        ``template`` is that of its route, ``share`` the part of such records that is kept.
        """
        record = self._start(entry, started, template, level)
        outcome = entry.outcome
        if isinstance(outcome, WebSocketOutcome):
            self._add_session(outcome, record)
        elif outcome.first_byte is not None:
            record["first_byte"] = int(outcome.first_byte * 1e6) / 1e6
        self._add_ids(entry.conversation, record)
        self._add_who(entry, record)
        self._add_headers(entry.conversation, record)
        if entry.error is not None:
            record["error"] = entry.error
        if entry.error_in is not None:
            record["error_in"] = entry.error_in
        if share < 1:
            record["sampled"] = share
        return record if entry.bound is None else with_bound(record, self.redaction.fields(entry.bound))

    def event(self, entry: Event) -> Record:
        """The record of anything else."""
        record = {
            "time": self.clock(entry.time),
            "level": level_name(entry.level),
            "event": entry.event,
            **entry.fields,
        }
        for name in TEXTS:
            if name in record:
                record[name] = self.redaction.text(record[name], entry.headers)
        bound = entry.bound
        record.update((name, bound[name]) for name in IDS if name in bound)
        rest = {name: value for name, value in bound.items() if name not in IDS}
        return with_bound(record, self.redaction.fields(rest))

    def cut(self, text: str) -> str:
        """``text`` cut to the longest that is written."""
        return text if len(text) <= self.max_length else f"{text[: self.max_length]}..."

    def _start(self, entry: Access, started: float, template: str | None, level: int) -> Record:
        outcome = entry.outcome
        record: Record = {
            "time": self.clock(started),
            "level": LEVEL_NAMES[level],
            "event": "websocket" if isinstance(outcome, WebSocketOutcome) else "request",
            "method": self.cut(entry.method),
            "path": self.cut(entry.path),
        }
        if entry.query:
            # Redacted whole and cut then: a cut could hide the name that makes a value secret.
            record["query"] = self.cut(self.redaction.query(entry.query.decode("latin-1")))
        if template is not None:
            record["route"] = template
        record["status"] = outcome.status_code
        record["outcome"] = outcome.kind
        record["bytes_in"] = outcome.bytes_in
        record["bytes_out"] = outcome.bytes_out
        # Microseconds; `round` takes three times as long.
        record["duration"] = int(outcome.duration * 1e6) / 1e6
        return record

    def _add_session(self, outcome: WebSocketOutcome, record: Record) -> None:
        if outcome.close_code is not None:
            record["close_code"] = outcome.close_code
        if outcome.close_reason:
            record["close_reason"] = self.cut(outcome.close_reason)
        record["messages_in"] = outcome.messages_in
        record["messages_out"] = outcome.messages_out

    def _add_ids(self, conversation: Conversation, record: Record) -> None:
        record["request_id"] = conversation.id.decode("ascii")
        trace = conversation.trace
        if trace is None:
            return
        record["trace_id"] = trace.trace_id
        record["span_id"] = trace.span_id
        if trace.parent_id is not None:
            record["parent_id"] = trace.parent_id

    def _add_who(self, entry: Access, record: Record) -> None:
        client = self.client(entry)
        if client is not None:
            record["client"] = client
        record["scheme"] = entry.scheme
        record["http_version"] = entry.http_version
        if entry.user is not None:
            record["user"] = entry.user
        if entry.outcome.answered_by is not None:
            record["answered_by"] = entry.outcome.answered_by
        if entry.outcome.notes:
            # A copy: background tasks may go on leaving word.
            record["notes"] = {name: self.cut(text) for name, text in dict(entry.outcome.notes).items()}

    def client(self, entry: Access) -> str | None:
        """The client's address, as far as it may be known."""
        client = None if entry.client is None else entry.client[0]
        if client is None or not self.looks_at_addresses:
            return client
        if self.trusted:
            headers = entry.conversation.headers
            client = self.trusted.client(client, [value for name, value in headers if name == b"x-forwarded-for"])
        return truncated(client) if self.truncate and client is not None else client

    def _add_headers(self, conversation: Conversation, record: Record) -> None:
        for name, value in conversation.headers:
            if name == b"user-agent":
                record["user_agent"] = self.cut(value.decode("latin-1"))
            elif name == b"referer":
                record["referer"] = self.cut(self.redaction.url(value.decode("latin-1")))
        if self.request_headers:
            record["request_headers"] = self._headers(conversation.headers, self.request_headers)
        if self.response_headers and conversation.head is not None:
            record["response_headers"] = self._headers(conversation.head, self.response_headers)

    def _headers(self, headers: RawHeaders, wanted: Mapping[bytes, str]) -> Record:
        found: Record = {}
        for key, value in headers:
            name = wanted.get(key.lower())
            if name is not None:
                text = self.cut(self.redaction.header(name, value.decode("latin-1")))
                found[name] = f"{found[name]}, {text}" if name in found else text
        return found


class Clock:
    """Times as ISO 8601 in UTC with milliseconds; the part down to the second is made once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, seconds: float) -> str:
        second = int(seconds)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return self._text + _MILLISECONDS[int((seconds - second) * 1000)]


_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))


def _wanted(names: tuple[str, ...]) -> Mapping[bytes, str]:
    return {name.lower().encode("ascii"): name.lower() for name in names}
