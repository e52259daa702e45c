"""API keys: ``prefix.secret`` in a header; in a cookie or in the query string where that is configured.

The prefix is public. It finds the candidates, and names the key in the log; the whole key is compared by its digest.
Several keys may have one prefix, or one identity, so that a key is replaced without a gap: the new one is added, the
clients change over, the old one goes or expires.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from inspect import isawaitable
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.csrf import is_cross_site
from pegboard_auth.identity import Access
from pegboard_auth.recent import Recent
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.schemes import Scheme
from pegboard_auth.tokens import Grant, pick

__all__ = ["APIKeys", "LookedUpAPIKeys"]

MAX_SIZE = 512
"""The longest key, in bytes."""

_KEY = re.compile(rb"([A-Za-z0-9_-]{1,64})\.[A-Za-z0-9_-]+")

_NONE: tuple[Grant, ...] = ()


class APIKeys(Scheme):
    """Takes the keys it is given, by prefix.

    ``header`` is in lower case; ``query`` and ``cookie`` are the names of a parameter and a cookie, or None. A key in a
    cookie counts only when the request does not come from another site than ours and the ``trusted`` origins.
    """

    name = "api-key"
    may_change = False

    def __init__(
        self,
        keys: Iterable[tuple[str, Grant]],
        header: str = "x-api-key",
        query: str | None = None,
        cookie: str | None = None,
        trusted: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._header = header.encode("ascii")
        self.vary = self._header if cookie is None else self._header + b", cookie"
        self._query = query
        self._cookie = cookie
        self._trusted = frozenset(origin.encode("ascii") for origin in trusted)
        self._clock = clock
        self._recent = Recent(1024)
        by_prefix: dict[str, list[Grant]] = {}
        for prefix, grant in keys:
            by_prefix.setdefault(prefix, []).append(grant)
        self._by_prefix = {prefix: tuple(grants) for prefix, grants in by_prefix.items()}

    def authenticate(self, connection: HTTPConnection) -> Any:
        """The access of the key's holder, or None without a key. Raises `Rejected` for a key that does not count."""
        key = self._find(connection)
        if key is None:
            return None
        if len(key) > MAX_SIZE:
            raise Rejected("malformed key")
        digest = sha256(key).digest()
        known = self._recent.get(digest)
        if known is not None and self._clock() < known[1]:
            return known[0]
        access = self._judge(self._by_prefix.get(prefix_of(key), _NONE), digest)
        self._recent.keep(digest, access, math.inf if access.expires is None else access.expires)
        return access

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str:
        """A challenge that names the header; no standard gives API keys one."""
        return f'ApiKey realm="{realm}", header="{self._header.decode()}"'

    def _find(self, connection: HTTPConnection) -> bytes | None:
        key: bytes | None = None
        for name, value in connection.scope["headers"]:
            if name == self._header:
                if key is not None:
                    raise Rejected("several API keys", "invalid_request", 400)
                key = value
        if self._query is not None:
            values = connection.query_params.getlist(self._query)
            if len(values) > 1 or (values and key is not None):
                raise Rejected("several API keys", "invalid_request", 400)
            if values:
                return values[0].encode("utf-8", "surrogatepass")
        # A cookie comes along by itself: a key that was sent on purpose goes before it.
        if self._cookie is None or key is not None:
            return key
        return self._find_in_cookie(connection, self._cookie)

    def _find_in_cookie(self, connection: HTTPConnection, name: str) -> bytes | None:
        value = connection.cookies.get(name)
        if value is None:
            return None
        if is_cross_site(connection, self._trusted):
            raise Rejected("a cookie sent by another site's page", None, 403)
        return value.encode("utf-8", "surrogatepass")

    def _judge(self, candidates: Iterable[Grant], digest: bytes) -> Access:
        grant = pick(candidates, digest)
        if grant is None:
            raise Rejected("unknown key")
        return grant.access(self.name, self._clock())


class LookedUpAPIKeys(APIKeys):
    """Takes configured keys, and those that ``lookup(prefix)`` gives, an iterable of `Grant`, sync or async."""

    may_change = True

    def __init__(self, *args: Any, lookup: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lookup = lookup

    async def authenticate(self, connection: HTTPConnection) -> Any:
        """The access of the key's holder, or None without a key. Raises `Rejected` for a key that does not count."""
        key = self._find(connection)
        if key is None:
            return None
        prefix = prefix_of(key)
        found = self._lookup(prefix)
        if isawaitable(found):
            found = await found
        return self._judge((*self._by_prefix.get(prefix, _NONE), *(found or ())), sha256(key).digest())


def prefix_of(key: bytes) -> str:
    """The public prefix of a key. Raises `Rejected` for what is no key."""
    found = _KEY.fullmatch(key) if len(key) <= MAX_SIZE else None
    if found is None:
        raise Rejected("malformed key")
    return found[1].decode()
