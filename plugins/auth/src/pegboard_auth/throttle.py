"""The throttle of logins: so many attempts for an account and for an address, then one at a time (RFC 6585 section 4).

Rules that must not move:

- An attempt is charged before its password is looked at, and what a good password was charged is given back. A
  hundred guesses at once are a hundred attempts, and a good login forgives no guesses that went before.
- Names are throttled as they were typed, whether such an account exists or not, and without regard to case and to
  Unicode's compatible forms: a directory may take ``Ann`` for ``ann``, and no spelling buys more guesses.
- Memory is bounded: entries are digests, so that a name of a megabyte takes no more than another. When the table is
  full, whoever was charged longest ago is forgotten; with ten thousand entries that is after ten thousand passwords
  were hashed, far slower than the throttle itself would have let through.

The shape: a leaky bucket as one number for each key, the moment at which everything charged is paid off. An attempt
moves it on by ``seconds / attempts``, and may not move it further ahead than ``seconds``.
"""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Literal

from pegboard.exceptions import HTTPException
from pegboard.requests import HTTPConnection

__all__ = ["Buckets", "LoginThrottle", "TooManyLogins", "address_of"]


class TooManyLogins(HTTPException):
    """Too many logins for one account or address; ``retry_after`` is in seconds. Clients are not told which of both."""

    def __init__(self, what: Literal["account", "address"], wait: float) -> None:
        self.what = what
        self.retry_after = math.ceil(wait)
        super().__init__(429, headers={"retry-after": str(self.retry_after), "cache-control": "no-store"})


class Buckets:
    """Lets ``attempts`` through at once for each key, and then as many in each ``seconds``; remembers ``size`` keys.

    ``clock`` gives seconds that never go back.
    """

    def __init__(
        self, attempts: int, seconds: float, size: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._step = seconds / attempts
        self._most = seconds
        self._size = size
        self._clock = clock
        self._paid_off: dict[str, float] = {}

    def charge(self, key: str) -> float:
        """Charge an attempt: 0 when it may go on, else the seconds until one may, and nothing is charged."""
        now = self._clock()
        after = max(self._paid_off.get(key, now), now) + self._step
        wait = after - now - self._most
        # A hundredth of a step, so that what was summed up from fractions is not refused for its last bit.
        if wait > self._step / 100:
            return wait
        # Taken out and put in again, the key is the youngest; the first of the dict is then the oldest.
        self._paid_off.pop(key, None)
        if len(self._paid_off) >= self._size:
            del self._paid_off[next(iter(self._paid_off))]
        self._paid_off[key] = after
        return 0

    def give_back(self, key: str) -> None:
        """Give one charged attempt back."""
        paid_off = self._paid_off.get(key)
        if paid_off is None:
            return
        if paid_off - self._step <= self._clock():
            del self._paid_off[key]
        else:
            self._paid_off[key] = paid_off - self._step

    def __len__(self) -> int:
        return len(self._paid_off)


class LoginThrottle:
    """Throttles logins for each account and for each address; None leaves one of the two out.

    ::

        throttle = LoginThrottle(Buckets(10, 300), Buckets(100, 300))

        throttle.attempt(name, address_of(request))
        if await is_right(name, password):
            throttle.succeeded(name, address_of(request))
    """

    def __init__(self, accounts: Buckets | None = None, addresses: Buckets | None = None) -> None:
        self._accounts = accounts
        self._addresses = addresses

    def attempt(self, account: str, address: str) -> None:
        """Charge an attempt to log in as ``account`` from ``address``, which is empty when it is not known.

        Raises `TooManyLogins`, which is answered with 429, when there were too many; nothing is charged then.
        """
        by_address = self._addresses if address else None
        wait = 0.0 if by_address is None else by_address.charge(address)
        if wait:
            raise TooManyLogins("address", wait)
        wait = 0.0 if self._accounts is None else self._accounts.charge(_spelt_alike(account))
        if wait:
            if by_address is not None:
                by_address.give_back(address)
            raise TooManyLogins("account", wait)

    def succeeded(self, account: str, address: str) -> None:
        """Give back what `attempt` has charged, after a good password."""
        if self._accounts is not None:
            self._accounts.give_back(_spelt_alike(account))
        if self._addresses is not None and address:
            self._addresses.give_back(address)


def _spelt_alike(account: str) -> str:
    """The same short text for all spellings of a name that some directory might take for one."""
    name = unicodedata.normalize("NFKC", account).casefold()
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def address_of(connection: HTTPConnection) -> str:
    """The address that a login is charged to: an IPv4 address, or the /64 network of an IPv6 address.

    Whoever has one address of such a network has all of them. Empty when the server does not tell.
    """
    client = connection.scope.get("client")
    if not client:
        return ""
    host = str(client[0])
    try:
        address = ip_address(host)
    except ValueError:
        return host[:255]
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else f"{IPv6Address(int(address) >> 64 << 64)}/64"
