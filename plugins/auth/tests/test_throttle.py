"""Logins are slowed down for each account and each address."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.throttle import Buckets, LoginThrottle, TooManyLogins, address_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_attempts_at_once_and_then_one_for_each_step() -> None:
    clock = Clock()
    buckets = Buckets(3, 30.0, clock=clock)
    assert [buckets.charge("a") for _ in range(3)] == [0, 0, 0]
    wait = buckets.charge("a")
    assert 9 < wait <= 10
    assert buckets.charge("b") == 0
    clock.now += wait
    assert buckets.charge("a") == 0
    assert buckets.charge("a") > 9
    clock.now += 30
    assert [buckets.charge("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.charge("a")


def test_a_refused_attempt_is_not_charged() -> None:
    clock = Clock()
    buckets = Buckets(1, 10.0, clock=clock)
    buckets.charge("a")
    waits = {buckets.charge("a") for _ in range(50)}
    assert len(waits) == 1


def test_what_is_given_back_was_never_charged() -> None:
    buckets = Buckets(2, 10.0, clock=Clock())
    for _ in range(50):
        assert buckets.charge("a") == 0
        buckets.give_back("a")
    assert len(buckets) == 0
    buckets.give_back("nobody")


def test_a_success_forgives_no_guesses() -> None:
    buckets = Buckets(3, 30.0, clock=Clock())
    buckets.charge("a")
    buckets.charge("a")
    buckets.charge("a")
    buckets.give_back("a")
    assert buckets.charge("a") == 0
    assert buckets.charge("a")


def test_memory_is_bounded_and_the_oldest_are_forgotten_first() -> None:
    buckets = Buckets(1, 10.0, size=3, clock=Clock())
    for key in ("a", "b", "c", "d"):
        buckets.charge(key)
    assert len(buckets) == 3
    assert buckets.charge("d")
    assert buckets.charge("a") == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 20)), max_size=60))
def test_never_more_than_the_burst_and_the_rate_allow(asked: list[tuple[str, float]]) -> None:
    clock = Clock()
    buckets = Buckets(5, 50.0, clock=clock)
    passed: dict[str, list[float]] = {"a": [], "b": []}
    for key, later in asked:
        clock.now += later
        if buckets.charge(key) == 0:
            passed[key].append(clock.now)
    for moments in passed.values():
        for index, moment in enumerate(moments):
            inside = [other for other in moments[index:] if other - moment <= 50]
            assert len(inside) <= 10


def refused(throttle: LoginThrottle, account: str, address: str) -> TooManyLogins:
    with pytest.raises(TooManyLogins) as caught:
        throttle.attempt(account, address)
    return caught.value


def test_accounts_and_addresses_are_throttled_apart() -> None:
    clock = Clock()
    throttle = LoginThrottle(Buckets(2, 20.0, clock=clock), Buckets(3, 30.0, clock=clock))
    throttle.attempt("ann", "1.2.3.4")
    throttle.attempt("ann", "1.2.3.4")
    by_account = refused(throttle, "ann", "1.2.3.4")
    assert (by_account.status_code, by_account.retry_after) == (429, 10)
    assert by_account.what == "account"
    assert by_account.headers == {"retry-after": "10", "cache-control": "no-store"}
    throttle.attempt("bob", "1.2.3.4")
    assert refused(throttle, "cat", "1.2.3.4").what == "address"
    throttle.attempt("cat", "5.6.7.8")
    throttle.succeeded("cat", "5.6.7.8")
    throttle.attempt("dan", "")
    throttle.succeeded("dan", "")


@pytest.mark.parametrize("other", ["ann", "ANN", "Ann", "\uff41nn", "\u1d2c\u207f\u207f"])
def test_no_spelling_of_a_name_buys_more_guesses(other: str) -> None:
    clock = Clock()
    throttle = LoginThrottle(Buckets(2, 20.0, clock=clock))
    throttle.attempt("aNn", "")
    throttle.attempt(other, "")
    assert refused(throttle, other, "").what == "account"
    throttle.succeeded(other, "")
    throttle.attempt("ann", "")


def test_an_accent_makes_another_name_and_is_one_however_it_was_typed() -> None:
    throttle = LoginThrottle(Buckets(1, 20.0, clock=Clock()))
    throttle.attempt("anne", "")
    throttle.attempt("ann\u00e9", "")
    assert refused(throttle, "anne\u0301", "").what == "account"


@pytest.mark.parametrize(
    "name", ["x" * 1_000_000, "\ud800", "", "\ufdfa" * 1000], ids=["long", "surrogate", "empty", "swelling"]
)
def test_any_text_may_be_tried_as_a_name_and_none_takes_more_memory_than_another(name: str) -> None:
    accounts = Buckets(1, 20.0, clock=Clock())
    throttle = LoginThrottle(accounts)
    tracemalloc.start()
    throttle.attempt(name, "")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 10_000
    assert refused(throttle, name, "").what == "account"


def test_either_may_be_left_out() -> None:
    for throttle in (LoginThrottle(), LoginThrottle(Buckets(1, 1.0)), LoginThrottle(None, Buckets(1, 1.0))):
        throttle.attempt("ann", "1.2.3.4")
        throttle.succeeded("ann", "1.2.3.4")
        throttle.attempt("ann", "1.2.3.4")


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (None, ""),
        (("192.0.2.1", 5), "192.0.2.1"),
        (("::ffff:192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 5), "2001:db8:1:2::/64"),
        (("testclient", 5), "testclient"),
        (("x" * 1000, 5), "x" * 255),
    ],
    ids=str,
)
def test_whoever_has_one_address_of_a_network_is_one_address(client: Any, expected: str) -> None:
    assert address_of(HTTPConnection({"type": "http", "client": client})) == expected
