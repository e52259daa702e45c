"""Where lines go."""

import io
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pegboard_logging import LoggingSettings
from pegboard_logging.targets import (
    CallTarget,
    FileTarget,
    LinesLost,
    LoggerTarget,
    StreamTarget,
    SyslogTarget,
    complain,
    is_terminal,
    make_target,
)

LINES = [(20, b"one"), (40, b"two")]


class Switch:
    """A stream of its own for each thread."""

    def __init__(self, streams: Any) -> None:
        self.streams = streams

    def __getattr__(self, name: str) -> Any:
        return getattr(self.streams.here, name)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FileTarget]:
    target = FileTarget(tmp_path / "access.log")
    yield target
    target.close()


@pytest.mark.parametrize("name", ["stderr", "stdout"])
def test_a_stream_gets_whole_lines(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    StreamTarget(name).write(LINES)
    assert getattr(capsys.readouterr(), name.removeprefix("std")) == "one\ntwo\n"


def test_lines_stay_whole_when_others_write_to_the_same_full_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, pipe = os.pipe()
    streams = threading.local()
    monkeypatch.setattr(sys, "stderr", Switch(streams))

    def write(letter: bytes, descriptor: int) -> None:
        with os.fdopen(descriptor, "w") as streams.here:
            target = StreamTarget("stderr")
            for _ in range(20):
                target.write([(20, letter * (100 + number)) for number in range(64)])

    writers = [
        threading.Thread(target=write, args=(letter, descriptor))
        for letter, descriptor in ((b"a", pipe), (b"b", os.dup(pipe)))
    ]
    for writer in writers:
        writer.start()
    data = b""
    while piece := os.read(reader, 4000):
        data += piece
    for writer in writers:
        writer.join()
    os.close(reader)
    lines = data.splitlines()
    assert len(lines) == 2 * 20 * 64
    assert all(len(set(line)) == 1 for line in lines)


def test_a_line_that_is_longer_than_a_piece_is_written_all_the_same(capsysbinary: Any) -> None:
    lines = [(20, b"a"), (20, b"b" * 10_000), (20, b"c")]
    StreamTarget("stderr").write(lines)
    assert capsysbinary.readouterr().err.splitlines() == [line for _, line in lines]


def test_a_stream_is_looked_up_at_every_write(monkeypatch: pytest.MonkeyPatch) -> None:
    target = StreamTarget("stderr")
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    target.write(LINES[:1])
    monkeypatch.setattr(sys, "stderr", second)
    target.write(LINES[1:])
    assert (first.getvalue(), second.getvalue()) == ("one\n", "two\n")


def test_a_process_without_the_stream_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert not is_terminal(StreamTarget("stdout"))
    with pytest.raises(OSError, match="no stdout"):
        StreamTarget("stdout").write(LINES)


def test_only_a_stream_can_be_a_terminal(monkeypatch: pytest.MonkeyPatch, file: FileTarget) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert not is_terminal(StreamTarget("stderr"))
    monkeypatch.setattr(stream, "isatty", lambda: True)
    assert is_terminal(StreamTarget("stderr"))
    stream.close()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    sys.stderr.close()
    assert not is_terminal(StreamTarget("stderr"))
    monkeypatch.undo()
    assert not is_terminal(file)


def test_a_file_is_appended_to_and_others_cannot_read_it(file: FileTarget) -> None:
    file.path.write_bytes(b"before\n")
    file.write(LINES)
    assert file.path.read_bytes() == b"before\none\ntwo\n"
    file.close()
    file.path.unlink()
    file.write(LINES)
    assert file.path.stat().st_mode & 0o007 == 0


def test_a_file_that_was_moved_is_made_anew(file: FileTarget) -> None:
    file.write(LINES[:1])
    moved = file.path.rename(file.path.with_suffix(".1"))
    file.write(LINES[1:])
    assert (moved.read_bytes(), file.path.read_bytes()) == (b"one\n", b"two\n")


def test_a_file_that_was_moved_and_made_again_is_the_new_one(file: FileTarget) -> None:
    file.write(LINES[:1])
    file.path.rename(file.path.with_suffix(".1"))
    file.path.write_bytes(b"")
    file.write(LINES[1:])
    assert file.path.read_bytes() == b"two\n"


def test_a_file_is_opened_again_when_asked(file: FileTarget) -> None:
    file.open()
    file.reopen()
    file.write(LINES)
    assert file.path.read_bytes() == b"one\ntwo\n"


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileTarget(tmp_path / "missing" / "access.log").open()


def test_a_line_that_a_full_disk_cut_off_does_not_spoil_the_next(
    file: FileTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room = os.write, [6]

    def until_full(descriptor: int, data: Any) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        written = write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", until_full)
    with pytest.raises(OSError, match="No space"):
        file.write(LINES)
    room[0] = 1000
    file.write([(20, b"three")])
    assert file.path.read_bytes() == b"one\ntw\nthree\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_an_error() -> None:
    target = FileTarget(Path("/dev/full"))
    with pytest.raises(OSError, match="No space"):
        target.write(LINES)
    target.close()


def test_a_logger_of_the_standard_library_gets_the_levels() -> None:
    records: list[logging.LogRecord] = []
    logger = logging.getLogger("test.targets")
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign,assignment]
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    LoggerTarget("test.targets").write(LINES)
    logger.removeHandler(handler)
    assert [(record.levelno, record.getMessage()) for record in records] == [(40, "two")]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs local sockets")
def test_syslog_gets_a_datagram_for_each_line_with_its_severity(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        target = SyslogTarget(str(tmp_path / "log"))
        target.write(LINES)
        target.close()
        received = [server.recv(1024), server.recv(1024)]
    assert [data.split(b">")[0] for data in received] == [b"<14", b"<11"]
    assert received[0].endswith(b": one")
    assert b"pegboard[%d]" % os.getpid() in received[0]


def test_syslog_goes_over_udp_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        target = SyslogTarget(f"127.0.0.1:{server.getsockname()[1]}")
        target.write(LINES[:1])
        target.close()
        assert server.recv(1024).endswith(b": one")


def test_syslog_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LinesLost) as caught:
        SyslogTarget(str(tmp_path / "nobody")).write(LINES)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize(
    ("failing", "lost", "asked"),
    [
        ({1}, [1], 6),
        ({0, 2, 5}, [0, 2, 5], 6),
        ({2, 3}, [2, 3, 4, 5], 4),
        ({5}, [5], 6),
    ],
    ids=["one", "some", "two in a row", "the last"],
)
def test_after_two_failures_in_a_row_a_target_is_asked_no_more(failing: set[int], lost: list[int], asked: int) -> None:
    calls: list[bytes] = []

    def write(line: bytes) -> None:
        calls.append(line)
        if int(line) in failing:
            raise OSError(line)

    with pytest.raises(LinesLost) as caught:
        CallTarget(write).write([(20, b"%d" % number) for number in range(6)])
    assert (caught.value.indexes, len(calls)) == (lost, asked)


def test_targets_that_write_to_the_same_are_in_the_same_place() -> None:
    lines: list[bytes] = []
    assert CallTarget(lines.append).place == CallTarget(lines.append).place
    assert CallTarget(lines.append).place != CallTarget(print).place
    assert FileTarget(Path("/x")).place == FileTarget(Path("/x")).place != StreamTarget("stderr").place


def test_a_function_gets_each_line() -> None:
    lines: list[bytes] = []
    target = CallTarget(lines.append)
    target.write(LINES)
    target.reopen()
    target.close()
    assert lines == [b"one", b"two"]


@pytest.mark.parametrize(
    ("settings", "described"),
    [
        (LoggingSettings(), "stderr"),
        (LoggingSettings(target="stdout"), "stdout"),
        (LoggingSettings(target="file", file=Path("/x")), "/x"),
        (LoggingSettings(target="syslog"), "syslog /dev/log"),
        (LoggingSettings(target="logger", logger="a"), "logger 'a'"),
        (LoggingSettings(write=print), "function print"),
    ],
)
def test_the_settings_choose_the_target(settings: LoggingSettings, described: str) -> None:
    assert make_target(settings).described == described


def test_where_nobody_can_be_told_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    complain("nobody listens")
