"""The table: from a method and a path to the payload of the first entry that takes both. It knows no routes, no hooks.

What it answers is what this walk would answer, at a cost that does not grow with the number of entries:

1. The entries in the order given; the first whose path and method both match wins.
2. Some path matched, but no method: OPTIONS or METHOD_NOT_ALLOWED, with the methods of all entries that match the path.
3. None matched: REDIRECT_SLASH when the path would match with its trailing slash added or taken away, else NOT_FOUND.

Shape: a dict from method to a dict from path to the whole answer, decided when the table is built, for the paths of
templates without parameters; behind it the trie of `nodes`, and the two ways through it of `walking`.

Rules:

- There is always a payload: misses have theirs from `fallback`, made once for each distinct miss.
- No path raises, whatever is in it. Matching is on the decoded path and sees no query.
- The prepared answers are shared by all requests, and therefore never hold parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pegboard.convertors import PathConvertor
from pegboard.routing.nodes import Builder, Leaf
from pegboard.routing.segments import Segment
from pegboard.routing.templates import Param, Template
from pegboard.routing.walking import UNCLEAR, matches, search, straight

__all__ = ["Entry", "Match", "Miss", "MissKind", "Table"]

T = TypeVar("T")

Match: TypeAlias = tuple[T, dict[str, Any] | None, int]
"""Payload; converted parameters, None without any; how many characters of the path belong to mounts."""

COMMON_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
"""Methods for which answers of entries that take any method are prepared."""


class MissKind(Enum):
    """Why no entry was found."""

    NOT_FOUND = "not found"
    METHOD_NOT_ALLOWED = "method not allowed"
    OPTIONS = "options"
    REDIRECT_SLASH = "redirect slash"


@dataclass(frozen=True, slots=True)
class Miss:
    """What the table found instead of an entry; `allow` is for an Allow header (RFC 9110, section 10.2.1), sorted."""

    kind: MissKind
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A path, its methods (None: any), and what is found there.

    With `prefix` it matches the template followed by a slash and anything: a mount. Its trailing slashes do not count,
    and the empty template matches every path. `mount_segments` is how many leading segments of the template belong to
    mounts that were flattened into it.
    """

    template: Template
    methods: frozenset[str] | None
    payload: T
    prefix: bool = False
    mount_segments: int = 0


