"""The answers of somebody who says no: 401 with challenges, 403, 400 and 503, or a redirect to the login page.

Pure: from what happened to a response, no I/O. All of them are for this caller only, hence ``Cache-Control: no-store``.

- 401: nobody is known. One WWW-Authenticate field per scheme; that of a scheme that has rejected credentials says so
  (RFC 6750 section 3.1).
- 403: somebody is known, and may not.
- 400: what was sent cannot be read in one way only, as with two Authorization headers.
- 429: too many logins, and 503: it cannot be told now; both say when to come again.
- 303 to the login page, instead of a 401 without credentials, for browsers that navigate.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from pegboard.requests import HTTPConnection
from pegboard.responses import PlainTextResponse, RedirectResponse, Response
from pegboard_auth.identity import Access
from pegboard_auth.login_redirects import login_target
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.requirements import Requirement
from pegboard_auth.schemes import Scheme

__all__ = ["Answers"]

NO_STORE: Final = (b"cache-control", b"no-store")


class Answers:
    """Makes the answers of one board. ``login_path`` is where browsers are sent, or None."""

    def __init__(self, realm: str, login_path: str | None = None) -> None:
        self._realm = realm
        self._login_path = login_path
        # Made once for each way to say no: there are as many as routes ask for different things.
        self._headers: dict[Any, tuple[tuple[bytes, bytes], ...]] = {}

    def missing(self, connection: HTTPConnection, schemes: Sequence[Scheme]) -> Response:
        """No credentials were shown where some are needed."""
        target = None if self._login_path is None else login_target(connection, self._login_path)
        if target is None:
            return self._answer(401, schemes)
        response = RedirectResponse(target, 303)
        response.raw_headers.append(NO_STORE)
        return response

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
        key = status_code, tuple(schemes), by, error, scope
        headers = self._headers.get(key)
        if headers is None:
            headers = self._headers[key] = self._make_headers(*key)
        response = PlainTextResponse(HTTPStatus(status_code).phrase, status_code)
        response.raw_headers += headers
        return response

    def _make_headers(
        self, status_code: int, schemes: tuple[Scheme, ...], by: Scheme | None, error: ErrorCode | None, scope: str
    ) -> tuple[tuple[bytes, bytes], ...]:
        """The challenges of all schemes, and that nothing of the answer is kept."""
        headers: list[tuple[bytes, bytes]] = []
        for scheme in schemes:
            given = (error, scope) if scheme is by else (None, "")
            challenge = scheme.challenge(self._realm, *given)
            if challenge is not None and (status_code != 403 or "error=" in challenge):
                headers.append((b"www-authenticate", challenge.encode("latin-1")))
        return (*headers, NO_STORE)
