"""A reading of Python's regular-expression syntax, just deep enough to reason about cost and alphabet.

The tree keeps what decides how a backtracking matcher works: which characters each place accepts, what is
repeated, what is a choice. Groups vanish, laziness and possessiveness are read as plain repetition, look-around
is kept apart because it takes no text.

Rules:

- Only text that `re.compile` accepts is read, so this parser need not find syntax errors.
- A set of characters is an integer: bit *n* for the ASCII character *n*, bit 128 for all others together. A set is
  never too small; where in doubt it is too large.
- What the tree cannot say (backreferences, conditionals, comments, flags for the whole expression) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

ASCII: Final = "".join(map(chr, range(128)))
BEYOND_ASCII: Final = 1 << 128

_CLASS: Final = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|0[0-7]{0,2}|[0-7]{3}|([1-9][0-9]?)|.)", re.DOTALL
)
_GROUP: Final = re.compile(
    r"\((?:\?(?:(?P<look><?[=!])|(?P<named>P<\w+>)|(?P<refused>P=|\(|\#)"
    r"|(?P<flags>[aiLmsux]*(?:-[imsx]+)?)(?P<close>[:)])|>))?"
)
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})[?+]?")
_SYMBOL_BOUNDS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MAY_LEAVE_ASCII: Final = re.compile(r"\A\.\Z|\A\[\^|\\[DdWwSsxuUN0-7]|[^\x00-\x7f]")
_FLAGS_THAT_WIDEN_SETS: Final = {"i": int(re.IGNORECASE), "s": int(re.DOTALL)}


class RegexError(ValueError):
    """A regular expression that cannot be used; `position` is the index in it where the trouble starts."""

    def __init__(self, problem: str, position: int = 0, hint: str = "") -> None:
        super().__init__(f"{problem}. {hint}" if hint else problem)
        self.problem = problem
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set; `at` is its place in the source."""

    mask: int
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """One thing after the other; no items: the empty text."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A body `low` to `high` times, without end when `high` is None."""

    body: Node
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """Look-ahead or look-behind: reads text and takes none."""

    body: Node


Node: TypeAlias = Chars | Chain | Choice | Repeat | Look
NOTHING: Final = Chain(())


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the tree, and where the first anchor and the first named group stand (None: nowhere)."""

    tree: Node
    anchor_at: int | None
    named_at: int | None


def read_regex(source: str) -> Reading:
    """Read `source` into a tree.

    Raises:
        RegexError: it does not compile, or uses a construct whose cost cannot be told.
    """
    reader = _Reader(source)
    try:
        re.compile(source)
        tree = reader.choice(0)
    except re.error as error:
        raise RegexError(f"the regular expression does not compile: {error.msg}", error.pos or 0) from None
    except (RecursionError, OverflowError) as error:
        raise RegexError(f"the regular expression does not compile: {error}") from None
    return Reading(tree, reader.anchor_at, reader.named_at)


def bit_of(char: str) -> int:
    """The bit of a character in a set."""
    return 1 << ord(char) if char.isascii() else BEYOND_ASCII


@lru_cache(maxsize=1024)
def _mask(atom: str, flags: int) -> int:
    """The set of characters that a one-character expression accepts, asked of `re` itself."""
    mask = sum(1 << ord(char) for char in re.findall(atom, ASCII, flags))
    folded = flags & re.IGNORECASE and re.search("[a-zA-Z]", "".join(re.findall(atom, ASCII, flags)))
    return mask | BEYOND_ASCII if folded or _MAY_LEAVE_ASCII.search(atom) else mask


class _Reader:
    """Recursive descent over a source that is known to compile."""

    __slots__ = ("anchor_at", "at", "named_at", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.anchor_at: int | None = None
        self.named_at: int | None = None

    def choice(self, flags: int) -> Node:
        options = [self.chain(flags)]
        while self.source.startswith("|", self.at):
            self.at += 1
            options.append(self.chain(flags))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def chain(self, flags: int) -> Node:
        items: list[Node] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            items.append(self.quantified(self.atom(flags)))
        return items[0] if len(items) == 1 else Chain(tuple(items))

    def quantified(self, body: Node) -> Node:
        found = _QUANTIFIER.match(self.source, self.at)
        if found is None:
            return body
        self.at = found.end()
        low, high = _bounds(found.group().rstrip("?+") or found.group()[0])
        return Repeat(body, low, high)

    def atom(self, flags: int) -> Node:
        char = self.source[self.at]
        if char == "(":
            return self.group(flags)
        if char == "\\":
            return self.escape(flags)
        if char in "^$":
            return self.anchor(1)
        found = _CLASS.match(self.source, self.at) if char == "[" else None
        text = found.group() if found else char
        return self.chars(text if found or char == "." else re.escape(char), len(text), flags)

    def chars(self, atom: str, width: int, flags: int) -> Node:
        at = self.at
        self.at += width
        return Chars(_mask(atom, flags), at)

    def anchor(self, width: int) -> Node:
        if self.anchor_at is None:
            self.anchor_at = self.at
        self.at += width
        return NOTHING

    def escape(self, flags: int) -> Node:
        found = _ESCAPE.match(self.source, self.at)
        text = found.group() if found else "\\"
        if found and found[1]:
            raise RegexError("backreferences are not supported", self.at, "Write the repeated part out.")
        if text in (r"\A", r"\Z", r"\z"):
            return self.anchor(2)
        if text in (r"\b", r"\B"):
            self.at += 2
            return NOTHING
        return self.chars(text, len(text), flags)

    def group(self, flags: int) -> Node:
        found = _GROUP.match(self.source, self.at)
        if found is None or found["refused"]:
            raise RegexError("backreferences, conditional groups and comments are not supported", self.at)
        if found["named"] and self.named_at is None:
            self.named_at = self.at
        if found["flags"]:
            flags = self.scoped(found, flags)
        self.at = found.end()
        body = self.choice(flags)
        self.at += 1
        return Look(body) if found["look"] else body

    def scoped(self, found: re.Match[str], flags: int) -> int:
        on, _, off = found["flags"].partition("-")
        if found["close"] == ")":
            raise RegexError("flags for the whole expression are not supported", self.at, f"Write (?{on}:...).")
        if set(on) & set("xL"):
            raise RegexError("the verbose and locale flags are not supported", self.at)
        for letter in on:
            flags |= _FLAGS_THAT_WIDEN_SETS.get(letter, 0)
        for letter in off:
            flags &= ~_FLAGS_THAT_WIDEN_SETS.get(letter, 0)
        return flags


def _bounds(quantifier: str) -> tuple[int, int | None]:
    if quantifier in _SYMBOL_BOUNDS:
        return _SYMBOL_BOUNDS[quantifier]
    low, comma, high = quantifier.strip("{}").partition(",")
    return int(low or 0), (int(high) if high else None) if comma else int(low)
