"""The segment trie under a table: built once from templates, walked by the table, changed by nobody after.

One node stands for a position in a path, between two slashes. What can come next:

- `children`: fixed segments, by their text;
- `dynamic`: segments with parameters, equal ones sharing a child whatever their names; where many of them begin or end
  with fixed text, those are in `affixes`, by that text;
- `tails`: templates that go on with something that can span slashes;
- `prefixes`: mounts that end here and take any rest that begins with a slash (at the root: any path);
- `leaves`: templates that end here.

Rules:

- The root stands before the text that precedes the first slash, so its one child is that of the empty text.
- Leaves carry the order in which their entries were given, and every list is in that order.
- A leaf that an earlier one hides, because it takes the same paths and all of the methods, is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pegboard.routing.affixes import Affix, Affixes, affix_of
from pegboard.routing.matchers import SegmentMatcher, TailMatcher, key_of, segment_matcher, tail_matcher
from pegboard.routing.segments import Segment, fixed_text, join, spans
from pegboard.routing.tails import Tails


@dataclass(slots=True, eq=False)
class Leaf:
    """One entry at its place in the trie.

    `mount` is the number of its segments that belong to mounts. A tail knows itself where it begins when the mount ends
    in it. `methods` is None for any method. A wall is a prefix that ends the search without an answer.
    """

    order: int
    methods: frozenset[str] | None
    names: tuple[str, ...]
    payload: Any
    mount: int
    is_prefix: bool
    tail: TailMatcher | None = None
    is_wall: bool = False


class Node:
    """A position in the trie (see the module's docstring).

    `depth` is the number of segments before it, `first` the lowest order in or below it, `open_from` the lowest among
    its own tails and prefixes; `opener` is the one of these that comes first of all in or below it, if one does.
    `is_fixed` says that nothing but fixed segments can come next.
    """

    __slots__ = (
        "affixes",
        "children",
        "depth",
        "dynamic",
        "first",
        "is_fixed",
        "leaves",
        "open_from",
        "opener",
        "prefixes",
        "tails",
    )

    children: dict[str, Node]
    dynamic: list[Way]
    affixes: Affixes[Way] | None
    leaves: Sequence[Leaf]
    prefixes: Sequence[Leaf]
    tails: Tails[Leaf] | None

    def __init__(self, depth: int, first: int) -> None:
        self.depth = depth
        self.first = first
        self.open_from = NO_ORDER
        self.opener: Leaf | None = None
        self.is_fixed = True
        self.children = _NO_CHILDREN
        self.dynamic = _NONE_DYNAMIC
        self.affixes = None
        self.leaves = ()
        self.prefixes = ()
        self.tails = None

    def ways(self, segment: str) -> Iterable[Way]:
        """The segments with parameters that may match this one, in order."""
        if self.affixes is None:
            return self.dynamic
        return sorted([*self.dynamic, *self.affixes.fitting(segment)], key=_first_of_way)

    def open_leaves(self, segments: Sequence[str]) -> Iterator[Leaf]:
        """The prefixes, and the tails that may match a path of these segments."""
        yield from self.prefixes
        if self.tails is not None:
            yield from self.tails.fitting(segments, self.depth)


Way: TypeAlias = tuple[SegmentMatcher, Node]
"""A segment with parameters, and the node behind it."""


def _first_of_way(way: Way) -> int:
    return way[1].first


NO_ORDER: Final = sys.maxsize
"""Later than every entry."""

_FEW: Final = 3
"""As many segments with fixed ends are tried one after the other faster than they are looked up."""

_NO_CHILDREN: Final[dict[str, Node]] = {}
_NONE_DYNAMIC: Final[list[Way]] = []
# Shared by all nodes that have none, to save memory; never written to.


class Builder:
    """Grows a trie leaf by leaf, in the order of the entries, from its `root`."""

    def __init__(self) -> None:
        self.root = Node(0, 0)
        self._shared: dict[tuple[int, Hashable], Node] = {}
        self._affixed: dict[int, tuple[Node, list[tuple[Affix, Way]]]] = {}
        self._tails: dict[int, tuple[Node, list[tuple[Sequence[Segment], bool, Leaf]]]] = {}

    def add(self, segments: Sequence[Segment], leaf: Leaf) -> None:
        """Put a leaf at the end of its segments; the first of them, before the leading slash, is empty."""
        if leaf.is_prefix and len(segments) == 1:
            self._add_prefix(self.root, leaf)
            return
        node = self.root
        for number, segment in enumerate(segments):
            if spans(segment):
                self._add_tail(node, segments[number:], leaf)
                return
            text = fixed_text(segment)
            node = self._dynamic(node, segment, leaf.order) if text is None else _child(node, text, leaf.order)
        if leaf.is_prefix:
            self._add_prefix(node, leaf)
        else:
            node.leaves = _with(node.leaves, leaf)

    def finish(self) -> Node:
        """The root, once all leaves are added."""
        for node, affixed in self._affixed.values():
            if len(affixed) > _FEW:
                node.affixes = Affixes(affixed)
                indexed = {id(way) for _, way in affixed}
                node.dynamic = [way for way in node.dynamic if id(way) not in indexed]
        for node, tails in self._tails.values():
            node.tails = Tails(tails)
        return self.root

    def _dynamic(self, node: Node, segment: Segment, order: int) -> Node:
        key = (id(node), key_of(segment))
        if key not in self._shared:
            self._shared[key] = Node(node.depth + 1, order)
            if node.dynamic is _NONE_DYNAMIC:
                node.dynamic = []
            node.is_fixed = False
            way = segment_matcher(segment), self._shared[key]
            node.dynamic.append(way)
            if any(affix := affix_of(segment)):
                self._affixed.setdefault(id(node), (node, []))[1].append((affix, way))
        return self._shared[key]

    def _add_prefix(self, node: Node, leaf: Leaf) -> None:
        node.prefixes = _with(node.prefixes, leaf)
        _open(node, leaf)

    def _add_tail(self, node: Node, segments: Sequence[Segment], leaf: Leaf) -> None:
        mounted = leaf.mount + 1 - node.depth
        mount_part = len(join(segments[:mounted])) if mounted > 0 else None
        leaf.tail = tail_matcher(join(segments), mount_part=mount_part, prefix=leaf.is_prefix)
        self._tails.setdefault(id(node), (node, []))[1].append((segments, leaf.is_prefix, leaf))
        _open(node, leaf)


def _open(node: Node, leaf: Leaf) -> None:
    node.is_fixed = False
    node.open_from = min(node.open_from, leaf.order)
    if leaf.order == node.first:
        node.opener = leaf


def _child(node: Node, text: str, order: int) -> Node:
    if node.children is _NO_CHILDREN:
        node.children = {}
    child = node.children.get(text)
    if child is None:
        child = node.children[text] = Node(node.depth + 1, order)
    return child


def _with(leaves: Sequence[Leaf], leaf: Leaf) -> Sequence[Leaf]:
    """The leaves and one more, unless it could never be reached: each earlier one matches the same paths."""
    if any(earlier.methods is None for earlier in leaves):
        return leaves
    taken = frozenset[str]().union(*(earlier.methods or () for earlier in leaves))
    return leaves if leaf.methods is not None and leaf.methods <= taken else (*leaves, leaf)
