"""The store in a SQLite file."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from pegboard_auth import session_sqlite
from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import SessionStoreError, StoredSession

pytestmark = pytest.mark.anyio


def session(key: str, identity: str = "ann", created: float = 0, expires: float = 100) -> StoredSession:
    return StoredSession(key.encode().ljust(32), identity, created, created, expires, b"{}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SQLiteSessions]:
    made = SQLiteSessions(file, busy_timeout=0.05)
    yield made
    await made.aclose()


async def test_sessions_outlive_the_process(file: Path, store: SQLiteSessions) -> None:
    await store.add(session("a"))
    await store.aclose()
    again = SQLiteSessions(file)
    assert await again.find(session("a").key) == session("a")
    await again.aclose()
    await again.aclose()


async def test_a_closed_store_opens_again_when_it_is_used(store: SQLiteSessions) -> None:
    await store.add(session("a"))
    await store.aclose()
    assert await store.find(session("a").key) == session("a")


async def test_the_file_is_its_owners_alone(file: Path, store: SQLiteSessions) -> None:
    await store.add(session("a"))
    for each in file.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


async def test_what_is_over_is_removed_now_and_then(store: SQLiteSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_sqlite, "PRUNED_AT_ONCE", 2)
    for key in "abc":
        await store.add(session(key))
    await store.add(session("d", created=100, expires=1000))
    assert [await store.find(session(key).key) is None for key in "abc"].count(True) == 2
    await store.add(session("e", created=101, expires=1000))
    assert [await store.find(session(key).key) is None for key in "abc"].count(True) == 2
    await store.add(session("f", created=161, expires=1000))
    assert [await store.find(session(key).key) is None for key in "abcdef"] == [True] * 3 + [False] * 3


async def test_a_file_that_stays_locked_is_told_as_an_error_of_the_store(file: Path, store: SQLiteSessions) -> None:
    await store.add(session("a"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin immediate")
    try:
        with pytest.raises(SessionStoreError, match="locked"):
            await store.add(session("b"))
        assert await store.find(session("a").key) == session("a"), "readers do not wait for writers"
    finally:
        other.execute("rollback")
        other.close()
    await store.add(session("b"))


async def test_the_loop_goes_on_while_the_file_is_locked(file: Path) -> None:
    store = SQLiteSessions(file, busy_timeout=30)
    await store.add(session("a"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin immediate")
    async with anyio.create_task_group() as group:
        group.start_soon(store.add, session("b"))
        # The write waits in its thread; were it on the loop, this line would never be reached in time.
        await anyio.lowlevel.checkpoint()
        other.execute("rollback")
        other.close()
    assert await store.find(session("b").key) == session("b")
    await store.aclose()


async def test_many_calls_at_once_do_not_get_into_each_others_way(store: SQLiteSessions) -> None:
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(store.add, session(str(number), f"user {number % 5}"))
    assert [await store.remove_all(f"user {number}") for number in range(5)] == [10] * 5


def test_several_event_loops_may_use_one_store(file: Path) -> None:
    store = SQLiteSessions(file)

    async def add(number: int) -> None:
        await store.add(session(str(number)))

    threads = [threading.Thread(target=anyio.run, args=(add, number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert anyio.run(store.remove_all, "ann") == 4
    anyio.run(store.aclose)


OTHER_PROCESS = """
import sys, anyio
from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import StoredSession

async def main(file, name):
    store = SQLiteSessions(file)
    for number in range(25):
        await store.add(StoredSession(f"{name}-{number}".encode().ljust(32), "ann", 0, 0, 100, b"{}"))
    await store.aclose()

anyio.run(main, sys.argv[1], sys.argv[2])
"""


@pytest.mark.slow
def test_several_processes_share_one_file_from_its_first_moment(file: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", OTHER_PROCESS, str(file)]
    processes = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0] * 3
    store = SQLiteSessions(file)
    assert anyio.run(store.remove_all, "ann") == 75
    anyio.run(store.aclose)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_opens_the_file_anew(file: Path) -> None:
    store = SQLiteSessions(file)
    anyio.run(store.add, session("a"))
    child = os.fork()
    if child == 0:
        status = 2
        try:
            found = anyio.run(store.find, session("a").key)
            anyio.run(store.add, session("b"))
            status = 0 if found is not None else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert anyio.run(store.remove_all, "ann") == 2
    anyio.run(store.aclose)


async def test_a_file_of_another_layout_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("pragma user_version = 7")
    other.close()
    with pytest.raises(SessionStoreError, match="expected sessions of layout 1, got layout 7"):
        await SQLiteSessions(file).find(b"k")


@pytest.mark.parametrize("place", ["a directory", "no database", "nowhere"])
async def test_a_file_that_is_none_is_told_as_an_error_of_the_store(tmp_path: Path, place: str) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    file = {"a directory": tmp_path, "no database": broken, "nowhere": tmp_path / "missing" / "sessions.db"}[place]
    with pytest.raises(SessionStoreError):
        await SQLiteSessions(file).find(b"k")
