"""Which entries of a table no request can reach: asked once, to warn of routes that stand too late.

Three things hide an entry, all of them earlier in the order:

- for a static path, entries that together take every method of it: found by walking its own path;
- for a template with parameters, entries equal to it but for the names of the parameters, and its methods among theirs;
- for both, a prefix that ends where the entry begins.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Final, Protocol

from pegboard.convertors import PathConvertor
from pegboard.routing.matchers import key_of
from pegboard.routing.nodes import Node
from pegboard.routing.segments import Segment
from pegboard.routing.templates import Param, Template
from pegboard.routing.walking import search

__all__ = ["Shadows", "segments_of"]

Methods = frozenset[str] | None
Shape = tuple[Hashable, ...]

COMMON_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"})
"""Methods that stand for any where an entry takes any."""


class Placed(Protocol):
    """What is asked of an entry here."""

    @property
    def template(self) -> Template: ...

    @property
    def prefix(self) -> bool: ...


def segments_of(entry: Placed) -> Sequence[Segment]:
    """The segments to the entry's place in the trie: of a prefix without its trailing slashes."""
    segments = entry.template.segments
    return segments[: entry.template.depth + 1] if entry.prefix else segments


class Shadows:
    """Says for each entry which earlier one takes its requests; ``methods`` are the effective ones, None for any."""

    def __init__(self, root: Node, entries: Sequence[Any], methods: Sequence[Methods]) -> None:
        self._root = root
        self._entries = entries
        self._methods = methods
        self._known = COMMON_METHODS.union(*(each or () for each in methods))
        self._prefixes: dict[Shape, int] = {}
        self._equals: dict[Shape, list[int]] = {}
        for order, entry in enumerate(entries):
            shape = tuple(map(key_of, segments_of(entry)))
            if not entry.prefix:
                self._equals.setdefault(shape, []).append(order)
            elif methods[order] is None:
                self._prefixes.setdefault(shape, order)

    def taker(self, order: int) -> Any:
        """The entry that answers in place of this one; None when it answers some request itself."""
        entry = self._entries[order]
        if entry.template.is_static:
            takers = self._takers_of_path(order, entry)
            unequal = [taker for taker in takers if taker.prefix != entry.prefix or taker.template != entry.template]
            return unequal[0] if unequal else None
        return next(self._takers_of_shape(order, entry), None)

    def _takers_of_path(self, order: int, entry: Any) -> list[Any]:
        """The earlier entries that answer in place of this static one; none when it answers some request itself."""
        path = f"{entry.template.text.rstrip('/')}/{_NO_SEGMENT}" if entry.prefix else entry.template.text
        takers = []
        for method in sorted(self._methods[order] or {*self._known, _NO_METHOD}):
            found = search(self._root, method, path)
            if found is None or found[0].order >= order:
                return []
            taker = self._entries[found[0].order]
            if entry.prefix and not _takes_any_rest(taker):
                return []
            takers.append(taker)
        return takers

    def _takers_of_shape(self, order: int, entry: Any) -> Iterator[Any]:
        shape = tuple(map(key_of, segments_of(entry)))
        for length in range(1, len(shape) + entry.prefix):
            if self._prefixes.get(shape[:length], order) < order:
                yield self._entries[self._prefixes[shape[:length]]]
        earlier = [] if entry.prefix else [other for other in self._equals[shape] if other < order]
        taken = frozenset[str]().union(*(self._methods[other] or () for other in earlier))
        own = self._methods[order]
        if any(self._methods[other] is None for other in earlier) or (earlier and own is not None and own <= taken):
            yield self._entries[earlier[0]]


_NO_SEGMENT: Final = "\0"
"""A segment that is in no template: what a prefix takes must be taken whatever follows it."""

_NO_METHOD: Final = ""
"""A method that no entry lists."""


def _takes_any_rest(entry: Any) -> bool:
    """Whether an entry that matches a path up to a slash matches it whatever comes after."""
    if entry.prefix:
        return True
    *before, last = entry.template.parts
    return (
        isinstance(last, Param)
        and type(last.convertor) is PathConvertor
        and isinstance(before[-1], str)
        and before[-1].endswith("/")
    )
