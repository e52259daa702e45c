"""Where lines go. A target writes whole batches, and raises what goes wrong: the writer knows what to do then.

Rules that must not move:

- A line and its line break are written in one piece, and on streams in no larger one than a pipe takes whole: other
  processes, such as more workers of a server, write to the same pipe.
- Standard streams are looked up at every batch, since tests and servers replace them.
- A file that was moved or removed is opened anew before the next batch, so that log rotation needs no signal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pegboard_logging.settings import LoggingSettings
from pegboard_logging.syslog import Syslog, syslog_address

__all__ = [
    "CallTarget",
    "FileTarget",
    "Line",
    "LinesLost",
    "LoggerTarget",
    "StreamTarget",
    "SyslogTarget",
    "Target",
    "make_target",
]

T = TypeVar("T")

Line = tuple[int, bytes]
"""A level of the standard library, and a line without its break."""


PIPE_BUF = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes whole, even when several processes write to it (POSIX, write)."""


class LinesLost(Exception):
    """Some lines of a batch were not written: those at ``indexes``. Raised from what went wrong."""

    def __init__(self, indexes: Sequence[int]) -> None:
        super().__init__(f"{len(indexes)} lines were not written")
        self.indexes = indexes


class Target:
    """Base of targets."""

    described = ""

    @property
    def place(self) -> object:
        """What is equal for targets that write to the same."""
        return self.described

    def open(self) -> None:
        """Get ready; raises OSError when it cannot."""

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines, in order."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Open again what may have been moved, before the next batch."""

    def close(self) -> None:
        """Release what is held; a later write opens it again."""


class StreamTarget(Target):
    """``stderr`` or ``stdout``."""

    def __init__(self, name: str) -> None:
        self.described = name

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines in pieces that nobody else's come in between, and flush each."""
        stream = getattr(sys, self.described)
        if stream is None:
            raise OSError(f"this process has no {self.described}")
        binary = getattr(stream, "buffer", None)
        for piece in _pieces(lines):
            if binary is None:
                stream.write(piece.decode("utf-8", "replace"))
            else:
                binary.write(piece)
            stream.flush()

    def is_terminal(self) -> bool:
        """Whether people look at it."""
        stream = getattr(sys, self.described)
        try:
            return stream is not None and bool(stream.isatty())
        except ValueError:
            return False


