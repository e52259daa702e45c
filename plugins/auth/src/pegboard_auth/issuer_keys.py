"""The keys of one issuer as they stand on its server now: found by discovery or at a given address, and read."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from pegboard_auth.discovery import address_in, discover
from pegboard_auth.fetching import FetchError, fetch_object
from pegboard_auth.jwks import read_keys
from pegboard_auth.jwt_keys import Algorithm, VerificationKey

__all__ = ["IssuerKeys"]

logger = logging.getLogger("pegboard.auth")


class IssuerKeys:
    """Fetches the keys of ``issuer`` that are for the ``allowed`` algorithms.

    ``url`` is where the JWK Set is, or None to ask the issuer's metadata; each document has at most ``max_size`` bytes
    and comes within ``timeout`` seconds.
    """

    def __init__(
        self, issuer: str, url: str | None, allowed: Collection[Algorithm], timeout: float, max_size: int
    ) -> None:
        self._issuer = issuer
        self._url = url
        self._allowed = allowed
        self._get = partial(fetch_object, timeout=timeout, max_size=max_size)
        self._document: dict[str, Any] | None = None
        self._keys: Sequence[VerificationKey] = ()

    async def __call__(self) -> Sequence[VerificationKey]:
        """The keys; the same object as before when nothing has changed. Raises FetchError where there is none."""
        url = self._url or address_in(await discover(self._issuer, self._get), "jwks_uri")
        document = await self._get(url)
        if document == self._document:
            return self._keys
        keys, complaints = read_keys(document, self._allowed)
        for complaint in complaints:
            logger.info("a key of %s is left out: %s", url, complaint)
        if not keys:
            raise FetchError(f"{url}: has no key that can be used")
        self._document, self._keys = document, keys
        return keys
