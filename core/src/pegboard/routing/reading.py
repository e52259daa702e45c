"""From a path to the texts of one template's parameters, read as the table reads them, and as safely.

The matchers are those of the table, so that what they find and what hostile text costs are the same; the convertors are
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from pegboard.convertors import PathConvertor, RegexConvertor, StringConvertor
from pegboard.routing.matchers import segment_matcher, tail_matcher
from pegboard.routing.scanning import Param
from pegboard.routing.segments import Segment, fixed_text, join, spans

__all__ = ["Reader", "reader"]

Reader: TypeAlias = Callable[[str], Sequence[str] | None]
"""The texts of the parameters in a decoded path, in order; None when it does not match."""


def reader(segments: Sequence[Segment]) -> Reader:
    """What reads paths for a template of these segments."""
    segments = [tuple(map(_textual, segment)) for segment in segments]
    single = next((number for number, segment in enumerate(segments) if spans(segment)), len(segments))
    fixed = [fixed_text(segment) for segment in segments[:single]]
    matchers = [
        None if text is not None else segment_matcher(segment)
        for text, segment in zip(fixed, segments[:single], strict=True)
    ]
    tail = tail_matcher(join(segments[single:]), mount_part=None, prefix=False) if single < len(segments) else None

    def read(path: str) -> Sequence[str] | None:
        found = path.split("/")
        if len(found) <= single if tail else len(found) != single:
            return None
        values: list[str] = []
        for text, expected, matcher in zip(found[:single], fixed, matchers, strict=True):
            more = () if text == expected else matcher(text) if matcher else None
            if more is None:
                return None
            values += more
        if tail is None:
            return values
        rest = tail(path, sum(map(len, found[:single])) + single)
        return None if rest is None else [*values, *rest[0]]

    return read


def _textual(part: str | Param) -> str | Param:
    """The part with a convertor that takes the same texts and leaves them as they are."""
    if isinstance(part, str) or type(part.convertor) in (StringConvertor, PathConvertor):
        return part
    return replace(part, convertor=RegexConvertor(part.convertor.regex))
