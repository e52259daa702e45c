"""Lists of routes that tell the boards which serve them when they change.

Rules:

- Whatever way a list is changed in, every board that serves it is told, and compiles its tables anew.
- A change that one of them refuses is taken back, for all of them, and the error is raised to whoever made it.
- A list that no board serves is a list like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakSet

__all__ = ["RouteList", "Watcher"]

R = TypeVar("R")


class Watcher(Protocol):
    """A board, as lists know it."""

    def changed(self) -> None:
        """Take in the routes as they are now. Raises for a route that is wrong."""
        ...


class RouteList(list[R]):
    """Routes in order of preference; changed while a board serves them, it is told. Raises what the board raises."""

    __slots__ = ("_watchers",)

    def __init__(self, routes: Iterable[R] = ()) -> None:
        super().__init__(routes)
        self._watchers: WeakSet[Any] = WeakSet()

    def watch(self, watcher: Watcher) -> None:
        """From now on tell this board, for as long as it lives."""
        self._watchers.add(watcher)

    def _tell(self, before: list[R]) -> None:
        """Tell all watchers; where one of them refuses, the routes are as before."""
        told: list[Watcher] = []
        try:
            for watcher in list(self._watchers):
                told.append(watcher)
                watcher.changed()
        except BaseException:
            list.__setitem__(self, slice(None), before)
            for watcher in told[:-1]:
                watcher.changed()
            raise


def _telling(name: str) -> Callable[..., Any]:
    """The method of this name of a list, followed by telling."""
    method = getattr(list, name)

    def change(self: RouteList[Any], *args: Any, **options: Any) -> Any:
        if not self._watchers:
            return method(self, *args, **options)
        before = list(self)
        result = method(self, *args, **options)
        self._tell(before)
        return result

    change.__name__, change.__doc__ = name, method.__doc__
    return change


_CHANGES = (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
)

if not TYPE_CHECKING:
    for _name in _CHANGES:
        setattr(RouteList, _name, _telling(_name))
