"""The audit trail: one record for every caller let through, refused or rejected, on the logger ``pegboard.auth``.

Records carry their facts twice: as a sentence, and as the dict ``record.auth`` for whoever writes JSON. A caller let
through is DEBUG, one refused INFO, credentials rejected WARNING.

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
        self._is_enabled = self._logger.isEnabledFor

    def passed(self, connection: HTTPConnection, access: Access) -> None:
        """A caller was let through; anonymous ones are no news."""
        if access.scheme and self._is_enabled(logging.DEBUG):
            self._write(logging.DEBUG, "passed", connection, access.scheme, access.identity, "", 0)

    def refused(self, connection: HTTPConnection, access: Access, reason: str, status_code: int) -> None:
        """A caller may not, or nobody is known."""
        self._write(logging.INFO, "refused", connection, access.scheme, access.identity, reason, status_code)

    def rejected(self, connection: HTTPConnection, scheme: str, rejected: Rejected) -> None:
        """Credentials do not count."""
        self._write(
            logging.WARNING, "rejected", connection, scheme, rejected.identity, rejected.reason, rejected.status_code
        )

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
        if not self._is_enabled(level):
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
