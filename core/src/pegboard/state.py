"""What an application, a lifespan and a request carry along: any values, by name.

Rules that must not move:

- A `State` is a view: it works on the dict it was given, so that what is set here is seen in the ASGI scope.
- It has no public methods: every public name belongs to its user.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, overload

__all__ = ["State", "StateKey"]

T = TypeVar("T")


class StateKey(str, Generic[T]):
    """A key that says what it leads to: after ``POOL = StateKey[Pool]("pool")``, ``state[POOL]`` is known to be a Pool.

    It is a str, so that ``state[POOL]``, ``state["pool"]`` and ``state.pool`` are the same place.
    """

    __slots__ = ()


class State:
    """Values around one dict: by attribute (``state.pool``), key (``state["pool"]``) or typed key (`StateKey`)."""

    __slots__ = ("_state",)

    _state: dict[str, Any]

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        object.__setattr__(self, "_state", {} if state is None else state)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._state[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{self._has()}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._state[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._state:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{self._has()}")
        del self._state[name]

    @overload
    def __getitem__(self, key: StateKey[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: str) -> Any:
        return self._state[key]

    @overload
    def __setitem__(self, key: StateKey[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __setitem__(self, key: str, value: Any) -> None:
        self._state[key] = value

    def __delitem__(self, key: str) -> None:
        del self._state[key]

    def __contains__(self, key: object) -> bool:
        return key in self._state

    def __iter__(self) -> Iterator[str]:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._state,)

    def __repr__(self) -> str:
        """The names only: values may be secrets."""
        return f"{type(self).__name__}({', '.join(map(str, self._state))})"

    def _has(self) -> str:
        return f"; it has {', '.join(map(repr, self._state))}" if self._state else "; it is empty"
