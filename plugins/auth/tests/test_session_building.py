"""From settings to sessions."""

from pathlib import Path
from typing import Any

import pytest

from pegboard.settings import load, read_sources
from pegboard_auth.audit import Audit
from pegboard_auth.session_building import build_sessions
from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import MemorySessions
from pegboard_auth.sessions import Sessions
from pegboard_auth.settings import AuthSettings


def built(sessions: dict[str, Any] | None) -> Sessions | None:
    settings = load(AuthSettings, "auth", read_sources({}), {"sessions": sessions}).unwrap()
    return build_sessions(settings.sessions, Audit())


def test_nothing_is_made_of_nothing() -> None:
    assert built(None) is None


@pytest.mark.parametrize(("more", "kind"), [({}, MemorySessions), ({"file": "sessions.db"}, SQLiteSessions)])
def test_sessions_are_kept_where_the_settings_say(
    more: dict[str, Any], kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sessions = built({"keys": ["k" * 32], **more})
    assert sessions is not None
    assert type(sessions.store) is kind
    assert list(tmp_path.iterdir()) == [], "nothing is opened before it is needed"


def test_a_store_of_ones_own_is_taken_as_it_is() -> None:
    store = MemorySessions(5)
    sessions = built({"keys": ["k" * 32], "store": store, "cookie": "__Host-mine"})
    assert sessions is not None
    assert sessions.store is store
    assert sessions.cookie == "__Host-mine"
