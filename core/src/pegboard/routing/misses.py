"""The built-in endpoints for paths that no route answers: the router always finds one, and plugins see these too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import RedirectResponse, Response
from pegboard.routing.routes import BaseRoute
from pegboard.routing.tree import Miss, MissKind
from pegboard.types import Scope

__all__ = ["MissRoute", "slash_redirect", "toggled_slash"]


class MissRoute(BaseRoute):
    """The route of a miss. Its settings for plugins are those of ``around``, the mounts around the path."""

    def __init__(self, miss: Miss, around: Sequence[BaseRoute] = ()) -> None:
        self.miss = miss
        self.around = tuple(around)
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


def toggled_slash(path: str, raw_path: bytes = b"") -> str | None:
    """A relative reference from ``path`` to the same path with its trailing slash added or taken away, if there is one.

    It is relative to the last segment (RFC 3986 section 4.2), so neither a Host header, a mount, nor a leading ``//``
    in the path has any say in where it leads. The segment is taken from ``raw_path``, the path as the client wrote it,
    where an encoded slash is a part of a segment. There is none where that segment is ``.`` or ``..``.
    """
    is_closed = path.endswith("/")
    if raw_path and (raw_path.endswith(b"/") or raw_path[-3:].lower() == b"%2f") == is_closed:
        whole, is_encoded = raw_path, not raw_path.endswith(b"/")
    else:
        whole, is_encoded = quote(path.encode("utf-8", "surrogatepass")).encode("ascii"), False
    width = 0 if not is_closed else 3 if is_encoded else 1
    last = unquote_to_bytes(whole[: len(whole) - width].rpartition(b"/")[2])
    if last in (b".", b".."):
        return None
    segment = quote(last, safe="")
    if is_closed:
        return f"./{segment}" if is_encoded else f"../{segment}"
    return f"./{segment}/" if segment else "./"


def slash_redirect(scope: Scope) -> Response:
    """The redirect from a scope's path to the same with its slash toggled, with the query as it is.

    Raises HTTPException 404 where no reference leads there.
    """
    target = toggled_slash(scope["path"], scope.get("raw_path") or b"")
    if target is None:
        raise HTTPException(404)
    query = _UNSAFE_IN_QUERY.sub(_percent, scope.get("query_string", b"")).decode("ascii")
    return RedirectResponse(f"{target}?{query}" if query else target)


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
        return slash_redirect(request.scope)

    return redirect_slash


_UNSAFE_IN_QUERY = re.compile(rb"[^\x21\x22\x24-\x7e]")
"""What has no place in a query as it is (RFC 3986 section 3.4), above all the number sign that would end it."""


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]


_ENDPOINTS: dict[MissKind, Callable[[Miss], Callable[[Request], Awaitable[Any]]]] = {
    MissKind.NOT_FOUND: _not_found,
    MissKind.METHOD_NOT_ALLOWED: _method_not_allowed,
    MissKind.OPTIONS: _options,
    MissKind.REDIRECT_SLASH: _redirect_slash,
}
