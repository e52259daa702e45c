"""Mappings in which a key may have several values: query strings and forms.

Rules that must not move:

- A look-up by key gives the *last* value; ``getlist`` gives all of them. A list keeps every pair in order, a dict
  beside it the last values.
- Parsing is linear in the input's size. The number of fields is counted before any is made, and bounded.
- A query string is the application/x-www-form-urlencoded format of the WHATWG URL standard: ``&`` separates, ``;`` does
  not, a field without ``=`` has the empty value, an empty field is none, and bytes that are not UTF-8 become U+FFFD.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar, overload
from urllib.parse import unquote_to_bytes, urlencode

from pegboard.uploads import UploadFile

__all__ = [
    "DEFAULT_MAX_FIELDS",
    "FormData",
    "ImmutableMultiDict",
    "MultiDict",
    "QueryParams",
    "TooManyFields",
    "parse_fields",
]

K = TypeVar("K")
V_co = TypeVar("V_co", covariant=True)
D = TypeVar("D")

DEFAULT_MAX_FIELDS = 1000
"""How many fields a query string may have when nothing else is said."""


class TooManyFields(ValueError):
    """The client sent more fields than are accepted: ``found`` of ``what``, where ``limit`` is the most."""

    def __init__(self, what: str, found: int, limit: int) -> None:
        super().__init__(f"{what} has {found} fields, at most {limit} are accepted")
        self.what = what
        self.found = found
        self.limit = limit


class ImmutableMultiDict(Mapping[K, V_co]):
    """A mapping that keeps several values for a key, from a mapping, pairs, another multi-dict, and keyword arguments.

    Two are equal when they are of the same class and each key has the same values in the same order.
    """

    __slots__ = ("_dict", "_list")

    _list: list[tuple[K, V_co]]
    _dict: dict[K, V_co]

    @overload
    def __init__(self, /, **fields: V_co) -> None: ...
    @overload
    def __init__(self, value: Mapping[K, V_co] | Iterable[tuple[K, V_co]] | None = None, /, **fields: V_co) -> None: ...
    def __init__(self, value: Any = None, /, **fields: Any) -> None:
        self._list = _pairs(value, fields)
        self._dict = dict(self._list)

    def getlist(self, key: object) -> list[V_co]:
        """Every value of ``key``, in order; empty when there is none."""
        return [value for item, value in self._list if item == key] if key in self._dict else []

    def multi_items(self) -> list[tuple[K, V_co]]:
        """Every pair, in order, repeated keys included."""
        return list(self._list)

    def keys(self) -> KeysView[K]:
        """The keys, each once."""
        return self._dict.keys()

    def values(self) -> ValuesView[V_co]:
        """The last value of each key."""
        return self._dict.values()

    def items(self) -> ItemsView[K, V_co]:
        """Each key with its last value."""
        return self._dict.items()

    @overload
    def get(self, key: K, /) -> V_co | None: ...
    @overload
    def get(self, key: K, /, default: V_co | D) -> V_co | D: ...
    def get(self, key: Any, /, default: Any = None) -> Any:
        """The last value of ``key``, or ``default``."""
        return self._dict.get(key, default)

    def __getitem__(self, key: K) -> V_co:
        return self._dict[key]

    def __contains__(self, key: object) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[K]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImmutableMultiDict) or type(self) is not type(other):
            return False
        return self._list == other._list or _grouped(self._list) == _grouped(other._list)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"


class MultiDict(ImmutableMultiDict[Any, Any]):
    """An `ImmutableMultiDict` that can be changed."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        """Give ``key`` this value only, at the end."""
        self.setlist(key, [value])

    def __delitem__(self, key: Any) -> None:
        """Drop ``key`` and all its values. Raises KeyError when there is none."""
        del self._dict[key]
        self._list[:] = [pair for pair in self._list if pair[0] != key]

    def pop(self, key: Any, default: Any = None) -> Any:
        """Drop ``key`` and return the last value it had, or ``default``."""
        values = self.poplist(key)
        return values[-1] if values else default

    def popitem(self) -> tuple[Any, Any]:
        """Drop the key that came last as a new one, and return it with its last value. Raises KeyError when empty."""
        key = next(reversed(self._dict), _NONE)
        if key is _NONE:
            raise KeyError("popitem(): the multi-dict is empty")
        return key, self.pop(key)

    def poplist(self, key: Any) -> list[Any]:
        """Drop ``key`` and return all the values it had."""
        values = self.getlist(key)
        if values:
            del self[key]
        return values

    def clear(self) -> None:
        """Drop everything."""
        self._list.clear()
        self._dict.clear()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The last value of ``key``; where it has none, it gets ``default``."""
        if key not in self._dict:
            self.append(key, default)
        return self._dict[key]

    def setlist(self, key: Any, values: Iterable[Any]) -> None:
        """Give ``key`` these values only, at the end; no values drop it."""
        added = [(key, value) for value in values]
        if key in self._dict:
            del self[key]
        self._list.extend(added)
        self._dict.update(added)

    def append(self, key: Any, value: Any) -> None:
        """Add a value and keep those ``key`` has."""
        self._list.append((key, value))
        self._dict[key] = value

    def update(self, value: Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None = None, /, **fields: Any) -> None:
        """Replace the values of every key that is given; all the values given for a key are kept."""
        added = _pairs(value, fields)
        replaced = {key for key, _ in added}
        self._list[:] = [pair for pair in self._list if pair[0] not in replaced] + added
        self._dict = dict(self._list)


