"""From entries to records."""

from typing import Any

import pytest

from pegboard_logging.entries import Event
from pegboard_logging.fields import FIELDS
from pegboard_logging.records import Clock
from pegboard_logging.redaction import MARK
from pegboard_logging.trace_context import Trace


def test_the_record_of_a_request_has_its_fields_in_order(access: Any, record_of: Any) -> None:
    record = record_of(access())
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


def test_everything_that_may_be_known_is_told(access: Any, record_of: Any) -> None:
    record = record_of(
        access(
            query=b"a=1&token=x",
            bound={"cart": 3},
            found_trace=Trace("1" * 32, "2" * 16, "3" * 16, 1, ""),
            headers=[(b"user-agent", b"curl/8"), (b"referer", b"https://a:b@example.org/?token=x")],
            user="ada",
            answered_by="auth",
            notes={"auth": "the token has expired"},
            error="ValueError",
            error_in="'request' of plugin x",
        ),
        template="/api/items/{id}",
        share=0.5,
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
    assert record["notes"] == {"auth": "the token has expired"}


def test_what_matched_no_route_has_none(access: Any, record_of: Any) -> None:
    assert "route" not in record_of(access(), template=None)


def test_the_record_of_a_websocket_tells_its_end(session: Any, record_of: Any) -> None:
    record = record_of(session(close_reason="bye"))
    assert (record["event"], record["close_code"], record["close_reason"]) == ("websocket", 1000, "bye")
    assert (record["messages_in"], record["messages_out"]) == (2, 3)


def test_an_event_has_the_ids_and_what_was_bound(record_of: Any) -> None:
    entry = Event(0.0, 40, {"request_id": "abc", "secret": "x"}, "log", {"message": "hm"})
    assert record_of(entry) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "error",
        "event": "log",
        "message": "hm",
        "request_id": "abc",
        "secret": MARK,
    }


def test_texts_of_clients_are_cut(access: Any, record_of: Any) -> None:
    record = record_of(
        access(path="/" + "p" * 99, query=b"q" * 99, method="M" * 99, headers=[(b"referer", b"r" * 99)]),
        max_length=16,
    )
    assert record["path"] == "/" + "p" * 15 + "..."
    assert {len(record[name]) for name in ("path", "query", "method", "referer")} == {19}


def test_a_cut_does_not_uncover_a_secret(access: Any, record_of: Any) -> None:
    assert "s3cr" not in record_of(access(query=b"x=12345678&token=s3cret"), max_length=16)["query"]


def test_only_listed_headers_are_recorded_and_secret_ones_without_their_value(access: Any, record_of: Any) -> None:
    record = record_of(
        access(
            headers=[(b"x-a", b"1"), (b"X-A", b"2"), (b"authorization", b"Bearer s3cret"), (b"x-other", b"3")],
            head=[(b"set-cookie", b"sid=s3cret"), (b"x-b", b"4"), (b"x-c", b"5")],
        ),
        request_headers=("X-A", "Authorization"),
        response_headers=("Set-Cookie", "x-b"),
    )
    assert record["request_headers"] == {"x-a": "1, 2", "authorization": MARK}
    assert record["response_headers"] == {"set-cookie": MARK, "x-b": "4"}


@pytest.mark.parametrize(
    ("settings", "client"),
    [
        ({}, "192.0.2.7"),
        ({"truncate_addresses": True}, "192.0.2.0"),
        ({"trusted_proxies": ("192.0.2.0/24",)}, "203.0.113.9"),
        ({"trusted_proxies": ("192.0.2.0/24",), "truncate_addresses": True}, "203.0.113.0"),
        ({"trusted_proxies": ("10.0.0.0/8",)}, "192.0.2.7"),
    ],
)
def test_the_client_is_who_trusted_proxies_say(
    access: Any, record_of: Any, settings: dict[str, Any], client: str
) -> None:
    record = record_of(access(headers=[(b"x-forwarded-for", b"203.0.113.9")]), **settings)
    assert record["client"] == client


def test_a_client_without_an_address_is_left_out(access: Any, record_of: Any) -> None:
    assert "client" not in record_of(access(client=None))
    assert "client" not in record_of(access(client=None), truncate_addresses=True)


def test_what_is_kept_of_the_conversation_makes_no_difference_where_nothing_of_it_is_wanted(
    access: Any, made_of: Any
) -> None:
    entry = access(headers=[(b"user-agent", b"curl/8"), (b"referer", b"/x"), (b"x-forwarded-for", b"203.0.113.9")])
    record = made_of(entry)
    entry.conversation = None
    assert made_of(entry) == record


def test_times_go_on_within_and_across_seconds() -> None:
    clock = Clock()
    times = [clock(at)[17:] for at in (0.0, 0.999, 1.0, 61.5, 0.25)]
    assert times == ["00.000Z", "00.999Z", "01.000Z", "01.500Z", "00.250Z"]


def test_times_of_one_millisecond_share_their_text() -> None:
    clock = Clock()
    text = clock(7.0202)
    assert [clock.begin <= at < clock.end for at in (7.0199, 7.02, 7.0209, 7.0211)] == [False, True, True, False]
    assert text == clock.text == "1970-01-01T00:00:07.020Z"
