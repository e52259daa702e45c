"""The number of ways is never too small, and is exact where nothing can be confused."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard.regex_ambiguity import TooMuchWork, most_ways

A, B, BOTH = 1, 2, 3
START, END = 0, -1

Automaton = tuple[list[int], list[dict[int, int]]]


@st.composite
def automata(draw: st.DrawFn) -> Automaton:
    """States in a row with edges that lead forward, some of them in more than one way."""
    count = draw(st.integers(1, 6))
    masks = [START, *draw(st.lists(st.sampled_from([A, B, BOTH]), min_size=count, max_size=count)), END]
    weights = st.sampled_from([0, 0, 1, 1, 1, 2])
    edges = [
        {other: weight for other in range(state + 1, len(masks)) if (weight := draw(weights))}
        for state in range(len(masks))
    ]
    return masks, edges


def counted(masks: list[int], edges: list[dict[int, int]]) -> int:
    """The largest number of ways to one state, over all texts."""
    most = 1
    for length in range(1, len(masks)):
        for text in product([A, B], repeat=length):
            ways = {0: 1}
            for char in text:
                following: dict[int, int] = {}
                for state, number in ways.items():
                    for other, weight in edges[state].items():
                        if masks[other] & char:
                            following[other] = following.get(other, 0) + number * weight
                ways = following
            most = max(most, *ways.values(), 0)
    return most


@settings(max_examples=200, deadline=None)
@given(automata())
def test_no_text_can_be_read_in_more_ways(automaton: Automaton) -> None:
    assert counted(*automaton) <= most_ways(*automaton, [])


def row(masks: list[int]) -> Automaton:
    """States in a row, each of which may be left out."""
    return [START, *masks, END], [dict.fromkeys(range(state + 1, len(masks) + 2), 1) for state in range(len(masks) + 2)]


@pytest.mark.parametrize(
    ("masks", "ways"), [([A], 1), ([A, B], 1), ([A, A], 2), ([A, A, A], 4), ([A, B, A, B], 3), ([A, A, A, A], 8)]
)
def test_optional_pieces_in_a_row_are_counted(masks: list[int], ways: int) -> None:
    assert counted(*row(masks)) <= most_ways(*row(masks), []) == ways


def test_words_that_begin_differently_are_one_way_each_into_a_loop_too() -> None:
    masks = [START, A, B, END]
    edges = [{1: 1, 2: 1}, {1: 1, 2: 1, 3: 1}, {1: 1, 2: 1, 3: 1}, {}]
    assert most_ways(masks, edges, [frozenset({1, 2})]) == 1


def test_ways_into_a_loop_add_up_though_they_come_one_after_the_other() -> None:
    masks = [START, A, A, A, END]
    edges = [{1: 1, 2: 1, 3: 1}, {2: 1, 3: 1}, {3: 1}, {3: 1, 4: 1}, {}]
    assert most_ways(masks, edges, [frozenset({3})]) >= 3


def test_too_much_work_is_given_up() -> None:
    with pytest.raises(TooMuchWork):
        most_ways(*row([A] * 300), [])
