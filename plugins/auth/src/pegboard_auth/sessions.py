"""Sessions of browsers: an opaque random id in a cookie, and everything else in a store.

Rules that must not move:

- An id is made by us, at the login, and whatever session the browser had before is over then: nobody can plant an id
  and wait until its victim logs in with it (session fixation).
- The id has 256 random bits, is signed, and is stored as its digest. A cookie with a wrong signature costs no look at
  the store.
- The cookie is named ``__Host-...``: Secure, for this host alone, out of reach of scripts and of sibling hosts. It is
  set by a login, deleted by a logout, and left alone by everything else.
- Another site's page can neither log somebody in nor out. A login by GET is at the end of redirects from elsewhere, and
  is bound to its browser by whoever makes it, as ``state`` does.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, Final

from pegboard.exceptions import HTTPException
from pegboard.raw_headers import replace
from pegboard.requests import HTTPConnection
from pegboard.responses import Head
from pegboard_auth.audit import Audit
from pegboard_auth.csrf import SAFE, is_cross_site
from pegboard_auth.identity import ANONYMOUS, Access, is_name
from pegboard_auth.session_rules import Timeouts, access_of, end_of, is_touch_due, last_end, new_session, next_end
from pegboard_auth.session_signing import Signing
from pegboard_auth.session_stores import SessionStore, SessionStoreError, StoredSession

__all__ = ["SESSION", "Sessions"]

SESSION: Final = "session"
"""The name of the scheme."""

MAX_COOKIE: Final = 256
"""The longest value of a session's cookie, in characters; ours have about 90."""

MAX_VERIFIED: Final = 1024
"""How many cookies are remembered whose signature was right; whether there is such a session is asked every time."""


