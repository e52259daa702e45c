"""Between template and tree: what stands between two slashes, and what the regular expressions of it can cost.

A template falls into *segments* at the slashes of its literal text. Up to the first segment whose parameters can span
slashes, each is matched alone against one segment of the path. From there on the rest is one *tail*, matched at once.

Matching a text of n characters must never take time in the order of more than n; where the expression of a segment or
tail can take n**2 or n**3 (parameters in a row that accept the separator between them), longer texts than `LIMITS`
says are no match, and beyond n**3 the template is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, TypeAlias

from pegboard.convertors import PathConvertor, StringConvertor
from pegboard.regex_safety import RegexError, inspect_regex
from pegboard.regex_syntax import ASCII, bit_of
from pegboard.routing.scanning import Param

Segment: TypeAlias = tuple[str | Param, ...]
"""The parts between two slashes: () for nothing, ("users",) for fixed text."""

LIMITS: Final[dict[int, int | None]] = {1: None, 2: 1024, 3: 128}
"""The longest text, in characters, that is matched against an expression whose time grows with this power of it."""

_BEYOND_ASCII: Final = "\u00e9"
_CHARACTERS: Final = (*ASCII, _BEYOND_ASCII)


def split(parts: Sequence[str | Param]) -> tuple[Segment, ...]:
    """The segments of a template: one more than its literal text has slashes."""
    segments: list[list[str | Param]] = [[]]
    for part in parts:
        if isinstance(part, Param):
            segments[-1].append(part)
            continue
        head, *others = part.split("/")
        segments[-1].extend([head] if head else [])
        segments.extend([text] if text else [] for text in others)
    return tuple(map(tuple, segments))


def fixed_text(segment: Segment) -> str | None:
    """The one text that the segment matches, or None when it has parameters."""
    if not segment:
        return ""
    return segment[0] if len(segment) == 1 and isinstance(segment[0], str) else None


def spans(segment: Segment) -> bool:
    """Whether a parameter of the segment can match a text with a slash in it."""
    return any(isinstance(part, Param) and inspect_regex(part.convertor.regex).may_contain("/") for part in segment)


def join(segments: Sequence[Segment]) -> list[str | Param]:
    """The parts of consecutive segments, with the slashes between them."""
    parts: list[str | Param] = []
    for number, segment in enumerate(segments):
        parts.extend(("/", *segment) if number else segment)
    return parts


def limit_of(parts: Sequence[str | Param], *, tail: bool) -> int | None:
    """How many characters of text may be matched against these parts; None: any number.

    Raises:
        RegexError: the time would grow with more than the third power of the length.
    """
    params = [part for part in parts if isinstance(part, Param)]
    if len(params) == 1:
        growth = inspect_regex(params[0].convertor.regex).growth
    elif not tail and all(type(param.convertor) is StringConvertor for param in params):
        growth = 1
    else:
        greedy = PathConvertor if tail else StringConvertor
        last = parts[-1]
        ends_greedy = isinstance(last, Param) and type(last.convertor) is greedy
        growth = inspect_regex(_typical(parts[:-1] if ends_greedy else parts)).growth
    if growth not in LIMITS:
        hint = "Use fewer parameters in a row, or convertors that do not accept the text between them."
        raise RegexError(f"matching can take time that grows with the power {growth} of a path's length", 0, hint)
    return LIMITS[growth]


def _typical(parts: Sequence[str | Param]) -> str:
    """A regular expression for these parts and all that differ from them in fixed text of the same kind.

    Characters that are in the same sets of the parameters are interchangeable, and one stands for all: this can make
    texts ambiguous that are not, never the other way round. So thousands of templates are looked at once.
    """
    params = [part for part in parts if isinstance(part, Param)]
    sets = frozenset[int]().union(*(inspect_regex(param.convertor.regex).sets for param in params))
    kinds = _kinds(tuple(sorted(sets)))
    pieces = (
        f"(?:{part.convertor.regex})"
        if isinstance(part, Param)
        else "".join(re.escape(kinds[char if char.isascii() else _BEYOND_ASCII]) for char in part)
        for part in parts
    )
    return "".join(pieces)


@cache
def _kinds(sets: Sequence[int]) -> dict[str, str]:
    """For each ASCII character, and for one that stands for all others, the first that is in the same of these sets."""
    first: dict[tuple[int, ...], str] = {}
    return {char: first.setdefault(tuple(mask & bit_of(char) and 1 for mask in sets), char) for char in _CHARACTERS}


def regions(segments: Sequence[Segment]) -> Iterator[tuple[list[str | Param], bool]]:
    """What is matched at once, in order: each segment with parameters, and the tail (True) when there is one."""
    for number, segment in enumerate(segments):
        if spans(segment):
            yield join(segments[number:]), True
            return
        if fixed_text(segment) is None:
            yield list(segment), False
