"""The two ways to say no, as exceptions.

    HTTPException
    ├── Rejected        a scheme: these credentials do not count
    └── Refused         an endpoint's own guard: a finished answer, on its way to the client

What must never move: a client learns the status and the error code of RFC 6750, and nothing about which part was wrong.
The reason is for the log. It is written by us or by the author of a scheme, and never holds credentials.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from pegboard.exceptions import HTTPException
from pegboard.responses import Response

__all__ = ["ErrorCode", "Refused", "Rejected"]

ErrorCode = Literal["invalid_request", "invalid_token", "insufficient_scope"]
"""The error codes of RFC 6750 section 3.1."""


class Rejected(HTTPException):
    """Raised by a scheme that has found credentials which do not count.

    A gate answers it, with challenges. It is an HTTPException so that one out of an endpoint, such as a login page that
    compares a password, is answered right as well.

    - ``reason``: what was wrong, for the log; no secret.
    - ``error``: the code for the challenge of a bearer scheme, or None.
    - ``status_code``: 401, 400 for what cannot be read in one way only, 403 for what another site has caused, 429 for
      too many attempts, 503 when it cannot be told now.
    - ``identity``: whose credentials were tried, where a known account is concerned; for the log.
    - ``retry_after``: seconds after which to come again, for 429 and 503.
    """

    def __init__(
        self,
        reason: str,
        error: ErrorCode | None = "invalid_token",
        status_code: int = 401,
        *,
        identity: str = "",
        retry_after: int | None = None,
    ) -> None:
        headers = {"cache-control": "no-store"}
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
        super().__init__(status_code, headers=headers)
        self.reason = reason
        self.error: ErrorCode | None = error
        self.identity = identity
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The reason: for the log, as clients get ``detail``."""
        return self.reason


class Refused(HTTPException):
    """Raised by the guard of an endpoint; ``response`` is the answer.

    It is an HTTPException so that a board without the plugin's `error` hook, and a foreign application, answer it
    right.
    """

    def __init__(self, response: Response) -> None:
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            if name in ("www-authenticate", "cache-control"):
                # RFC 9110 section 11.6.1: several challenges may share one field.
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
        super().__init__(response.status_code, HTTPStatus(response.status_code).phrase, headers)
        self.response = response