class FileTarget(Target):
    """A file that lines are appended to, made with mode 0640."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.described = str(path)
        self._descriptor: int | None = None
        self._identity: tuple[int, int] | None = None
        self._stale = False
        self._torn = False

    def open(self) -> None:
        """Open the file, unless it is open."""
        self._opened()

    def write(self, lines: Sequence[Line]) -> None:
        """Append lines to the file that has the path now."""
        if self._stale or self._moved():
            self.close()
        descriptor = self._opened()
        # Where a full disk has cut a line off, the next one begins on a line of its own.
        data = (b"\n" if self._torn else b"") + _joined(lines)
        written = 0
        try:
            while written < len(data):
                written += os.write(descriptor, memoryview(data)[written:])
        finally:
            if written:
                self._torn = data[written - 1] != 0x0A

    def reopen(self) -> None:
        """Open the file again before the next batch."""
        self._stale = True

    def close(self) -> None:
        """Close the file."""
        self._stale = False
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _CLOEXEC, 0o640)
            self._identity = _identity(os.fstat(self._descriptor))
        return self._descriptor

    def _moved(self) -> bool:
        if self._descriptor is None:
            return False
        try:
            return _identity(self.path.stat()) != self._identity
        except FileNotFoundError:
            return True


class LoggerTarget(Target):
    """A logger of the standard library, and so any handler of it."""

    def __init__(self, name: str) -> None:
        self.described = f"logger {name!r}"
        self.logger = logging.getLogger(name)

    def write(self, lines: Sequence[Line]) -> None:
        """Hand each line to the logger, with its level."""
        _each(self._write, lines)

    def _write(self, leveled: Line) -> None:
        level, line = leveled
        if self.logger.isEnabledFor(level):
            self.logger.handle(self.logger.makeRecord(self.logger.name, level, "", 0, line.decode(), (), None))


class SyslogTarget(Target):
    """Syslog, through a local socket or UDP."""

    def __init__(self, address: str) -> None:
        self.described = f"syslog {address}"
        self.address = syslog_address(address)
        self._handler: Syslog | None = None

    def open(self) -> None:
        """Connect, unless it is connected."""
        self._opened()

    def write(self, lines: Sequence[Line]) -> None:
        """Send each line, with its level as the severity."""
        _each(self._write, lines)

    def _write(self, leveled: Line) -> None:
        level, line = leveled
        self._opened().emit(logging.LogRecord("pegboard", level, "", 0, line.decode(), (), None))

    def close(self) -> None:
        """Disconnect."""
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.close()

    def _opened(self) -> Syslog:
        if self._handler is None:
            self._handler = Syslog(self.address)
        # Here, because a forked child goes on with its parent's handler.
        self._handler.ident = f"pegboard[{os.getpid()}]: "
        return self._handler


class CallTarget(Target):
    """A function that is given each line, as bytes without a line break."""

    def __init__(self, call: Callable[[bytes], object]) -> None:
        self.described = f"function {getattr(call, '__qualname__', repr(call))}"
        self.call = call

    @property
    def place(self) -> object:
        """The function."""
        return self.call

    def write(self, lines: Sequence[Line]) -> None:
        """Call the function for each line."""
        _each(self.call, [line for _, line in lines])


def make_target(settings: LoggingSettings) -> Target:
    """The target that the settings ask for."""
    if settings.write is not None:
        return CallTarget(settings.write)
    return TARGETS[settings.target](settings)


def is_terminal(target: Target) -> bool:
    """Whether people look at what is written there."""
    return isinstance(target, StreamTarget) and target.is_terminal()


def complain(text: str) -> None:
    """Say on stderr what went wrong with the log itself; where even that fails, nobody can be told."""
    with contextlib.suppress(Exception):
        sys.stderr.write(f"pegboard-logging: {text}\n")
        sys.stderr.flush()


def _each(write: Callable[[T], object], lines: Sequence[T]) -> None:
    """Write lines one by one. A line that cannot be written costs only itself; two in a row, and the rest is lost.

    Raises LinesLost from what went wrong last.
    """
    lost: list[int] = []
    cause: Exception | None = None
    for index, line in enumerate(lines):
        try:
            write(line)
        except Exception as error:  # noqa: BLE001  whatever it is, the writer is told
            cause = error
            if lost and lost[-1] == index - 1:
                lost.extend(range(index, len(lines)))
                break
            lost.append(index)
    if cause is not None:
        raise LinesLost(lost) from cause


def _joined(lines: Sequence[Line]) -> bytes:
    return b"\n".join([*(line for _, line in lines), b""])


def _pieces(lines: Sequence[Line]) -> Iterator[bytes]:
    """Whole lines in pieces of at most `PIPE_BUF` bytes; a line that is longer is one by itself."""
    begin = size = 0
    for index, (_, line) in enumerate(lines):
        if size and size + len(line) + 1 > PIPE_BUF:
            yield _joined(lines[begin:index])
            begin, size = index, 0
        size += len(line) + 1
    if size:
        yield _joined(lines[begin:])


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino


_CLOEXEC = getattr(os, "O_CLOEXEC", 0)

TARGETS: Mapping[str, Callable[[Any], Target]] = {
    "stderr": lambda _: StreamTarget("stderr"),
    "stdout": lambda _: StreamTarget("stdout"),
    "file": lambda settings: FileTarget(settings.file),
    "syslog": lambda settings: SyslogTarget(settings.syslog),
    "logger": lambda settings: LoggerTarget(settings.logger),
}
