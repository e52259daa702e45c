"""Decisions kept ready: the same as those made anew, and bounded, whatever clients send."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_cors.decisions import (
    MAX_KEPT,
    MAX_KEPT_BYTES,
    Decision,
    Kept,
    actual_decisions,
    decide_actual,
    decide_preflight,
    preflight_decisions,
)
from pegboard_cors.origins import LONGEST
from pegboard_cors.policy import Policy
from pegboard_cors.preflights import Preflight
from pegboard_cors.rejections import Reason, Rejection
from pegboard_cors.settings import CORSSettings

APP = b"https://app.example.com"
EVIL = b"https://evil.example"
BYTES_EACH = 4096
"""More than a decision takes with all that it holds."""


def policy(*origins: str, **given: Any) -> Policy:
    return Policy(CORSSettings(allow_origins=origins, **given))


def fresh_actual(of: Policy, origin: bytes) -> Decision:
    return decide_actual(of, origin, of.judge(origin))


def fresh_preflight(of: Policy, preflight: Preflight) -> Decision:
    return decide_preflight(of, preflight, of.judge(preflight.origin))


POLICIES = [
    policy("https://app.example.com"),
    policy("https://app.example.com", allow_methods=("*",), allow_headers=("*",), allow_credentials=True),
    policy("https://*.example.com", "null", allow_headers=("X-One",), max_age=0, allow_private_network=True),
    policy("*", allow_methods=("PUT",), allow_headers=("*", "Authorization")),
    policy(allow_origin_regex=r"https?://[a-z]+\.example", expose_headers=("X-Total",), allow_credentials=True),
]

ORIGINS = st.sampled_from([APP, EVIL, b"http://evil.example", b"https://x.example.com", b"null", b""]) | st.binary(
    max_size=2 * LONGEST
)
NAMES = st.sampled_from([b"x-one", b"X-One, x-two", b"authorization", b"", b"a b"]) | st.binary(max_size=40)
PREFLIGHTS = st.builds(
    Preflight,
    ORIGINS,
    st.sampled_from([b"GET", b"PUT", b"get"]) | st.binary(max_size=20),
    st.lists(NAMES, max_size=3).map(tuple),
    st.booleans(),
)
WHICH = st.sampled_from(range(len(POLICIES)))


@given(st.lists(st.tuples(WHICH, ORIGINS), max_size=12))
def test_a_kept_decision_on_an_origin_is_the_one_made_anew(asked: Sequence[tuple[int, bytes]]) -> None:
    """Whatever was asked before, by whomever: twice the same, and the same as without anything kept."""
    kept = [actual_decisions(of) for of in POLICIES]
    for which, origin in [*asked, *asked]:
        assert kept[which][origin] == fresh_actual(POLICIES[which], origin)


@given(st.lists(st.tuples(WHICH, PREFLIGHTS), max_size=12))
def test_a_kept_decision_on_a_preflight_is_the_one_made_anew(asked: Sequence[tuple[int, Preflight]]) -> None:
    """All that a preflight sends is part of what its decision is kept by."""
    kept = [preflight_decisions(of) for of in POLICIES]
    for which, preflight in [*asked, *asked]:
        assert kept[which][preflight] == fresh_preflight(POLICIES[which], preflight)


def test_preflights_that_differ_in_one_thing_are_told_apart() -> None:
    """Origin, method, names, their lines, and the private network: each has its own answer."""
    of = POLICIES[1]
    asked = [
        Preflight(APP, b"PUT", (b"x-one",), False),
        Preflight(EVIL, b"PUT", (b"x-one",), False),
        Preflight(APP, b"PATCH", (b"x-one",), False),
        Preflight(APP, b"PUT", (b"x-two",), False),
        Preflight(APP, b"PUT", (b"x-one", b"x-two"), False),
        Preflight(APP, b"PUT", (), False),
        Preflight(APP, b"PUT", (b"x-one",), True),
    ]
    kept = preflight_decisions(of)
    first = [kept[preflight] for preflight in asked]
    assert [kept[preflight] for preflight in asked] == first
    assert len(set(first)) == len(asked)


def test_a_decision_says_what_goes_out_and_what_is_told() -> None:
    """A denied origin: Vary, the reason as one line, and the hosts that would make it no stranger."""
    assert actual_decisions(POLICIES[0])[EVIL] == Decision(
        ((b"vary", b"Origin"),),
        Rejection("actual", Reason.ORIGIN, "https://evil.example"),
        "actual from https://evil.example: the origin is not allowed",
        frozenset({b"evil.example", b"evil.example:443"}),
    )
    allowed = ((b"access-control-allow-origin", APP), (b"vary", b"Origin"))
    assert actual_decisions(POLICIES[0])[APP] == Decision(allowed)


def hostile_origins(count: int) -> Iterable[bytes]:
    """Different ones as long as they may be, ones that are longer still, and ones that are no origins."""
    for number in range(count):
        host = b"%d." % number + b".".join([b"a" * 60] * 4)
        yield (b"https://" + host + b".example", b"https://%d" % number + b"\xff" * LONGEST, b"%d\r\n" % number)[
            number % 3
        ]


def hostile_preflights(count: int) -> Iterable[Preflight]:
    """Different in each thing that they ask, up to the size that is kept, and beyond."""
    names = b",".join(b"n%d" % number for number in range(64))
    for number in range(count):
        odd = b"%d" % number
        yield (
            Preflight(APP, b"PUT", (names + odd,), False),
            Preflight(APP, odd, (), True),
            Preflight(b"https://" + odd + b".example", b"PUT", (b"x-one",), False),
            Preflight(APP, b"PUT", (b"x" * (MAX_KEPT_BYTES - len(APP) - 3 - len(odd)) + odd,), False),
            Preflight(APP, b"PUT", (b"a" * 100_000 + odd,), False),
            Preflight(APP, b"PUT", (b"a", odd) * 40, False),
            Preflight(APP, b"M" * 5000 + odd, (b"x-one",), False),
        )[number % 7]


def grown(kept: Kept[Any], hostile: Iterable[Any]) -> int:
    """The most bytes that were held at once while these were asked about."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for about in hostile:
            kept[about]
            assert len(kept) <= MAX_KEPT
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_ten_thousand_origins_take_bounded_memory() -> None:
    """The bound is in bytes, and whatever comes after them is decided as before."""
    of = POLICIES[4]
    kept = actual_decisions(of)
    # The policy and the reader of origins each remember some as well.
    assert grown(kept, hostile_origins(10_000)) < BYTES_EACH * MAX_KEPT + 2 * 1024 * 1024
    for origin in (APP, EVIL, b"null", *hostile_origins(6)):
        assert kept[origin] == fresh_actual(of, origin)


