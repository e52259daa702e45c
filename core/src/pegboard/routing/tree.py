"""The table: from a method and a path to the payload of the first entry that takes both. It knows no routes, no hooks.

What it answers is what this walk would answer, at a cost that does not grow with the number of entries, but for those
that differ only inside of one segment, in a convertor or in the text between two parameters: these are tried one after
the other.

1. The entries in the order given; the first whose path and method both match wins.
2. Some path matched, but no method: OPTIONS or METHOD_NOT_ALLOWED, with the methods of all entries that match the path.
3. None matched: REDIRECT_SLASH when the path would match with its trailing slash added or taken away, else NOT_FOUND.

An entry that is a *wall* ends the walk without an answer of its own: 2 and 3 are asked of the entries before it.

Shape: a dict from method to a dict from path to the whole answer, decided when the table is built, for the paths of
templates without parameters; behind it the trie of `nodes`, and the two ways through it of `walking`. Between them
stand the answers for the paths of late, so that what is asked again and again is not walked again. They are kept only
where every convertor is one of `PURE`, which always makes the same of a text.

Rules:

- There is always a payload: misses have theirs from `fallback`, made once for each distinct miss at each wall. Those
  that can be told from the entries alone are made when the table is built.
- No path raises, whatever is in it. Matching is on the decoded path and sees no query.
- The prepared answers are shared by all requests, and therefore never hold parameters. Those that are kept are copied.
- No more than `_KEPT` answers are kept for a method, of paths no longer than `_KEPT_LENGTH`, whoever asks for what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pegboard.convertors import PURE
from pegboard.routing.nodes import NO_ORDER, Builder, Leaf
from pegboard.routing.shadows import COMMON_METHODS, Shadows, segments_of
from pegboard.routing.templates import Template
from pegboard.routing.walking import UNCLEAR, matches, search, straight

__all__ = ["Entry", "Match", "Miss", "MissKind", "Table"]

T = TypeVar("T")

Match: TypeAlias = tuple[T, dict[str, Any] | None, int]
"""Payload; converted parameters, None without any; how many characters of the path belong to mounts."""


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

    With `wall`, which is for prefixes that take any method, matching stops there: whatever was missed is a miss at this
    wall, whose payload only the fallback is given. Without `redirect_slashes` no miss there is a REDIRECT_SLASH.
    """

    template: Template
    methods: frozenset[str] | None
    payload: T
    prefix: bool = False
    mount_segments: int = 0
    wall: bool = False
    redirect_slashes: bool = True


