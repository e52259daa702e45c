"""The headers of a message as a mapping (RFC 9110 section 5): read at the cost of one dict look-up, changed in place.

Rules that must not move:

- A raw list is never copied. `Headers` reads the list of the scope, `MutableHeaders` edits the list of the response;
  the functions of `pegboard.raw_headers`, found here too, do the same for callers that have bytes in hand. Only
  ``MutableHeaders(scope=...)`` puts a list of its own in the place of the scope's, or the message's.
- `Headers` builds one index, at the first look-up; the first of several equal names wins. Its list must not change from
  then on. `MutableHeaders` keeps no index, because others edit its list too.
- Names in raw lists are lower case, as ASGI demands. The str API lowers what it is given, and validates what it sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self, TypeVar, overload

from pegboard.raw_headers import field_name, field_value, find, merge_vary, remove, replace
from pegboard.types import RawHeaders

__all__ = ["Headers", "MutableHeaders", "field_name", "field_value", "find", "merge_vary", "remove", "replace"]

T = TypeVar("T")


class _Names(dict[str, bytes]):
    """The names that were asked for, as they stand in raw lists; remembered, since an application asks for few."""

    def __missing__(self, name: str) -> bytes:
        # No token has a backslash: a name that no message can have is looked up as one that is not there.
        lowered = name.lower().encode("latin-1", "backslashreplace")
        if len(self) < 512 and len(name) < 64:
            self[name] = lowered
        return lowered


_NAMES = _Names()


class Headers(Mapping[str, str]):
    """The headers of a received message: a mapping from case-insensitive names to values, decoded as ISO-8859-1.

    Made from a mapping of str, or around a ``raw`` list of pairs of bytes, or around the list in ``scope["headers"]``.
    Iteration, ``keys``, ``values``, ``items`` and ``len`` go over every header, repeated names included.
    """

    __slots__ = ("_index", "_raw")

    _raw: RawHeaders
    _index: dict[bytes, bytes] | None

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        raw: RawHeaders | None = None,
        scope: MutableMapping[str, Any] | None = None,
    ) -> None:
        self._index = None
        self._raw = raw if type(raw) is list and headers is None and scope is None else _source(headers, raw, scope)

    def raw_get(self, name: bytes) -> bytes | None:
        """The first value of ``name`` (lower case), undecoded, or None: the fast way in for plugins."""
        return (self._index or self._build()).get(name)

    def raw_getlist(self, name: bytes) -> list[bytes]:
        """Every value of ``name`` (lower case), undecoded, in order."""
        index = self._index or self._build()
        if name not in index:
            return []
        if len(index) == len(self._raw):
            return [index[name]]
        return [value for key, value in self._raw if key == name]

    def _build(self) -> dict[bytes, bytes]:
        # Backwards, so that the first of several equal names is the one that stays.
        self._index = index = dict(reversed(self._raw))
        return index

    @property
    def raw(self) -> RawHeaders:
        """The list itself: pairs of bytes, names in lower case."""
        return self._raw

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        """The first value of ``key``, or ``default``."""
        value = (self._index or self._build()).get(_NAMES[key])
        return default if value is None else value.decode("latin-1")

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.raw_get(_NAMES[key]) is not None

    def getlist(self, key: str) -> list[str]:
        """Every value of ``key``, in order."""
        return [value.decode("latin-1") for value in self.raw_getlist(_NAMES[key])]

    # The three return lists, where a mapping returns views, because names may repeat.
    def keys(self) -> list[str]:  # type: ignore[override]
        """Every name, in order."""
        return [key.decode("latin-1") for key, _ in self._raw]

    def values(self) -> list[str]:  # type: ignore[override]
        """Every value, in order."""
        return [value.decode("latin-1") for _, value in self._raw]

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        """Every name with its value, in order."""
        return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in self._raw]

    def mutablecopy(self) -> MutableHeaders:
        """A copy that can be changed."""
        return MutableHeaders(raw=list(self._raw))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` has the same names with the same values, in whatever order."""
        return isinstance(other, Headers) and sorted(map(tuple, self._raw)) == sorted(map(tuple, other._raw))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        items = self.items()
        plain = dict(items)
        content = repr(plain) if len(plain) == len(items) else f"raw={self._raw!r}"
        return f"{type(self).__name__}({content})"


class MutableHeaders(Headers):
    """The headers of a message to be sent: `Headers` that can be changed, in the very list they were given.

    Setters raise ValueError for a name that is no token and for a value with control characters.
    """

    __slots__ = ()

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        raw: RawHeaders | None = None,
        scope: MutableMapping[str, Any] | None = None,
    ) -> None:
        super().__init__(headers, raw, scope)
        if scope is not None:
            # The list may be that of a response which is sent again; what is changed is this message, or this scope.
            self._raw = scope["headers"] = list(self._raw)

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        """The first value of ``key``, or ``default``."""
        value = find(self._raw, _NAMES[key])
        return default if value is None else value.decode("latin-1")

    def raw_get(self, name: bytes) -> bytes | None:
        """The first value of ``name`` (lower case), undecoded, or None."""
        return find(self._raw, name)

    def raw_getlist(self, name: bytes) -> list[bytes]:
        """Every value of ``name`` (lower case), undecoded, in order."""
        return [value for key, value in self._raw if key == name]

    def __setitem__(self, key: str, value: str) -> None:
        """Give ``key`` this value only; it keeps the place of the first one it had."""
        replace(self._raw, field_name(key), field_value(key, value))

    def __delitem__(self, key: str) -> None:
        """Drop every value of ``key``; without any, nothing happens."""
        remove(self._raw, _NAMES[key])

    def setdefault(self, key: str, value: str) -> str:
        """The value of ``key``; where it has none, it gets ``value``."""
        name, checked = field_name(key), field_value(key, value)
        present = find(self._raw, name)
        if present is not None:
            return present.decode("latin-1")
        self._raw.append((name, checked))
        return value

    def append(self, key: str, value: str) -> None:
        """Add a header and keep those of the same name."""
        self._raw.append((field_name(key), field_value(key, value)))

    def update(self, other: Mapping[str, str]) -> None:
        """Set every header of ``other``."""
        for key, value in other.items():
            self[key] = value

    def add_vary_header(self, vary: str) -> None:
        """Add names to Vary (RFC 9110 section 12.5.5): none twice, whatever its case, and ``*`` stays alone."""
        merge_vary(self._raw, field_value("vary", vary))

    def __ior__(self, other: Mapping[str, str]) -> Self:
        self.update(other)
        return self

    def __or__(self, other: Mapping[str, str]) -> MutableHeaders:
        merged = self.mutablecopy()
        merged.update(other)
        return merged


def _source(
    headers: Mapping[str, str] | None, raw: RawHeaders | None, scope: MutableMapping[str, Any] | None
) -> RawHeaders:
    if raw is None and scope is None:
        return [] if headers is None else [(field_name(key), field_value(key, value)) for key, value in headers.items()]
    if headers is not None or (raw is not None and scope is not None):
        raise ValueError("Headers: expected one of `headers`, `raw` and `scope`, got several; give only one")
    given: Any = raw if scope is None else scope["headers"]
    # ASGI promises no more than an iterable.
    return given if isinstance(given, list) else list(given)
