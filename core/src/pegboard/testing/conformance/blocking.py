"""Silver: no hook blocks the event loop, as far as blockbuster knows what blocks.

Blockbuster raises where something blocks. Every such exception is noted when it is made, whoever swallows it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.paths import PLAIN_PATHS, WEBSOCKETS, ExitPath
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import headers_for, run, serving, speak

__all__ = ["BLOCKING"]

PATHS: Sequence[ExitPath] = (*PLAIN_PATHS, *WEBSOCKETS)


def blocks_nothing(subject: Subject) -> str:
    """Files, sockets, locks, `sleep` and the like are left to threads, in everything that runs for a request."""
    try:
        import blockbuster  # noqa: PLC0415  part of the extra `testing`
    except ModuleNotFoundError:
        raise Nonconformity("this check needs blockbuster, which is not installed: install pegboard[testing]") from None
    found = run(_walk_watched, subject, blockbuster)
    if found:
        raise Nonconformity(
            f"the event loop is held up: {'; '.join(found)}; use `anyio.to_thread.run_sync` for what blocks"
        )
    return f"blockbuster {version('blockbuster')}"


async def _walk_watched(subject: Subject, blockbuster: Any) -> list[str]:
    board, headers = subject.board(), headers_for(subject)
    found: dict[str, None] = {}
    async with serving(board) as state:
        # What is imported or made on first use is no matter of each request.
        for path in PATHS:
            await speak(board, path, headers, state)
        with _noted(blockbuster) as noted, blockbuster.blockbuster_ctx([subject.module]):
            for path in PATHS:
                await speak(board, path, headers, state)
                found |= {f"{function} ({path.name})": None for function in noted}
                noted.clear()
    return list(found)


@contextmanager
def _noted(blockbuster: Any) -> Iterator[list[str]]:
    """The functions that were found to block."""
    noted: list[str] = []

    class Noted(blockbuster.BlockingError):  # type: ignore[misc]
        def __init__(self, function: str) -> None:
            noted.append(function)
            super().__init__(function)

    raising = sys.modules[blockbuster.BlockBuster.__module__]
    raising.BlockingError = Noted  # type: ignore[attr-defined]
    try:
        yield noted
    finally:
        raising.BlockingError = blockbuster.BlockingError  # type: ignore[attr-defined]


BLOCKING = (Check("silver", "event loop", "blocks-nothing", blocks_nothing),)
