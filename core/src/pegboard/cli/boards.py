"""The board that a command looks at, and the frozen board's parts that commands read.

Freezing logs warnings; here they are data, printed once by whoever asked, so the logger is held back meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pegboard.applications import Pegboard
from pegboard.assembly import Assembly
from pegboard.cli.console import aside
from pegboard.cli.failures import BrokenApplication, Refused
from pegboard.cli.targets import load, locate, locate_or_refuse
from pegboard.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pegboard.freezing import Frozen

__all__ = ["board_or_bare", "freeze", "frozen", "frozen_to_serve", "the_board"]

BARE = "no application found; this is what a board in this folder would have"


def the_board(app: str | None, wrap: str | None) -> Pegboard:
    """The board that is asked for. Raises Refused when there is none, or when it is no board."""
    with aside():
        found, name = load(locate_or_refuse(app, wrap))
    if isinstance(found, Pegboard):
        return found
    raise Refused(f"{name} is {type(found).__name__!r} and no board; put plugins around it with --wrap {name}")


def board_or_bare(app: str | None, wrap: str | None) -> Pegboard:
    """The board that is asked for, or where no application is found an empty one, and a note about it."""
    if locate(app, wrap) is None:
        click.echo(BARE, err=True)
        return Pegboard()
    return the_board(app, wrap)


def freeze(board: Pegboard) -> Assembly:
    """Freeze a board without a word.

    Raises ConfigurationError with all problems, BrokenApplication for an exception of somebody's code.
    """
    return frozen(board).assembly


def frozen(board: Pegboard) -> Frozen:
    """What a board became: its assembly, and the stories that serve it."""
    with aside():
        return frozen_to_serve(board)


def frozen_to_serve(board: Pegboard) -> Frozen:
    """The same for a board that is then served: what plugins take for standard output while they start stays theirs."""
    with _held_back():
        try:
            return board.frozen
        except ConfigurationError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001
            raise BrokenApplication(error) from None


@contextmanager
def _held_back() -> Iterator[None]:
    logger = logging.getLogger("pegboard")
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was
