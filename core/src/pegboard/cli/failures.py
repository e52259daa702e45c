"""How commands end when they cannot go on.

- `Refused`: what was asked for makes no sense. One sentence with what to do, exit status 2.
- `ConfigurationError` of the core: the board cannot start. Its problems, exit status 1.
- `BrokenApplication`: the application's own code failed. Its traceback from its first frame on, exit status 1.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import click

__all__ = ["BrokenApplication", "Refused", "near"]

_OURS = str(Path(__file__).parent)
_IMPORTING = ("<frozen ", str(Path(sys.modules["importlib"].__file__ or "").parent))


class Refused(click.ClickException):
    """A request that makes no sense, in one sentence that says what to do."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence to standard error."""
        click.echo(f"pegboard: {self.message}", file=file, err=file is None)


class BrokenApplication(Exception):
    """The application's code raised an exception, which is the cause of this one."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause

    def show(self) -> None:
        """Write the application's own traceback, without the frames that led to it."""
        frames = _foreign(self.cause.__traceback__)
        text = "".join(traceback.format_exception(type(self.cause), self.cause, frames))
        click.echo(text.rstrip("\n"), err=True)


def _foreign(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that is neither ours nor the import machinery's."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_OURS, *_IMPORTING)):
        trace = trace.tb_next
    return trace


def near(word: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown word: the known one that is meant, or ``otherwise``."""
    guess = get_close_matches(word, list(known), 1)
    return f"did you mean {guess[0]}?" if guess else otherwise
