"""In how many ways can one text be read by an automaton, loops aside? Few for what people write, and never too few.

Two optional pieces in a row may both take a character, `a?a?a?`, or both be left out in several ways, `(?:a?|b?)`. Each
such choice multiplies the ways that a backtracking matcher tries before it gives up, so that twenty of them written out
in a row are as bad as a repetition in a repetition.

The ways to a state are those to all that can come before it *on one text*: two states are rivals where one text leads
to both. States are visited in order, for edges lead forward but within loops. A loop counts once, as a whole: in how
many places of the text it can begin is the business of its `growth`, which multiplies with the ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

__all__ = ["TooMuchWork", "most_ways"]

Pair: TypeAlias = tuple[int, int]
Edge: TypeAlias = tuple[int, int, int]
"""From a state to a state, in so many ways."""

MAX_STEPS: Final = 200_000
"""How many steps of two tokens are taken at most: a fraction of a second."""


class TooMuchWork(Exception):
    """The rivals of the automaton cannot be found in `MAX_STEPS`."""


def most_ways(masks: Sequence[int], edges: Sequence[Mapping[int, int]], loops: Sequence[frozenset[int]]) -> int:
    """The largest number of ways to one state; the first state is the start, the last one the end.

    ``masks`` are the characters of each state, ``edges`` in how many ways others can follow it, ``loops`` its strongly
    connected components. An upper bound. Raises TooMuchWork.
    """
    rivals = _rivals(masks, edges)
    parts = _in_order(len(masks), loops)
    part_of = {state: part for part in parts for state in part}
    entries: dict[frozenset[int], list[Edge]] = {part: [] for part in parts}
    for state, following in enumerate(edges):
        for other, weight in following.items():
            if part_of[state] is not part_of[other]:
                entries[part_of[other]].append((state, other, weight))
    ways = {part_of[0]: 1}
    for part in parts[1:]:
        is_loop = part in loops
        ways[part] = max(
            (
                sum(
                    other[2] * ways[part_of[other[0]]]
                    for other in entries[part]
                    if other is edge or _meet(edge, other, part if is_loop else (), masks, rivals)
                )
                for edge in entries[part]
            ),
            default=0,
        )
    return max(ways.values())


def _meet(one: Edge, other: Edge, loop: Iterable[int], masks: Sequence[int], rivals: set[Pair]) -> bool:
    """Whether one text can take both of these ways in: at once, or into a loop one after the other."""
    if masks[one[1]] & masks[other[1]] and _pair(one[0], other[0]) in rivals:
        return True
    return any(_pair(inside, late) in rivals for inside in loop for late in (one[0], other[0]))


def _rivals(masks: Sequence[int], edges: Sequence[Mapping[int, int]]) -> set[Pair]:
    """The pairs of states that one text leads to from the start."""
    found: set[Pair] = {(0, 0)}
    todo = [(0, 0)]
    steps = 0
    while todo:
        one, other = todo.pop()
        steps += len(edges[one]) * len(edges[other])
        if steps > MAX_STEPS:
            raise TooMuchWork
        for pair in _steps(one, other, masks, edges):
            if pair not in found:
                found.add(pair)
                todo.append(pair)
    return found


def _steps(one: int, other: int, masks: Sequence[int], edges: Sequence[Mapping[int, int]]) -> Iterator[Pair]:
    for a in edges[one]:
        mask = masks[a]
        for b in edges[other]:
            if mask & masks[b]:
                yield _pair(a, b)


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one <= other else (other, one)


def _in_order(count: int, loops: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Loops, and each state that is in none, in the order of their first states."""
    looping = frozenset().union(*loops)
    return sorted([*loops, *(frozenset([state]) for state in range(count) if state not in looping)], key=min)
