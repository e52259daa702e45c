"""Plugins that get in each other's way: one rule a function, all of them in the table at the end.

Routes and exception handlers are compared as they are. Which response headers and which keys of the state a plugin
sets, it says itself, in its attributes `response_headers` and `state_keys`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from pegboard.applications import Pegboard
from pegboard.cli.boards import frozen
from pegboard.cli.route_plans import host_of, methods_of, path_of, served_routes
from pegboard.contributions import OWNER
from pegboard.linting import Claims, read_claims
from pegboard.routing.router import FlatRoute
from pegboard.routing.templates import Template

__all__ = ["combination_findings"]

SHARED = frozenset(
    {"alt-svc", "cache-control", "link", "server-timing", "set-cookie", "vary", "via", "www-authenticate"}
)
"""Response headers that hold a list to which any plugin may add."""


def combination_findings(board: Pegboard) -> list[str]:
    """What several of a board's plugins do, of which only one can have its way."""
    return [text for rule in RULES for text in rule(board)]


def unreadable_claims(board: Pegboard) -> Iterable[str]:
    """What a plugin says wrongly about itself."""
    for member in frozen(board).assembly.members:
        yield from read_claims(member.found)[1]


def response_headers(board: Pegboard) -> Iterable[str]:
    """Hooks of responses run inside-out, so the outermost plugin has the last word."""
    for header, names in _claimed(board, lambda claims: claims.response_headers):
        if header not in SHARED:
            yield (
                f"{_and(names)} set the response header {header}; {names[0]}, the outermost, has the last word: "
                "leave it to one of them"
            )


def state_keys(board: Pegboard) -> Iterable[str]:
    """Hooks of requests run outside-in, so the innermost plugin has the last word."""
    for key, names in _claimed(board, lambda claims: claims.state_keys):
        yield (
            f"{_and(names)} set {key!r} in the scope or the state; {names[-1]}, the innermost, has the last word: "
            "leave it to one of them"
        )


def exception_handlers(board: Pegboard) -> Iterable[str]:
    """Whoever sets a handler last is heard."""
    for key, names in frozen(board).contributions.handlers.items():
        if len(names) > 1:
            what = str(key) if isinstance(key, int) else key.__name__
            yield f"{_and(names)} handle {what}; {_named(names[-1])} came last and is heard: leave it to one of them"


def routes(board: Pegboard) -> Iterable[str]:
    """Two routes for the same requests, one of them a plugin's: the first answers."""
    contributions = frozen(board).contributions
    same: dict[Any, list[tuple[str, FlatRoute]]] = {}
    for flat in served_routes(board):
        place = host_of(flat), _shape(flat.template), type(flat.route)
        same.setdefault(place, []).append((contributions.brought(flat.chain[0]), flat))
    for claimants in same.values():
        for (first, one), (second, other) in combinations(claimants, 2):
            methods = _common(methods_of(one.route), methods_of(other.route))
            if first != second and methods:
                yield (
                    f"{_and([first, second])} have a route for {'|'.join(methods)} {host_of(one)}{path_of(one)}; "
                    f"that of {_named(first)} answers: change one of the paths"
                )


def _claimed(board: Pegboard, claims_of: Callable[[Claims], Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    """What several plugins claim, with their names from outside to inside."""
    claimants: dict[str, list[str]] = {}
    for member in frozen(board).assembly.members:
        for claim in dict.fromkeys(claims_of(read_claims(member.found)[0])):
            claimants.setdefault(claim, []).append(member.name)
    return ((claim, names) for claim, names in claimants.items() if len(names) > 1)


def _shape(template: Template) -> tuple[Any, ...]:
    """A template without the names of its parameters."""
    return tuple(part if isinstance(part, str) else type(part.convertor) for part in template.parts)


def _common(some: Sequence[str], others: Sequence[str]) -> list[str]:
    if "*" in some or "*" in others:
        return list(some if "*" in others else others)
    return [method for method in some if method in others]


def _named(plugin: str) -> str:
    return "the application" if plugin == OWNER else plugin


def _and(names: Sequence[str]) -> str:
    named = list(dict.fromkeys(map(_named, names)))
    return f"{', '.join(named[:-1])} and {named[-1]} both" if len(named) == 2 else ", ".join(named)


RULES: tuple[Callable[[Pegboard], Iterable[str]], ...] = (
    unreadable_claims,
    response_headers,
    state_keys,
    exception_handlers,
    routes,
)
