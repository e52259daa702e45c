"""How dear can a regular expression become on hostile text? Asked once, when it is registered.

Python's matcher backtracks: when a text can be read in several ways it may try them all before it gives up. The
expression becomes an automaton with one state per character set (Glushkov's construction, edges counted), and
ambiguity is read off its loops:

- *Exponential*: from one place in a loop, one text leads back to it in two ways, as in `(a+)+`, `(a|ab|b)*` or
  `(a(b?)?)*`, where leaving out `b` can be done in two ways. Always refused.
- *Written out*: the same optional piece many times in a row, `a?a?a?a?`: what `regex_ambiguity` counts. Refused beyond
  `_MAX_WAYS`, which the time is multiplied with.
- *Counted and empty*: a body that can be empty, repeated a fixed number of times, as in `(a?){30}`: each of the
  counted ones may be the empty one, which is exponential in their number. Always refused.
- *Polynomial*: loops stand in a row and one text can be shifted between them, as in `a+b?a+`. The longest such row is
  the `growth`: the time is at most in the order of n**growth for a text of n characters. Callers bound n.

Rules: the answer may be too pessimistic (a safe expression refused), never too optimistic for the constructs that
`regex_syntax` reads. A repetition with a high bound counts as endless unless its body has one fixed shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Final

from pegboard.regex_ambiguity import TooMuchWork, most_ways
from pegboard.regex_automaton import TOO_LARGE, Automaton, first_place
from pegboard.regex_syntax import Chars, RegexError, bit_of, read_regex

__all__ = ["RegexError", "RegexFacts", "inspect_regex"]

_MAX_WAYS: Final = 64


@dataclass(frozen=True, slots=True)
class RegexFacts:
    r"""What is known of one expression.

    `growth` is the exponent of the time it can take (1: linear). `anchor_at` and `named_group_at` are indexes into
    the source of the first anchor (`^ $ \A \Z`) and of the first named group, or None. `sets` are the character sets
    in it.
    """

    growth: int
    anchor_at: int | None
    named_group_at: int | None
    sets: frozenset[int]

    def may_contain(self, char: str) -> bool:
        """Whether a text with `char` in it can have a part in a match; True where that is not certain."""
        bit = bit_of(char)
        return any(mask & bit for mask in self.sets)


@cache
def inspect_regex(source: str) -> RegexFacts:
    """Analyse `source`.

    Raises:
        RegexError: it does not compile, uses a construct that cannot be analysed, or can take exponential time.
    """
    reading = read_regex(source)
    todo = [reading.tree]
    growth, ways = 0, 1
    sets: set[int] = set()
    for tree in todo:
        automaton = _Reasoner()
        automaton.close(automaton.add(tree))
        growth += automaton.growth()
        ways *= automaton.ways()
        sets |= automaton.sets
        todo += automaton.looks
    if ways > _MAX_WAYS:
        raise RegexError(
            f"the regular expression can take exponential time: it can read one text in {ways} ways or more",
            first_place(reading.tree),
            "Write optional pieces that follow each other as one repetition: a{0,9} in place of a?a?a?a?a?a?a?a?a?",
        )
    return RegexFacts(max(growth, 1), reading.anchor_at, reading.named_at, frozenset(sets))


class _Reasoner(Automaton):
    """An automaton that knows what a backtracking matcher can make of it."""

    __slots__ = ()

    def ways(self) -> int:
        """In how many ways one text can be read, loops aside."""
        try:
            return most_ways([state.mask for state in self.states], self.edges, self.loops())
        except TooMuchWork:
            raise RegexError(TOO_LARGE, self.states[1].at, "Split it, or simplify it.") from None

    def growth(self) -> int:
        """The length of the longest row of loops that can share a text.

        Raises:
            RegexError: one loop alone is exponential.
        """
        loops = self.loops()
        for loop in loops:
            if self.is_exponential(loop):
                raise RegexError(
                    "the regular expression can take exponential time: a repetition can match one text in several ways",
                    min(self.states[state].at for state in loop),
                    "Let each repetition begin with a character that cannot end the one before.",
                )
        followers = [[other for other in loops if other is not loop and self.shares(loop, other)] for loop in loops]
        index = {id(loop): number for number, loop in enumerate(loops)}
        return _longest_row([[index[id(other)] for other in row] for row in followers])

    def loops(self) -> list[frozenset[int]]:
        """The strongly connected components that have a cycle, in the order of their first states."""
        reach = [self.reachable([state]) for state in range(len(self.states))]
        found = {frozenset(b for b in reach[a] if a in reach[b]) for a in range(len(reach)) if a in reach[a]}
        return sorted(found, key=min)

    def reachable(self, start: Iterable[int], allowed: int = -1) -> set[int]:
        """States that can come after those of `start`, through sets that share a character with `allowed`."""
        seen: set[int] = set()
        todo = list(start)
        while todo:
            fresh = {b for b in self.edges[todo.pop()] if b not in seen and self.states[b].mask & allowed}
            seen |= fresh
            todo.extend(fresh)
        return seen

    def is_exponential(self, loop: frozenset[int]) -> bool:
        """Whether one text leads from a state to itself in two ways: two tokens that part and meet again."""
        if any(count > 1 for a in loop for b, count in self.edges[a].items() if b in loop):
            return True
        parted = {pair for a in loop for pair in self.steps(a, a, loop) if pair[0] != pair[1]}
        todo = list(parted)
        while todo:
            for pair in self.steps(*todo.pop(), loop):
                if pair[0] == pair[1]:
                    return True
                if pair not in parted:
                    parted.add(pair)
                    todo.append(pair)
        return False

    def steps(self, a: int, b: int, loop: frozenset[int]) -> Iterator[tuple[int, int]]:
        for c in self.edges[a]:
            for d in self.edges[b]:
                if c in loop and d in loop and self.states[c].mask & self.states[d].mask:
                    yield c, d

    def shares(self, loop: frozenset[int], other: frozenset[int]) -> bool:
        """Whether `other` comes after `loop` through nothing but characters that both can repeat."""
        common = _union(self.states[a] for a in loop) & _union(self.states[b] for b in other)
        return bool(common) and not self.reachable(loop, common).isdisjoint(other)


def _union(states: Iterable[Chars]) -> int:
    return reduce(or_, (state.mask for state in states), 0)


def _longest_row(followers: Sequence[Sequence[int]]) -> int:
    """The number of nodes on the longest path of a graph without cycles."""
    lengths: dict[int, int] = {}

    def length(node: int) -> int:
        if node not in lengths:
            lengths[node] = 1 + max(map(length, followers[node]), default=0)
        return lengths[node]

    return max(map(length, range(len(followers))), default=0)
