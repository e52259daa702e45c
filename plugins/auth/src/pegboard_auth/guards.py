"""The decorators `requires` and `public`, and the guards around endpoints.

What must never move: an endpoint that `requires` something is never run without a check.

- The check belongs to the route's gate. The guard around the endpoint makes sure that there was one.
- A route may hold the endpoint without its guard: decorators that make routes return what they are given, so that
  ``@requires`` above them comes too late for the route. Hence everything beneath the guard is marked as well, and the
  gate of such a route asks for the same; also where the route holds a decorator's function that has what is marked
  beneath it. Whoever guards a function therefore guards it on all routes.
- What is marked needs the plugin, under the name of its distribution: another one that knows who calls does not know
  these marks. A board without it refuses to start.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio.from_thread

from pegboard.requests import HTTPConnection
from pegboard_auth.requirements import (
    GATE,
    GUARD,
    PROVIDED,
    PUBLIC,
    REQUIRED_ABOVE,
    REQUIRES,
    Requirement,
    beneath,
    is_public,
    marks,
    requirements_of,
    same,
)

if TYPE_CHECKING:
    from pegboard_auth.gates import Gate

__all__ = ["GATE", "public", "requires"]

E = TypeVar("E", bound=Callable[..., Any])

_NEEDS: Final = "__pegboard_needs__"
_CONNECTIONS: Final = ("request", "websocket", "connection")


def requires(
    *scopes: str | Sequence[str], roles: str | Sequence[str] = (), policy: str | Sequence[str] = ()
) -> Callable[[E], E]:
    """Let only known callers through to an endpoint, who have all ``scopes``, one of ``roles``, and pass ``policy``.

    It goes on functions and methods that take the request or WebSocket, sync or async, and on classes such as
    `HTTPEndpoint`, above or below the decorator that makes the route. Policies are names of the setting ``policies``.
    Without arguments it asks for known callers, whoever they are. Raises TypeError for what it cannot guard.
    """
    words = [word for scope in scopes for word in _words("a scope", scope)]
    requirement = Requirement.make(words, _words("a role", roles), _words("a policy", policy))

    def decorate(endpoint: E) -> E:
        return _required(endpoint, requirement)  # type: ignore[no-any-return]

    return decorate


def public(endpoint: E) -> E:
    """Mark an endpoint as public: where the default is to deny, it is open all the same, and pays nothing.

    Its requests have no ``user``. Raises TypeError when it requires something.
    """
    if requirements_of(endpoint):
        raise TypeError(f"{_name(endpoint)} is marked public and requires something; keep one of the two")
    setattr(endpoint, PUBLIC, True)
    return endpoint


def _required(endpoint: Any, requirement: Requirement) -> Any:
    if isinstance(endpoint, staticmethod | classmethod):
        return type(endpoint)(_required(endpoint.__func__, requirement))
    below = list(beneath(endpoint))
    if any(map(is_public, below)):
        raise TypeError(f"{_name(endpoint)} is marked public and requires something; keep one of the two")
    if inspect.isclass(endpoint):
        _guard_class(endpoint, requirement)
        return endpoint
    index, name = _place(endpoint)
    make = _async_guard if inspect.iscoroutinefunction(endpoint) else _sync_guard
    guarded: Any = wraps(endpoint)(make(endpoint, index, name, requirement))
    setattr(guarded, REQUIRES, (*marks(endpoint, REQUIRES), requirement))
    setattr(guarded, GUARD, guarded)
    setattr(guarded, _NEEDS, PROVIDED)
    # What others have asked of the same function above a route is theirs.
    vars(guarded).pop(REQUIRED_ABOVE, None)
    for function in below:
        above = marks(function, REQUIRED_ABOVE)
        setattr(function, REQUIRED_ABOVE, tuple(dict.fromkeys((*above, requirement))))
        setattr(function, _NEEDS, PROVIDED)
    return guarded


def _guard_class(endpoint: Any, requirement: Requirement) -> None:
    """Mark a class that serves connections, and let none of its objects be made where no gate has asked the same."""
    if not hasattr(endpoint, "__await__"):
        raise TypeError(_cannot_guard(endpoint))
    make: Any = endpoint.__init__

    @wraps(make)
    def guarded(self: Any, scope: Any, *args: Any, **kwargs: Any) -> None:
        if requirement not in _gate(scope, endpoint).covered:
            raise RuntimeError(
                f"{_name(endpoint)} requires something that was not asked on the way to it; "
                "give it to a route of the board itself"
            )
        make(self, scope, *args, **kwargs)

    endpoint.__init__ = guarded
    setattr(endpoint, REQUIRES, (*vars(endpoint).get(REQUIRES, ()), requirement))
    setattr(endpoint, _NEEDS, PROVIDED)


def _async_guard(endpoint: Any, index: int, name: str, requirement: Requirement) -> Any:
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        connection: HTTPConnection = args[index] if index < len(args) else kwargs[name]
        gate = connection.scope.get(GATE) or _gate(connection.scope, endpoint)
        if requirement not in gate.covered:
            await gate.enforce(connection, requirement)
        return await endpoint(*args, **kwargs)

    return guarded


def _sync_guard(endpoint: Any, index: int, name: str, requirement: Requirement) -> Any:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        connection: HTTPConnection = args[index] if index < len(args) else kwargs[name]
        gate = connection.scope.get(GATE) or _gate(connection.scope, endpoint)
        if requirement not in gate.covered:
            # Synchronous endpoints run in worker threads; policies run in the loop, as everywhere.
            anyio.from_thread.run(gate.enforce, connection, requirement)
        return endpoint(*args, **kwargs)

    return guarded


def _gate(scope: Any, endpoint: Any) -> Gate:
    gate: Gate | None = scope.get(GATE)
    if gate is None:
        raise RuntimeError(
            f"{_name(endpoint)} requires a known caller, and no auth plugin has looked at this connection; "
            "put the plugin on the board, switch it on for this route, or take `requires` away"
        )
    return gate


def _place(endpoint: Any) -> tuple[int, str]:
    """Where the connection stands among an endpoint's arguments."""
    function = [*same(endpoint)][-1]
    if not isinstance(function, FunctionType):
        raise TypeError(_cannot_guard(endpoint))
    names = list(inspect.signature(endpoint).parameters)
    found = [name for name in names if name in _CONNECTIONS] or [name for name in names if name != "self"]
    if not found:
        raise TypeError(f"{_name(endpoint)} takes no request; requires() needs one to look at")
    return names.index(found[0]), found[0]


def _cannot_guard(endpoint: Any) -> str:
    return (
        f"requires() goes on functions, methods and classes of endpoints, got {_name(endpoint)}; "
        'for applications give the route settings: plugins={"auth": {"scopes": [...]}}'
    )


def _words(what: str, given: str | Sequence[str]) -> list[str]:
    words = [given] if isinstance(given, str) else list(given)
    for word in words:
        if not word or not word.isprintable() or " " in word:
            raise TypeError(f"requires() got {word!r} as {what}; expected a word without blanks")
    return words


def _name(endpoint: Any) -> str:
    return f"{getattr(endpoint, '__module__', '?')}.{getattr(endpoint, '__qualname__', type(endpoint).__name__)}"
