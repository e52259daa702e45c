"""What runs while a board runs."""

import logging
import os
import signal
from pathlib import Path

import pytest

from pegboard_logging import LoggingSettings
from pegboard_logging.desk import Desk
from pegboard_logging.entries import Event
from pegboard_logging.templates import Templates

ACCESS = "test.desk.access"
CAPTURED = "test.desk.captured"


def settings(path: Path, **given: object) -> LoggingSettings:
    return LoggingSettings(
        target="file",
        file=path,
        format="logfmt",
        server_loggers=(ACCESS,),
        capture=(CAPTURED,),
        **given,  # type: ignore[arg-type]
    )


def event(text: str) -> Event:
    return Event(0.0, 20, {}, "log", {"message": text})


def test_an_open_desk_silences_captures_and_writes_until_it_stops(tmp_path: Path) -> None:
    desk = Desk(settings(tmp_path / "log"), Templates())
    desk.open()
    assert logging.getLogger(ACCESS).disabled
    logging.getLogger(CAPTURED).error("captured")
    desk.writer.put(event("put"))
    desk.stop()
    assert not logging.getLogger(ACCESS).disabled
    assert logging.getLogger(CAPTURED).handlers == []
    messages = [line.split("message=")[1] for line in (tmp_path / "log").read_text().splitlines()]
    assert messages == ["captured", "put"]


def test_a_desk_that_is_only_started_captures_nothing(tmp_path: Path) -> None:
    desk = Desk(settings(tmp_path / "log"), Templates())
    desk.start()
    desk.start()
    assert logging.getLogger(ACCESS).disabled
    assert logging.getLogger(CAPTURED).handlers == []
    desk.stop()
    assert not logging.getLogger(ACCESS).disabled


def test_a_desk_can_be_opened_again(tmp_path: Path) -> None:
    desk = Desk(settings(tmp_path / "log"), Templates())
    for text in ("one", "two"):
        desk.open()
        desk.writer.put(event(text))
        desk.stop()
    assert (tmp_path / "log").read_text().count("\n") == 2


def test_a_target_that_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    desk = Desk(settings(tmp_path / "missing" / "log"), Templates())
    with pytest.raises(FileNotFoundError):
        desk.open()
    assert not logging.getLogger(ACCESS).disabled


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_a_hangup_opens_the_file_again_and_the_signal_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pegboard_logging.desk._has_terminal", lambda: False)
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        desk = Desk(settings(tmp_path / "log"), Templates())
        desk.open()
        reopened: list[bool] = []
        monkeypatch.setattr(desk.writer.target, "reopen", lambda: reopened.append(True))
        os.kill(os.getpid(), signal.SIGHUP)
        desk.stop()
        assert reopened == [True]
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
@pytest.mark.parametrize("terminal", [True, False])
def test_a_hangup_that_means_something_else_is_left_alone(
    tmp_path: Path, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pegboard_logging.desk._has_terminal", lambda: terminal)
    before = signal.getsignal(signal.SIGHUP)
    mine = signal.SIG_DFL if terminal else signal.SIG_IGN
    signal.signal(signal.SIGHUP, mine)
    try:
        desk = Desk(settings(tmp_path / "log"), Templates())
        desk.open()
        assert signal.getsignal(signal.SIGHUP) is mine
        desk.stop()
    finally:
        signal.signal(signal.SIGHUP, before)
