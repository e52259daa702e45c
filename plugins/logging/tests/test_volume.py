"""Levels, sampling and the cap."""

from typing import Any

import pytest

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard_logging.request_ids import new_request_id
from pegboard_logging.settings import LoggingRouteSettings
from pegboard_logging.volume import Cap, Rule, is_sampled

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40


def outcome(status: int, kind: Any = "sent", duration: float = 0.1) -> Outcome:
    return Outcome(None, kind, status, None, None, 0, 0, 0.0, None, duration)


@pytest.mark.parametrize(
    ("status", "kind", "duration", "level"),
    [
        (200, "sent", 0.1, INFO),
        (304, "sent", 0.1, INFO),
        (404, "sent", 0.1, INFO),
        (500, "sent", 0.1, ERROR),
        (503, "sent", 9.0, ERROR),
        (200, "error", 0.1, ERROR),
        (200, "client_disconnect", 0.1, INFO),
        (0, "cancelled", 0.1, INFO),
        (200, "sent", 2.0, WARNING),
        (404, "sent", 2.0, WARNING),
    ],
)
def test_the_level_follows_from_status_outcome_and_duration(
    status: int, kind: str, duration: float, level: int
) -> None:
    assert Rule(LoggingRouteSettings(slow=2.0)).judge(outcome(status, kind, duration))[0] == level


def test_each_level_can_be_chosen() -> None:
    settings = LoggingRouteSettings(level="debug", level_client_error="warning", level_server_error="warning")
    rule = Rule(settings)
    assert [rule.judge(outcome(status))[0] for status in (200, 404, 500)] == [DEBUG, WARNING, WARNING]


@pytest.mark.parametrize(
    ("status", "kind", "duration", "share"),
    [
        (200, "sent", 0.1, 0.1),
        (404, "sent", 0.1, 0.5),
        (500, "sent", 0.1, 1.0),
        (200, "error", 0.1, 1.0),
        (200, "sent", 3.0, 1.0),
        (200, "client_disconnect", 0.1, 0.1),
    ],
)
def test_what_failed_or_was_slow_is_never_sampled_away(status: int, kind: str, duration: float, share: float) -> None:
    rule = Rule(LoggingRouteSettings(sample=0.1, sample_client_errors=0.5, slow=2.0))
    assert rule.judge(outcome(status, kind, duration))[1] == share


@pytest.mark.parametrize(
    ("settings", "described"),
    [
        ({}, ""),
        ({"record": False}, "no records; requests have their ids"),
        ({"sample": 0.01}, "records 0.01 of answers below 400, and every failure"),
        (
            {"sample": 0.5, "sample_client_errors": 0.0},
            "records 0.5 of answers below 400 and 0 of client errors, and every failure",
        ),
    ],
)
def test_a_rule_says_what_it_does(settings: dict[str, Any], described: str) -> None:
    assert Rule(LoggingRouteSettings(**settings)).described == described


def test_a_request_is_left_to_the_board_that_has_begun_it_and_records_it_in_the_same_place() -> None:
    here, also_here, there = (Rule(LoggingRouteSettings(), place) for place in ("here", "here", "there"))
    silent = Rule(LoggingRouteSettings(record=False), "here")
    assert here.leaves_to(also_here)
    assert not any(here.leaves_to(begun) for begun in (None, here, there, silent))


def test_that_a_websocket_was_long_is_no_sign_of_anything() -> None:
    long = WebSocketOutcome(None, 0.0)
    long.status_code, long.duration = 101, 3600.0
    assert Rule(LoggingRouteSettings(slow=2.0, sample=0.5)).judge(long) == (INFO, 0.5)


def test_sampling_keeps_about_the_share_that_was_asked_for() -> None:
    kept = sum(is_sampled(new_request_id(), 0.25) for _ in range(10_000))
    assert 2200 < kept < 2800


def test_the_same_request_id_is_always_decided_the_same() -> None:
    ids = [new_request_id() for _ in range(100)]
    assert [is_sampled(each, 0.5) for each in ids] == [is_sampled(each, 0.5) for each in ids]


def test_a_share_of_nothing_keeps_nothing_and_of_all_everything() -> None:
    ids = [new_request_id() for _ in range(100)]
    assert not any(is_sampled(each, 0.0) for each in ids)
    assert all(is_sampled(each, 1.0) for each in ids)


def test_the_cap_admits_so_many_in_each_second() -> None:
    cap = Cap(2)
    assert [cap.admits(at) for at in (1.0, 1.5, 1.9, 2.0, 2.1, 2.2)] == [True, True, False, True, True, False]