class Table(Generic[T]):
    """Entries made ready to be matched. Nothing in it changes but the caches of misses and of late answers.

    ``fixed`` holds the answers for paths of templates without parameters, by method and path.

    Args:
        entries: in order of preference.
        fallback: the payload for a miss at the wall of a given payload, None outside of all walls.
        redirect_slashes: whether, outside of walls, a path that would match with its trailing slash toggled is a
            REDIRECT_SLASH.
        auto_head: whether entries with GET take HEAD too.
        auto_options: whether OPTIONS for a path whose entries do not take it is an OPTIONS miss.

    Raises:
        ValueError: an entry without any method, with a host template, or with more mounts than segments, or a wall that
            is no prefix for any method.
    """

    __slots__ = (
        "_auto_options",
        "_effective",
        "_entries",
        "_fallback",
        "_kept",
        "_methods",
        "_misses",
        "_redirect",
        "_root",
        "_walls",
        "fixed",
    )

    def __init__(
        self,
        entries: Sequence[Entry[T]],
        *,
        fallback: Callable[[Miss, Any], T],
        redirect_slashes: bool = True,
        auto_head: bool = True,
        auto_options: bool = True,
    ) -> None:
        self._entries = tuple(entries)
        self._fallback = fallback
        self._redirect = redirect_slashes
        self._auto_options = auto_options
        self._misses: dict[tuple[Miss, int], T] = {}
        builder = Builder()
        self._walls: list[Leaf] = []
        self._effective = [_effective_methods(entry, auto_head) for entry in self._entries]
        for order, (entry, methods) in enumerate(zip(self._entries, self._effective, strict=True)):
            leaf = _leaf(entry, order, methods)
            self._walls.extend([leaf] if entry.wall else [])
            builder.add(segments_of(entry), leaf)
        self._root = builder.finish()
        self._methods = frozenset[str]().union(*(methods or COMMON_METHODS for methods in self._effective))
        self.fixed: dict[str, dict[str, Match[T]]] = {method: {} for method in self._methods | {"OPTIONS"}}
        self._kept: dict[str, dict[str, Match[T]]] = {}
        self._prepare()
        if all(type(convertor) in PURE for entry in entries for convertor in entry.template.params.values()):
            self._kept = {method: {} for method in self.fixed}

    def match(self, method: str, path: str) -> Match[T]:
        """The payload for a request with its parameters, and the length of its mount prefix. Raises nothing.

        `path` is decoded and without `root_path`; the prefix's length is an index into it.
        """
        answers = self.fixed.get(method)
        if answers is None:
            return self._found(method, path)
        answer = answers.get(path)
        if answer is not None:
            return answer
        kept = self._kept.get(method)
        if kept is None:
            return self._found(method, path)
        answer = kept.get(path)
        if answer is None:
            answer = self._found(method, path)
            if len(path) <= _KEPT_LENGTH:
                if len(kept) >= _KEPT:
                    kept.clear()
                kept[path] = answer
        payload, params, mount_end = answer
        return answer if params is None else (payload, params.copy(), mount_end)

    @property
    def sole(self) -> T | None:
        """What every path and method is answered with, where that can be told: by a prefix of all that stands alone."""
        if len(self._entries) != 1:
            return None
        entry = self._entries[0]
        takes_all = entry.prefix and entry.methods is None and not entry.wall and entry.template.text in ("", "/")
        return entry.payload if takes_all else None

    def shadowed(self) -> list[tuple[Entry[T], Entry[T]]]:
        """Entries that no request can reach, each with an earlier one that takes its paths.

        Told are those without parameters, those with parameters behind one that differs in their names alone, and those
        behind a prefix that takes them all. Two entries of one fixed path are not. Costs one walk per static entry and
        method.
        """
        shadows = Shadows(self._root, self._entries, self._effective)
        return [(entry, taker) for order, entry in enumerate(self._entries) if (taker := shadows.taker(order))]

    def _found(self, method: str, path: str) -> Match[T]:
        """The answer of the trie."""
        found = straight(self._root, method, path)
        if found is UNCLEAR:
            found = search(self._root, method, path)
            if found is None:
                return self._missed(self._miss(method, path, NO_ORDER), None), None, 0
        if found is None:
            return self._missed(self._unknown(path), None), None, 0
        leaf, values, mount_end = found
        payload = leaf.payload
        if leaf.is_wall:
            payload = self._missed(self._miss(method, path, leaf.order), leaf)
        if len(values) == 1:
            return payload, {leaf.names[0]: values[0]}, mount_end
        return payload, dict(zip(leaf.names, values, strict=True)) or None, mount_end

    def _prepare(self) -> None:
        """Keep the answers for static paths, where they have no parameters, and make the misses that can be told."""
        for entry, methods in zip(self._entries, self._effective, strict=True):
            if entry.prefix or not entry.template.is_static:
                continue
            path = entry.template.text
            for method in {*(methods or self._methods), "OPTIONS"}:
                if path not in self.fixed[method]:
                    answer = self._found(method, path)
                    if answer[1] is None:
                        self.fixed[method][path] = answer
            if methods is not None:
                self._found(_NO_METHOD, path)
        for leaf in [None, *self._walls]:
            self._missed(_NOT_FOUND, leaf)
            if self._redirects(leaf):
                self._missed(_REDIRECT_SLASH, leaf)

    def _missed(self, miss: Miss, wall: Leaf | None) -> T:
        """The payload of a miss at a wall, made when it first occurs."""
        key = miss, NO_ORDER if wall is None else wall.order
        if key not in self._misses:
            self._misses[key] = self._fallback(miss, None if wall is None else wall.payload)
        return self._misses[key]

    def _redirects(self, wall: Leaf | None) -> bool:
        return self._redirect if wall is None else self._entries[wall.order].redirect_slashes

    def _miss(self, method: str, path: str, before: int) -> Miss:
        """Why none of the entries before this order takes path and method, after a search."""
        found = (leaf.methods or () for leaf, _, _ in matches(self._root, path) if leaf.order < before)
        allow = set[str]().union(*found)
        if not allow:
            return self._unknown(path) if before == NO_ORDER else self._unknown_at(path, before)
        kind = MissKind.METHOD_NOT_ALLOWED
        if self._auto_options:
            allow.add("OPTIONS")
            kind = MissKind.OPTIONS if method == "OPTIONS" else kind
        return Miss(kind, tuple(sorted(allow)))

    def _unknown(self, path: str) -> Miss:
        """What to make of a path that no entry takes."""
        if not self._redirect or path == "/":
            return _NOT_FOUND
        found = straight(self._root, _NO_METHOD, _toggled(path))
        if found is UNCLEAR:
            return self._unknown_at(path, NO_ORDER)
        return _NOT_FOUND if found is None else _REDIRECT_SLASH

    def _unknown_at(self, path: str, before: int) -> Miss:
        """The same for the entries before this order, which is that of a wall, or later than all."""
        if before != NO_ORDER and not self._entries[before].redirect_slashes:
            return _NOT_FOUND
        taken = any(leaf.order < before for leaf, _, _ in matches(self._root, _toggled(path)))
        return _REDIRECT_SLASH if taken and path != "/" else _NOT_FOUND


def _toggled(path: str) -> str:
    return path[:-1] if path.endswith("/") else f"{path}/"


_NOT_FOUND: Final = Miss(MissKind.NOT_FOUND)
_REDIRECT_SLASH: Final = Miss(MissKind.REDIRECT_SLASH)

_KEPT: Final = 512
_KEPT_LENGTH: Final = 128
"""Characters."""

_NO_METHOD: Final = ""
"""A method that no entry lists."""


def _effective_methods(entry: Entry[Any], auto_head: bool) -> frozenset[str] | None:
    if auto_head and entry.methods is not None and "GET" in entry.methods:
        return entry.methods | {"HEAD"}
    return entry.methods


def _leaf(entry: Entry[Any], order: int, methods: frozenset[str] | None) -> Leaf:
    _check(entry)
    mount = entry.template.depth if entry.prefix else entry.mount_segments
    return Leaf(order, methods, tuple(entry.template.params), entry.payload, mount, entry.prefix, is_wall=entry.wall)


def _check(entry: Entry[Any]) -> None:
    template = entry.template
    if template.is_host:
        raise ValueError(f"the host template {template.text!r} is in a table of paths; parse it with Template.parse()")
    if entry.methods is not None and not entry.methods:
        raise ValueError(f"{template.text!r} has an empty set of methods; give at least one, or None for any method")
    if entry.wall and not (entry.prefix and entry.methods is None):
        raise ValueError(f"{template.text!r} is a wall; a wall is a prefix and takes any method")
    if not 0 <= entry.mount_segments <= template.depth:
        raise ValueError(
            f"{template.text!r} has {template.depth} segments, and mount_segments is {entry.mount_segments}; "
            "it counts the leading segments of this template that belong to mounts"
        )
