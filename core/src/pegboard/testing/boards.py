"""Boards for tests: exactly the plugins that are asked for, nothing read from outside, every call checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pegboard.applications import Pegboard
from pegboard.asgi_checks import ASGIViolation
from pegboard.routing import BaseRoute
from pegboard.testing.recording import HookRecorder
from pegboard.testing.routes import EXCEPTION_HANDLERS, example_routes
from pegboard.testing.strict import StrictASGI
from pegboard.types import Receive, Scope, Send

if TYPE_CHECKING:
    from pegboard.freezing import Frozen

__all__ = ["CheckedBoard", "clean_environment", "make_board"]


class CheckedBoard(Pegboard):
    """A board that is served by a strict server, and whose hooks a recorder may write down."""

    def __init__(self, *arguments: Any, recorder: HookRecorder | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._recorder = recorder
        self._front = StrictASGI(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Raises ASGIViolation when the board or a plugin breaks ASGI 3."""
        # The connection that freezes a board comes here again when it is frozen.
        await (self._front if self._apps else super().__call__)(scope, receive, send)

    @property
    def violations(self) -> list[ASGIViolation]:
        """All that broke ASGI 3 so far."""
        return self._front.violations

    @property
    def frozen(self) -> Frozen:
        """What the board became at the freeze, its hooks recorded. Raises ConfigurationError."""
        is_new = self._frozen is None
        frozen = super().frozen
        if is_new and self._recorder is not None:
            self._recorder.watch(frozen)
        return frozen


def make_board(
    plugins: Sequence[Any] = (),
    routes: Sequence[BaseRoute] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    recorder: HookRecorder | None = None,
    **options: Any,
) -> CheckedBoard:
    """A board with these plugins (objects, classes, names or ``"module:attr"``) and no others.

    Without ``routes`` it has those of `example_routes`. ``settings`` are given to plugins by name; no file is read
    unless ``config`` is among the ``options``, which are those of `Pegboard`.
    """
    if routes is None:
        routes = example_routes()
        options["exception_handlers"] = {**EXCEPTION_HANDLERS, **options.get("exception_handlers", {})}
    board = CheckedBoard(
        routes=list(routes), plugins=list(plugins), config=options.pop("config", {}), recorder=recorder, **options
    )
    if settings:
        board.give_settings(settings)
    return board


@contextmanager
def clean_environment() -> Iterator[None]:
    """No ``PEGBOARD_*`` variable is set meanwhile, so that a board is what its test says."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PEGBOARD_")}
    try:
        yield
    finally:
        os.environ.update(taken)
