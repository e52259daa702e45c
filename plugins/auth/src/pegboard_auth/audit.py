"""The audit trail on the logger ``pegboard.auth``: a record for every caller let through, refused or rejected.

Records carry their facts twice: as a sentence, and as the dict ``record.auth`` for whoever writes JSON. A caller let
through is DEBUG, one refused INFO, credentials rejected WARNING, a scheme or policy that fails ERROR. The reason for a
refusal is also left as a note on the connection, so that the record of the request itself tells it.

What must never move: no credentials, and no text of the client's choosing. Identities are those of verified credentials
or known accounts, reasons are ours, and the route stands for the path.
"""

from __future__ import annotations

import logging
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access
from pegboard_auth.refusals import Rejected

__all__ = ["Audit"]


class Audit:
    """Writes the audit trail of one board."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("pegboard.auth")
        self.is_enabled = self._logger.isEnabledFor
        """Whether anybody wants to know of records of a level."""

    def passed(self, connection: HTTPConnection, access: Access) -> None:
        """A caller was let through; anonymous ones are no news."""
        if access.scheme:
            self._write(logging.DEBUG, "passed", connection, access.scheme, access.identity, "", 0)

    def refused(self, connection: HTTPConnection, access: Access, reason: str, status_code: int) -> None:
        """A caller may not, or nobody is known."""
        connection.note("auth", f"refused: {reason}")
        self._write(logging.INFO, "refused", connection, access.scheme, access.identity, reason, status_code)

    def rejected(self, connection: HTTPConnection, scheme: str, rejected: Rejected) -> None:
        """Credentials do not count."""
        connection.note("auth", f"rejected by {scheme}: {rejected.reason}")
        self._write(
            logging.WARNING, "rejected", connection, scheme, rejected.identity, rejected.reason, rejected.status_code
        )

    def failed(self, connection: HTTPConnection, what: str, error: Exception) -> None:
        """A scheme or policy has failed; its exception goes on. What that says is not told: it may hold anything."""
        self._write(logging.ERROR, "failed", connection, what, "", type(error).__name__, 500)

    def note(
        self,
        level: int,
        event: str,
        connection: HTTPConnection,
        scheme: str,
        identity: str = "",
        reason: str = "",
        status_code: int = 0,
    ) -> None:
        """Something else has happened, such as a login."""
        self._write(level, event, connection, scheme, identity, reason, status_code)

    def _write(
        self,
        level: int,
        event: str,
        connection: HTTPConnection,
        scheme: str,
        identity: str,
        reason: str,
        status_code: int,
    ) -> None:
        if not self.is_enabled(level):
            return
        route: Any = connection.scope.get("route")
        facts = {
            "event": event,
            "route": getattr(route, "label", ""),
            "scheme": scheme,
            "identity": identity,
            "reason": reason,
            "status_code": status_code,
        }
        self._logger.log(
            level,
            "%s %s at %s%s%s",
            event,
            identity or "anonymous",
            facts["route"],
            f" by {scheme}" if scheme else "",
            f": {reason}" if reason else "",
            extra={"auth": facts},
        )
