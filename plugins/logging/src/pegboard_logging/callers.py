"""Questions about a request whose answers take a look around: who called, below which mount, which hook failed."""

from __future__ import annotations

from typing import Any

from pegboard.routing import Host, Mount
from pegboard.types import Scope

__all__ = ["ROOT", "mount_of", "origin_of", "user_of"]

NAMES = ("identity", "display_name", "username", "name", "id")
"""What a user object may call its name, the most telling first."""

ROOT = "pegboard.root_path"
"""Where the core keeps the root path that a request had above all mounts, once a mount has matched."""


def user_of(user: Any) -> str | None:
    """The name of whoever an identity plugin or authentication middleware found; None when it is nobody."""
    if isinstance(user, str):
        return user or None
    if _attribute(user, "is_authenticated", True) is False:
        return None
    for name in NAMES:
        value = _attribute(user, name)
        if isinstance(value, str | int) and value != "":
            return str(value)
    return None


def mount_of(scope: Scope, route: Any) -> str:
    """The path of the mounts around a route, so that it and the route's path are the whole."""
    above = scope.get(ROOT)
    if above is None:
        return ""
    mounted: str = scope["root_path"][len(above) :]
    if isinstance(route, Mount | Host):
        # What is mounted has moved below its own path already.
        return mounted.removesuffix(route.path) if mounted.endswith(route.path) else ""
    return mounted


def origin_of(error: BaseException) -> str | None:
    """The hook that an exception came from, as the core has noted it; None when it came from the endpoint."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, str) and note.startswith("in hook "):
            return note.removeprefix("in hook ")
    return None


def _attribute(user: Any, name: str, default: Any = None) -> Any:
    """An attribute of a user object; Starlette's raise NotImplementedError for what they have not."""
    try:
        return getattr(user, name, default)
    except Exception:  # noqa: BLE001  a user object of anybody's making must not cost the record
        return default
