"""Metrics from the records: what is counted, in the terms of OpenTelemetry's semantic conventions for HTTP.

Requests are counted in the writer's thread, from the same entries as the lines: every one that has ended, whether it is
worth a line or not. Only how many are being served has to be counted as they come and go (`Gauge`), where somebody has
asked for metrics. How the figures are shown is another module's business (`prometheus`).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import NamedTuple

from pegboard.outcome import Outcome
from pegboard.requests import Request
from pegboard_logging.entries import Access

__all__ = ["BOUNDARIES", "Gauge", "Labels", "Metrics", "Series", "known_method"]

BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper ends of the duration's buckets in seconds, as OpenTelemetry advises for ``http.server.request.duration``."""

METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
OTHER = "_OTHER"


def known_method(method: str) -> str:
    """``method``, or ``_OTHER``: what clients invent must not become a label."""
    return method if method in METHODS else OTHER


class Labels(NamedTuple):
    """What requests are told apart by; ``route`` and ``error`` are empty where there is none."""

    method: str
    route: str
    status: str
    error: str


class Series:
    """The figures of all requests with the same labels; the last bucket is for whatever took longer."""

    __slots__ = ("buckets", "bytes_in", "bytes_out", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDARIES) + 1)
        self.seconds = 0.0
        self.bytes_in = 0
        self.bytes_out = 0


class Metrics:
    """Counts requests, and with its ``gauge`` those that are being served; may be called by several threads."""

    def __init__(self) -> None:
        self.gauge = Gauge()
        self._series: dict[Labels, Series] = {}
        self._lock = threading.Lock()

    def __call__(self, entry: Access, template: str | None) -> None:
        """Count one request; ``template`` is that of its route. WebSockets are not HTTP requests."""
        outcome = entry.outcome
        if not isinstance(outcome, Outcome):
            return
        status = str(outcome.status_code) if outcome.status_code else ""
        labels = Labels(known_method(entry.method), template or "", status, _error(entry, outcome))
        with self._lock:
            series = self._series.get(labels)
            if series is None:
                series = self._series[labels] = Series()
            series.buckets[bisect_left(BOUNDARIES, outcome.duration)] += 1
            series.seconds += outcome.duration
            series.bytes_in += outcome.bytes_in
            series.bytes_out += outcome.bytes_out

    def series(self) -> list[tuple[Labels, Series]]:
        """All that was counted."""
        with self._lock:
            return list(self._series.items())


def _error(entry: Access, outcome: Outcome) -> str:
    """What ``error.type`` is: the exception, the status of a failure, or how else it ended too soon."""
    if entry.error is not None:
        return entry.error
    if outcome.status_code >= 500:
        return str(outcome.status_code)
    return "" if outcome.kind == "sent" else outcome.kind


class Gauge:
    """How many requests of a board are being served; its methods are hooks."""

    def __init__(self) -> None:
        self._key = f"pegboard_logging.{id(self):x}"
        self._lock = threading.Lock()
        self.value = 0

    def enter(self, request: Request) -> None:
        """One more."""
        request.scope[self._key] = True
        with self._lock:
            self.value += 1

    def leave(self, request: Request) -> None:
        """One less, where `enter` was called: another hook may have ended the request before."""
        if request.scope.pop(self._key, False):
            with self._lock:
                self.value -= 1