class Table(Generic[T]):
    """Entries made ready to be matched. Nothing in it changes but the cache of misses.

    Args:
        entries: in order of preference.
        fallback: the payload for a miss; called once for each distinct one, when it first occurs.
        redirect_slashes: whether a path that would match with its trailing slash toggled is a REDIRECT_SLASH.
        auto_head: whether entries with GET take HEAD too.
        auto_options: whether OPTIONS for a path whose entries do not take it is an OPTIONS miss.

    Raises:
        ValueError: an entry without any method, with a host template, or with more mounts than segments.
    """

    __slots__ = (
        "_auto_options",
        "_effective",
        "_entries",
        "_fallback",
        "_methods",
        "_misses",
        "_redirect",
        "_root",
        "_static",
    )

    def __init__(
        self,
        entries: Sequence[Entry[T]],
        *,
        fallback: Callable[[Miss], T],
        redirect_slashes: bool = True,
        auto_head: bool = True,
        auto_options: bool = True,
    ) -> None:
        self._entries = tuple(entries)
        self._fallback = fallback
        self._redirect = redirect_slashes
        self._auto_options = auto_options
        self._misses: dict[Miss, Match[T]] = {}
        builder = Builder()
        self._effective = [_effective_methods(entry, auto_head) for entry in self._entries]
        for order, (entry, methods) in enumerate(zip(self._entries, self._effective, strict=True)):
            builder.add(_segments(entry), _leaf(entry, order, methods))
        self._root = builder.root
        self._methods = frozenset[str]().union(*(methods or COMMON_METHODS for methods in self._effective))
        self._static: dict[str, dict[str, Match[T]]] = {method: {} for method in self._methods}
        self._prepare()

    def match(self, method: str, path: str) -> Match[T]:
        """The payload for a request with its parameters, and the length of its mount prefix. Raises nothing.

        `path` is decoded and without `root_path`; the prefix's length is an index into it.
        """
        answers = self._static.get(method)
        if answers is not None:
            answer = answers.get(path)
            if answer is not None:
                return answer
        found = straight(self._root, method, path)
        if found is UNCLEAR:
            found = search(self._root, method, path)
            if found is None:
                return self._missed(self._miss(method, path))
        if found is None:
            return self._missed(self._unknown(path))
        leaf, values, mount_end = found
        if len(values) == 1:
            return leaf.payload, {leaf.names[0]: values[0]}, mount_end
        return leaf.payload, dict(zip(leaf.names, values, strict=True)) or None, mount_end

    def shadowed(self) -> list[tuple[Entry[T], Entry[T]]]:
        """Entries without parameters that no request can reach, each with an earlier one that takes its paths.

        The earlier entry has parameters or is a prefix: two entries of one fixed path are not reported. Costs one walk
        per entry and method.
        """
        pairs = []
        for order, entry in enumerate(self._entries):
            takers = self._takers(order, entry) if entry.template.is_static else []
            unequal = [taker for taker in takers if taker.prefix != entry.prefix or taker.template != entry.template]
            if takers and unequal:
                pairs.append((entry, unequal[0]))
        return pairs

    def _takers(self, order: int, entry: Entry[T]) -> list[Entry[T]]:
        """The earlier entries that answer in place of this static one; none when it answers some request itself."""
        path = f"{entry.template.text.rstrip('/')}/{_NO_SEGMENT}" if entry.prefix else entry.template.text
        takers = []
        for method in sorted(self._effective[order] or {*self._methods, _NO_METHOD}):
            found = search(self._root, method, path)
            if found is None or found[0].order >= order:
                return []
            taker = self._entries[found[0].order]
            if entry.prefix and not _takes_any_rest(taker):
                return []
            takers.append(taker)
        return takers

    def _prepare(self) -> None:
        """Keep the answers for the paths of static entries, where they have no parameters."""
        for entry, methods in zip(self._entries, self._effective, strict=True):
            if entry.prefix or not entry.template.is_static:
                continue
            for method in methods or self._methods:
                answer = self.match(method, entry.template.text)
                if answer[1] is None:
                    self._static[method][entry.template.text] = answer

    def _missed(self, miss: Miss) -> Match[T]:
        answer = self._misses.get(miss)
        if answer is None:
            answer = self._misses[miss] = (self._fallback(miss), None, 0)
        return answer

    def _miss(self, method: str, path: str) -> Miss:
        """Why no entry takes path and method, after a search."""
        allow = set[str]().union(*(leaf.methods or () for leaf, _, _ in matches(self._root, path)))
        if not allow:
            return self._unknown(path)
        kind = MissKind.METHOD_NOT_ALLOWED
        if self._auto_options:
            allow.add("OPTIONS")
            kind = MissKind.OPTIONS if method == "OPTIONS" else kind
        return Miss(kind, tuple(sorted(allow)))

    def _unknown(self, path: str) -> Miss:
        """What to make of a path that no entry takes."""
        if not self._redirect or path == "/":
            return _NOT_FOUND
        toggled = path[:-1] if path.endswith("/") else f"{path}/"
        found = straight(self._root, _NO_METHOD, toggled)
        if found is UNCLEAR:
            return _REDIRECT_SLASH if next(matches(self._root, toggled), None) else _NOT_FOUND
        return _NOT_FOUND if found is None else _REDIRECT_SLASH


_NOT_FOUND: Final = Miss(MissKind.NOT_FOUND)
_REDIRECT_SLASH: Final = Miss(MissKind.REDIRECT_SLASH)

_NO_SEGMENT: Final = "\0"
"""A segment that is in no template: what a prefix takes must be taken whatever follows it."""

_NO_METHOD: Final = ""
"""A method that no entry lists."""


def _effective_methods(entry: Entry[Any], auto_head: bool) -> frozenset[str] | None:
    if auto_head and entry.methods is not None and "GET" in entry.methods:
        return entry.methods | {"HEAD"}
    return entry.methods


def _leaf(entry: Entry[Any], order: int, methods: frozenset[str] | None) -> Leaf:
    _check(entry)
    mount = entry.template.depth if entry.prefix else entry.mount_segments
    return Leaf(order, methods, tuple(entry.template.params), entry.payload, mount, entry.prefix)


def _segments(entry: Entry[Any]) -> Sequence[Segment]:
    """The segments to the entry's place in the trie: of a prefix without its trailing slashes."""
    segments = entry.template.segments
    return segments[: entry.template.depth + 1] if entry.prefix else segments


def _takes_any_rest(entry: Entry[Any]) -> bool:
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


def _check(entry: Entry[Any]) -> None:
    template = entry.template
    if template.is_host:
        raise ValueError(f"the host template {template.text!r} is in a table of paths; parse it with Template.parse()")
    if entry.methods is not None and not entry.methods:
        raise ValueError(f"{template.text!r} has an empty set of methods; give at least one, or None for any method")
    if not 0 <= entry.mount_segments <= template.depth:
        raise ValueError(
            f"{template.text!r} has {template.depth} segments, and mount_segments is {entry.mount_segments}; "
            "it counts the leading segments of this template that belong to mounts"
        )
