"""From entries to records."""

from typing import Any

import pytest

from pegboard.routing.misses import MissRoute
from pegboard.routing.tree import Miss, MissKind
from pegboard_logging import LoggingSettings
from pegboard_logging.entries import Event
from pegboard_logging.fields import FIELDS
from pegboard_logging.records import Records
from pegboard_logging.redaction import MARK
from pegboard_logging.trace_context import Trace

PLAIN = Records(LoggingSettings())


def test_the_record_of_a_request_has_its_fields_in_order(access: Any) -> None:
    record = PLAIN(access())
    assert record == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": "/items/7",
        "route": "/items/{id}",
        "status": 200,
        "outcome": "sent",
        "bytes_in": 3,
        "bytes_out": 12,
        "duration": 0.25,
        "first_byte": 0.125,
        "request_id": "abc",
        "client": "192.0.2.7",
        "scheme": "https",
        "http_version": "1.1",
    }
    assert list(record) == [name for name in FIELDS if name in record]


def test_everything_that_may_be_known_is_told(access: Any) -> None:
    record = PLAIN(
        access(
            query=b"a=1&token=x",
            bound={"request_id": "abc", "trace_id": "1" * 32, "span_id": "2" * 16, "cart": 3},
            trace=Trace("1" * 32, "2" * 16, "3" * 16, 1, ""),
            headers=[(b"user-agent", b"curl/8"), (b"referer", b"https://a:b@example.org/?token=x")],
            mount="/api",
            user="ada",
            answered_by="auth",
            error="ValueError",
            error_in="'request' of plugin x",
            sampled=0.5,
        )
    )
    told = {name: record[name] for name in ("query", "route", "trace_id", "span_id", "parent_id", "user", "cart")}
    assert told == {
        "query": f"a=1&token={MARK}",
        "route": "/api/items/{id}",
        "trace_id": "1" * 32,
        "span_id": "2" * 16,
        "parent_id": "3" * 16,
        "user": "ada",
        "cart": 3,
    }
    assert (record["user_agent"], record["referer"]) == ("curl/8", f"https://example.org/?token={MARK}")
    assert (record["answered_by"], record["error"], record["sampled"]) == ("auth", "ValueError", 0.5)


def test_what_matched_no_route_has_none(access: Any) -> None:
    assert "route" not in PLAIN(access(route=MissRoute(Miss(MissKind.NOT_FOUND))))


def test_the_record_of_a_websocket_tells_its_end(session: Any) -> None:
    record = PLAIN(session(close_reason="bye"))
    assert (record["event"], record["close_code"], record["close_reason"]) == ("websocket", 1000, "bye")
    assert (record["messages_in"], record["messages_out"]) == (2, 3)


def test_an_event_has_the_ids_and_what_was_bound() -> None:
    entry = Event(0.0, 40, {"request_id": "abc", "secret": "x"}, "log", {"message": "hm"})
    assert PLAIN(entry) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "error",
        "event": "log",
        "message": "hm",
        "request_id": "abc",
        "secret": MARK,
    }


def test_texts_of_clients_are_cut(access: Any) -> None:
    records = Records(LoggingSettings(max_length=16))
    record = records(
        access(path="/" + "p" * 99, query=b"q" * 99, method="M" * 99, headers=[(b"user-agent", b"u" * 99)])
    )
    assert record["path"] == "/" + "p" * 15 + "..."
    assert {len(record[name]) for name in ("path", "query", "method", "user_agent")} == {19}


def test_a_cut_does_not_uncover_a_secret(access: Any) -> None:
    records = Records(LoggingSettings(max_length=16))
    assert "s3cr" not in records(access(query=b"x=12345678&token=s3cret"))["query"]


def test_only_listed_headers_are_recorded_and_secret_ones_without_their_value(access: Any) -> None:
    records = Records(LoggingSettings(request_headers=("X-A", "Authorization"), response_headers=("Set-Cookie", "x-b")))
    record = records(
        access(
            headers=[(b"x-a", b"1"), (b"X-A", b"2"), (b"authorization", b"Bearer s3cret"), (b"x-other", b"3")],
            head=[(b"set-cookie", b"sid=s3cret"), (b"x-b", b"4"), (b"x-c", b"5")],
        )
    )
    assert record["request_headers"] == {"x-a": "1, 2", "authorization": MARK}
    assert record["response_headers"] == {"set-cookie": MARK, "x-b": "4"}


@pytest.mark.parametrize(
    ("settings", "client"),
    [
        (LoggingSettings(), "192.0.2.7"),
        (LoggingSettings(truncate_addresses=True), "192.0.2.0"),
        (LoggingSettings(trusted_proxies=("192.0.2.0/24",)), "203.0.113.9"),
        (LoggingSettings(trusted_proxies=("192.0.2.0/24",), truncate_addresses=True), "203.0.113.0"),
        (LoggingSettings(trusted_proxies=("10.0.0.0/8",)), "192.0.2.7"),
    ],
)
def test_the_client_is_who_trusted_proxies_say(access: Any, settings: LoggingSettings, client: str) -> None:
    assert Records(settings)(access(headers=[(b"x-forwarded-for", b"203.0.113.9")]))["client"] == client


def test_a_client_without_an_address_is_left_out(access: Any) -> None:
    assert "client" not in PLAIN(access(peer=None))
    assert "client" not in Records(LoggingSettings(truncate_addresses=True))(access(peer=None))


def test_times_go_on_within_and_across_seconds(access: Any) -> None:
    records = Records(LoggingSettings())
    times = [records(access(time=at, duration=0.0))["time"][17:] for at in (0.0, 0.999, 1.0, 61.5, 0.25)]
    assert times == ["00.000Z", "00.999Z", "01.000Z", "01.500Z", "00.250Z"]
