"""Servers' own access logs."""

import logging
from collections.abc import Iterator

import pytest

from pegboard_logging.servers import give_back, silence

NAME = "test.server.access"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger(NAME)
    logger.addHandler(logging.NullHandler())
    yield logger
    logger.handlers.clear()


def test_a_silenced_logger_has_no_handlers_and_says_nothing(logger: logging.Logger) -> None:
    silence([NAME])
    assert not logger.hasHandlers()
    assert not logger.isEnabledFor(logging.CRITICAL)
    give_back([NAME])
    assert logger.hasHandlers()
    assert logger.isEnabledFor(logging.CRITICAL)


def test_a_logger_is_given_back_when_the_last_board_lets_go(logger: logging.Logger) -> None:
    silence([NAME])
    silence([NAME])
    give_back([NAME])
    assert logger.disabled
    give_back([NAME])
    assert not logger.disabled


def test_handshakes_are_taken_out_of_the_error_log_and_nothing_else() -> None:
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    errors = logging.getLogger("uvicorn.error")
    errors.addHandler(handler)

    def say() -> None:
        errors.error('%s - "WebSocket %s" [accepted]', "192.0.2.1:1", "/ws")
        errors.error("Exception in ASGI application")
        errors.error(KeyError("no text"))

    silence(["uvicorn.access"])
    say()
    give_back(["uvicorn.access"])
    say()
    errors.removeHandler(handler)
    assert seen[:2] == ["Exception in ASGI application", "'no text'"]
    assert seen[2].endswith('"WebSocket /ws" [accepted]')


def test_giving_back_what_was_not_silenced_does_nothing(logger: logging.Logger) -> None:
    give_back([NAME])
    assert logger.hasHandlers()
