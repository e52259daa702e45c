"""What begins at a node with a parameter that spans slashes, found by what is fixed in it and not one after the other.

A path that a tail matches has every fixed segment of the tail as a segment of its own, and ends as the tail ends. So a
tail is kept by the rarest of its fixed segments, or else by the fixed ends of its last segment. Those that have neither
are always given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from pegboard.routing.affixes import Affix, Affixes, affix_of
from pegboard.routing.segments import Segment, fixed_text, spans

__all__ = ["Tails"]

L = TypeVar("L")


class Tails(Generic[L]):
    """Tails of one node: their segments, whether they are prefixes, and what is found there.

    A look-up costs one step for each segment of the path, and for each distinct pair of lengths of fixed ends.
    """

    __slots__ = ("_by_ends", "_by_segment", "_others")

    def __init__(self, tails: Sequence[tuple[Sequence[Segment], bool, L]]) -> None:
        self._by_segment: dict[str, list[L]] = {}
        self._others: list[L] = []
        ends: list[tuple[Affix, L]] = []
        fixed = [{text for segment in segments if (text := fixed_text(segment))} for segments, _, _ in tails]
        users = Counter(text for texts in fixed for text in texts)
        for texts, (segments, is_prefix, leaf) in zip(fixed, tails, strict=True):
            affix = ("", "") if is_prefix else _ends(segments)
            if texts:
                rarest = min(sorted(texts), key=lambda text: users[text])
                self._by_segment.setdefault(rarest, []).append(leaf)
            elif any(affix):
                ends.append((affix, leaf))
            else:
                self._others.append(leaf)
        self._by_ends = Affixes(ends)

    def fitting(self, segments: Sequence[str], start: int) -> Iterator[L]:
        """Those that may match the segments of a path from this index on, in no particular order."""
        if self._by_segment:
            for text in {*segments[start:]}:
                yield from self._by_segment.get(text, ())
        yield from self._by_ends.fitting(segments[-1])
        yield from self._others


def _ends(segments: Sequence[Segment]) -> Affix:
    """The fixed ends of the last segment of every path that the tail matches."""
    if not segments[-1]:
        return "", ""
    head, tail = affix_of(segments[-1])
    return ("", tail) if spans(segments[-1]) else (head, tail)
