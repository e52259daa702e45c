"""What the stories of requests and of WebSockets share: how both begin.

`match` is set by the board whenever its tables were compiled. In debug mode every pipeline that it finds is replaced by
one that watches its synchronous hooks, so that serving costs nothing for it otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pegboard.compiling import Call, Step
from pegboard.errors import ExceptionHandlers
from pegboard.exceptions import HookError
from pegboard.plans import Plan
from pegboard.stories.watching import Watch, Wrap
from pegboard.types import Scope

__all__ = ["Match", "Story", "rewritten"]

Match = Callable[[Scope], tuple[Plan, dict[str, Any]]]


class Story:
    """Serves the connections of one protocol; made at freeze, the same for all of them."""

    def __init__(
        self,
        board: Any,
        rewrite: Sequence[tuple[Call, Step]],
        handlers: ExceptionHandlers,
        debug: bool,
    ) -> None:
        self.board = board
        self.handlers = handlers
        self.debug = debug
        self._watch = Watch() if debug else None
        self.rewrite = rewrite if self._watch is None else self._watch.hooks(rewrite)
        self.match = unmatched

    def watch(self, wrap: Wrap) -> None:
        """Put ``wrap(call, step)`` in the place of every hook from now on: for tools that look at what runs."""
        self._watch = Watch(wrap, self._watch)
        self.rewrite = tuple((wrap(call, step), step) for call, step in self.rewrite)
        self.match = self._match

    @property
    def match(self) -> Match:
        """Finds the plan for a scope, and its path parameters."""
        return self._match

    @match.setter
    def match(self, match: Match) -> None:
        self._match = match
        self.find: Match = match if self._watch is None else self._watch.match(match)


def unmatched(scope: Scope) -> tuple[Plan, dict[str, Any]]:
    """Stands in for the tables until the board has compiled them."""
    raise RuntimeError("this board has no tables yet; they are made when it freezes")


def rewritten(scope: Scope, hooks: Sequence[tuple[Call, Step]]) -> tuple[Exception | None, str | None]:
    """Run `rewrite` hooks on a scope; gives what one raised and its plugin, to be answered once the route is known.

    After a failure the scope is again what the router can read.
    """
    path = scope["path"]
    for call, step in hooks:
        try:
            result = call(scope)
            if result is not None:
                raise step.misuse(result, "None")
            if scope["path"].__class__ is not str:
                raise HookError(f"scope['path'] is now {scope['path']!r}; expected text")
        except Exception as exc:
            step.blame(exc)
            scope["path"] = path
            return exc, step.plugin
    return None, None