class QueryParams(ImmutableMultiDict[str, str]):
    """The fields of a query string, given as str or bytes, or as whatever other multi-dicts are made from.

    Raises TooManyFields when a query string has more than ``DEFAULT_MAX_FIELDS`` fields.
    """

    __slots__ = ()

    def __init__(
        self, value: str | bytes | Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None = None, /, **fields: Any
    ) -> None:
        if type(value) is bytes or isinstance(value, str):
            self._list = parse_fields(value)
            if fields:
                self._list += [(key, str(item)) for key, item in fields.items()]
        else:
            self._list = [(str(key), str(item)) for key, item in _pairs(value, fields)]
        self._dict = dict(self._list)

    def __str__(self) -> str:
        """The query string, percent-encoded as UTF-8."""
        return urlencode(self._list)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class FormData(ImmutableMultiDict[str, UploadFile | str]):
    """The fields of a form: text, and uploaded files."""

    __slots__ = ()

    async def close(self) -> None:
        """Close every uploaded file, whatever becomes of the others; then raise what went wrong, as a group."""
        failures: list[Exception] = []
        for _, value in self._list:
            if isinstance(value, UploadFile):
                try:
                    await value.close()
                except OSError as error:
                    failures.append(error)
        if failures:
            raise ExceptionGroup("Some uploaded files could not be closed", failures)


def parse_fields(
    query: str | bytes, limit: int | None = DEFAULT_MAX_FIELDS, what: str = "The query string"
) -> list[tuple[str, str]]:
    """The pairs of a urlencoded string, in order, decoded. Raises TooManyFields, naming ``what``, above ``limit``."""
    if not query:
        return []
    # One character for each byte: the fields are cut first, and read as UTF-8 when their escapes are gone.
    text = (query.encode("utf-8", "replace") if isinstance(query, str) else query).decode("latin-1")
    if limit is not None and text.count("&") >= limit:
        raise TooManyFields(what, text.count("&") + 1, limit)
    if "+" in text:
        text = text.replace("+", " ")
    pairs: list[tuple[str, str]] = []
    for field in text.split("&"):
        if field:
            name, _, value = field.partition("=")
            if "%" in field or not field.isascii():
                name, value = _decoded(name), _decoded(value)
            pairs.append((name, value))
    return pairs


def _decoded(text: str) -> str:
    if "%" not in text and text.isascii():
        return text
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "replace")


_NONE: Any = object()


def _pairs(value: Any, fields: dict[str, Any]) -> list[tuple[Any, Any]]:
    if value is None:
        pairs = []
    elif isinstance(value, ImmutableMultiDict):
        pairs = value.multi_items()
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        pairs = [(key, item) for key, item in value]
    return pairs + list(fields.items()) if fields else pairs


def _grouped(pairs: list[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
