"""Questions about a request whose answers take a look around: who called, and which hook failed."""

from __future__ import annotations

from typing import Any

__all__ = ["origin_of", "user_of"]

NAMES = ("identity", "display_name", "username", "name", "id")
"""What a user object may call its name, the most telling first."""


def user_of(user: Any) -> str | None:
    """The name of whoever an identity plugin or authentication middleware found; None when it is nobody."""
    try:
        # The short way, for users of Pegboard's own plugins and their like.
        if user.is_authenticated is True and (name := user.identity).__class__ is str and name:
            return name
    except Exception:  # noqa: BLE001, S110  a user object of anybody's making must not cost the record
        pass
    return _looked_for(user)


def _looked_for(user: Any) -> str | None:
    if user is None or isinstance(user, str):
        return user or None
    if _attribute(user, "is_authenticated", True) is False:
        return None
    for name in NAMES:
        value = _attribute(user, name)
        if isinstance(value, str | int) and value != "":
            return str(value)
    return None


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
