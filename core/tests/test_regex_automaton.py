"""The automaton has a state for each place of a character, and counts the ways from one to the next."""

from __future__ import annotations

import pytest

from pegboard.regex_automaton import Automaton
from pegboard.regex_syntax import RegexError, read_regex


def edges_of(source: str) -> dict[str, dict[str, int]]:
    """Where each place of a character leads to, in how many ways; `^` is the start and `$` the end."""
    automaton = Automaton()
    automaton.close(automaton.add(read_regex(source).tree))
    last = len(automaton.states) - 1
    names = ["^", *(f"{source[state.at]}{number}" for number, state in enumerate(automaton.states[1:-1], 1)), "$"]
    assert len(names) == last + 1
    return {
        names[a]: {names[b]: count for b, count in following.items()} for a, following in enumerate(automaton.edges)
    }


@pytest.mark.parametrize(
    ("source", "edges"),
    [
        ("", {"^": {"$": 1}, "$": {}}),
        ("ab", {"^": {"a1": 1}, "a1": {"b2": 1}, "b2": {"$": 1}, "$": {}}),
        ("a?b", {"^": {"a1": 1, "b2": 1}, "a1": {"b2": 1}, "b2": {"$": 1}, "$": {}}),
        ("a|b", {"^": {"a1": 1, "b2": 1}, "a1": {"$": 1}, "b2": {"$": 1}, "$": {}}),
        ("a+", {"^": {"a1": 1}, "a1": {"a1": 1, "$": 1}, "$": {}}),
        ("a{2}", {"^": {"a1": 1}, "a1": {"a2": 1}, "a2": {"$": 1}, "$": {}}),
        (
            "a{9,}",
            {"^": {"a1": 1}, "a1": {"a2": 1}, "a2": {"a3": 1}, "a3": {"a4": 1}, "a4": {"a4": 1, "$": 1}, "$": {}},
        ),
    ],
)
def test_places_follow_each_other_as_in_the_expression(source: str, edges: dict[str, dict[str, int]]) -> None:
    assert edges_of(source) == edges


@pytest.mark.parametrize(
    ("source", "ways"),
    [("a(?:b?)c", 1), ("a(?:b?)?c", 2), ("a(?:b?|d?)c", 2), ("a(?:b?|d?)(?:b?|d?)c", 4), ("a(?:b|d|)c", 1), ("abc", 0)],
)
def test_what_can_be_left_out_in_several_ways_counts_so_often(source: str, ways: int) -> None:
    edges = edges_of(source)
    last = next(name for name in edges if name[0] == "c")
    assert edges["a1"].get(last, 0) == ways


def test_look_around_is_kept_apart() -> None:
    automaton = Automaton()
    automaton.close(automaton.add(read_regex("a(?=b+)c").tree))
    assert (len(automaton.states), len(automaton.looks)) == (4, 1)


def test_a_counted_round_that_can_be_empty_is_refused_with_its_place() -> None:
    with pytest.raises(RegexError, match="counts repetitions of what can be empty") as caught:
        edges_of("x(?:a?){3}")
    assert caught.value.position == 4
