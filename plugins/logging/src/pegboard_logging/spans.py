"""Spans for OpenTelemetry, made from records after the fact. Needs opentelemetry-sdk.

A request hands its span's id on before it has ended (`log.trace_headers`), and OpenTelemetry's API gives spans ids of
its own making. So finished spans are made here, under the ids that were handed on and logged, and given to a span
processor, which is what the SDK does with its own.

Names and attributes follow the semantic conventions for HTTP server spans, version 1.2x.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from pegboard.outcome import Outcome
from pegboard_logging.entries import Access
from pegboard_logging.metrics import OTHER, known_method
from pegboard_logging.targets import complain
from pegboard_logging.trace_context import Trace

__all__ = ["Spans"]

Record = Mapping[str, Any]


class Spans:
    """Gives a span processor the span of each request that is to be recorded, as its trace's flags say."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor
        self._resource = Resource.create()
        self._scope = InstrumentationScope("pegboard_logging")
        self._has_complained = False

    def __call__(self, entry: Access, record: Record, started: float) -> None:
        """Make the span of a request from its record; ``started`` in seconds since the epoch."""
        conversation, outcome = entry.conversation, entry.outcome
        trace = None if conversation is None else conversation.trace
        if trace is None or not trace.sampled or not isinstance(outcome, Outcome):
            return
        try:
            self._processor.on_end(self._span(entry, record, trace, started))
        except Exception as error:  # noqa: BLE001  a processor that fails must not cost the line
            if not self._has_complained:
                self._has_complained = True
                complain(f"a span was not taken: {type(error).__name__}: {error}; further ones may be lost unsaid")

    def flush(self, timeout: float) -> None:
        """Have the processor hand on what it holds, within ``timeout`` seconds."""
        self._processor.force_flush(int(timeout * 1000))

    def _span(self, entry: Access, record: Record, trace: Trace, started: float) -> ReadableSpan:
        method, state = known_method(entry.method), TraceState.from_header([trace.state])
        flags, begun = TraceFlags(trace.flags), int(started * 1e9)
        trace_id = int(trace.trace_id, 16)
        parent = None
        if trace.parent_id is not None:
            parent = SpanContext(trace_id, int(trace.parent_id, 16), True, flags, state)
        shown = "HTTP" if method == OTHER else method
        return ReadableSpan(
            f"{shown} {record['route']}" if "route" in record else shown,
            SpanContext(trace_id, int(trace.span_id, 16), False, flags, state),
            parent,
            self._resource,
            attributes=_attributes(record, method),
            kind=SpanKind.SERVER,
            status=Status(StatusCode.ERROR if _failed(record) else StatusCode.UNSET),
            start_time=begun,
            end_time=begun + int(entry.outcome.duration * 1e9),
            instrumentation_scope=self._scope,
        )


def _attributes(record: Record, method: str) -> dict[str, Any]:
    attributes = {key: record[name] for name, key in _NAMES.items() if name in record}
    attributes["http.request.method"] = method
    if method == OTHER:
        attributes["http.request.method_original"] = record["method"]
    if record["status"]:
        attributes["http.response.status_code"] = record["status"]
    if "error" in record or _failed(record):
        status = str(record["status"]) if record["status"] else record["outcome"]
        attributes["error.type"] = record.get("error", status)
    return attributes


def _failed(record: Record) -> bool:
    """A server's span is an error from 500 on; what a client did wrong, or leaving early, is none."""
    return bool(record["status"] >= 500 or record["outcome"] == "error")


_NAMES: Mapping[str, str] = {
    "path": "url.path",
    "query": "url.query",
    "scheme": "url.scheme",
    "route": "http.route",
    "http_version": "network.protocol.version",
    "client": "client.address",
    "user_agent": "user_agent.original",
    "user": "user.name",
    "bytes_in": "http.request.body.size",
    "bytes_out": "http.response.body.size",
    "request_id": "pegboard.request_id",
}
