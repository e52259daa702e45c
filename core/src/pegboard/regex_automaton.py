"""An automaton of a regular expression with one state per character set (Glushkov's construction), ways counted.

Rules:

- A repetition with a high bound counts as endless unless its body has one fixed shape, which is written out.
- A repetition in which every round can be empty, such as `(a?){30}`, is refused: each of the counted ones may be the
  empty one, which is exponential in their number.
- What can be left out in several ways multiplies the ways from what stands before it to what stands behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pegboard.regex_syntax import NOTHING, Chain, Chars, Choice, Look, Node, RegexError, Repeat

__all__ = ["TOO_LARGE", "Automaton", "Ends", "first_place"]

_MAX_STATES: Final = 400
_MAX_COPIES: Final = 4

TOO_LARGE: Final = "the regular expression is too large to be checked"


class Ends(NamedTuple):
    """Where a piece of the expression can begin and end, and in how many ways it can be empty.

    The states come with the number of ways to begin or end there, with what stands before or behind them left out.
    """

    first: Counter[int]
    last: Counter[int]
    empty: int


@dataclass(slots=True)
class Automaton:
    """States are the character sets of the expression; `edges[a][b]` counts the ways that b can follow a.

    The first state is the start, and when it is closed, the last one the end.
    """

    states: list[Chars] = field(default_factory=lambda: [Chars(0, 0)])
    edges: list[Counter[int]] = field(default_factory=lambda: [Counter()])
    looks: list[Node] = field(default_factory=list)

    @property
    def sets(self) -> set[int]:
        """The character sets that can have a part in a match, once the automaton is closed."""
        return {state.mask for state in self.states[1:-1]}

    def add(self, node: Node) -> Ends:
        """Take in a piece of the expression. RegexError for what is too large, or counts what can be empty."""
        match node:
            case Chars():
                return self._state(node)
            case Chain():
                return self._chain(node.items)
            case Choice():
                return self._choice(node.options)
            case Repeat():
                return self._repeat(node)
            case Look():
                self.looks.append(node.body)
                return Ends(Counter(), Counter(), 1)

    def close(self, whole: Ends) -> None:
        """Put the whole expression between the start and the end."""
        self._join(Counter({0: 1}), whole.first)
        end = self._state(Chars(-1, 0))
        self._join(whole.last, end.first)
        self._join(Counter({0: whole.empty}), end.first)

    def _state(self, chars: Chars) -> Ends:
        if len(self.states) >= _MAX_STATES:
            raise RegexError(TOO_LARGE, chars.at, "Split it, or simplify it.")
        self.states.append(chars)
        self.edges.append(Counter())
        number = len(self.states) - 1
        return Ends(Counter({number: 1}), Counter({number: 1}), 0)

    def _chain(self, items: Iterable[Node]) -> Ends:
        whole = Ends(Counter(), Counter(), 1)
        for item in items:
            part = self.add(item)
            self._join(whole.last, part.first)
            whole = Ends(
                whole.first + _times(part.first, whole.empty),
                _times(whole.last, part.empty) + part.last,
                whole.empty * part.empty,
            )
        return whole

    def _choice(self, options: Iterable[Node]) -> Ends:
        whole = Ends(Counter(), Counter(), 0)
        for option in options:
            part = self.add(option)
            whole = Ends(whole.first + part.first, whole.last + part.last, whole.empty + part.empty)
        return whole

    def _repeat(self, node: Repeat) -> Ends:
        body, low, high = node.body, node.low, node.high
        if low > 1 and _can_be_empty(body):
            raise RegexError(
                "the regular expression can take exponential time: it counts repetitions of what can be empty",
                first_place(body),
                "Any of the counted ones can be the empty one: write the body so that it takes a text, or use {0,n}.",
            )
        if high is not None and high > _MAX_COPIES and not (low == high and _is_rigid(body)):
            high = None
        if high is None and low > 1:
            return self._chain([body] * (min(low, _MAX_COPIES) - 1) + [Repeat(body, 1, None)])
        if high is not None and high != 1:
            return self.add(_copies(body, min(low, _MAX_COPIES), min(high, _MAX_COPIES)))
        ends = self.add(body)
        if high is None:
            self._join(ends.last, ends.first)
        return ends._replace(empty=ends.empty + (low == 0))

    def _join(self, before: Counter[int], after: Counter[int]) -> None:
        for state, weight in before.items():
            self.edges[state].update(_times(after, weight))


def _times(states: Counter[int], weight: int) -> Counter[int]:
    return Counter({state: count * weight for state, count in states.items()} if weight else {})


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


def first_place(node: Node) -> int:
    """Where in the source the first character set of the node stands; 0 when it has none."""
    match node:
        case Chars():
            return node.at
        case Chain():
            places = [first_place(item) for item in node.items]
        case Choice():
            places = [first_place(option) for option in node.options]
        case _:
            places = [first_place(node.body)]
    return next(filter(None, places), 0)


def _copies(body: Node, low: int, high: int) -> Node:
    """`body{low,high}` written out, with the optional copies nested: one number of copies is one way to read."""
    optional: Node = NOTHING
    for _ in range(high - low):
        optional = Repeat(Chain((body, optional)), 0, 1)
    return Chain((body,) * low + (optional,))
