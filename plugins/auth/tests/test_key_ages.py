"""When an issuer's keys are fetched, used and given up."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.key_ages import LONGEST_PAUSE, KeyAges, Need

START = 1_000_000.0


def ages() -> KeyAges:
    return KeyAges(max_age=3600, max_stale=7200, cooldown=30)


def test_without_keys_they_are_fetched_at_once() -> None:
    assert ages().need(START) is Need.FETCH
    assert ages().next_at() < START


@pytest.mark.parametrize(
    ("later", "need"),
    [
        (0, Need.NOTHING),
        (3599, Need.NOTHING),
        (3600, Need.RENEW),
        (3600 + 7199, Need.RENEW),
        (3600 + 7200, Need.FETCH),
    ],
)
def test_keys_are_fresh_then_stale_then_given_up(later: float, need: Need) -> None:
    what = ages()
    what.fetched(START)
    assert what.need(START + later) is need


def test_keys_are_due_before_they_are_stale() -> None:
    what = ages()
    what.fetched(START)
    assert START < what.next_at() < what.fresh_until == START + 3600


def test_a_fetch_that_fails_is_tried_again_later_and_later() -> None:
    what, now, pauses = ages(), START, []
    for _ in range(8):
        what.failed(now)
        pauses.append(what.next_at() - now)
        assert what.need(now) is Need.GIVE_UP
        assert what.need(now + pauses[-1]) is Need.FETCH
        now += pauses[-1]
    assert pauses == [30, 60, 120, 240, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    what.fetched(now)
    what.failed(now + 5000)
    assert what.next_at() == now + 5030


def test_stale_keys_are_used_between_attempts() -> None:
    what = ages()
    what.fetched(START)
    what.failed(START + 3600)
    assert what.need(START + 3601) is Need.NOTHING
    assert what.need(START + 3630) is Need.RENEW


def test_who_is_sent_away_is_told_when_to_come_again() -> None:
    what = ages()
    what.failed(START)
    assert what.retry_after(START + 0.5) == 30
    assert what.retry_after(START + 29.99) == 1
    assert what.retry_after(START + 40) == 1


def test_an_unknown_key_is_looked_for_once_in_a_while() -> None:
    what = ages()
    assert what.may_renew(START)
    what.fetched(START)
    assert not what.may_renew(START + 29)
    assert what.may_renew(START + 30)
    what.failed(START + 30)
    assert not what.may_renew(START + 59)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5000)), max_size=40))
def test_keys_are_never_used_beyond_their_limit_and_the_provider_is_never_asked_in_a_row(
    events: list[tuple[bool, float]],
) -> None:
    what, now, last, attempts = ages(), START, float("-inf"), []
    for is_up, later in events:
        now += later
        need = what.need(now)
        if need is Need.NOTHING:
            assert now < last + 3600 + 7200
        elif need in (Need.FETCH, Need.RENEW):
            attempts.append((now, is_up))
            if is_up:
                what.fetched(now)
                last = now
            else:
                what.failed(now)
    failed = [at for at, is_up in attempts if not is_up]
    assert all(after - before >= 30 for before, after in pairwise(failed))
