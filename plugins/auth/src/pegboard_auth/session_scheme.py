"""The scheme of browsers with a session: its cookie shows who they are.

Browsers send cookies by themselves, with requests that another site's page has caused as well; those do not count
(see `pegboard_auth.csrf`). For the same reason a session that is over is no bad credential: nobody has claimed
anything, a browser has kept a cookie. Its user is anonymous, and is sent to log in where somebody has to be known.
"""

from __future__ import annotations

from typing import Final

from pegboard.requests import HTTPConnection
from pegboard.websockets import WebSocket
from pegboard_auth.csrf import is_cross_site
from pegboard_auth.identity import Access
from pegboard_auth.refusals import Rejected
from pegboard_auth.schemes import Scheme
from pegboard_auth.session_stores import SessionStoreError
from pegboard_auth.sessions import SESSION, Sessions

__all__ = ["SessionScheme"]

_MESSAGES: Final = "pegboard.auth.messages"
"""Where a WebSocket's scope keeps how many messages had come when it was last looked at."""


class SessionScheme(Scheme):
    """Takes cookies of ``sessions``."""

    name = SESSION
    vary = b"cookie"

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def authenticate(self, connection: HTTPConnection) -> Access | None:
        """The access of the session's user, or None. Raises `Rejected` for another site's page, and without a store."""
        sessions = self.sessions
        if sessions.cookie not in connection.cookies:
            return None
        if is_cross_site(connection, sessions.trusted):
            raise Rejected("a cookie sent by another site's page", None, 403)
        try:
            return await sessions.find(connection, is_seen=_is_seen(connection))
        except SessionStoreError as error:
            raise Rejected(str(error), None, 503, retry_after=1) from error


def _is_seen(connection: HTTPConnection) -> bool:
    """Whether the user is there: a request says so, and of an open WebSocket a message since the last look."""
    if not isinstance(connection, WebSocket) or not connection.accepted:
        return True
    before: int = connection.scope.get(_MESSAGES, 0)
    connection.scope[_MESSAGES] = connection.messages_in
    return connection.messages_in > before
