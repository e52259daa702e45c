"""Google Cloud's structured logging."""

import json
from typing import Any

from pegboard_logging.formats.google import google_format
from pegboard_logging.trace_context import Trace


def test_a_request_is_an_http_request_with_its_severity_and_trace(access: Any, record_of: Any) -> None:
    entry = access(
        bound={"severity": "mine", "cart": 3},
        found_trace=Trace("1" * 32, "2" * 16, None, 1, ""),
        query=b"a=1",
        headers=[(b"user-agent", b"curl")],
        status_code=503,
    )
    assert json.loads(google_format("shop")(record_of(entry))) == {
        "severity": "ERROR",
        "time": "2023-11-14T22:13:20.250Z",
        "message": "GET /items/7 503",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/items/7?a=1",
            "status": 503,
            "requestSize": "3",
            "responseSize": "12",
            "latency": "0.250000s",
            "protocol": "HTTP/1.1",
            "userAgent": "curl",
            "remoteIp": "192.0.2.7",
        },
        "logging.googleapis.com/trace": f"projects/shop/traces/{'1' * 32}",
        "logging.googleapis.com/spanId": "2" * 16,
        "event": "request",
        "route": "/items/{id}",
        "outcome": "sent",
        "first_byte": 0.125,
        "request_id": "abc",
        "scheme": "https",
        "severity_": "mine",
        "cart": 3,
    }


def test_without_a_project_the_trace_stands_alone(access: Any, record_of: Any) -> None:
    document = json.loads(google_format("")(record_of(access(found_trace=Trace("1" * 32, "2" * 16, None, 1, "")))))
    assert document["logging.googleapis.com/trace"] == "1" * 32


def test_a_traceback_stands_in_the_message_where_error_reporting_looks() -> None:
    record = {"time": "t", "level": "error", "event": "log", "message": "hm", "traceback": "Traceback ..."}
    assert json.loads(google_format("")(record))["message"] == "hm\nTraceback ..."
