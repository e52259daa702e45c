"""What may go wrong between a server and its client, on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["NO_FAULTS", "Faults"]


def _cannot_send() -> Exception:
    return RuntimeError("the server cannot send")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How one conversation goes wrong; messages are counted from 1, and 0 is before the first.

    - ``leave_after``: the client is gone once so many messages were sent to it. Sending raises OSError from then on, or
      is without effect on a ``polite`` server (ASGI before 2.4).
    - ``incomplete``: the client never finishes its request; with ``leave_after=0`` it leaves in the middle of it.
    - ``fail_send``: sending this message, and any after it, raises what ``error`` gives.
    - ``cancel_at``: the server stops the application while it sends this message; 0: while it waits for the client.
    - ``pace``: seconds that each message takes to be sent, as to a slow client; for a `VirtualClock`.
    """

    leave_after: int | None = None
    polite: bool = False
    incomplete: bool = False
    fail_send: int | None = None
    error: Callable[[], Exception] = _cannot_send
    cancel_at: int | None = None
    pace: float = 0.0


NO_FAULTS = Faults()
"""Everything goes well."""
