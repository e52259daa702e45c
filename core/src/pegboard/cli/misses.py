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

__all__ = ["answer_of", "missed"]


def answer_of(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> str:
    """The answer of a miss: its status, what comes with it, and who may answer otherwise."""
    status, more = ANSWERS[route.miss.kind](board, route, scope)
    text = f"{status} {phrase(status)}"
    if status >= 400 and board.exception_handlers.find(HTTPException(status)) is not None:
        text += f", as the exception handler for {status} has it"
    if scope["type"] == "websocket":
        text += ", before the WebSocket is accepted"
    return f"{text}{more}"


def missed(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> str:
    """What to do about a path that no route has, in a sentence; empty where one has it and answers otherwise."""
    if ANSWERS[route.miss.kind](board, route, scope)[0] != 404:
        return ""
    guess = _guess(board, scope["path"])
    hint = f"did you mean {guess}?" if guess else "pegboard routes lists those that there are"
    return f"no route has the path {scope['path']}, and shown is what answers; {hint}"


def _guess(board: Pegboard, path: str) -> str:
    """The template that is most like a path, empty where none is."""
    templates = {_filled(template, path): template for template in map(path_of, served_routes(board))}
    return next((templates[found] for found in get_close_matches(path, templates, 1)), "")


def _filled(template: str, path: str) -> str:
    """A template with the path's own values for its parameters, so that only the words decide how alike they are."""
    parts, values = template.split("/"), path.split("/")
    if len(parts) != len(values):
        return template
    return "/".join(value if "{" in part else part for part, value in zip(parts, values, strict=True))


def _not_found(board: Pegboard, route: MissRoute, scope: Mapping[str, Any]) -> tuple[int, str]:
    guess = _guess(board, scope["path"])
    return 404, f"; no route has this path{f', did you mean {guess}?' if guess else ''}"


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
