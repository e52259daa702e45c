"""Ways out of a node whose segments begin or end with fixed text, found by that text and not one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from pegboard.routing.segments import Segment

__all__ = ["Affixes", "affix_of"]

W = TypeVar("W")

Affix = tuple[str, str]
"""The fixed text at the beginning and at the end of a segment with parameters, either of them maybe empty."""


def affix_of(segment: Segment) -> Affix:
    """The fixed ends of a segment with parameters."""
    first, last = segment[0], segment[-1]
    return first if isinstance(first, str) else "", last if isinstance(last, str) else ""


class Affixes(Generic[W]):
    """Ways by the fixed ends of their segments. A look-up costs one step for each distinct pair of lengths."""

    __slots__ = ("_by_lengths",)

    def __init__(self, ways: Iterable[tuple[Affix, W]]) -> None:
        self._by_lengths: dict[tuple[int, int], dict[Affix, list[W]]] = {}
        for (head, tail), way in ways:
            group = self._by_lengths.setdefault((len(head), len(tail)), {})
            group.setdefault((head, tail), []).append(way)

    def fitting(self, text: str) -> Iterator[W]:
        """The ways whose fixed ends are those of the text; nothing is said of what is between."""
        for (head, tail), group in self._by_lengths.items():
            yield from group.get((text[:head], text[len(text) - tail :]), ())
