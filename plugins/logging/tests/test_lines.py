"""From entries to lines: who sees a request, and whether it is worth a line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pegboard_logging import LoggingRouteSettings, LoggingSettings
from pegboard_logging.entries import Event
from pegboard_logging.fields import fields_of
from pegboard_logging.lines import Lines, wall_time
from pegboard_logging.templates import Templates
from pegboard_logging.volume import Rule

INFO, WARNING, ERROR = 20, 30, 40


def encode(record: Any) -> bytes:
    return json.dumps(fields_of(record)).encode()


@pytest.fixture
def lost() -> list[str]:
    return []


@pytest.fixture
def make(lost: list[str], access: Any) -> Callable[..., Lines]:
    def make(watch: Any = None, trace: Any = None, **settings: Any) -> Lines:
        templates = Templates()
        templates.learn([access().outcome.route])
        return Lines(LoggingSettings(**settings), templates, encode, lost.append, watch, trace)

    return make


def test_a_request_is_a_line_with_its_level_and_template(make: Any, access: Any) -> None:
    level, line = make()(access(status_code=503))
    assert level == ERROR
    assert json.loads(line)["route"] == "/items/{id}"


def test_an_event_is_a_line_whatever_the_settings_for_requests(make: Any) -> None:
    lines = make(minimum_level="error", sample=0.0, max_per_second=1)
    for _ in range(3):
        level, line = lines(Event(0.0, INFO, {}, "log", {"message": "hm"}))
        assert (level, json.loads(line)["message"]) == (INFO, "hm")


@pytest.mark.parametrize(
    "settings",
    [{"minimum_level": "warning"}, {"exclude": ("/items/{id}",)}],
    ids=["level", "excluded"],
)
def test_what_the_board_does_not_want_is_no_line(make: Any, access: Any, settings: dict[str, Any]) -> None:
    assert make(**settings)(access()) is None


@pytest.mark.parametrize("of_route", [{"record": False}, {"sample": 0.0}], ids=["unrecorded", "sampled"])
def test_what_the_route_does_not_want_is_no_line(make: Any, access: Any, of_route: dict[str, Any]) -> None:
    assert make()(access(rule=Rule(LoggingRouteSettings(**of_route)))) is None


def test_what_failed_is_a_line_although_its_like_are_sampled(make: Any, access: Any) -> None:
    rule = Rule(LoggingRouteSettings(sample=0.0))
    assert make()(access(rule=rule, kind="error", error="ValueError")) is not None


def test_what_the_cap_refuses_is_counted(
    make: Any, access: Any, lost: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pegboard_logging.lines.wall_time", lambda counter: 1_700_000_000.0)
    lines = make(max_per_second=2)
    assert [lines(access()) is None for _ in range(5)] == [False, False, True, True, True]
    assert lost == ["max_per_second"] * 3


def test_those_who_watch_see_what_is_no_line(make: Any, access: Any) -> None:
    seen: list[Any] = []
    lines = make(
        watch=lambda entry, template: seen.append(template),
        trace=lambda entry, record, started: seen.append(record["route"]),
        minimum_level="error",
    )
    assert lines(access()) is None
    assert lines(Event(0.0, INFO, {}, "log", {"message": "hm"})) is not None
    assert seen == ["/items/{id}"] * 2


def test_the_clock_may_be_set_while_the_process_runs(make: Any, access: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1_000.0, 2_000.0, 1_000.0])
    monkeypatch.setattr("pegboard_logging.lines.wall_time", lambda counter: next(clock) + counter)
    lines = make()
    times = [json.loads(lines(access(started=started))[1])["time"][14:] for started in (5.0, 5.05, 9.0, 5.05)]
    assert times == ["16:45.000Z", "16:45.050Z", "33:29.000Z", "16:45.050Z"]


def test_counters_of_the_process_are_turned_into_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pegboard_logging.lines.time", lambda: 1_700_000_000.0)
    monkeypatch.setattr("pegboard_logging.lines.perf_counter", lambda: 50.0)
    assert wall_time(48.5) == 1_699_999_998.5
