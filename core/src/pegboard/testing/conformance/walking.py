"""Walking one exit path on one board, and keeping all that can be seen of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import anyio

from pegboard.asgi_checks import ASGIViolation
from pegboard.stories.lifespan import foreign_lifespan
from pegboard.testing.boards import CheckedBoard, clean_environment, make_board
from pegboard.testing.conformance.company import Company, Witness
from pegboard.testing.conformance.paths import ExitPath
from pegboard.testing.conformance.subjects import DEFAULT_HEADERS, Subject
from pegboard.testing.conversations import Conversation, converse, converse_websocket
from pegboard.testing.hook_calls import HookCall
from pegboard.testing.recording import HookRecorder
from pegboard.testing.scopes import raw_pairs
from pegboard.types import ASGIApp, RawHeaders

__all__ = ["LIMIT", "Trail", "apart", "headers_for", "run", "serving", "speak", "walk", "walk_plain"]

LIMIT = 5.0
"""Seconds that one conversation may take; what takes longer is taken to hang."""

T = TypeVar("T")


@dataclass
class Trail:
    """What was seen of one walk; ``problem`` says why it could not be walked to its end."""

    path: ExitPath
    conversation: Conversation
    outcomes: list[Any] = field(default_factory=list)
    calls: list[HookCall] = field(default_factory=list)
    violations: list[ASGIViolation] = field(default_factory=list)
    logged: list[logging.LogRecord] = field(default_factory=list)
    problem: str = ""

    @property
    def outcome(self) -> Any:
        """What became of the conversation, None when nobody was told."""
        return self.outcomes[-1] if self.outcomes else None

    def is_answered_by(self, plugin: str) -> bool:
        """Whether a plugin's hook answered, so that the endpoint had no say."""
        return self.outcome is not None and self.outcome.answered_by == plugin


def run(function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any, backend: str = "asyncio") -> T:
    """Run an asynchronous check in an event loop of its own, without any ``PEGBOARD_*`` variable."""
    with clean_environment():
        return anyio.run(function, *arguments, backend=backend)


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Call a synchronous check as `run` does an asynchronous one."""
    with clean_environment():
        return function(*arguments)


@asynccontextmanager
async def serving(board: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """The board's life; gives the state that its requests share. Raises RuntimeError when it does not start."""
    state: dict[str, Any] = {}
    async with foreign_lifespan(board, state):
        yield state


async def walk(subject: Subject, path: ExitPath) -> Trail:
    """Walk a path on a board with the subject and a witness."""
    witness, recorder = Witness(), HookRecorder()
    board = subject.board(witness, Company(), recorder=recorder)
    return await _walk(board, path, witness, recorder, headers_for(subject))


async def walk_plain(path: ExitPath, headers: RawHeaders) -> Trail:
    """Walk a path as `walk` does, without a subject."""
    board, witness, recorder = _plain_board()
    witness.outcomes, board.violations[:] = [], []
    recorder.clear()
    return await _walk(board, path, witness, recorder, headers)


@lru_cache(1)
def _plain_board() -> tuple[CheckedBoard, Witness, HookRecorder]:
    """The board without a subject: one for all walks, as nothing of theirs stays on it."""
    witness, recorder = Witness(), HookRecorder()
    return make_board([witness, Company()], recorder=recorder), witness, recorder


def headers_for(subject: Subject) -> RawHeaders:
    """The headers that requests for a subject carry: its own in place of the usual."""
    own = raw_pairs(subject.headers)
    names = {name for name, _ in own}
    return [*(pair for pair in raw_pairs(DEFAULT_HEADERS) if pair[0] not in names), *own]


async def speak(
    board: ASGIApp, path: ExitPath, headers: RawHeaders, state: dict[str, Any] | None = None
) -> Conversation:
    """Hold the conversation of a path. Raises TimeoutError when it hangs."""
    common: dict[str, Any] = {
        "headers": headers,
        "faults": path.faults,
        "extensions": path.extensions,
        "limit": LIMIT,
        "state": dict(state or {}),
    }
    if path.incoming is not None:
        return await converse_websocket(board, path.path, path.incoming, **common)
    return await converse(board, path.path, path.method, chunks=path.chunks, **common)


async def _walk(
    board: CheckedBoard, path: ExitPath, witness: Witness, recorder: HookRecorder, headers: RawHeaders
) -> Trail:
    trail = Trail(path, Conversation({"type": "http"}))
    with _errors_logged() as trail.logged:
        async with serving(board) as state:
            try:
                trail.conversation = await speak(board, path, headers, state)
            except TimeoutError as error:
                trail.problem = str(error)
    trail.outcomes, trail.calls, trail.violations = witness.outcomes, recorder.calls(), list(board.violations)
    return trail


@contextmanager
def _errors_logged() -> Iterator[list[logging.LogRecord]]:
    """What the board reports of plugins meanwhile; it is kept, and goes nowhere else."""
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, keep = logging.getLogger("pegboard"), Keep(logging.ERROR)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(keep)
    try:
        yield records
    finally:
        logger.removeHandler(keep)
        logger.propagate = propagate
