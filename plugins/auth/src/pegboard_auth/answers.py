"""The answers of somebody who says no: 401 with challenges, 403, 400 and 503, or a redirect to the login page.

Pure: from what happened to a response, no I/O. All of them are for this caller only, hence ``Cache-Control: no-store``.

- 401: nobody is known. One WWW-Authenticate field per scheme; that of a scheme that has rejected credentials says so
  (RFC 6750 section 3.1).
- 403: somebody is known, and may not.
- 400: what was sent cannot be read in one way only, as with two Authorization headers.
- 303 to the login page, instead of a 401 without credentials, for browsers that navigate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from pegboard.requests import HTTPConnection
from pegboard.responses import PlainTextResponse, RedirectResponse, Response
from pegboard_auth.identity import Access
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.requirements import Requirement
from pegboard_auth.schemes import Scheme

__all__ = ["Answers", "is_local", "safe_next"]

NO_STORE: Final = (b"cache-control", b"no-store")

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def is_local(target: str) -> bool:
    """Whether a redirect to ``target`` stays on this host: a path of visible ASCII that begins with exactly one slash.

    Browsers read a backslash as a slash and drop control characters (WHATWG URL, section 4.4), so neither may occur.
    """
    return _LOCAL.fullmatch(target) is not None


def safe_next(target: str | None, default: str = "/") -> str:
    """``target`` when a redirect there stays on this host, else ``default``; for what a login page got as ``next``."""
    return target if target is not None and is_local(target) else default


class Answers:
    """Makes the answers of one board. ``login_path`` is where browsers are sent, or None."""

    def __init__(self, realm: str, login_path: str | None = None) -> None:
        self._realm = realm
        self._login_path = login_path

    def missing(self, connection: HTTPConnection, schemes: Sequence[Scheme]) -> Response:
        """No credentials were shown where some are needed."""
        login_path = self._login_path
        # A login page that itself asks for a known caller would send its visitors round in circles.
        if (
            login_path is not None
            and _navigates(connection)
            and connection.scope["path"] != login_path.partition("?")[0]
        ):
            return self._to_login(login_path, connection)
        return self._answer(401, schemes)

    def rejected(self, rejected: Rejected, by: Scheme, schemes: Sequence[Scheme]) -> Response:
        """The credentials for scheme ``by`` do not count."""
        code = rejected.status_code
        if code == 401:
            return self._answer(401, schemes, by, rejected.error)
        response = self._answer(code, (by,) if code == 400 else (), by, rejected.error)
        if rejected.retry_after is not None:
            response.raw_headers.append((b"retry-after", b"%d" % rejected.retry_after))
        return response

    def forbidden(self, access: Access, requirement: Requirement, schemes: Sequence[Scheme]) -> Response:
        """The caller is known, and may not."""
        by = next((scheme for scheme in schemes if scheme.name == access.scheme), None)
        if by is None or requirement.scopes <= access.scopes:
            return self._answer(403, ())
        return self._answer(403, (by,), by, "insufficient_scope", " ".join(sorted(requirement.scopes)))

    def _answer(
        self,
        status_code: int,
        schemes: Sequence[Scheme],
        by: Scheme | None = None,
        error: ErrorCode | None = None,
        scope: str = "",
    ) -> Response:
        response = PlainTextResponse(HTTPStatus(status_code).phrase, status_code)
        for scheme in schemes:
            given = (error, scope) if scheme is by else (None, "")
            challenge = scheme.challenge(self._realm, *given)
            if challenge is not None and (status_code != 403 or "error=" in challenge):
                response.raw_headers.append((b"www-authenticate", challenge.encode("latin-1")))
        response.raw_headers.append(NO_STORE)
        return response

    def _to_login(self, login_path: str, connection: HTTPConnection) -> Response:
        path = quote(connection.scope["path"], safe="/:@!$&'()*+,;=~-._")
        query = connection.scope.get("query_string", b"")
        here = f"{path}?{quote(query, safe='/:@!$&()*+,;=~-._?%')}" if query else path
        mark = "&" if "?" in login_path else "?"
        target = f"{login_path}{mark}next={quote(here, safe='/')}" if is_local(here) else login_path
        response = RedirectResponse(target, 303)
        response.raw_headers.append(NO_STORE)
        return response


def _navigates(connection: HTTPConnection) -> bool:
    """Whether a person waits for a page: a GET of HTML, and not a script's request."""
    scope = connection.scope
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    mode = connection.header(b"sec-fetch-mode")
    return (mode is None or mode == b"navigate") and b"text/html" in (connection.header(b"accept") or b"").lower()
