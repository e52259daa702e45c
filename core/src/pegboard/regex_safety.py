"""How dear can a regular expression become on hostile text? Asked once, when it is registered.

Python's matcher backtracks: when a text can be read in several ways it may try them all before it gives up. The
expression becomes an automaton with one state per character set (Glushkov's construction, edges counted), and
ambiguity is read off its loops:

- *Exponential*: from one place in a loop, one text leads back to it in two ways, as in `(a+)+` or `(a|ab|b)*`.
  Always refused.
- *Counted and empty*: a body that can be empty, repeated a fixed number of times, as in `(a?){30}`: each of the
  counted ones may be the empty one, which is exponential in their number. Always refused.
- *Polynomial*: loops stand in a row and one text can be shifted between them, as in `a+b?a+`. The longest such row is
  the `growth`: the time is at most in the order of n**growth for a text of n characters. Callers bound n.

Rules: the answer may be too pessimistic (a safe expression refused), never too optimistic for the constructs that
`regex_syntax` reads, but for one: the same optional piece written out dozens of times in a row. A repetition with a
high bound counts as endless unless its body has one fixed shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from typing import Final, NamedTuple

from pegboard.regex_syntax import (
    BEYOND_ASCII,
    NOTHING,
    Chain,
    Chars,
    Choice,
    Look,
    Node,
    RegexError,
    Repeat,
    read_regex,
)

__all__ = ["RegexError", "RegexFacts", "inspect_regex"]

_MAX_STATES: Final = 400
_MAX_COPIES: Final = 4


@dataclass(frozen=True, slots=True)
class RegexFacts:
    r"""What is known of one expression.

    `growth` is the exponent of the time it can take (1: linear). `anchor_at` and `named_group_at` are indexes into
    the source of the first anchor (`^ $ \A \Z`) and of the first named group, or None.
    """

    growth: int
    anchor_at: int | None
    named_group_at: int | None
    alphabet: int

    def may_contain(self, char: str) -> bool:
        """Whether a text with `char` in it can have a part in a match; True where that is not certain."""
        return bool(self.alphabet & (1 << ord(char) if ord(char) < 128 else BEYOND_ASCII))


@cache
def inspect_regex(source: str) -> RegexFacts:
    """Analyse `source`.

    Raises:
        RegexError: it does not compile, uses a construct that cannot be analysed, or can take exponential time.
    """
    reading = read_regex(source)
    automaton = _Automaton()
    automaton.add(reading.tree)
    growth = automaton.growth()
    alphabet = automaton.alphabet
    for look in automaton.looks:
        inner = _Automaton()
        inner.add(look)
        growth += inner.growth()
        alphabet |= inner.alphabet
    return RegexFacts(max(growth, 1), reading.anchor_at, reading.named_at, alphabet)


class _Ends(NamedTuple):
    """Where a piece of the expression can begin and end, and whether it can be empty."""

    first: list[int]
    last: list[int]
    empty: bool


@dataclass(slots=True)
class _Automaton:
    """States are the character sets of the expression; `edges[a][b]` counts the ways that b can follow a."""

    states: list[Chars] = field(default_factory=list)
    edges: list[Counter[int]] = field(default_factory=list)
    looks: list[Node] = field(default_factory=list)

    @property
    def alphabet(self) -> int:
        return _union(self.states)

    def add(self, node: Node) -> _Ends:
        match node:
            case Chars():
                return self.state(node)
            case Chain():
                return self.chain(node.items)
            case Choice():
                ends = [self.add(option) for option in node.options]
                firsts = [state for end in ends for state in end.first]
                lasts = [state for end in ends for state in end.last]
                return _Ends(firsts, lasts, any(end.empty for end in ends))
            case Repeat():
                return self.repeat(node)
            case Look():
                self.looks.append(node.body)
                return _Ends([], [], True)

    def state(self, chars: Chars) -> _Ends:
        if len(self.states) >= _MAX_STATES:
            raise RegexError("the regular expression is too large to be checked", chars.at, "Split it, or simplify it.")
        self.states.append(chars)
        self.edges.append(Counter())
        number = len(self.states) - 1
        return _Ends([number], [number], False)

    def chain(self, items: Iterable[Node]) -> _Ends:
        whole = _Ends([], [], True)
        for item in items:
            part = self.add(item)
            self.join(whole.last, part.first)
            whole = _Ends(
                whole.first + part.first if whole.empty else whole.first,
                whole.last + part.last if part.empty else part.last,
                whole.empty and part.empty,
            )
        return whole

    def repeat(self, node: Repeat) -> _Ends:
        body, low, high = node.body, node.low, node.high
        if low > 1 and _can_be_empty(body):
            raise RegexError(
                "the regular expression can take exponential time: it counts repetitions of what can be empty",
                _first_place(body),
                "Any of the counted ones can be the empty one: write the body so that it takes a text, or use {0,n}.",
            )
        if high is not None and high > _MAX_COPIES and not (low == high and _is_rigid(body)):
            high = None
        if high is None and low > 1:
            return self.chain([body] * (min(low, _MAX_COPIES) - 1) + [Repeat(body, 1, None)])
        if high is not None and high != 1:
            return self.add(_copies(body, min(low, _MAX_COPIES), min(high, _MAX_COPIES)))
        ends = self.add(body)
        if high is None:
            self.join(ends.last, ends.first)
        return ends._replace(empty=ends.empty or low == 0)

    def join(self, before: Iterable[int], after: Iterable[int]) -> None:
        for state in before:
            self.edges[state].update(after)

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


def _is_rigid(node: Node) -> bool:
    """Whether every text that the node matches has one length and one way to be read."""
    match node:
        case Chars():
            return True
        case Chain():
            return all(map(_is_rigid, node.items))
        case Repeat():
            return node.low == node.high and _is_rigid(node.body)
        case _:
            return False


def _can_be_empty(node: Node) -> bool:
    """Whether the node matches the empty text, looked at from inside: a look-around takes none."""
    match node:
        case Chars():
            return False
        case Chain():
            return all(map(_can_be_empty, node.items))
        case Choice():
            return any(map(_can_be_empty, node.options))
        case Repeat():
            return node.low == 0 or _can_be_empty(node.body)
        case Look():
            return True


def _first_place(node: Node) -> int:
    """Where in the source the first character set of the node stands; 0 when it has none."""
    match node:
        case Chars():
            return node.at
        case Chain():
            places = [_first_place(item) for item in node.items]
        case Choice():
            places = [_first_place(option) for option in node.options]
        case _:
            places = [_first_place(node.body)]
    return next(filter(None, places), 0)


def _copies(body: Node, low: int, high: int) -> Node:
    """`body{low,high}` written out, with the optional copies nested: one number of copies is one way to read."""
    optional: Node = NOTHING
    for _ in range(high - low):
        optional = Repeat(Chain((body, optional)), 0, 1)
    return Chain((body,) * low + (optional,))


def _longest_row(followers: Sequence[Sequence[int]]) -> int:
    """The number of nodes on the longest path of a graph without cycles."""
    lengths: dict[int, int] = {}

    def length(node: int) -> int:
        if node not in lengths:
            lengths[node] = 1 + max(map(length, followers[node]), default=0)
        return lengths[node]

    return max(map(length, range(len(followers))), default=0)
