"""A file that came with a form.

Rules that must not move:

- The event loop never touches a disk. What is in memory is read and written at once; everything else, and the write
  that rolls a spooled file over to the disk, happens in a thread.
- A file that is of an unknown kind counts as one on a disk.
- Closing is shielded: a cancelled request still gives its files back.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO, TypeVar

from anyio import CancelScope
from anyio.to_thread import run_sync

from pegboard.concurrency import FILES
from pegboard.headers import Headers

__all__ = ["UploadFile"]

T = TypeVar("T")


class UploadFile:
    """An uploaded file: ``file`` (binary, at best a `tempfile.SpooledTemporaryFile`) and what the form says of it.

    ``size`` is in bytes, or None when nobody has counted; ``filename`` is the client's word: never use it as a path.
    ``headers`` are those of the form's part.
    """

    __slots__ = ("file", "filename", "headers", "size")

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: int | None = None,
        filename: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.file = file
        self.size = size
        self.filename = filename
        self.headers = Headers() if headers is None else headers

    @property
    def content_type(self) -> str | None:
        """The media type that the client claims, parameters included."""
        return self.headers.get("content-type")

    async def write(self, data: bytes) -> None:
        """Write ``data`` at the file's position; ``size``, where it is known, grows when the file does."""
        if self.size is None:
            await self._run(len(data), self.file.write, data)
        else:
            self.size = max(self.size, await self._run(len(data), _write, self.file, data))

    async def read(self, size: int = -1) -> bytes:
        """Read ``size`` bytes from the file's position, or all that is left."""
        return await self._run(0, self.file.read, size)

    async def seek(self, offset: int) -> None:
        """Move the file's position to ``offset``, in bytes from its start."""
        await self._run(0, self.file.seek, offset)

    async def close(self) -> None:
        """Close the file, which removes a temporary one; also when the task is being cancelled."""
        if self.file.closed:
            return
        if _in_memory(self.file, 0):
            self.file.close()
            return
        with CancelScope(shield=True):
            await self._run(0, self.file.close)

    async def _run(self, growth: int, call: Callable[..., T], *args: Any) -> T:
        if _in_memory(self.file, growth):
            return call(*args)
        return await run_sync(call, *args, limiter=FILES.limiter())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(filename={self.filename!r}, size={self.size!r}, headers={self.headers!r})"


def _in_memory(file: Any, growth: int) -> bool:
    """Whether ``file`` is in memory, and stays there when ``growth`` bytes are written at its position."""
    if isinstance(file, BytesIO):
        return True
    # `tempfile.SpooledTemporaryFile` has no public way to ask, but has had these two for as long as it exists. It rolls
    # over when its position gets beyond the limit; a limit of 0 means never.
    if getattr(file, "_rolled", True):
        return False
    limit: int = getattr(file, "_max_size", -1)
    return limit == 0 or file.tell() + growth <= limit


def _write(file: BinaryIO, data: bytes) -> int:
    file.write(data)
    return file.tell()
