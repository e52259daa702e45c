"""What the stories of requests and of WebSockets share: how both begin.

`match` is set by the board whenever its tables were compiled. In debug mode every pipeline that it finds is replaced by
one that watches its synchronous hooks, so that serving costs nothing for it otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pegboard.compiling import Call, Step
from pegboard.errors import ExceptionHandlers
from pegboard.exceptions import HookError
from pegboard.plans import Plan
from pegboard.stories.watching import Watch, Wrap
from pegboard.types import Scope

__all__ = ["Match", "Story"]

Match = Callable[[Scope], tuple[Plan, dict[str, Any]]]

Fixed = Mapping[str, Mapping[str, Plan]]
"""By method and path, the plans of paths that are found by one look-up."""


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
        self.fixed: Fixed = {}
        # Whether anybody is told when a request came in: nobody else needs a look at the clock.
        self.is_timed = True
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
        self.fixed = {}

    def match_by(self, match: Match, fixed: Fixed) -> None:
        """Find plans by ``match``, and those that ``fixed`` holds there, unless somebody watches."""
        self.match = match
        self.fixed = fixed if self._watch is None else {}

    def rewritten(self, scope: Scope) -> tuple[Exception | None, str | None]:
        """Run `rewrite` hooks on a scope; gives what one raised and its plugin, to be answered once the route is known.

        After a failure the scope is again what the router can read.
        """
        path = before = scope["path"]
        for call, step in self.rewrite:
            try:
                result = call(scope)
                if result is not None:
                    raise step.misuse(result, "None")
                if scope["path"] is not path:
                    path = scope["path"]
                    if path.__class__ is not str:
                        raise HookError(f"scope['path'] is now {path!r}; expected text")
            except Exception as exc:
                step.blame(exc)
                scope["path"] = before
                return exc, step.plugin
        return None, None


def unmatched(scope: Scope) -> tuple[Plan, dict[str, Any]]:
    """Stands in for the tables until the board has compiled them."""
    raise RuntimeError("this board has no tables yet; they are made when it freezes")
