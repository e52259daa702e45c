"""What is answered where no route takes a request, in words, and the route that may have been meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pegboard.applications import Pegboard
from pegboard.cli.route_plans import path_of, served_routes
from pegboard.exceptions import HTTPException
from pegboard.routing.misses import MissRoute, toggled_slash
from pegboard.routing.tree import MissKind
from pegboard.status import phrase

__all__ = ["answer_of"]


def answer_of(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> str:
    """The answer of a miss: its status, what comes with it, and who may answer otherwise."""
    status, more = ANSWERS[route.miss.kind](board, route, scope)
    text = f"{status} {phrase(status)}"
    if status >= 400 and board.exception_handlers.find(HTTPException(status)) is not None:
        text += f", as the exception handler for {status} has it"
    if scope["type"] == "websocket":
        text += ", before the WebSocket is accepted"
    return f"{text}{more}"


def _not_found(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> tuple[int, str]:
    paths = [path_of(flat) for flat in served_routes(board)]
    guess = get_close_matches(scope["path"], paths, 1)
    return 404, f"; no route has this path{f', did you mean {guess[0]}?' if guess else ''}"


def _method_not_allowed(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> tuple[int, str]:
    return 405, f"; Allow: {', '.join(route.miss.allow)}"


def _options(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> tuple[int, str]:
    return 204, f"; Allow: {', '.join(route.miss.allow)}"


def _redirect_slash(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> tuple[int, str]:
    target = toggled_slash(scope["path"], scope.get("raw_path") or b"")
    return (404, "; no route has this path") if target is None else (307, f"; Location: {target}")


ANSWERS: Mapping[MissKind, Callable[[Pegboard, MissRoute, Mapping[str, Any]], tuple[int, str]]] = {
    MissKind.NOT_FOUND: _not_found,
    MissKind.METHOD_NOT_ALLOWED: _method_not_allowed,
    MissKind.OPTIONS: _options,
    MissKind.REDIRECT_SLASH: _redirect_slash,
}
