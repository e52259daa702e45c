"""What every store does, tried on both, and the store in memory."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import STORE_METHODS, MemorySessions, SessionStore, StoredSession

pytestmark = pytest.mark.anyio


def session(key: str, identity: str = "ann", created: float = 0, expires: float = 100) -> StoredSession:
    return StoredSession(key.encode().ljust(32), identity, created, created, expires, b'{"\xc3\xa9":1}')


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: Any, tmp_path: Path) -> AsyncIterator[SessionStore]:
    made: Any = MemorySessions() if request.param == "memory" else SQLiteSessions(tmp_path / "sessions.db")
    yield made
    if request.param == "sqlite":
        await made.aclose()


async def test_what_was_added_is_found_as_it_was(store: SessionStore) -> None:
    await store.add(session("a"))
    assert await store.find(session("a").key) == session("a")
    assert await store.find(session("b").key) is None


async def test_a_touch_moves_the_end_and_nothing_else(store: SessionStore) -> None:
    await store.add(session("a"))
    await store.touch(session("a").key, 50.5, 150.25)
    found = await store.find(session("a").key)
    assert found == StoredSession(session("a").key, "ann", 0, 50.5, 150.25, session("a").data)


async def test_a_touch_never_brings_a_session_back(store: SessionStore) -> None:
    await store.add(session("a"))
    await store.remove(session("a").key)
    await store.touch(session("a").key, 50, 150)
    assert await store.find(session("a").key) is None


async def test_removing_is_for_one_and_removing_all_is_for_one_identity(store: SessionStore) -> None:
    for key, identity in (("a", "ann"), ("b", "ann"), ("c", "ann"), ("d", "bob")):
        await store.add(session(key, identity))
    await store.remove(session("a").key)
    await store.remove(session("a").key)
    assert await store.find(session("a").key) is None
    assert await store.remove_all("ann") == 2
    assert await store.remove_all("ann") == 0
    assert await store.find(session("b").key) is None
    assert await store.find(session("d").key) is not None


async def test_identities_are_values_and_never_part_of_a_statement(store: SessionStore) -> None:
    wild = "' or 1=1 --"
    await store.add(session("a", wild))
    await store.add(session("b"))
    assert await store.remove_all(wild) == 1
    assert await store.find(session("b").key) is not None


@pytest.mark.parametrize("name", STORE_METHODS)
def test_the_protocol_is_these_methods(name: str) -> None:
    assert getattr(SessionStore, name).__doc__


def test_the_protocol_has_five_methods() -> None:
    assert [name for name in vars(SessionStore) if not name.startswith("_")] == list(STORE_METHODS)


async def test_memory_drops_what_is_over_as_new_sessions_come() -> None:
    store = MemorySessions()
    for number in range(10):
        await store.add(session(str(number)))
    await store.add(session("later", created=100, expires=200))
    assert len(store) == 1


async def test_memory_is_bounded_and_drops_whoever_was_seen_least_recently() -> None:
    store = MemorySessions(most=3)
    for key in "abc":
        await store.add(session(key))
    await store.touch(session("a").key, 50, 150)
    await store.add(session("d"))
    assert len(store) == 3
    left = [key for key in "abcd" if await store.find(session(key).key) is not None]
    assert left == ["a", "c", "d"]


@pytest.mark.parametrize("make", [MemorySessions, SQLiteSessions])
def test_both_are_stores(make: Callable[..., Any]) -> None:
    for name in STORE_METHODS:
        assert callable(getattr(make, name))
