"""A recorder of request-time hooks: which ran, in which order, with what.

It stands where the debug mode's stopwatches stand: the pipelines that a frozen board finds are replaced by copies whose
functions are written down. The board's own tables, and plugins that look at them, see the pipelines as they are. A
board without a recorder pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pegboard.applications import Pegboard
from pegboard.compiling import Call, Step
from pegboard.hookspecs import REQUEST_TIME
from pegboard.responses import Head
from pegboard.testing.hook_calls import HookCall, told

if TYPE_CHECKING:
    from pegboard.freezing import Frozen

__all__ = ["HookRecorder"]


class HookRecorder:
    """Writes down every call of a request-time hook, on all boards that it is attached to."""

    def __init__(self) -> None:
        self._calls: list[HookCall] = []

    def __str__(self) -> str:
        return told(self._calls)

    def attach(self, board: Pegboard) -> None:
        """Record the hooks of ``board``, which freezes now if it has not. Raises ConfigurationError."""
        self.watch(board.frozen)

    def watch(self, frozen: Frozen) -> None:
        """Record the hooks of what a board became."""
        for story in (frozen.http, frozen.websocket):
            story.watch(self.recorded)

    def calls(self, hook: str | None = None, plugin: str | None = None) -> list[HookCall]:
        """The calls so far, in order; those of one hook, of one plugin, or of both."""
        _check_hook(hook)
        return [
            call for call in self._calls if call.hook == (hook or call.hook) and call.plugin == (plugin or call.plugin)
        ]

    def clear(self) -> None:
        """Forget everything."""
        self._calls.clear()

    def assert_ran(
        self,
        hook: str,
        *,
        plugin: str | None = None,
        after: str | None = None,
        before: str | None = None,
        times: int | None = None,
    ) -> None:
        """Assert that a hook ran; so many times; for each request ``after`` or ``before`` that of another plugin.

        Raises AssertionError that shows everything that ran.
        """
        __tracebackhide__ = True
        found = self.calls(hook, plugin)
        what = _described(hook, plugin)
        if not found:
            raise AssertionError(f"{what} did not run; what ran, in order:\n{self}")
        if times is not None and len(found) != times:
            raise AssertionError(f"{what} ran {len(found)} times, expected {times}; what ran, in order:\n{self}")
        for other, is_after in ((after, True), (before, False)):
            if other is not None:
                self._assert_order(found, hook, other, is_after)

    def assert_not_ran(self, hook: str, *, plugin: str | None = None) -> None:
        """Assert that a hook did not run. Raises AssertionError that shows everything that ran."""
        __tracebackhide__ = True
        if self.calls(hook, plugin):
            raise AssertionError(f"{_described(hook, plugin)} ran; what ran, in order:\n{self}")

    def recorded(self, call: Call, step: Step) -> Call:
        """``call`` with each of its calls written down."""

        def record(*arguments: Any) -> Any:
            entry = self._begin(step, arguments)
            try:
                return _end(entry, call(*arguments))
            except BaseException as error:
                _fail(entry, error)
                raise

        async def record_async(*arguments: Any) -> Any:
            entry = self._begin(step, arguments)
            try:
                return _end(entry, await call(*arguments))
            except BaseException as error:
                _fail(entry, error)
                raise

        return record_async if step.is_async else record

    def _begin(self, step: Step, arguments: tuple[Any, ...]) -> HookCall:
        first = arguments[0]
        scope = first if step.hook == "rewrite" else first.scope
        entry = HookCall(
            step.hook, step.plugin, scope, scope.get("method", "WEBSOCKET"), scope.get("path", ""), arguments
        )
        head = _head(arguments)
        if head is not None:
            entry.headers_before = tuple(head.raw_headers)
        self._calls.append(entry)
        return entry

    def _assert_order(self, found: Sequence[HookCall], hook: str, other: str, is_after: bool) -> None:
        __tracebackhide__ = True
        word, opposite = ("after", "before") if is_after else ("before", "after")
        for call in found:
            what = f"{_described(hook, call.plugin)} on {call.target}"
            others = [each for each in self.calls(hook, other) if each.scope is call.scope]
            if not others:
                raise AssertionError(
                    f"{what} was expected to run {word} that of {other!r}, which did not run; what ran:\n{self}"
                )
            place = self._calls.index(call)
            if any((self._calls.index(each) < place) is not is_after for each in others):
                raise AssertionError(
                    f"{what} ran {opposite} that of {other!r}, expected {word}; what ran, in order:\n{self}"
                )


def _described(hook: str, plugin: str | None) -> str:
    return f"hook {hook!r}" + (f" of {plugin!r}" if plugin else "")


def _check_hook(hook: str | None) -> None:
    if hook is not None and hook not in REQUEST_TIME:
        raise ValueError(f"{hook!r} is no request-time hook; those that are recorded: {', '.join(REQUEST_TIME)}")


def _head(arguments: tuple[Any, ...]) -> Head | None:
    return next((each for each in arguments[1:] if isinstance(each, Head)), None)


def _end(entry: HookCall, result: Any) -> Any:
    entry.result = result
    _look_at_head(entry)
    return result


def _fail(entry: HookCall, error: BaseException) -> None:
    entry.error = error
    _look_at_head(entry)


def _look_at_head(entry: HookCall) -> None:
    head = _head(entry.arguments)
    if head is not None:
        entry.status_code = head.status_code
        entry.headers_after = tuple(head.raw_headers)
