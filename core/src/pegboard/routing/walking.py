"""The two ways through the trie: straight for the common case, and the search that considers everything.

`straight` follows one way: a fixed segment where there is one, else the first dynamic segment that matches. All that it
leaves aside, other ways and mounts and tails, lowers the `bound` that the leaf at the end must beat. If it does, the
answer is final, for nothing that was passed by comes earlier in the order of entries. A mount or tail that comes
before all that is below its node needs no look at what is below.

`matches` goes all ways, and gives every leaf that takes the path. Its steps are bounded by the nodes that the path
reaches segment by segment, not by the number of entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from pegboard.routing.matchers import Values
from pegboard.routing.nodes import NO_ORDER, Leaf, Node

Found: TypeAlias = tuple[Leaf, Values, int]
"""A leaf, the values of its parameters in order, and the length of the path's mount prefix in characters."""


class Unclear(Enum):
    """The answer of `straight` when it takes a search to tell."""

    UNCLEAR = "unclear"


UNCLEAR: Final = Unclear.UNCLEAR


def straight(root: Node, method: str, path: str) -> Found | Unclear | None:
    """The first leaf in order that takes path and method, None when no leaf takes the path, or `UNCLEAR`."""
    node, bound = root, NO_ORDER
    values: Values = ()
    segments = path.split("/")
    for segment in segments:
        following = node.children.get(segment)
        if node.is_fixed:
            if following is None:
                return None if bound == NO_ORDER else UNCLEAR
            node = following
            continue
        if node.open_from < bound:
            found = _opening(node, values, segments, method, path)
            if found is not None:
                return found
            bound = node.open_from
        for match, child in node.dynamic if node.affixes is None else node.ways(segment):
            more = match(segment)
            if more is not None:
                if following is None:
                    following = child
                    values += more
                else:
                    bound = min(bound, child.first)
        if following is None:
            return None if bound == NO_ORDER else UNCLEAR
        node = following
    return _ending(node, bound, values, segments, method)


def search(root: Node, method: str, path: str) -> Found | None:
    """The first leaf in order that takes path and method."""
    fitting = (found for found in matches(root, path) if found[0].methods is None or method in found[0].methods)
    return min(fitting, key=_order, default=None)


def matches(root: Node, path: str) -> Iterator[Found]:
    """Every leaf that takes the path, with whatever methods, in no particular order."""
    segments = path.split("/")
    branches: list[tuple[Node, Values]] = [(root, ())]
    for node, values in branches:
        if node.depth == len(segments):
            yield from ((leaf, values, mount_length(segments, leaf.mount)) for leaf in node.leaves)
            continue
        if node.open_from < NO_ORDER:
            openings = (_open(leaf, node, values, segments, path) for leaf in node.open_leaves(segments))
            yield from filter(None, openings)
        segment = segments[node.depth]
        if segment in node.children:
            branches.append((node.children[segment], values))
        for match, child in node.ways(segment):
            more = match(segment)
            if more is not None:
                branches.append((child, values + more))


def _ending(node: Node, bound: int, values: Values, segments: Sequence[str], method: str) -> Found | Unclear:
    """The leaf at the end of the path that takes the method, if it comes before everything that was passed by."""
    for leaf in node.leaves:
        if leaf.order < bound and (leaf.methods is None or method in leaf.methods):
            return leaf, values, mount_length(segments, leaf.mount) if leaf.mount else 0
    return UNCLEAR


def _opening(node: Node, values: Values, segments: Sequence[str], method: str, path: str) -> Found | None:
    """What the node's opener makes of the rest of the path, if it takes the method."""
    leaf = node.opener
    if leaf is None or not (leaf.methods is None or method in leaf.methods):
        return None
    return _open(leaf, node, values, segments, path)


def _open(leaf: Leaf, node: Node, values: Values, segments: Sequence[str], path: str) -> Found | None:
    """What a prefix or tail of the node makes of the rest of the path."""
    if leaf.tail is None:
        return leaf, values, mount_length(segments, leaf.mount)
    found = leaf.tail(path, sum(map(len, segments[: node.depth])) + node.depth)
    if found is None:
        return None
    more, mount_end = found
    return leaf, values + more, mount_length(segments, leaf.mount) if mount_end is None else mount_end


def mount_length(segments: Sequence[str], mount: int) -> int:
    """The characters of the first `mount` segments after the leading slash, each with the slash before it."""
    return sum(map(len, segments[1 : mount + 1])) + mount


def _order(found: tuple[Leaf, Any, Any]) -> int:
    return found[0].order
