"""What one hook was called with, and how a list of such calls is told to a reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pegboard.types import RawHeaders, Scope

__all__ = ["HookCall", "told"]


@dataclass(eq=False)
class HookCall:
    """One call of one hook of one plugin.

    - ``arguments``: all that the hook's contract offers, whatever the implementation names: ``(request,)``,
      ``(request, response)``, ``(request, outcome)``, ``(scope,)``, ...
    - ``result``: what it gave, once it was awaited; ``error``: what it raised.
    - ``status_code``, ``headers_before``, ``headers_after``: of the response, for the hooks that are given one.
    """

    hook: str
    plugin: str
    scope: Scope
    method: str
    path: str
    arguments: tuple[Any, ...]
    result: Any = None
    error: BaseException | None = None
    status_code: int | None = None
    headers_before: Sequence[tuple[bytes, bytes]] = ()
    headers_after: Sequence[tuple[bytes, bytes]] = ()

    @property
    def added(self) -> RawHeaders:
        """The headers that are there after the hook and were not before."""
        return _without(self.headers_after, self.headers_before)

    @property
    def removed(self) -> RawHeaders:
        """The headers that were there before the hook and are not after."""
        return _without(self.headers_before, self.headers_after)

    @property
    def target(self) -> str:
        """Method and path, as the hook was called."""
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        parts = [f"{self.hook:<10} {self.plugin}"]
        if self.status_code is not None:
            parts.append(str(self.status_code))
        parts += [f"+{_text(pair)}" for pair in self.added] + [f"-{_text(pair)}" for pair in self.removed]
        if self.error is not None:
            parts.append(f"raised {type(self.error).__name__}: {self.error}")
        elif self.result is not None:
            parts.append(f"gave {_named(self.result)}")
        return "  ".join(parts)


def told(calls: Iterable[HookCall]) -> str:
    """The calls in order, one a line, under the request that each belongs to."""
    lines: list[str] = []
    current: Scope | None = None
    for call in calls:
        if call.scope is not current:
            current = call.scope
            lines.append(f"  {call.target}")
        lines.append(f"    {call}")
    return "\n".join(lines) or "  no hook"


def _without(pairs: Iterable[tuple[bytes, bytes]], others: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    left = list(others)
    found: RawHeaders = []
    for pair in pairs:
        if pair in left:
            left.remove(pair)
        else:
            found.append(pair)
    return found


def _text(pair: tuple[bytes, bytes]) -> str:
    return b": ".join(pair).decode("latin-1")


def _named(result: Any) -> str:
    status = getattr(result, "status_code", None)
    return type(result).__name__ + (f" {status}" if isinstance(status, int) else "")
