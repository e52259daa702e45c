"""Trace context: the headers ``traceparent`` and ``tracestate`` (W3C Trace Context), parsed and made.

Bytes in, values out; a finder looks for the trace of a request in its headers. What does not follow the standard's
grammar is as if it had not been sent; a broken ``tracestate`` does not harm the ``traceparent``, and without a valid
``traceparent`` no ``tracestate`` counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pegboard.types import RawHeaders
from pegboard_logging.request_ids import new_id, new_span_id

__all__ = ["FINDERS", "Finder", "Trace", "TraceParent", "continued", "parse_traceparent", "parse_tracestate"]

Finder = Callable[[RawHeaders], "Trace | None"]

SAMPLED = 0x01
KNOWN_FLAGS = 0x03
"""Sampled, and random trace id (level 2). Others must be sent as zero."""

MAX_MEMBERS = 32

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_KEY = rb"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
_VALUE = rb"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(rb"(" + _KEY + rb")=" + _VALUE)


class TraceParent(NamedTuple):
    """A valid ``traceparent``: ids as lower-case hexadecimal digits, and the flags that are known."""

    trace_id: str
    parent_id: str
    flags: int


class Trace(NamedTuple):
    """Where one request stands in a trace; ``parent_id`` is None where the trace starts here."""

    trace_id: str
    span_id: str
    parent_id: str | None
    flags: int
    state: str

    @property
    def sampled(self) -> bool:
        """Whether the caller may have recorded its part of the trace."""
        return bool(self.flags & SAMPLED)

    def headers(self) -> dict[str, str]:
        """The headers that continue this trace in a request to somebody else, as a child of this request."""
        headers = {"traceparent": f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"}
        if self.state:
            headers["tracestate"] = self.state
        return headers


def parse_traceparent(values: Sequence[bytes]) -> TraceParent | None:
    """The one ``traceparent`` among a request's values, or None when it is missing, repeated or invalid.

    Versions after 00 are read by the rules of 00, whatever follows (section 3.2.4).
    """
    match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == b"ff" or (version == b"00" and rest is not None):
        return None
    if not trace_id.strip(b"0") or not parent_id.strip(b"0"):
        return None
    return TraceParent(trace_id.decode(), parent_id.decode(), int(flags, 16) & KNOWN_FLAGS)


def parse_tracestate(values: Sequence[bytes]) -> str:
    """The members of all ``tracestate`` headers, in order, as one value; empty when any is invalid (section 3.3)."""
    members = [stripped for member in b",".join(values).split(b",") if (stripped := member.strip(b" \t"))]
    if len(members) > MAX_MEMBERS:
        return ""
    keys = [match[1] for member in members if (match := _MEMBER.fullmatch(member))]
    if len(keys) != len(members) or len(set(keys)) != len(keys):
        return ""
    return b",".join(members).decode("ascii")


def continued(traceparent: Sequence[bytes], tracestate: Sequence[bytes], span_id: str) -> Trace | None:
    """The trace that a request's headers continue, with ``span_id`` for this request; None when they continue none."""
    parent = parse_traceparent(traceparent)
    if parent is None:
        return None
    return Trace(parent.trace_id, span_id, parent.parent_id, parent.flags, parse_tracestate(tracestate))


def find_continued(headers: RawHeaders) -> Trace | None:
    """The trace that ``headers`` continue, with a new span for this request."""
    traceparent = [value for name, value in headers if name == b"traceparent"]
    if not traceparent:
        return None
    return continued(traceparent, [value for name, value in headers if name == b"tracestate"], new_span_id())


def find_or_start(headers: RawHeaders) -> Trace:
    """The same, or a new trace."""
    return find_continued(headers) or Trace(new_id(), new_span_id(), None, 0, "")


def find_or_start_sampled(headers: RawHeaders) -> Trace:
    """The same, or a new trace that everybody is asked to record."""
    return find_continued(headers) or Trace(new_id(), new_span_id(), None, KNOWN_FLAGS, "")


FINDERS: Mapping[str, Finder | None] = {
    "off": None,
    "continue": find_continued,
    "start": find_or_start,
    "start sampled": find_or_start_sampled,
}
"""By what the settings ask for."""
