"""Bronze: the plugin starts, serves and stops, more than once, and also where something else fails to start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pegboard.exceptions import ConfigurationError
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.paths import ExitPath
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import apart, headers_for, run, serving, speak, walk
from pegboard.testing.routes import ExampleError

__all__ = ["STARTING"]

AREA = "start and stop"


def starts(subject: Subject) -> str:
    """The board freezes with it."""
    try:
        member = apart(subject.member)
    except ConfigurationError as error:
        raise Nonconformity(f"no board starts with it: {error}") from error
    return str(member.found.described)


def answers(subject: Subject) -> str:
    """A plain request is answered."""
    trail = run(walk, subject, ExitPath("answer"))
    if trail.problem or not trail.conversation.is_complete:
        raise Nonconformity(f"GET / was not answered: {trail.problem or trail.conversation.raised!r}")
    return f"GET / is answered with {trail.conversation.status}"


def lives_again(subject: Subject) -> None:
    """The same board starts and stops twice, as under test clients and reloading servers."""
    run(_live_twice, subject)


async def _live_twice(subject: Subject) -> None:
    board = subject.board()
    for time in ("first", "second"):
        try:
            async with serving(board) as state:
                seen = await speak(board, ExitPath("answer"), headers_for(subject), state)
        except Exception as error:
            raise Nonconformity(f"the {time} life of the board failed: {type(error).__name__}: {error}") from error
        if not seen.is_complete:
            raise Nonconformity(f"in the {time} life of the board GET / was not answered: {seen.raised!r}")


def stops_early(subject: Subject) -> None:
    """When something further inside fails to start, the board says so, and everything is left again."""
    run(_fail_inside, subject)


async def _fail_inside(subject: Subject) -> None:
    @asynccontextmanager
    async def lifespan(board: Any) -> AsyncIterator[None]:
        if board is not None:
            raise ExampleError("the application's own lifespan fails")
        yield

    board = subject.board(lifespan=lifespan)
    try:
        async with serving(board):
            raise Nonconformity("the board started, although its own lifespan failed")
    except Nonconformity:
        raise
    except Exception as error:
        if "own lifespan fails" not in str(error):
            raise Nonconformity(
                f"the failure of another part's start was lost; the server is told {error!r}"
            ) from error
    if board.violations:
        raise Nonconformity(f"ASGI: {board.violations[0]}")


STARTING = (
    Check("bronze", AREA, "starts", starts),
    Check("bronze", AREA, "answers", answers),
    Check("bronze", AREA, "lives-again", lives_again),
    Check("bronze", AREA, "stops-when-others-fail", stops_early),
)
