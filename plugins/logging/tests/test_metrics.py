"""What is counted."""

from types import SimpleNamespace
from typing import Any

import pytest

from pegboard_logging.metrics import BOUNDARIES, Gauge, Labels, Metrics, Series, known_method


def counted(*entries: tuple[Any, str | None]) -> dict[Labels, Series]:
    metrics = Metrics()
    for entry, template in entries:
        metrics(entry, template)
    return dict(metrics.series())


@pytest.mark.parametrize(
    ("values", "template", "labels"),
    [
        ({}, "/items/{id}", ("GET", "/items/{id}", "200", "")),
        ({"status_code": 404}, None, ("GET", "", "404", "")),
        ({"status_code": 503}, "/", ("GET", "/", "503", "503")),
        ({"status_code": 500, "error": "KeyError"}, "/", ("GET", "/", "500", "KeyError")),
        ({"kind": "error", "error": "ValueError"}, "/", ("GET", "/", "200", "ValueError")),
        ({"kind": "client_disconnect"}, "/", ("GET", "/", "200", "client_disconnect")),
        ({"kind": "cancelled", "status_code": 0}, "/", ("GET", "/", "", "cancelled")),
        ({"method": "BREW"}, "/", ("_OTHER", "/", "200", "")),
    ],
)
def test_requests_are_told_apart_by_few_labels(
    access: Any, values: dict[str, Any], template: str | None, labels: tuple[str, ...]
) -> None:
    assert list(counted((access(**values), template))) == [labels]


def test_requests_with_the_same_labels_are_added_up(access: Any) -> None:
    [series] = counted(*((access(duration=each), "/") for each in (0.004, 0.005, 0.006, 60.0))).values()
    assert series.buckets == [2, 1, *[0] * 12, 1]
    assert (series.bytes_in, series.bytes_out) == (12, 48)
    assert series.seconds == pytest.approx(60.015)


def test_the_boundaries_are_those_of_opentelemetry() -> None:
    assert BOUNDARIES == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


def test_a_websocket_is_no_http_request(session: Any) -> None:
    assert counted((session(), "/ws")) == {}


def test_methods_that_clients_invent_are_one() -> None:
    assert [known_method(method) for method in ("GET", "get", "QUERY", "X" * 99)] == [
        "GET",
        "_OTHER",
        "QUERY",
        "_OTHER",
    ]


def test_the_gauge_counts_those_inside_once() -> None:
    gauge, other = Gauge(), Gauge()
    request: Any = SimpleNamespace(scope={})
    gauge.enter(request)
    other.leave(request)
    assert (gauge.value, other.value) == (1, 0)
    gauge.leave(request)
    gauge.leave(request)
    assert gauge.value == 0
