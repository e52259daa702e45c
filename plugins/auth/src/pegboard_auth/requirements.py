"""What a route asks of its callers, and the decorators that say it on endpoints.

A requirement is a value: scopes (all of them), roles (one of each group), policies (all of them). What is asked of a
route is what its settings say and what its endpoint says, together; the plugin binds it to the route when the board
freezes.

What must never move: an endpoint that `requires` something is never run without a check. The check belongs to the
route's gate; the guard around the endpoint makes sure that there was one, whatever became of the plugin: switched
off, left out for this route, or missing from another board that uses the same endpoint.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio.from_thread
import msgspec

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access

if TYPE_CHECKING:
    from pegboard_auth.gates import Gate

__all__ = ["AUTHENTICATED", "GATE", "Requirement", "is_public", "public", "requirements_of", "requires"]

E = TypeVar("E", bound=Callable[..., Any])

AUTHENTICATED: Final = "authenticated"
"""The scope that every known caller has, as Starlette's users are used to."""

GATE: Final = "pegboard.auth"
"""Where the gate that was passed stands in the scope of a connection."""

_REQUIRES: Final = "__pegboard_auth_requires__"
_PUBLIC: Final = "__pegboard_auth_public__"
_CONNECTIONS: Final = ("request", "websocket", "connection")


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

    def lacking(self, access: Access) -> str:
        """What ``access`` lacks, for the log; empty when scopes and roles suffice."""
        if not self.scopes <= access.scopes:
            return f"scope {', '.join(sorted(self.scopes - access.scopes))}"
        for group in self.roles:
            if group.isdisjoint(access.roles):
                return f"role {' or '.join(sorted(group))}"
        return ""


def requires(
    *scopes: str | Sequence[str], roles: str | Sequence[str] = (), policy: str | Sequence[str] = ()
) -> Callable[[E], E]:
    """Let only known callers through to an endpoint, who have all ``scopes``, one of ``roles``, and pass ``policy``.

    It goes on functions and methods that take the request or WebSocket. Policies are names of the setting ``policies``.
    Without arguments it asks for known callers, whoever they are. Raises TypeError for what it cannot guard.
    """
    words = [word for scope in scopes for word in _words("a scope", scope)]
    requirement = Requirement.make(words, _words("a role", roles), _words("a policy", policy))

    def decorate(endpoint: E) -> E:
        if is_public(endpoint):
            raise TypeError(f"{_name(endpoint)} is marked public and requires something; keep one of the two")
        find = _finder(endpoint)
        make = _async_guard if inspect.iscoroutinefunction(endpoint) else _sync_guard
        guarded: Any = wraps(endpoint)(make(endpoint, find, requirement))
        setattr(guarded, _REQUIRES, (*requirements_of(endpoint), requirement))
        return guarded  # type: ignore[no-any-return]

    return decorate


def public(endpoint: E) -> E:
    """Mark an endpoint as public: where the default is to deny, it is open all the same, and pays nothing.

    Its requests have no ``user``. Raises TypeError when it requires something.
    """
    if requirements_of(endpoint):
        raise TypeError(f"{_name(endpoint)} is marked public and requires something; keep one of the two")
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def requirements_of(endpoint: Any) -> tuple[Requirement, ...]:
    """What an endpoint requires, one requirement for each decorator; empty for nothing."""
    given: tuple[Requirement, ...] = _marked(endpoint, _REQUIRES, ())
    return given


def is_public(endpoint: Any) -> bool:
    """Whether an endpoint is marked `public`."""
    return _marked(endpoint, _PUBLIC, False) is True


def _marked(endpoint: Any, mark: str, default: Any) -> Any:
    """A mark on an endpoint itself: a subclass does not inherit it, and an object that has every attribute has none."""
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    if inspect.ismethod(endpoint):
        endpoint = endpoint.__func__
    return getattr(endpoint, "__dict__", {}).get(mark, default)


def _async_guard(endpoint: Any, find: Callable[..., HTTPConnection], requirement: Requirement) -> Any:
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        connection = find(*args, **kwargs)
        gate = _gate(connection, endpoint)
        if requirement not in gate.covered:
            await gate.enforce(connection, requirement)
        return await endpoint(*args, **kwargs)

    return guarded


def _sync_guard(endpoint: Any, find: Callable[..., HTTPConnection], requirement: Requirement) -> Any:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        connection = find(*args, **kwargs)
        gate = _gate(connection, endpoint)
        if requirement not in gate.covered:
            # Synchronous endpoints run in worker threads; policies run in the loop, as everywhere.
            anyio.from_thread.run(gate.enforce, connection, requirement)
        return endpoint(*args, **kwargs)

    return guarded


def _gate(connection: HTTPConnection, endpoint: Any) -> Gate:
    gate: Gate | None = connection.scope.get(GATE)
    if gate is None:
        raise RuntimeError(
            f"{_name(endpoint)} requires a known caller, and no auth plugin has looked at this connection; "
            "put the plugin on the board, switch it on for this route, or take `requires` away"
        )
    return gate


def _finder(endpoint: Any) -> Callable[..., HTTPConnection]:
    """What finds the connection among an endpoint's arguments."""
    if not (inspect.isfunction(endpoint) or inspect.ismethod(endpoint)):
        raise TypeError(
            f"requires() goes on functions and methods, got {_name(endpoint)}; "
            'for classes and applications give the route settings: plugins={"auth": {"scopes": [...]}}'
        )
    names = list(inspect.signature(endpoint).parameters)
    found = [name for name in names if name in _CONNECTIONS] or [name for name in names if name != "self"]
    if not found:
        raise TypeError(f"{_name(endpoint)} takes no request; requires() needs one to look at")
    name, index = found[0], names.index(found[0])

    def find(*args: Any, **kwargs: Any) -> HTTPConnection:
        connection: HTTPConnection = args[index] if index < len(args) else kwargs[name]
        return connection

    return find


def _words(what: str, given: str | Sequence[str]) -> list[str]:
    words = [given] if isinstance(given, str) else list(given)
    for word in words:
        if not word or not word.isprintable() or " " in word:
            raise TypeError(f"requires() got {word!r} as {what}; expected a word without blanks")
    return words


def _name(endpoint: Any) -> str:
    return f"{getattr(endpoint, '__module__', '?')}.{getattr(endpoint, '__qualname__', type(endpoint).__name__)}"
