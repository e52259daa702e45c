"""What a route asks of its callers, as a value, and the marks by which endpoints say it.

A requirement is scopes (all of them), roles (one of each group), policies (all of them). What is asked of a route is
what its settings say and what its endpoint says, together; the plugin binds it to the route when the board freezes.
The decorators that mark endpoints stand in `pegboard_auth.guards`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Final

import msgspec

from pegboard_auth.identity import Access

__all__ = [
    "AUTHENTICATED",
    "GATE",
    "GUARD",
    "PROVIDED",
    "PUBLIC",
    "REQUIRED_ABOVE",
    "REQUIRES",
    "Requirement",
    "beneath",
    "is_public",
    "marks",
    "required_within",
    "requirements_of",
    "same",
]

AUTHENTICATED: Final = "authenticated"
"""The scope that every known caller has, as Starlette's users are used to."""

GATE: Final = "pegboard.auth"
"""Where the gate that was passed stands in the scope of a connection."""

PROVIDED: Final = ("pegboard-auth",)
"""What the plugin provides to endpoints that require something: that somebody looks at their marks."""

REQUIRES: Final = "__pegboard_auth_requires__"
"""The mark of a guard: what it and those beneath it require."""

REQUIRED_ABOVE: Final = "__pegboard_auth_required_above__"
"""The mark of what stands beneath guards, and may be the endpoint of a route in their place."""

GUARD: Final = "__pegboard_auth_guard__"
"""The guard itself, as its own mark: decorators copy marks, and what they make is none."""

PUBLIC: Final = "__pegboard_auth_public__"
"""The mark of public endpoints."""


class Requirement(msgspec.Struct, frozen=True):
    """What callers need besides being known: all ``scopes``, one of each group of ``roles``, all named ``policies``."""

    scopes: frozenset[str] = frozenset()
    roles: tuple[frozenset[str], ...] = ()
    policies: tuple[str, ...] = ()

    @classmethod
    def make(cls, scopes: Iterable[str] = (), roles: Iterable[str] = (), policies: Iterable[str] = ()) -> Requirement:
        """A requirement of one group of roles. The scope ``authenticated`` is what every requirement asks."""
        group = frozenset(roles)
        return cls(frozenset(scopes) - {AUTHENTICATED}, (group,) if group else (), tuple(dict.fromkeys(policies)))

    def __add__(self, other: Requirement) -> Requirement:
        return Requirement(
            self.scopes | other.scopes,
            tuple(dict.fromkeys((*self.roles, *other.roles))),
            tuple(dict.fromkeys((*self.policies, *other.policies))),
        )

    def __str__(self) -> str:
        """What is asked, in words, for people who look at a board's routes."""
        asked = [f"scope {scope}" for scope in sorted(self.scopes)]
        asked += [f"role {' or '.join(sorted(group))}" for group in self.roles]
        asked += [f"policy {name}" for name in self.policies]
        return f"known callers with {', '.join(asked)}" if asked else "known callers"

    def lacking(self, access: Access) -> str:
        """What ``access`` lacks, for the log; empty when scopes and roles suffice."""
        if not self.scopes <= access.scopes:
            return f"scope {', '.join(sorted(self.scopes - access.scopes))}"
        for group in self.roles:
            if group.isdisjoint(access.roles):
                return f"role {' or '.join(sorted(group))}"
        return ""


def requirements_of(endpoint: Any) -> tuple[Requirement, ...]:
    """What an endpoint requires, one requirement for each decorator on it or above its route; empty for nothing.

    A class requires what the classes require that it is derived from.
    """
    return tuple(dict.fromkeys((*marks(endpoint, REQUIRES), *_required_above(endpoint))))


def required_within(endpoint: Any) -> tuple[Requirement, ...]:
    """What the methods of an endpoint require that is a class; they ask for it themselves, each for its own."""
    if not inspect.isclass(endpoint):
        return ()
    return tuple(
        dict.fromkeys(
            requirement
            for cls in endpoint.__mro__
            for member in vars(cls).values()
            if not inspect.isclass(member)
            for requirement in requirements_of(getattr(member, "__func__", member))
        )
    )


def is_public(endpoint: Any) -> bool:
    """Whether an endpoint is marked `public`. A subclass does not inherit it."""
    return any(_own(each).get(PUBLIC) is True for each in same(endpoint))


def marks(endpoint: Any, mark: str) -> tuple[Requirement, ...]:
    """The requirements that a mark holds: those of partials, methods and classes are also those of what they are of."""
    found: tuple[Requirement, ...] = ()
    for each in same(endpoint):
        for owner in each.__mro__ if inspect.isclass(each) else (each,):
            found = (*found, *_own(owner).get(mark, ()))
    return found


def beneath(endpoint: Any) -> Iterator[Any]:
    """An endpoint and all functions beneath it that a route may hold in its place: what decorators have wrapped."""
    return (one for one in _reached(endpoint) if not isinstance(one, MethodType))


def _required_above(endpoint: Any) -> Iterator[Requirement]:
    """What is asked above a route of its endpoint, or of a function beneath it; what is beneath a guard is its own."""
    for one in _reached(endpoint, lambda one: _own(one).get(GUARD) is not one):
        yield from marks(one, REQUIRED_ABOVE)


def _reached(endpoint: Any, goes_into: Callable[[Any], bool] = lambda one: True) -> Iterator[Any]:
    """An endpoint and what is inside of it, however deep, each once; not what is in those that are not gone into."""
    seen: list[Any] = []
    waiting = [endpoint]
    while waiting:
        one = waiting.pop()
        if any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        if goes_into(one):
            waiting += _inside(one)


def _inside(one: Any) -> list[Any]:
    """What a function holds that it may call. Decorators without `functools.wraps` keep it among their variables."""
    if isinstance(one, partial):
        return [one.func]
    if isinstance(one, MethodType):
        return [one.__func__]
    if not isinstance(one, FunctionType):
        return []
    wrapped = vars(one).get("__wrapped__")
    if wrapped is not None:
        return [wrapped]
    values = [cell.cell_contents for cell in one.__closure__ or () if _is_filled(cell)]
    values += [*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
    return [value for value in values if isinstance(value, FunctionType | MethodType | partial)]


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _own(thing: Any) -> Mapping[str, Any]:
    """The attributes of a thing itself: a proxy or mock that has every attribute has no mark."""
    own = getattr(thing, "__dict__", None)
    return own if isinstance(own, Mapping) else {}


def same(endpoint: Any) -> Iterator[Any]:
    """An endpoint, and what it is a partial or a bound method of."""
    yield endpoint
    while isinstance(endpoint, partial | MethodType):
        endpoint = endpoint.func if isinstance(endpoint, partial) else endpoint.__func__
        yield endpoint
