"""Metrics as a page in Prometheus's text format. Needs prometheus-client.

The page also shows what else is registered with prometheus-client, such as the process's own figures and the
application's metrics. Each worker process has its own figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pegboard.responses import Response
from pegboard_logging.metrics import BOUNDARIES, Metrics

__all__ = ["endpoint"]

LABELS = ("http_request_method", "http_route", "http_response_status_code", "error_type")

_ENDS = (*map(str, BOUNDARIES), "+Inf")


def endpoint(
    metrics: Metrics, lost: Callable[[], Mapping[str, int]], flush: Callable[[], object]
) -> Callable[[Any], Response]:
    """An endpoint that shows the figures; ``lost`` gives records that were not written, by reason.

    ``flush`` waits for what is still to be counted, so that the endpoint is one for a thread.
    """
    page = _Page(metrics, lost)

    def show(request: Any) -> Response:
        flush()
        return Response(generate_latest(page), media_type=CONTENT_TYPE_LATEST)

    return show


class _Page(Collector):
    """Everything that is shown; prometheus-client asks a registry for no more than `collect`."""

    def __init__(self, metrics: Metrics, lost: Callable[[], Mapping[str, int]]) -> None:
        self._metrics = metrics
        self._lost = lost

    def collect(self) -> Iterator[Metric]:
        """All metrics, those of others first."""
        yield from REGISTRY.collect()
        yield from self._requests()
        active = GaugeMetricFamily("http_server_active_requests", "Requests that are being served.")
        active.add_metric((), self._metrics.gauge.value)
        yield active
        lost = CounterMetricFamily(
            "pegboard_log_records_lost", "Log records that were not written.", labels=("reason",)
        )
        for reason, count in self._lost().items():
            lost.add_metric((reason,), count)
        yield lost

    def _requests(self) -> Iterator[Metric]:
        duration = HistogramMetricFamily(
            "http_server_request_duration_seconds", "Time from the request to the end of its response.", labels=LABELS
        )
        bytes_in = CounterMetricFamily(
            "http_server_request_body_bytes", "Bytes of request bodies that were read.", labels=LABELS
        )
        bytes_out = CounterMetricFamily(
            "http_server_response_body_bytes", "Bytes of response bodies that were sent.", labels=LABELS
        )
        for labels, series in self._metrics.series():
            counts = accumulate(series.buckets)
            duration.add_metric(labels, [*zip(_ENDS, counts, strict=True)], series.seconds)
            bytes_in.add_metric(labels, series.bytes_in)
            bytes_out.add_metric(labels, series.bytes_out)
        yield from (duration, bytes_in, bytes_out)
