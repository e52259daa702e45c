"""An issuer's keys, fetched when they are needed and kept as `KeyAges` says; one fetch at a time, however many ask.

What must never move: whoever waits for a fetch that somebody else makes does not depend on that other's request. When
it is cancelled, the next in line fetches.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import anyio

from pegboard_auth.fetching import FetchError
from pegboard_auth.identity import Access
from pegboard_auth.jwt import JWTVerifier, UnknownKey
from pegboard_auth.jwt_keys import VerificationKey
from pegboard_auth.key_ages import KeyAges, Need
from pegboard_auth.refusals import Rejected

__all__ = ["RemoteKeys", "RemoteVerifier"]

logger = logging.getLogger("pegboard.auth")

Keys = Sequence[VerificationKey]


class RemoteKeys:
    """The keys that ``fetch`` gives, which raises FetchError when it cannot.

    ``changed(keys)`` is called when ``fetch`` gives another set than before. ``clock`` gives seconds that
    never go back: when the machine's time is set, keys grow neither old nor young.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Keys]],
        ages: KeyAges,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._fetch = fetch
        self._ages = ages
        self._clock = clock
        self._sleep = sleep
        self._flight: anyio.Event | None = None
        self._keys: Keys | None = None
        self.changed: Callable[[Keys], None] = _nobody

    @property
    def fresh_for(self) -> float:
        """For how many seconds from now the keys are fresh; below 0 when they are stale."""
        return self._ages.fresh_until - self._clock()

    async def ready(self) -> None:
        """Wait until there are keys. Raises `Rejected` with 503 when they cannot be had."""
        while True:
            now = self._clock()
            need = self._ages.need(now)
            if need is Need.NOTHING:
                return
            if need is Need.GIVE_UP:
                raise Rejected("the issuer's keys cannot be had", None, 503, retry_after=self._ages.retry_after(now))
            flight = self._flight
            if flight is None:
                await self._fly()
            elif need is Need.RENEW:
                return
            else:
                await flight.wait()

    async def renewed(self) -> bool:
        """Fetch the keys for the sake of one that is not among them; False when it is too early to ask again."""
        if self._flight is not None:
            await self._flight.wait()
            return True
        if not self._ages.may_renew(self._clock()):
            return False
        await self._fly()
        return True

    async def keep_fresh(self) -> None:
        """Renew the keys before they are stale, for ever."""
        while True:
            pause = self._ages.next_at() - self._clock()
            if pause > 0:
                await self._sleep(pause)
            elif self._flight is not None:
                await self._flight.wait()
            else:
                await self._fly()

    async def _fly(self) -> None:
        flight = self._flight = anyio.Event()
        try:
            keys = await self._fetch()
            if keys is not self._keys:
                self.changed(keys)
                self._keys = keys
        except FetchError as error:
            self._ages.failed(self._clock())
            logger.warning("the issuer's keys cannot be fetched: %s", error)
        except Exception:
            # Nobody's document stops the board, and the keys that there are go on counting.
            self._ages.failed(self._clock())
            logger.exception("the issuer's keys cannot be fetched")
        else:
            self._ages.fetched(self._clock())
        finally:
            self._flight = None
            flight.set()


class RemoteVerifier:
    """Verifies tokens with an issuer's ``keys``, by way of ``verifier``, which always has the newest.

    ``forget`` is called when there are others than before: what was verified with a key that has gone holds no longer.
    """

    def __init__(self, verifier: JWTVerifier, keys: RemoteKeys) -> None:
        self._verifier = verifier
        self._keys = keys
        self.forget: Callable[[], None] = lambda: None
        keys.changed = self._change

    @property
    def fresh_for(self) -> float:
        """For how many seconds what was verified holds, as far as the keys go."""
        return self._keys.fresh_for

    async def verify(self, token: bytes, now: float) -> Access:
        """The access that a token gives. Raises `Rejected`, with 503 when there are no keys to tell."""
        await self._keys.ready()
        try:
            return self._verifier.verify(token, now)
        except UnknownKey:
            if not await self._keys.renewed():
                raise
        return self._verifier.verify(token, now)

    async def run(self) -> None:
        """Keep the keys fresh, for ever."""
        await self._keys.keep_fresh()

    def _change(self, keys: Keys) -> None:
        self._verifier.replace(keys)
        self.forget()


def _nobody(keys: Keys) -> None:
    """Nobody wants to know yet."""
