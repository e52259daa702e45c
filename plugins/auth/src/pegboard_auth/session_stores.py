"""Where sessions are kept: what a store is, in five methods, and the store in memory.

A store knows nothing of cookies, signatures or timeouts. It keeps small values by their key and drops what is over. The
key is the SHA-256 of the session's id, so that whoever reads a store can log in as nobody.

What must never move:

- `SessionStore.touch` changes a session that is there and never brings one back: a request that is under way while its
  user logs out must not undo that.
- What a method has done is seen by every later call, of other processes too where the store is shared.
- A store that cannot answer now raises `SessionStoreError`. The caller is then told to come again (503), and is never
  taken for somebody whose session is over.

A store of one's own is any object with these methods, given as ``Auth(sessions={"store": ...})``. One that has an
``aclose()`` is closed when the board shuts down.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

__all__ = ["STORE_METHODS", "MemorySessions", "SessionStore", "SessionStoreError", "StoredSession"]


class SessionStoreError(Exception):
    """Raised by a store that cannot answer now. The text is for the log, and holds no key and no data."""


class StoredSession(msgspec.Struct, frozen=True):
    """One session, as a store keeps it. Moments are in seconds since the epoch.

    - ``key``: 32 bytes, by which it is found.
    - ``identity``: whose it is; many sessions may have the same.
    - ``created``, ``seen``: when its user logged in, and was last known to be there.
    - ``expires``: from then on it is over, and a store may drop it; `SessionStore.touch` moves it.
    - ``data``: what else there is to know, for the store just bytes.
    """

    key: bytes
    identity: str
    created: float
    seen: float
    expires: float
    data: bytes


class SessionStore(Protocol):
    """Keeps sessions. Every method may raise `SessionStoreError`."""

    async def add(self, session: StoredSession) -> None:
        """Keep a new session; its key is random, and in no store yet. ``session.created`` is the present moment."""

    async def find(self, key: bytes) -> StoredSession | None:
        """The session with this key, or None. One that is over may be given or not."""

    async def touch(self, key: bytes, seen: float, expires: float) -> None:
        """Change ``seen`` and ``expires`` of a session; nothing happens when there is none with this key."""

    async def remove(self, key: bytes) -> None:
        """Forget a session; nothing happens when there is none with this key."""

    async def remove_all(self, identity: str) -> int:
        """Forget all sessions of ``identity``, and tell how many there were."""
        ...


STORE_METHODS: Final = ("add", "find", "touch", "remove", "remove_all")
"""The names of the five methods."""


class MemorySessions:
    """Keeps sessions in the memory of one process, and at most ``most`` of them.

    For one process only, and until it ends. When it is full, whoever was seen least recently is logged out.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        # Least recently seen first.
        self._sessions: dict[bytes, StoredSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    async def add(self, session: StoredSession) -> None:
        """Keep a new session, and drop from the front those that are over, or one for which there is no room."""
        sessions = self._sessions
        while sessions:
            first = next(iter(sessions.values()))
            if first.expires > session.created and len(sessions) < self._most:
                break
            del sessions[first.key]
        sessions[session.key] = session

    async def find(self, key: bytes) -> StoredSession | None:
        """The session with this key, or None."""
        return self._sessions.get(key)

    async def touch(self, key: bytes, seen: float, expires: float) -> None:
        """Change a session's moments, where it is there."""
        session = self._sessions.pop(key, None)
        if session is not None:
            self._sessions[key] = msgspec.structs.replace(session, seen=seen, expires=expires)

    async def remove(self, key: bytes) -> None:
        """Forget a session."""
        self._sessions.pop(key, None)

    async def remove_all(self, identity: str) -> int:
        """Forget all sessions of ``identity``, and tell how many there were."""
        keys = [key for key, session in self._sessions.items() if session.identity == identity]
        for key in keys:
            del self._sessions[key]
        return len(keys)
