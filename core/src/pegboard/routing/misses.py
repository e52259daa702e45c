"""The built-in endpoints for paths that no route answers: the router always finds one, and plugins see these too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import RedirectResponse, Response
from pegboard.routing.routes import BaseRoute
from pegboard.routing.tree import Miss, MissKind

__all__ = ["MissRoute", "toggled_slash"]


class MissRoute(BaseRoute):
    """The route of a miss. Its settings for plugins are those of the mounts around the path."""

    def __init__(self, miss: Miss) -> None:
        self.miss = miss
        self.call: Callable[[Request], Awaitable[Any]] = _ENDPOINTS[miss.kind](miss)
        self.endpoint = self.call
        self._set("/", None, None, None, None)
        self.path = f"({miss.kind.value})"

    def _default_name(self) -> str:
        return self.miss.kind.value.replace(" ", "_")

    @property
    def label(self) -> str:
        """How messages name this route."""
        return self.path


def toggled_slash(path: str) -> str:
    """A relative reference from ``path`` to the same path with its trailing slash added or taken away.

    It is relative to the last segment (RFC 3986 section 4.2), so neither a Host header, a mount, nor a leading
    ``//`` in the path has any say in where it leads.
    """
    if path.endswith("/"):
        return "../" + quote(path[:-1].rpartition("/")[2], safe="")
    return "./" + quote(path.rpartition("/")[2], safe="") + "/"


def _not_found(miss: Miss) -> Callable[[Request], Awaitable[Any]]:
    async def not_found(request: Request) -> Any:
        raise HTTPException(404)

    return not_found


def _method_not_allowed(miss: Miss) -> Callable[[Request], Awaitable[Any]]:
    headers = {"Allow": ", ".join(miss.allow)}

    async def method_not_allowed(request: Request) -> Any:
        raise HTTPException(405, headers=headers)

    return method_not_allowed


def _options(miss: Miss) -> Callable[[Request], Awaitable[Any]]:
    headers = {"Allow": ", ".join(miss.allow)}

    async def options(request: Request) -> Response:
        return Response(None, 204, headers)

    return options


def _redirect_slash(miss: Miss) -> Callable[[Request], Awaitable[Any]]:
    async def redirect_slash(request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        target = toggled_slash(request.scope["path"])
        return RedirectResponse(f"{target}?{query}" if query else target)

    return redirect_slash


_ENDPOINTS: dict[MissKind, Callable[[Miss], Callable[[Request], Awaitable[Any]]]] = {
    MissKind.NOT_FOUND: _not_found,
    MissKind.METHOD_NOT_ALLOWED: _method_not_allowed,
    MissKind.OPTIONS: _options,
    MissKind.REDIRECT_SLASH: _redirect_slash,
}
