"""Credentials that were verified a moment ago, so that they need not be verified again.

What must never move: the key is the digest of everything that was sent, so that no two credentials share an entry and
none is kept in the clear; an entry holds only what was good, and never beyond the moment at which that ends; their
number is bounded.

Why SHA-256 of OpenSSL and not the credentials themselves: a dict would take the bytes for a tenth of the time, and the
process would hold hundreds of live tokens, ready to be read from a core dump. Of the digests in the standard library
it is the fastest on bytes of this length; BLAKE2 takes a little longer, and its keyed and shorter forms longer still.
"""

from __future__ import annotations

from pegboard_auth.identity import Access

__all__ = ["Recent"]


class Recent:
    """Remembers ``size`` verified credentials; 0 for none. The oldest go first.

    ``get(digest)`` gives a pair, the access and the moment until which it holds in seconds since the epoch, or None.
    """

    __slots__ = ("_entries", "_size", "get")

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[bytes, tuple[Access, float]] = {}
        self.get = self._entries.get

    def keep(self, digest: bytes, access: Access, until: float) -> None:
        """Remember what the credentials with this digest are worth, until a moment."""
        if not self._size:
            return
        entries = self._entries
        entries.pop(digest, None)
        if len(entries) >= self._size:
            del entries[next(iter(entries))]
        entries[digest] = access, until

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
