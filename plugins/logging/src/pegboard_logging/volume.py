"""How much is recorded: the level of a record, whether it is sampled, and how many a second are let through.

Pure. Sampling goes by the request id, so that every service that sees the same id decides the same. What failed, what
answered 500 and above, and what was slow is never sampled away.
"""

from __future__ import annotations

from zlib import crc32

from pegboard_logging.fields import LEVELS
from pegboard_logging.settings import LoggingRouteSettings

__all__ = ["Cap", "Rule"]

WARNING = LEVELS["warning"]


class Rule:
    """What holds for the records of one route, or of several with equal settings.

    ``picky`` says whether `share` and the minimum have to be asked at all; ``plain`` whether every answer below 400
    that was sent has the level ``usual``.
    """

    __slots__ = ("client", "client_share", "picky", "plain", "record", "server", "slow", "usual", "usual_share")

    def __init__(self, settings: LoggingRouteSettings, minimum: int = 0) -> None:
        self.record = settings.record
        self.usual = LEVELS[settings.level]
        self.client = LEVELS[settings.level_client_error]
        self.server = LEVELS[settings.level_server_error]
        self.slow = settings.slow
        self.usual_share = settings.sample
        self.client_share = settings.sample_client_errors
        self.plain = self.slow is None
        levels = (self.usual, self.client, self.server)
        self.picky = min(levels) < minimum or self.usual_share < 1 or self.client_share < 1

    def level(self, status: int, kind: str, duration: float) -> int:
        """The level of a record; ``duration`` in seconds."""
        if status >= 500 or kind == "error":
            return self.server
        level = self.client if status >= 400 else self.usual
        return max(level, WARNING) if self.is_slow(duration) else level

    def is_slow(self, duration: float) -> bool:
        """Whether a request took so long that it is worth a look."""
        return self.slow is not None and duration >= self.slow

    def share(self, status: int, kind: str, duration: float) -> float:
        """The share of such records that is kept, 0 to 1."""
        if status >= 500 or kind == "error" or self.is_slow(duration):
            return 1.0
        return self.client_share if status >= 400 else self.usual_share


def is_sampled(request_id: str, share: float) -> bool:
    """Whether the request with this id is among the share that is kept."""
    return share >= 1 or crc32(request_id.encode()) < share * 2**32


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
