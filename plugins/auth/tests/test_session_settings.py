"""The table of sessions."""

from pathlib import Path
from typing import Any

import pytest

from pegboard.settings import load, read_sources
from pegboard_auth.session_stores import MemorySessions
from pegboard_auth.settings import AuthSettings

KEY = "k" * 32


def problems(sessions: dict[str, Any]) -> dict[str, str]:
    loaded = load(AuthSettings, "auth", read_sources({}), {"sessions": sessions})
    return {problem.key: str(problem) for problem in loaded.problems}


def test_keys_are_all_that_is_needed() -> None:
    assert problems({"keys": [KEY]}) == {}
    assert problems({"keys": [KEY, "n" * 32], "trusted_origins": ["https://app.example"]}) == {}


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        ({}, "auth.sessions.keys", "no default and must be given"),
        ({"keys": []}, "auth.sessions.keys", "(not empty)"),
        ({"keys": [KEY, "short"]}, "auth.sessions.keys[1]", "at least 32 random characters"),
        ({"keys": [KEY, KEY]}, "auth.sessions.keys", "given twice"),
        ({"keys": [KEY], "cookie": "session"}, "auth.sessions.cookie", "begins with __Host-"),
        ({"keys": [KEY], "cookie": "__Host-a b"}, "auth.sessions.cookie", "letters, digits"),
        ({"keys": [KEY], "idle_timeout": 0}, "auth.sessions.idle_timeout", "≥ 1"),
        ({"keys": [KEY], "idle_timeout": 60, "absolute_timeout": 30}, "auth.sessions.idle_timeout", "at most"),
        ({"keys": [KEY], "trusted_origins": ["https://a.example/"]}, "auth.sessions.trusted_origins[0]", "an origin"),
        ({"keys": [KEY], "max_sessions": 0}, "auth.sessions.max_sessions", "≥ 1"),
        ({"keys": [KEY], "file": "/nowhere/at/all.db"}, "auth.sessions.file", "make the directory"),
        ({"keys": [KEY], "store": object()}, "auth.sessions.store", "add, find, touch, remove, remove_all"),
    ],
)
def test_what_is_wrong_is_told(settings: dict[str, Any], key: str, message: str) -> None:
    found = problems(settings)
    assert list(found) == [key]
    assert message in found[key]


def test_a_file_and_a_store_are_one_too_many(tmp_path: Path) -> None:
    found = problems({"keys": [KEY], "file": tmp_path / "s.db", "store": MemorySessions()})
    assert list(found) == ["auth.sessions.store"]
    assert "expected either file or store" in found["auth.sessions.store"]


def test_all_problems_are_told_at_once_and_none_shows_a_key() -> None:
    found = problems({"keys": ["hidden-1", "hidden-1"], "cookie": "x", "trusted_origins": ["x", "y"]})
    assert len(found) == 6
    assert "hidden" not in repr(found)
