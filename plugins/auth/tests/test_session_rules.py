"""How long sessions last, and what is stored of them."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.identity import Access, User
from pegboard_auth.session_rules import (
    MAX_DATA,
    Timeouts,
    access_of,
    end_of,
    is_touch_due,
    last_end,
    new_session,
    next_end,
)
from pegboard_auth.session_stores import StoredSession

LASTS = Timeouts(idle=1800, absolute=43200)
ANN = Access(User("ann", "Ann"), "password", ["write", "read"], ["editor"], {"locale": "de"})
SESSION = new_session(b"k" * 32, ANN, 1000, LASTS)


def test_who_has_logged_in_is_who_comes_back() -> None:
    access = access_of(SESSION, "session", 2800)
    assert (access.identity, access.user.display_name, access.scheme) == ("ann", "Ann", "session")
    assert access.scopes == {"read", "write"}
    assert access.roles == {"editor"}
    assert dict(access.claims) == {"locale": "de"}
    assert (access.when, access.expires) == (1000, 2800)
    with pytest.raises(TypeError):
        access.claims["locale"] = "en"  # type: ignore[index]


@pytest.mark.parametrize(
    ("created", "seen", "expires", "end"),
    [
        (0, 0, 1800, 1800),
        (0, 1000, 2800, 2800),
        (0, 42000, 43200, 43200),
        (0, 0, 600, 600),
        (0, 0, 10**9, 1800),
        (0, 43000, 10**9, 43200),
    ],
)
def test_a_session_ends_at_the_first_of_its_ends(created: float, seen: float, expires: float, end: float) -> None:
    assert end_of(StoredSession(b"k", "ann", created, seen, expires, b""), LASTS) == end


def test_shorter_timeouts_hold_for_sessions_that_are_there_already() -> None:
    assert end_of(SESSION, Timeouts(idle=60, absolute=43200)) == 1060
    assert end_of(SESSION, Timeouts(idle=1800, absolute=100)) == 1100


@given(st.floats(1, 10**6), st.floats(1, 10**6), st.floats(0, 10**6), st.floats(0, 10**6))
def test_no_session_outlives_its_timeouts(idle: float, absolute: float, created: float, unseen: float) -> None:
    lasts = Timeouts(idle, absolute)
    session = new_session(b"k", ANN, created, lasts)
    now = created + unseen
    later = msgspec.structs.replace(session, seen=now, expires=next_end(session, now, lasts))
    assert end_of(session, lasts) <= created + min(idle, absolute)
    assert end_of(later, lasts) <= last_end(session, lasts)


@pytest.mark.parametrize(
    ("idle", "unseen", "due"), [(1800, 59, False), (1800, 60, True), (10, 0.9, False), (10, 1, True)]
)
def test_that_a_user_is_there_is_written_down_now_and_then(idle: float, unseen: float, due: bool) -> None:
    assert is_touch_due(SESSION, 1000 + unseen, Timeouts(idle, 43200)) is due


@pytest.mark.parametrize("claims", [{"x": object()}, {"x": {1: {2: object()}}}])
def test_claims_that_are_not_json_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be JSON"):
        new_session(b"k", Access(User("ann"), "", claims=claims), 0, LASTS)


def test_dates_in_claims_come_back_as_json_has_them() -> None:
    claims = {"since": datetime(2026, 1, 1, tzinfo=UTC)}
    session = new_session(b"k", Access(User("ann"), "", claims=claims), 0, LASTS)
    assert access_of(session, "session", 0).claims["since"] == "2026-01-01T00:00:00Z"


def test_a_session_is_small() -> None:
    with pytest.raises(ValueError, match=rf"expected at most {MAX_DATA}") as caught:
        new_session(b"k", Access(User("ann"), "", claims={"x": "secret" * MAX_DATA}), 0, LASTS)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"name": 1}', b"\xff"])
def test_data_that_is_not_ours_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        access_of(msgspec.structs.replace(SESSION, data=data), "session", 0)
