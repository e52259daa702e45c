"""Matchers: functions that take a text from a path and give the values of the parameters in it, or None.

Rules:

- No matcher raises on any text. A convertor that declines (`DECLINED`) makes no match.
- Equal segments share one matcher, whatever their parameters are called: `key_of` says which are equal.
- A matcher's time is bounded: texts beyond the limit of `segments.LIMITS` are no match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeAlias

from pegboard.convertors import (
    DECLINED,
    MAX_INT_DIGITS,
    Convertor,
    IntegerConvertor,
    PathConvertor,
    RegexConvertor,
    StringConvertor,
)
from pegboard.routing.affixes import affix_of
from pegboard.routing.scanning import Param
from pegboard.routing.segments import Segment, limit_of

Values: TypeAlias = tuple[Any, ...]
SegmentMatcher: TypeAlias = Callable[[str], Values | None]


TailFound: TypeAlias = tuple[Values, int | None]
"""Values of a tail, and the index into the path where its mount ends; None: before the tail."""

TailMatcher: TypeAlias = Callable[[str, int], TailFound | None]


def key_of(segment: Segment) -> Hashable:
    """Equal for segments that match the same texts with the same values."""
    return tuple(part if isinstance(part, str) else id(part.convertor) for part in segment)


def segment_matcher(segment: Segment) -> SegmentMatcher:
    """The matcher for one segment with parameters, none of which can span a slash."""
    params = _params(segment)
    if len(segment) == 1:
        for kind, matcher in _WITHOUT_REGEX.items():
            if type(params[0].convertor) is kind:
                return matcher
    if all(type(param.convertor) is StringConvertor for param in params):
        return _text_matcher(segment)
    source = _guard(segment, params) + _numbered_source(segment)
    return _pattern_matcher(_Pattern(source, params), limit_of(segment, tail=False))


def tail_matcher(parts: Sequence[str | Param], *, mount_part: int | None, prefix: bool) -> TailMatcher:
    """The matcher for the rest of a path from an index on.

    `mount_part` is the number of parts that belong to mounts, None when the mount ended before. With `prefix` the parts
    are followed by a slash and any text, and are themselves the mount.
    """
    params = _params(parts)
    if len(parts) == 1 and not prefix and mount_part is None and type(params[0].convertor) is PathConvertor:
        return _match_rest
    if prefix:
        mount_part = len(parts)
    source = _numbered_source(parts)
    if mount_part is not None:
        source = f"{_numbered_source(parts[:mount_part])}(?P<mount>){_numbered_source(parts, mount_part)}"
    pattern = _Pattern(source + ("/(?s:.*)" if prefix else ""), params)
    return _tail_pattern_matcher(pattern, limit_of(parts, tail=True))


def _params(parts: Sequence[str | Param]) -> list[Param]:
    return [part for part in parts if isinstance(part, Param)]


def _numbered_source(parts: Sequence[str | Param], start: int = 0) -> str:
    """The parts from `start` on, each parameter a group named after its place."""
    pieces = (
        f"(?P<p{number}>{part.convertor.regex})" if isinstance(part, Param) else re.escape(part)
        for number, part in enumerate(parts)
        if number >= start
    )
    return "".join(pieces)


def _guard(segment: Segment, params: Sequence[Param]) -> str:
    """A look-ahead for the fixed text at the end, so that parameters in a row are tried only where they will match."""
    last = segment[-1]
    return f"(?=[^/]*{re.escape(last)}\\Z)" if isinstance(last, str) and len(params) > 1 else ""


def _reader(pattern: re.Pattern[str], convertors: Sequence[Convertor[Any]]) -> Callable[[re.Match[str]], Values | None]:
    """A function from a match of the pattern to the values of its numbered groups; None when a convertor declines."""
    groups = [number for name, number in pattern.groupindex.items() if name != "mount"]
    if pattern.groups == len(groups) and all(type(convertor) in _KEEP_TEXT for convertor in convertors):
        return re.Match.groups
    conversions = [(group, convertor.convert) for group, convertor in zip(groups, convertors, strict=True)]

    def read(found: re.Match[str]) -> Values | None:
        try:
            return tuple([convert(found[group]) for group, convert in conversions])
        except DECLINED:
            return None

    return read


def _text_matcher(segment: Segment) -> SegmentMatcher:
    """The matcher for `str` parameters with fixed text around them: what a greedy expression finds, in linear time.

    From the right, the text before each parameter is sought as far right as it may be. So every parameter is as long as
    it can be, the first of them first, and what is found is all that can be found: there is no going back.
    """
    head, tail = affix_of(segment)
    between = _between(segment)[::-1]
    start = len(head)

    def match(text: str) -> Values | None:
        end = len(text) - len(tail)
        if end <= start or not text.startswith(head) or not text.endswith(tail):
            return None
        values = []
        for fixed_text in between:
            at = text.rfind(fixed_text, start + 1, end - 1)
            if at < 0:
                return None
            values.append(text[at + len(fixed_text) : end])
            end = at
        values.append(text[start:end])
        values.reverse()
        return tuple(values)

    return match


def _between(segment: Segment) -> list[str]:
    """The fixed text between each parameter and the next one, maybe empty."""
    found: list[str] = []
    for part in segment:
        if isinstance(part, Param):
            found.append("")
        elif found:
            found[-1] = part
    return found[:-1]


class _Pattern:
    """An expression that is compiled when it is first needed: of thousands of routes, few are asked for at once."""

    __slots__ = ("_compiled", "_params", "_source")

    def __init__(self, source: str, params: Sequence[Param]) -> None:
        self._source = source
        self._params = params
        self._compiled: tuple[re.Pattern[str], Callable[[re.Match[str]], Values | None]] | None = None

    def compiled(self) -> tuple[re.Pattern[str], Callable[[re.Match[str]], Values | None]]:
        """The expression, and what reads the values of its parameters out of a match."""
        if self._compiled is None:
            pattern = re.compile(self._source)
            self._compiled = pattern, _reader(pattern, [param.convertor for param in self._params])
        return self._compiled


def _pattern_matcher(pattern: _Pattern, limit: int | None) -> SegmentMatcher:
    def match(text: str) -> Values | None:
        if limit is not None and len(text) > limit:
            return None
        expression, read = pattern.compiled()
        found = expression.fullmatch(text)
        return None if found is None else read(found)

    return match


def _tail_pattern_matcher(pattern: _Pattern, limit: int | None) -> TailMatcher:
    def match(path: str, start: int) -> TailFound | None:
        if limit is not None and len(path) - start > limit:
            return None
        expression, read = pattern.compiled()
        found = expression.fullmatch(path, start)
        if found is None:
            return None
        values = read(found)
        if values is None:
            return None
        return values, found.start("mount") if "mount" in expression.groupindex else None

    return match


def _match_rest(path: str, start: int) -> TailFound:
    return (path[start:],), None


def _match_str(text: str) -> Values | None:
    return (text,) if text else None


def _match_int(text: str) -> Values | None:
    if not (text.isdecimal() and text.isascii()) or len(text) > MAX_INT_DIGITS:
        return None
    try:
        return (int(text),)
    except ValueError:
        return None


_WITHOUT_REGEX: Final[dict[type[Convertor[Any]], SegmentMatcher]] = {
    StringConvertor: _match_str,
    IntegerConvertor: _match_int,
}

_KEEP_TEXT: Final[frozenset[type[Convertor[Any]]]] = frozenset({StringConvertor, PathConvertor, RegexConvertor})
"""Convertors whose value is the text itself."""
