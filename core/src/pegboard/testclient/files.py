"""Reading what an application names instead of sending: files by path or by descriptor."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from anyio.to_thread import run_sync

__all__ = ["read_slice"]

PIECE = 64 * 1024


async def read_slice(file: Any, offset: int | None, count: int | None, put: Callable[[bytes], Awaitable[None]]) -> None:
    """Give ``count`` bytes from ``offset`` on of a path, a descriptor or a file object to ``put``, piece by piece.

    None means from where it stands, and to the end.
    """
    if isinstance(file, str):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            await read_slice(descriptor, offset, count, put)
        finally:
            os.close(descriptor)
        return
    descriptor = file if isinstance(file, int) else file.fileno()
    if offset is not None:
        os.lseek(descriptor, offset, os.SEEK_SET)
    while count is None or count > 0:
        piece = await run_sync(os.read, descriptor, PIECE if count is None else min(PIECE, count))
        if not piece:
            return
        count = None if count is None else count - len(piece)
        await put(piece)
