"""Why something was not allowed, for whoever runs the service; clients are never told.

What a client sent goes into logs from here, so a rejection holds it only as printable ASCII of bounded length.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

__all__ = ["Reason", "Rejection", "printable"]

_LONGEST = 200


class Reason(Enum):
    """Why an origin, or what its preflight asked for, was not allowed."""

    ORIGIN = "the origin is not allowed"
    ORIGIN_FORM = "the Origin header is no origin"
    ORIGIN_INSECURE = "an insecure origin may not use credentials"
    METHOD = "the method is not allowed"
    HEADER = "a request header is not allowed"
    HEADERS_FORM = "Access-Control-Request-Headers is too large or malformed"
    PRIVATE_NETWORK = "access to the private network is not allowed"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One thing that was not allowed.

    ``kind`` says of what: a preflight, an actual request (which was served all the same), or a WebSocket handshake.
    ``origin`` and ``detail`` (the method or header in question) are what the client sent, made printable.
    """

    kind: Literal["preflight", "actual", "websocket"]
    reason: Reason
    origin: str
    detail: str = ""

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.kind} from {self.origin}: {self.reason.value}{detail}"


def printable(sent: bytes) -> str:
    """What was sent as one line of printable ASCII, everything else escaped, cut after 200 characters."""
    text = repr(sent[:_LONGEST])[2:-1]
    return text if len(sent) <= _LONGEST and len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
