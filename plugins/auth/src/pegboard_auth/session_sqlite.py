"""Sessions in a SQLite file, for several processes on one machine.

Rules that must not move:

- SQLite is only ever called in a thread, one call at a time: the event loop waits neither for the disk nor for a lock.
- Every method is one statement or one transaction, so that what another process does falls before or after it.
- A connection belongs to the process that has opened it. A forked child opens its own, and leaves the parent's as it
  is: to close it would take part in the parent's locks (sqlite.org, "How To Corrupt", section 2.6).
- The file is made readable for its owner only.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from pegboard.concurrency import ThreadLimit, run_in
from pegboard_auth.session_stores import SessionStoreError, StoredSession

__all__ = ["SQLiteSessions"]

T = TypeVar("T")

VERSION: Final = 1
"""The layout of the table, as the file's ``user_version`` says it."""

PRUNING_INTERVAL: Final = 60.0
"""Seconds between two removals of sessions that are over, in each process."""

PRUNED_AT_ONCE: Final = 1000
"""How many sessions one removal takes at most, so that no login waits long."""

_TABLE: Final = (
    """create table if not exists sessions (
        key blob primary key, identity text not null, created real not null, seen real not null,
        expires real not null, data blob not null
    ) without rowid""",
    "create index if not exists sessions_identity on sessions (identity)",
    "create index if not exists sessions_expires on sessions (expires)",
    f"pragma user_version = {VERSION}",
)
_FIND: Final = "select key, identity, created, seen, expires, data from sessions where key = ?"
_PRUNE: Final = (
    "delete from sessions where key in (select key from sessions where expires <= ? order by expires limit ?)"
)


class SQLiteSessions:
    """Keeps sessions in ``file``, which is made at need; its directory must be there.

    ``busy_timeout`` is how many seconds a call waits for other processes before it raises `SessionStoreError`.
    """

    def __init__(self, file: str | os.PathLike[str], busy_timeout: float = 5.0) -> None:
        self._file = Path(file)
        self._busy_timeout = busy_timeout
        self._limit = ThreadLimit("sessions", 1)
        # The limit is one of each event loop, and there may be several.
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._inherited: list[sqlite3.Connection] = []
        self._pid = 0
        self._next_pruning = 0.0

    async def add(self, session: StoredSession) -> None:
        """Keep a new session, and now and then remove those that are over."""
        await self._run(partial(self._add, session))

    async def find(self, key: bytes) -> StoredSession | None:
        """The session with this key, or None."""
        return await self._run(partial(_find, key=key))

    async def touch(self, key: bytes, seen: float, expires: float) -> None:
        """Change a session's moments, where it is there."""
        await self._change("update sessions set seen = ?, expires = ? where key = ?", seen, expires, key)

    async def remove(self, key: bytes) -> None:
        """Forget a session."""
        await self._change("delete from sessions where key = ?", key)

    async def remove_all(self, identity: str) -> int:
        """Forget all sessions of ``identity``, and tell how many there were."""
        return await self._change("delete from sessions where identity = ?", identity)

    async def aclose(self) -> None:
        """Close the file. It is opened anew when the store is used again."""
        await run_in(self._limit, self._close)

    async def _change(self, statement: str, *values: object) -> int:
        return await self._run(lambda connection: connection.execute(statement, values).rowcount)

    async def _run(self, call: Callable[[sqlite3.Connection], T]) -> T:
        return await run_in(self._limit, partial(self._locked, call))

    def _locked(self, call: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._lock:
                return call(self._open())
        except (sqlite3.Error, OSError) as error:
            raise SessionStoreError(f"{self._file}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._pid == os.getpid():
            return self._connection
        if self._connection is not None:
            self._inherited.append(self._connection)
            self._connection = None
        self._file.touch(mode=0o600)
        # Without an isolation level every statement is a transaction of its own, unless one is begun.
        connection = sqlite3.connect(
            self._file, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._pid = connection, os.getpid()
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Readers and the one writer of a log do not wait for each other; what was written last may be lost when the
        # machine loses its power, which costs a login.
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute("begin immediate")
        try:
            [version] = connection.execute("pragma user_version").fetchone()
            if version not in (0, VERSION):
                raise SessionStoreError(f"{self._file}: expected sessions of layout {VERSION}, got layout {version}")
            for statement in _TABLE:
                connection.execute(statement)
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")

    def _add(self, session: StoredSession, connection: sqlite3.Connection) -> None:
        now = session.created
        if now >= self._next_pruning:
            self._next_pruning = now + PRUNING_INTERVAL
            connection.execute(_PRUNE, (now, PRUNED_AT_ONCE))
        row = session.key, session.identity, now, session.seen, session.expires, session.data
        connection.execute("insert into sessions values (?, ?, ?, ?, ?, ?)", row)

    def _close(self) -> None:
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
                self._connection = None


def _find(connection: sqlite3.Connection, key: bytes) -> StoredSession | None:
    row = connection.execute(_FIND, (key,)).fetchone()
    return None if row is None else StoredSession(*row)
