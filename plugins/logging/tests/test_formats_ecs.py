"""The Elastic Common Schema."""

import json
from typing import Any

from pegboard_logging.formats.ecs import ecs_format


def test_a_request_has_the_names_of_the_schema(access: Any, record_of: Any) -> None:
    bound = {"cart": 3, "deep": {"a": 1}, "nothing": None}
    entry = access(bound=bound, headers=[(b"x-a", b"1")], answered_by="auth", notes={"auth": "expired"})
    document = json.loads(ecs_format()(record_of(entry, request_headers=("x-a",))))
    assert document == {
        "@timestamp": "2023-11-14T22:13:20.250Z",
        "log.level": "info",
        "message": "GET /items/7 200",
        "ecs.version": "8.11.0",
        "event.action": "request",
        "http.request.method": "GET",
        "url.path": "/items/7",
        "http.route": "/items/{id}",
        "http.response.status_code": 200,
        "http.request.body.bytes": 3,
        "http.response.body.bytes": 12,
        "http.request.id": "abc",
        "client.address": "192.0.2.7",
        "url.scheme": "https",
        "http.version": "1.1",
        "event.duration": 250_000_000,
        "event.outcome": "success",
        "http.request.headers.x-a": "1",
        "labels": {
            "first_byte": 0.125,
            "answered_by": "auth",
            "notes": '{"auth":"expired"}',
            "cart": 3,
            "deep": '{"a":1}',
            "nothing": "None",
            "outcome": "sent",
        },
    }


def test_what_failed_is_a_failure(access: Any, record_of: Any) -> None:
    for values in ({"status_code": 404}, {"kind": "error", "error": "KeyError"}):
        assert json.loads(ecs_format()(record_of(access(**values))))["event.outcome"] == "failure"


def test_an_event_has_a_message_and_its_traceback() -> None:
    record = {"time": "t", "level": "error", "event": "log", "message": "hm", "error": "E", "traceback": "a\nb"}
    document = json.loads(ecs_format()(record))
    assert (document["message"], document["error.type"], document["error.stack_trace"]) == ("hm", "E", "a\nb")
