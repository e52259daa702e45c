"""Ids in others' log lines, and others' log lines in ours."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from pegboard_logging import ContextFilter, add_context, log
from pegboard_logging.delivery import Writer
from pegboard_logging.entries import Event
from pegboard_logging.injection import CaptureHandler
from pegboard_logging.targets import CallTarget


@pytest.fixture(autouse=True)
def _outside_of_a_request() -> Iterator[None]:
    token = log.current.set(None)
    yield
    log.current.reset(token)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test.injection")
    logger.propagate = False
    yield logger
    logger.handlers.clear()


def in_a_request() -> None:
    log.current.set(log.Conversation(b"abc", [], None))


def test_the_filter_gives_every_line_the_ids_and_what_is_bound(logger: logging.Logger) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(ContextFilter())
    handler.setFormatter(logging.Formatter("%(request_id)s %(trace_id)s %(context)s %(message)s"))
    logger.addHandler(handler)
    logger.warning("before")
    in_a_request()
    log.bind(cart=1, name="not the logger's")
    logger.warning("within")
    assert stream.getvalue() == (
        "- - {} before\nabc - {'request_id': 'abc', 'cart': 1, 'name': \"not the logger's\"} within\n"
    )


def test_the_filter_never_replaces_what_a_record_has(logger: logging.Logger) -> None:
    in_a_request()
    log.bind(name="forged", levelno=50)
    record = logger.makeRecord("true", logging.INFO, "", 0, "x", (), None)
    assert ContextFilter().filter(record)
    assert (record.name, record.levelno) == ("true", logging.INFO)


def test_the_processor_for_structlog_adds_what_the_event_does_not_say() -> None:
    in_a_request()
    log.bind(cart=1)
    assert add_context(None, "info", {"event": "x", "cart": 2}) == {"event": "x", "cart": 2, "request_id": "abc"}


def test_structlog_writes_the_ids_and_what_is_bound() -> None:
    stream = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream), processors=[add_context, structlog.processors.JSONRenderer(sort_keys=True)]
    )
    logger.info("before")
    in_a_request()
    log.bind(cart=1, user="ada")
    logger.bind(user="eve").warning("within", item="tea")
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": "before"},
        {"event": "within", "request_id": "abc", "cart": 1, "user": "eve", "item": "tea"},
    ]


def test_a_captured_line_becomes_an_event_with_the_ids(logger: logging.Logger) -> None:
    events: list[Event] = []
    logger.addHandler(CaptureHandler(events.append, "here"))
    in_a_request()
    logger.error("lost %d", 3)
    [event] = events
    assert event.bound == {"request_id": "abc"}
    assert event.fields == {"logger": "test.injection", "message": "lost 3"}


def test_a_captured_exception_is_text_only(logger: logging.Logger) -> None:
    events: list[Event] = []
    logger.addHandler(CaptureHandler(events.append, "here"))
    try:
        raise KeyError("missing")
    except KeyError:
        logger.exception("failed")
    [event] = events
    assert event.fields["error"] == "KeyError"
    assert event.fields["traceback"].endswith("KeyError: 'missing'")
    assert all(isinstance(value, str) for value in event.fields.values())


def test_what_the_writer_logs_itself_does_not_come_back(logger: logging.Logger) -> None:
    events: list[Event] = []
    logger.addHandler(CaptureHandler(events.append, "here"))
    writer = Writer(lambda _: (20, b"x"), CallTarget(lambda _: logger.error("a circle")), 10, 0.0, 10.0)
    writer.put(Event(0.0, 20, {}, "log", {}))
    writer.close()
    assert writer.lost == {}
    assert events == []


def test_a_line_is_an_event_once_in_each_place(logger: logging.Logger) -> None:
    events: dict[str, list[Event]] = {"one": [], "two": [], "there": []}
    for board, place in (("one", "here"), ("two", "here"), ("there", "there")):
        logger.addHandler(CaptureHandler(events[board].append, place))
    logger.error("once")
    logger.error("twice")
    assert {board: len(seen) for board, seen in events.items()} == {"one": 2, "two": 0, "there": 2}


def test_a_line_with_wrong_arguments_does_not_harm_whoever_logs(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    events: list[Any] = []
    record = logger.makeRecord("x", logging.ERROR, "", 0, "%d", ("no number",), None)
    CaptureHandler(events.append, "here").handle(record)
    assert events == []
    assert "no number" in capsys.readouterr().err
