"""Files that are opened and read in threads, and closed on every path.

Rules that must not move:

- The event loop opens and reads nothing.
- A descriptor is not closed under a thread that works with it: its number might name another file by then. Whoever
  comes last closes it, the thread or the loop; so no wait for a thread stands between a cancelled request and its end.
- Only regular files are opened. A pipe would make the thread wait for whoever writes to it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import TypeVar

from anyio.to_thread import run_sync

from pegboard.concurrency import FILES
from pegboard.ranges import Range

__all__ = ["FilePieces", "OpenFile", "in_file_thread"]

T = TypeVar("T")

# Opening a pipe with O_NONBLOCK does not wait; for regular files it changes nothing. O_BINARY is for Windows.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


async def in_file_thread(call: Callable[[], T]) -> T:
    """Call ``call`` in one of the threads for files."""
    return await run_sync(call, limiter=FILES.limiter())


class OpenFile:
    """A file on a disk, for one reader at a time; ``path`` is where it was opened."""

    __slots__ = ("_closed", "_file", "_lock", "_position", "_working", "path")

    def __init__(self) -> None:
        self.path = ""
        self._file: FileIO | None = None
        self._lock = Lock()
        self._position = 0
        self._working = self._closed = False

    async def work(self, call: Callable[[], T]) -> T:
        """Call ``call`` in a thread; the file stays open while it runs, and is closed when it fails or is cancelled."""
        try:
            return await in_file_thread(lambda: self._guarded(call))
        except BaseException:
            self.close()
            raise

    def open(self, path: str | os.PathLike[str]) -> os.stat_result:
        """Open the file; gives what the system knows of it. Raises OSError, also for what is no regular file."""
        self.path = os.fspath(path)
        if not os.path.isabs(self.path):  # noqa: PTH117  this is on every request's path
            self.path = str(Path(path).absolute())
        try:
            self._file = file = FileIO(self.path, opener=_open)
        except ValueError as error:
            # A NUL in the path, or a character that the file system has no bytes for.
            raise FileNotFoundError(errno.ENOENT, f"no file can have this name ({error})", self.path) from error
        known = os.fstat(file.fileno())
        if not stat.S_ISREG(known.st_mode):
            self.close()
            raise IsADirectoryError(errno.EISDIR, "not a regular file", self.path)
        return known

    def read(self, start: int, size: int) -> bytes:
        """At most ``size`` bytes from position ``start`` on; none at the end. Raises OSError."""
        if self._file is None:
            raise RuntimeError(f"{self.path!r} is closed")
        if start != self._position:
            self._file.seek(start)
        data = self._file.read(size) or b""
        self._position = start + len(data)
        return data

    def fileno(self) -> int:
        """The descriptor."""
        if self._file is None:
            raise RuntimeError(f"{self.path!r} is closed")
        # Whoever asks may move the position that the system keeps for it.
        self._position = -1
        return self._file.fileno()

    def close(self) -> None:
        """Close it, now or when the thread that works with it is done; once more does no harm."""
        with self._lock:
            self._closed = True
            if not self._working:
                self._release()

    def _guarded(self, call: Callable[[], T]) -> T:
        with self._lock:
            self._working = True
        try:
            return call()
        finally:
            with self._lock:
                self._working = False
                if self._closed:
                    self._release()

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class FilePieces:
    """Texts and ranges of a file, read one after the other in portions."""

    __slots__ = ("_left", "file")

    def __init__(self, file: OpenFile, pieces: Sequence[bytes | Range]) -> None:
        self.file = file
        self._left = deque(pieces)

    @property
    def are_read(self) -> bool:
        """Whether nothing is left."""
        return not self._left

    def take(self) -> bytes | Range:
        """The next piece, unread."""
        return self._left.popleft()

    def read(self, size: int) -> bytes:
        """About ``size`` bytes, or what is left; closes the file after the last.

        Raises RuntimeError when the file cannot be read any more, or has become shorter.
        """
        portion: list[bytes] = []
        while self._left and size > 0:
            piece = self._left.popleft()
            if isinstance(piece, tuple):
                piece = self._read(*piece, size)
            portion.append(piece)
            size -= len(piece)
        if not self._left:
            self.file.close()
        return portion[0] if len(portion) == 1 else b"".join(portion)

    def _read(self, start: int, stop: int, size: int) -> bytes:
        try:
            data = self.file.read(start, min(stop - start, size))
        except OSError as error:
            raise RuntimeError(f"{self.file.path!r} cannot be read any more at byte {start}: {error}") from error
        if not data:
            raise RuntimeError(
                f"{self.file.path!r} became shorter while it was sent: expected {stop - start} more bytes at {start}, "
                "got none; the answer is cut off. Replace files by renaming new ones over them"
            )
        if start + len(data) < stop:
            self._left.appendleft((start + len(data), stop))
        return data


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)
