"""Files are read in threads, and closed on every path."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from pathlib import Path

import pytest
from watched_files import WatchedFile, watch

from pegboard.open_files import FilePieces, OpenFile, in_file_thread

pytestmark = pytest.mark.anyio

TEXT = b"0123456789"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[WatchedFile]:
    """Every file that was opened."""
    return watch(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    return path


async def test_work_is_done_in_another_thread() -> None:
    assert await in_file_thread(threading.get_ident) != threading.get_ident()


async def test_a_file_is_opened_read_and_closed(path: Path, opened: list[WatchedFile]) -> None:
    file = OpenFile()
    known = await file.work(partial(file.open, path))
    assert known.st_size == 10
    assert await file.work(partial(file.read, 2, 3)) == b"234"
    assert await file.work(partial(file.read, 8, 100)) == b"89"
    assert await file.work(partial(file.read, 10, 100)) == b""
    assert os.fstat(file.fileno()).st_ino == known.st_ino
    os.lseek(file.fileno(), 5, os.SEEK_SET)
    assert await file.work(partial(file.read, 10, 100)) == b""
    assert await file.work(partial(file.read, 0, 2)) == b"01"
    file.close()
    file.close()
    assert [each.closed for each in opened] == [True]
    with pytest.raises(RuntimeError, match="is closed"):
        file.read(0, 1)
    with pytest.raises(RuntimeError, match="is closed"):
        file.fileno()


def test_a_relative_path_becomes_absolute(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    file = OpenFile()
    file.open("a.txt")
    file.close()
    assert file.path == str(Path.cwd() / "a.txt")


async def test_only_regular_files_are_opened(tmp_path: Path, opened: list[WatchedFile]) -> None:
    file = OpenFile()
    with pytest.raises(IsADirectoryError):
        await file.work(partial(file.open, tmp_path))
    assert all(each.closed for each in opened)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
async def test_nobody_waits_for_the_writer_of_a_pipe(tmp_path: Path, opened: list[WatchedFile]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    file = OpenFile()
    with pytest.raises(IsADirectoryError, match="not a regular file"):
        await file.work(partial(file.open, pipe))
    assert [each.closed for each in opened] == [True]


@pytest.mark.parametrize("name", ["no such file", "a\0b", "\ud800"])
async def test_what_cannot_be_there_is_not_found(tmp_path: Path, name: str) -> None:
    file = OpenFile()
    with pytest.raises(FileNotFoundError):
        await file.work(partial(file.open, f"{tmp_path}/{name}"))


async def test_work_that_fails_closes_the_file(path: Path, opened: list[WatchedFile]) -> None:
    file = OpenFile()
    await file.work(partial(file.open, path))

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await file.work(fail)
    assert [each.closed for each in opened] == [True]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_thread_that_outlives_its_request_closes_the_file(path: Path, opened: list[WatchedFile]) -> None:
    """Cancelled from outside, a task does not wait for its thread; the thread works on with an open file."""
    file = OpenFile()
    working, may_end = threading.Event(), threading.Event()
    seen: list[bytes] = []

    def work() -> None:
        file.open(path)
        working.set()
        may_end.wait(10)
        seen.append(file.read(0, 3))

    task = asyncio.create_task(file.work(work))
    await asyncio.to_thread(working.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not opened[0].closed
    may_end.set()
    assert await asyncio.to_thread(opened[0].gone.wait, 10)
    assert seen == [b"012"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_thread_that_opens_too_late_closes_the_file(path: Path, opened: list[WatchedFile]) -> None:
    file = OpenFile()
    working, may_go_on = threading.Event(), threading.Event()

    def work() -> None:
        working.set()
        may_go_on.wait(10)
        file.open(path)

    task = asyncio.create_task(file.work(work))
    await asyncio.to_thread(working.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_go_on.set()
    while not opened:
        await asyncio.to_thread(may_go_on.wait, 10)
    assert await asyncio.to_thread(opened[0].gone.wait, 10)


def pieces_of(path: Path, *pieces: bytes | tuple[int, int]) -> FilePieces:
    file = OpenFile()
    file.open(path)
    return FilePieces(file, pieces)


def portions(pieces: FilePieces, size: int) -> list[bytes]:
    found = []
    while not pieces.are_read:
        found.append(pieces.read(size))
    return found


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [b"ab", b"0", b"1", b"2", b"c", b"5", b"6"]),
        (3, [b"ab0", b"12c", b"56"]),
        (4, [b"ab01", b"2c56"]),
        (100, [b"ab012c56"]),
    ],
)
async def test_texts_and_ranges_are_read_in_turn(
    path: Path, opened: list[WatchedFile], size: int, expected: list[bytes]
) -> None:
    assert portions(pieces_of(path, b"ab", (0, 3), b"c", (5, 7)), size) == expected
    assert [each.closed for each in opened] == [True]


async def test_nothing_is_read_of_nothing(path: Path, opened: list[WatchedFile]) -> None:
    assert pieces_of(path).read(10) == b""
    assert [each.closed for each in opened] == [True]


async def test_a_piece_can_be_taken_unread(path: Path) -> None:
    pieces = pieces_of(path, b"a", (0, 3))
    assert (pieces.take(), pieces.take(), pieces.are_read) == (b"a", (0, 3), True)
    pieces.file.close()


async def test_a_file_that_became_shorter_ends_the_reading(path: Path) -> None:
    pieces = pieces_of(path, (0, 10))
    assert pieces.read(4) == b"0123"
    os.truncate(path, 6)
    with pytest.raises(RuntimeError, match="became shorter while it was sent: expected 4 more bytes at 6"):
        pieces.read(4)
    pieces.file.close()


async def test_a_disk_that_fails_ends_the_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = pieces_of(path, (0, 10))

    def fail(start: int, size: int) -> bytes:
        raise OSError("the disk is gone")

    monkeypatch.setattr(OpenFile, "read", lambda self, start, size: fail(start, size))
    with pytest.raises(RuntimeError, match="cannot be read any more at byte 0: the disk is gone"):
        pieces.read(4)
    pieces.file.close()
