"""How much is recorded: the level of a record, whether it is sampled, and how many a second are let through.

Pure. Sampling goes by the request id, so that every service that sees the same id decides the same. What failed, what
answered 500 and above, and what was slow is never sampled away.
"""

from __future__ import annotations

from zlib import crc32

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard_logging.fields import LEVELS
from pegboard_logging.settings import LoggingRouteSettings

__all__ = ["Cap", "Rule", "is_sampled"]

WARNING = LEVELS["warning"]


class Rule:
    """What holds for the records of one route, or of several with equal settings, that are written to ``place``."""

    __slots__ = ("client", "client_share", "place", "record", "server", "slow", "usual", "usual_share")

    def __init__(self, settings: LoggingRouteSettings, place: object = None) -> None:
        self.record = settings.record
        self.place = place
        self.usual = LEVELS[settings.level]
        self.client = LEVELS[settings.level_client_error]
        self.server = LEVELS[settings.level_server_error]
        self.slow = settings.slow
        self.usual_share = settings.sample
        self.client_share = settings.sample_client_errors

    @property
    def described(self) -> str:
        """What becomes of requests, in a few words; empty where each has its record."""
        if not self.record:
            return "no records; requests have their ids"
        shares = {"answers below 400": self.usual_share, "client errors": self.client_share}
        kept = [f"{share:.3g} of {what}" for what, share in shares.items() if share < 1]
        return f"records {' and '.join(kept)}, and every failure" if kept else ""

    def leaves_to(self, begun: Rule | None) -> bool:
        """Whether the board that has begun a request, by the rule ``begun``, records it in the same place."""
        return begun is not None and begun is not self and begun.record and begun.place == self.place

    def judge(self, outcome: Outcome | WebSocketOutcome) -> tuple[int, float]:
        """The level of a record, and the share of such records that is kept, 0 to 1."""
        status = outcome.status_code
        if status >= 500 or outcome.kind == "error":
            return self.server, 1.0
        level, share = (self.client, self.client_share) if status >= 400 else (self.usual, self.usual_share)
        # That a WebSocket was long is no sign of anything.
        if self.slow is not None and outcome.duration >= self.slow and isinstance(outcome, Outcome):
            return max(level, WARNING), 1.0
        return level, share


def is_sampled(request_id: bytes, share: float) -> bool:
    """Whether the request with this id is among the share that is kept."""
    return share >= 1 or crc32(request_id) < share * 2**32


class Cap:
    """At most so many records in each second of the clock."""

    __slots__ = ("_second", "_used", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._second = -1
        self._used = 0

    def admits(self, now: float) -> bool:
        """Whether one more may pass; ``now`` in seconds."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._used = 0
        self._used += 1
        return self._used <= self.limit