def test_ten_thousand_preflights_take_bounded_memory() -> None:
    """Whatever is varied: origins, methods, names, or their size; and whoever comes after them is answered as before.

    The policy is the one that sends most back.
    """
    of = POLICIES[1]
    kept = preflight_decisions(of)
    assert grown(kept, hostile_preflights(10_000)) < BYTES_EACH * MAX_KEPT
    for preflight in (Preflight(APP, b"PUT", (), False), *hostile_preflights(14)):
        assert kept[preflight] == fresh_preflight(of, preflight)


@pytest.mark.parametrize(
    ("preflight", "is_kept"),
    [
        (Preflight(APP, b"PUT", (), False), True),
        (Preflight(APP, b"PUT", (b"x" * (MAX_KEPT_BYTES - len(APP) - 3),), False), True),
        (Preflight(APP, b"PUT", (b"x" * (MAX_KEPT_BYTES - len(APP) - 2),), False), False),
        (Preflight(APP, b"P" * MAX_KEPT_BYTES, (), False), False),
        (Preflight(b"h" * MAX_KEPT_BYTES, b"PUT", (), False), False),
        (Preflight(APP, b"PUT", (b"a", b"b"), False), False),
        (Preflight(APP, b"PUT", (b"",) * 2000, False), False),
    ],
    ids=["plain", "largest", "larger", "method", "origin", "two-lines", "many-lines"],
)
def test_only_what_browsers_would_send_is_kept(preflight: Preflight, is_kept: bool) -> None:
    """Longer ones get the same answer, made anew."""
    kept = preflight_decisions(POLICIES[1])
    assert kept[preflight] == fresh_preflight(POLICIES[1], preflight)
    assert (preflight in kept) is is_kept


@pytest.mark.parametrize(("size", "is_kept"), [(LONGEST, True), (LONGEST + 1, False)])
def test_only_what_may_be_an_origin_is_kept(size: int, is_kept: bool) -> None:
    """The bound is the length of the longest origin."""
    kept = actual_decisions(POLICIES[0])
    assert kept[b"h" * size].rejection is not None
    assert (b"h" * size in kept) is is_kept
