"""Uploaded files, in memory and on disk."""

from __future__ import annotations

import threading
from io import BytesIO
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any, BinaryIO, cast

import pytest
from anyio import CancelScope

from pegboard.headers import Headers
from pegboard.uploads import UploadFile

pytestmark = pytest.mark.anyio


class Witness:
    """A file that notes, for every call that may touch the disk, whether it ran on the event loop's thread."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.calls: list[tuple[str, bool]] = []
        self.loop = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.file, name)
        if name not in ("write", "read", "seek", "close"):
            return found

        def call(*args: Any) -> Any:
            self.calls.append((name, threading.get_ident() == self.loop))
            return found(*args)

        return call


def upload_of(file: Any, **more: Any) -> tuple[UploadFile, Witness]:
    witness = Witness(file)
    return UploadFile(cast("BinaryIO", witness), **more), witness


async def test_a_file_is_written_read_moved_and_closed() -> None:
    """The async methods do what the file's own do."""
    upload = UploadFile(BytesIO(), size=0, filename="a.txt", headers=Headers({"Content-Type": "text/plain"}))
    await upload.write(b"hello")
    await upload.seek(1)
    assert await upload.read(2) == b"el"
    assert await upload.read() == b"lo"
    await upload.close()
    assert upload.file.closed
    assert (upload.size, upload.filename, upload.content_type) == (5, "a.txt", "text/plain")


async def test_what_is_not_told_is_none() -> None:
    """A bare file has no size, name or type."""
    upload = UploadFile(BytesIO())
    await upload.write(b"a")
    assert (upload.size, upload.filename, upload.content_type) == (None, None, None)
    assert upload.headers == Headers()
    assert repr(upload) == "UploadFile(filename=None, size=None, headers=Headers({}))"


async def test_size_is_that_of_the_file() -> None:
    """Writing over what is there does not count twice."""
    upload = UploadFile(BytesIO(b"abcdef"), size=6)
    await upload.write(b"xyz")
    assert upload.size == 6
    await upload.seek(5)
    await upload.write(b"12")
    assert upload.size == 7


async def test_what_is_in_memory_costs_no_thread() -> None:
    """Until it rolls over, a spooled file is used on the loop."""
    with SpooledTemporaryFile(max_size=4) as file:
        upload, witness = upload_of(file)
        await upload.write(b"abcd")
        await upload.seek(0)
        await upload.read()
        await upload.close()
        assert witness.calls == [("write", True), ("seek", True), ("read", True), ("close", True)]


async def test_rolling_over_and_all_that_follows_is_in_a_thread() -> None:
    """The write that goes over the limit is no longer made on the loop, nor is anything after it."""
    with SpooledTemporaryFile(max_size=4) as file:
        upload, witness = upload_of(file, size=0)
        await upload.write(b"abc")
        await upload.write(b"de")
        await upload.seek(0)
        assert await upload.read() == b"abcde"
        await upload.close()
        assert upload.size == 5
        assert witness.calls == [("write", True), *[(name, False) for name in ("write", "seek", "read", "close")]]


async def test_the_position_counts_not_the_sum() -> None:
    """Writing over what is there does not roll the file over, so it stays on the loop."""
    with SpooledTemporaryFile(max_size=4) as file:
        upload, witness = upload_of(file)
        await upload.write(b"abcd")
        await upload.seek(0)
        await upload.write(b"wxyz")
        assert [on_loop for _, on_loop in witness.calls] == [True, True, True]


async def test_a_spooled_file_without_limit_stays_in_memory() -> None:
    """A limit of 0 means that it never rolls over."""
    with SpooledTemporaryFile() as file:
        upload, witness = upload_of(file)
        await upload.write(b"a" * 100_000)
        assert witness.calls == [("write", True)]


async def test_any_other_file_is_used_in_a_thread() -> None:
    """A file of an unknown kind counts as one on a disk."""
    with TemporaryFile() as file:
        upload, witness = upload_of(file)
        await upload.write(b"a")
        await upload.close()
        assert witness.calls == [("write", False), ("close", False)]


async def test_a_cancelled_request_still_closes_its_file() -> None:
    """Closing goes through while the task is being cancelled."""
    with TemporaryFile() as file:
        upload, _ = upload_of(file)
        with CancelScope() as scope:
            scope.cancel()
            await upload.close()
        assert file.closed
