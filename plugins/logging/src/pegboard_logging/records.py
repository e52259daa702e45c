"""From an entry to a record: the plugin's own fields, redacted and cut to length.

This runs in the writer's thread. It is the only way from a request to a line, so that no format can leak what another
one would have hidden.

A request that has nothing special about it takes the straight way through `Records.access`: most of what a log costs
over the wire is spent here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec import UNSET

from pegboard.outcome import NO_NOTES, Outcome, WebSocketOutcome
from pegboard.types import RawHeaders
from pegboard_logging.addresses import Trusted, truncated
from pegboard_logging.entries import Access, Event
from pegboard_logging.fields import LEVEL_NAMES, Fields, Record, fields_of, level_name, with_bound
from pegboard_logging.log import IDS, Conversation
from pegboard_logging.redaction import Redaction
from pegboard_logging.settings import LoggingSettings

__all__ = ["Records"]

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

    def access(self, entry: Access, started: float, template: str | None, level: int, share: float) -> Record | Fields:
        """The record of a request or WebSocket that came in ``started`` seconds after the epoch.

        ``template`` is that of its route, ``share`` the part of such records that is kept.
        """
        outcome, method, path, longest = entry.outcome, entry.method, entry.path, self.max_length
        first_byte = outcome.first_byte if isinstance(outcome, Outcome) else None
        clock = self.clock
        client = self.client(entry) if self.looks_at_addresses or entry.client is None else entry.client[0]
        record = Record(
            clock.text if clock.begin <= started < clock.end else clock(started),
            LEVEL_NAMES[level],
            "request",
            method if len(method) <= longest else self.cut(method),
            path if len(path) <= longest else self.cut(path),
            # Redacted whole and cut then: a cut could hide the name that makes a value secret.
            self.cut(self.redaction.query(entry.query.decode("latin-1"))) if entry.query else UNSET,
            UNSET if template is None else template,
            outcome.status_code,
            outcome.kind,
            outcome.bytes_in,
            outcome.bytes_out,
            # Microseconds; `round` takes three times as long.
            outcome.duration * 1e6 // 1.0 / 1e6,
            UNSET if first_byte is None else first_byte * 1e6 // 1.0 / 1e6,
            entry.id.decode("ascii"),
            UNSET if client is None else client,
            entry.scheme,
            entry.http_version,
            UNSET if entry.user_agent is None else entry.user_agent,
        )
        if entry.user is not None:
            record.user = entry.user
        if outcome.answered_by is not None:
            record.answered_by = outcome.answered_by
        if outcome.notes is not NO_NOTES:
            self._add_notes(outcome.notes, record)
        if entry.referer is not None:
            record.referer = self.cut(self.redaction.url(entry.referer.decode("latin-1")))
        if entry.conversation is not None:
            self._add_of_conversation(entry.conversation, record)
        if entry.error is not None:
            record.error = entry.error
            record.error_in = entry.error_in or UNSET
        if isinstance(outcome, WebSocketOutcome):
            self._add_session(outcome, record)
        if share < 1:
            record.sampled = share
        return record if entry.bound is None else with_bound(fields_of(record), self.redaction.fields(entry.bound))

    def event(self, entry: Event) -> Fields:
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

    def client(self, entry: Access) -> str | None:
        """The client's address, as far as it may be known."""
        client = None if entry.client is None else entry.client[0]
        if client is not None and self.trusted and entry.conversation is not None:
            headers = entry.conversation.headers
            client = self.trusted.client(client, [value for name, value in headers if name == b"x-forwarded-for"])
        return truncated(client) if self.truncate and client is not None else client

    def _add_session(self, outcome: WebSocketOutcome, record: Record) -> None:
        record.event = "websocket"
        if outcome.close_code is not None:
            record.close_code = outcome.close_code
        if outcome.close_reason:
            record.close_reason = self.cut(outcome.close_reason)
        record.messages_in = outcome.messages_in
        record.messages_out = outcome.messages_out

    def _add_notes(self, notes: Mapping[str, str], record: Record) -> None:
        # A copy: background tasks may go on leaving word.
        cut = {name: self.cut(text) for name, text in dict(notes).items()}
        if cut:
            record.notes = cut

    def _add_of_conversation(self, conversation: Conversation, record: Record) -> None:
        trace = conversation.trace
        if trace is not None:
            record.trace_id = trace.trace_id
            record.span_id = trace.span_id
            if trace.parent_id is not None:
                record.parent_id = trace.parent_id
        if self.request_headers:
            record.request_headers = self._headers(conversation.headers, self.request_headers)
        if self.response_headers and conversation.head is not None:
            record.response_headers = self._headers(conversation.head, self.response_headers)

    def _headers(self, headers: RawHeaders, wanted: Mapping[bytes, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in headers:
            name = wanted.get(key.lower())
            if name is not None:
                text = self.cut(self.redaction.header(name, value.decode("latin-1")))
                found[name] = f"{found[name]}, {text}" if name in found else text
        return found


class Clock:
    """Times as ISO 8601 in UTC with milliseconds.

    ``text`` is that of all times from ``begin`` until before ``end``, in seconds: under load many requests come in the
    same millisecond. What it says down to the second is made once a second.
    """

    __slots__ = ("_second", "_seconds", "begin", "end", "text")

    def __init__(self) -> None:
        self.begin = self.end = 0.0
        self.text = self._seconds = ""
        self._second = -1

    def __call__(self, seconds: float) -> str:
        """The text of a time in seconds since the epoch; it is ``text`` from now on."""
        millisecond = int(seconds * 1000)
        second, rest = divmod(millisecond, 1000)
        if second != self._second:
            self._seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        self.begin, self.end = millisecond / 1000, (millisecond + 1) / 1000
        self.text = f"{self._seconds}.{rest:03d}Z"
        return self.text


def _wanted(names: tuple[str, ...]) -> Mapping[bytes, str]:
    return {name.lower().encode("ascii"): name.lower() for name in names}