class Sessions:
    """The sessions of one board.

    ``cookie`` is the cookie's name; a ``persistent`` one outlives the browser's window. ``trusted`` are origins whose
    pages may act for their visitors besides our own. ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self,
        store: SessionStore,
        signing: Signing,
        timeouts: Timeouts,
        audit: Audit,
        cookie: str = "__Host-session",
        persistent: bool = False,
        trusted: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.cookie = cookie
        self.trusted = frozenset(origin.encode("ascii") for origin in trusted)
        self._signing = signing
        self._timeouts = timeouts
        self._audit = audit
        self._max_age = int(timeouts.absolute) if persistent else None
        self._clock = clock
        # Keys by the digests of cookies: the cookies themselves would be live sessions in a core dump.
        self._verified: dict[bytes, bytes] = {}

    async def find(self, connection: HTTPConnection, *, is_seen: bool = True) -> Access | None:
        """Who the connection's session belongs to; None without one, or with one that is over.

        Without ``is_seen`` the session is looked at, and does not last any longer for that. Raises SessionStoreError.
        """
        key = self._key(connection)
        session = None if key is None else await self.store.find(key)
        if session is None:
            if self.cookie in connection.cookies:
                reason = "the cookie's signature is wrong" if key is None else "no such session, or no more"
                self._note(logging.INFO, "ended", connection, "", reason)
            return None
        return await self._alive(connection, session, is_seen)

    async def log_in(self, request: Any, response: Any, access: Access) -> None:
        """Begin a session for ``access`` with ``response``, and end the one that the request came with.

        Raises HTTPException, 403 when another site's page is behind the request and 503 when the store cannot answer
        now, and ValueError for an access that cannot be stored.
        """
        connection = self._own(request, "log in")
        if not access.is_authenticated or not is_name(access.identity):
            raise ValueError(f"expected somebody with an identity of 1 to 255 printable characters, got {access!r}")
        session_id = secrets.token_urlsafe(32)
        session = new_session(_digest(session_id), access, self._clock(), self._timeouts)
        before = self._key(connection)
        try:
            await self.store.add(session)
            if before is not None:
                await self.store.remove(before)
        except SessionStoreError as error:
            raise self._unavailable(connection, error) from error
        self._set_cookie(response, self._signing.sign(session_id), self._max_age)
        _now_is(connection, access_of(session, SESSION, end_of(session, self._timeouts)))
        self._note(logging.INFO, "logged in", connection, session.identity)

    async def log_out(self, request: Any, response: Any, *, everywhere: bool = False) -> None:
        """End the session that the request came with, with ``everywhere`` all of its user's, and delete the cookie.

        Without a session nothing happens. Raises HTTPException as `log_in` does.
        """
        # By GET as well: another site's link to such a page is followed with the cookie.
        connection = self._own(request, "log out", safe=frozenset())
        key = self._key(connection)
        if self.cookie in connection.cookies:
            self._set_cookie(response, "", 0)
        _now_is(connection, ANONYMOUS)
        if key is None:
            return
        try:
            session = await self.store.find(key)
            if session is None:
                return
            await self.store.remove(key)
            count = 1 + (await self.store.remove_all(session.identity) if everywhere else 0)
        except SessionStoreError as error:
            raise self._unavailable(connection, error) from error
        self._note(logging.INFO, "logged out", connection, session.identity, f"{count} sessions" if everywhere else "")

    async def end_all(self, request: Any, identity: str) -> int:
        """End all sessions of ``identity`` and tell how many there were. Raises HTTPException 503 without a store."""
        connection = _connection(request)
        try:
            count = await self.store.remove_all(identity)
        except SessionStoreError as error:
            raise self._unavailable(connection, error) from error
        self._note(logging.INFO, "logged out", connection, identity, f"{count} sessions, for another request")
        return count

    async def aclose(self) -> None:
        """Close the store, if it can be closed."""
        close = getattr(self.store, "aclose", None)
        if close is not None:
            await close()

    async def _alive(self, connection: HTTPConnection, session: StoredSession, is_seen: bool) -> Access | None:
        now = self._clock()
        end = end_of(session, self._timeouts)
        if now >= end:
            await self.store.remove(session.key)
            self._note(logging.INFO, "ended", connection, session.identity, "the session has expired")
            return None
        if is_seen and is_touch_due(session, now, self._timeouts):
            end = next_end(session, now, self._timeouts)
            await self.store.touch(session.key, now, end)
        if connection.scope["type"] == "websocket":
            # It may be open for longer than its user makes no request, and is looked at until the session is over.
            end = last_end(session, self._timeouts)
        try:
            return access_of(session, SESSION, end)
        except ValueError as error:
            await self.store.remove(session.key)
            self._note(logging.WARNING, "ended", connection, session.identity, str(error))
            return None

    def _own(self, request: Any, what: str, safe: frozenset[str] = SAFE) -> HTTPConnection:
        """The connection of ``request``. Raises HTTPException when another site's page has caused it."""
        connection = _connection(request)
        if is_cross_site(connection, self.trusted, safe):
            reason = f"another site's page wants to {what}"
            self._note(logging.WARNING, "rejected", connection, "", reason, 403)
            raise HTTPException(403, headers={"Cache-Control": "no-store"})
        return connection

    def _key(self, connection: HTTPConnection) -> bytes | None:
        """The key of the session that the cookie names; None without a cookie, or where we have not signed it."""
        value = connection.cookies.get(self.cookie)
        if value is None or len(value) > MAX_COOKIE:
            return None
        digest = sha256(value.encode()).digest()
        known = self._verified.get(digest)
        if known is not None:
            return known
        session_id = self._signing.verify(value, MAX_COOKIE)
        if session_id is None:
            return None
        if len(self._verified) >= MAX_VERIFIED:
            del self._verified[next(iter(self._verified))]
        key = self._verified[digest] = _digest(session_id)
        return key

    def _set_cookie(self, response: Head, value: str, max_age: int | None) -> None:
        raw = response.raw_headers
        ours = self.cookie.encode("ascii") + b"="
        # RFC 6265 section 4.1.1: one Set-Cookie field for each name.
        raw[:] = [pair for pair in raw if pair[0] != b"set-cookie" or not pair[1].startswith(ours)]
        response.set_cookie(self.cookie, value, max_age, secure=True, httponly=True, samesite="lax")
        replace(raw, b"cache-control", b"no-store")

    def _unavailable(self, connection: HTTPConnection, error: SessionStoreError) -> HTTPException:
        self._note(logging.ERROR, "rejected", connection, "", str(error), 503)
        return HTTPException(503, headers={"Retry-After": "1", "Cache-Control": "no-store"})

    def _note(
        self,
        level: int,
        event: str,
        connection: HTTPConnection,
        identity: str,
        reason: str = "",
        status_code: int = 0,
    ) -> None:
        self._audit.note(level, event, connection, SESSION, identity, reason, status_code)


def _connection(request: Any) -> HTTPConnection:
    """The connection behind ``request``, which may be another framework's in an application that is mounted."""
    return request if isinstance(request, HTTPConnection) else HTTPConnection(request.scope)


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode("ascii")).digest()


def _now_is(connection: HTTPConnection, access: Access) -> None:
    """Let the rest of this request see who its user is from now on."""
    connection.scope["user"] = access.user
    connection.scope["auth"] = access
