"""When keys of an issuer are fetched, used, and given up: a state machine without I/O, with the time as an argument.

::

    none yet ── fetched ──▶ fresh ── max_age ──▶ stale ── max_stale ──▶ given up (as none)
                              ▲                    │
                              └───── fetched ──────┘

- Fresh keys are used. Well before their age ends they are due, so that whoever renews them beside the requests makes
  nobody wait.
- Stale keys are used as well, while one caller tries to renew them: a provider that is down for an hour is no outage.
- Without keys everybody waits for one fetch; after one that has failed they are told when to come again.
- Fetches that fail are tried again later and later. One for the sake of an unknown key is made at most once per
  ``cooldown``, so that tokens with invented names cost the provider nothing.
"""

from __future__ import annotations

import enum
import math
from typing import Final

__all__ = ["KeyAges", "Need"]

LONGEST_PAUSE: Final = 300.0
"""The longest pause between fetches that fail, in seconds."""

_DUE: Final = 0.75


class Need(enum.Enum):
    """What somebody who wants to verify a token has to do."""

    NOTHING = 0
    RENEW = 1
    FETCH = 2
    GIVE_UP = 3


class KeyAges:
    """``max_age``: for how long keys are fresh; ``max_stale``: for how long beyond that they are used; in seconds."""

    def __init__(self, max_age: float = 3600.0, max_stale: float = 86_400.0, cooldown: float = 30.0) -> None:
        self._max_age = max_age
        self._max_stale = max_stale
        self._cooldown = cooldown
        self._failures = 0
        self._attempted = -math.inf
        self._retry_at = -math.inf
        self._due_at = -math.inf
        self.fresh_until = -math.inf
        """Until when nobody needs to ask for keys again."""

    def need(self, now: float) -> Need:
        """What has to be done before a token is verified."""
        if now < self.fresh_until:
            return Need.NOTHING
        may_try = now >= self._retry_at
        if now < self.fresh_until + self._max_stale:
            return Need.RENEW if may_try else Need.NOTHING
        return Need.FETCH if may_try else Need.GIVE_UP

    def may_renew(self, now: float) -> bool:
        """Whether keys may be fetched for the sake of one that is not among them."""
        return now >= self._attempted + self._cooldown

    def next_at(self) -> float:
        """When whoever renews keys beside the requests is to do so."""
        return max(self._due_at, self._retry_at)

    def retry_after(self, now: float) -> int:
        """In how many seconds to come again, after GIVE_UP."""
        return max(1, math.ceil(self._retry_at - now))

    def fetched(self, now: float) -> None:
        """Keys have come."""
        self._failures = 0
        self._attempted = now
        self._retry_at = -math.inf
        self._due_at = now + self._max_age * _DUE
        self.fresh_until = now + self._max_age

    def failed(self, now: float) -> None:
        """They have not."""
        self._attempted = now
        self._retry_at = now + min(self._cooldown * 2**self._failures, LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 16)
