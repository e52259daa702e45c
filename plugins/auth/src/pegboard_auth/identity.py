"""Who calls, and what they may do: the two objects that endpoints find as ``request.user`` and ``request.auth``.

Both are values. A scheme makes them once credentials have been verified, and nobody changes them afterwards: verified
tokens are cached, so that one `Access` may serve several requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["ANONYMOUS", "NO_CLAIMS", "Access", "AnonymousUser", "User", "is_name"]

NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})

LONGEST_NAME: Final = 255
"""The longest identity, in characters."""


def is_name(value: object) -> bool:
    """Whether ``value`` can be an identity: 1 to 255 printable characters, so that it fits into any log line."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


class User:
    """Who calls. ``identity`` is unique and stable, ``display_name`` is for people."""

    __slots__ = ("display_name", "identity")

    is_authenticated = True

    def __init__(self, identity: str, display_name: str | None = None) -> None:
        self.identity = identity
        self.display_name = identity if display_name is None else display_name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.identity!r})"


class AnonymousUser(User):
    """A caller who has shown no credentials: identity and display name are empty."""

    __slots__ = ()

    is_authenticated = False

    def __init__(self) -> None:
        super().__init__("")

    def __repr__(self) -> str:
        return "AnonymousUser()"


class Access:
    """How a caller was authenticated, and what follows from it.

    - ``user``: a `User`, or any object of a custom scheme that has ``identity`` and ``is_authenticated``.
    - ``scheme``: the name of the scheme that decided, such as ``"bearer"``; empty for anonymous callers.
    - ``scopes``, ``roles``: frozen sets of strings.
    - ``claims``: what a token says besides, read-only; empty for other schemes.
    - ``when``, ``expires``: when the credentials were verified and until when they hold, in seconds since the epoch;
      ``expires`` is None where nothing limits them.
    """

    __slots__ = ("claims", "expires", "roles", "scheme", "scopes", "user", "when")

    def __init__(
        self,
        user: Any,
        scheme: str,
        scopes: Iterable[str] = (),
        roles: Iterable[str] = (),
        claims: Mapping[str, Any] = NO_CLAIMS,
        when: float = 0.0,
        expires: float | None = None,
    ) -> None:
        self.user = user
        self.scheme = scheme
        self.scopes = scopes if type(scopes) is frozenset else frozenset(scopes)
        self.roles = roles if type(roles) is frozenset else frozenset(roles)
        self.claims = claims
        self.when = when
        self.expires = expires

    @property
    def identity(self) -> str:
        """The user's identity; empty for anonymous callers."""
        identity: str = self.user.identity
        return identity

    @property
    def is_authenticated(self) -> bool:
        """Whether the caller is known."""
        return bool(self.user.is_authenticated)

    def __repr__(self) -> str:
        """Identity and scheme only: claims may be private."""
        return f"Access({self.user!r}, scheme={self.scheme!r})"


ANONYMOUS: Final = Access(AnonymousUser(), "")
"""The access of everybody who has shown no credentials."""
