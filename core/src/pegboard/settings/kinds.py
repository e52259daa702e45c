"""The types of settings: taking them apart, turning values into them, and naming them in words.

msgspec converts; this module adds what it leaves out. Three custom types are settings as well: `Secret` and
`pathlib.Path`, both written as strings, and functions, which only code can give. `describe` says a type the way an
error message needs it ("an integer ≥ 0"), from msgspec's own reading of the type, so that message and check cannot
disagree.

The nouns stand in one table at the end, each with its plural: a new kind of type is a new row.
"""

from __future__ import annotations

import collections.abc
import pathlib
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import inspect as mi

from pegboard.text_values import Secret

__all__ = [
    "convert",
    "custom_type",
    "describe",
    "holds_secret",
    "item_type",
    "members",
    "parts",
    "struct_in",
    "takes_null",
]

_ABSENT_TYPES = (type(None), msgspec.UnsetType)
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Set, collections.abc.Collection)
_TABLES = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_CONVERTERS: dict[object, Callable[[str], object]] = {Secret: Secret, pathlib.Path: pathlib.Path}


def members(annotation: Any) -> tuple[Any, ...]:
    """Give the types a field may have: unions opened, annotations taken off, None and UnsetType left out."""
    return tuple(member for member in _opened(annotation) if member not in _ABSENT_TYPES)


def takes_null(annotation: Any) -> bool:
    """Say whether a field may be None."""
    return type(None) in _opened(annotation)


def struct_in(annotation: Any) -> type[msgspec.Struct] | None:
    """Give the Struct a field is made of: the table beneath it. None where there is none, or where tags choose one."""
    structs = [member for member in members(annotation) if _is_struct(member)]
    return structs[0] if len(structs) == 1 and structs[0].__struct_config__.tag is None else None


def item_type(annotation: Any, value: object) -> Any:
    """Give the type of the items of ``value``, a list or table, or None where the field's type takes no such thing."""
    for member in members(annotation):
        origin, arguments = get_origin(member) or member, get_args(member)
        if isinstance(value, Mapping) and origin in _TABLES:
            return arguments[1] if arguments else Any
        if isinstance(value, list | tuple | set | frozenset) and origin in _LISTS:
            return _item_of_list(origin, arguments)
    return None


def convert(value: object, annotation: Any) -> Any:
    """Turn a value into a field's type, strictly. Raises msgspec.ValidationError where it does not fit."""
    return msgspec.convert(value, annotation, dec_hook=_convert_custom)


def custom_type(annotation: object) -> object:
    """Give the class of a type that msgspec hands to its hooks: ``Callable[..., Any]`` is Callable."""
    return get_origin(annotation) or annotation


def parts(annotation: Any) -> Iterator[mi.Type]:
    """Walk over a type and all types within it, each Struct once, since Structs may hold themselves."""
    waiting: list[Any] = [mi.type_info(annotation)]
    seen: set[type] = set()
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, mi.StructType):
            if part.cls in seen:
                continue
            seen.add(part.cls)
            waiting.extend(field.type for field in part.fields)
        inner = (getattr(part, name, None) for name in ("type", "item_type", "key_type", "value_type"))
        waiting.extend(item for item in inner if isinstance(item, mi.Type))
        waiting.extend(getattr(part, "types", ()))
        waiting.extend(getattr(part, "item_types", ()))


def holds_secret(annotation: Any) -> bool:
    """Say whether a `Secret` stands anywhere in a type."""
    return any(isinstance(part, mi.CustomType) and part.cls is Secret for part in parts(annotation))


def describe(annotation: Any) -> str:
    """Say in words what a field takes: ``an integer ≥ 0``, ``a list of strings``, ``"strict" or "lax"``."""
    return _nouns(mi.type_info(annotation))[0]


def _opened(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _opened(get_args(annotation)[0])
    elif origin is Union or origin is types.UnionType:
        for member in get_args(annotation):
            yield from _opened(member)
    else:
        yield annotation


def _is_struct(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, msgspec.Struct)


def _item_of_list(origin: object, arguments: tuple[Any, ...]) -> Any:
    if not arguments:
        return Any
    is_fixed_tuple = origin is tuple and arguments[-1] is not Ellipsis
    return None if is_fixed_tuple else arguments[0]


def _convert_custom(annotation: Any, value: object) -> object:
    kind = custom_type(annotation)
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    if isinstance(value, str) and kind in _CONVERTERS:
        return _CONVERTERS[kind](value)
    raise TypeError(f"{type(value).__name__} is no {annotation}")


# ------------------------------------------------------------------------------------------------------------- in words

_Nouns = tuple[str, str]


def _nouns(part: mi.Type) -> _Nouns:
    """One of it, and several: ``("an integer ≥ 0", "integers ≥ 0")``."""
    for kind, say in _WORDS:
        if isinstance(part, kind):
            return say if isinstance(say, tuple) else say(part)
    name = type(part).__name__.removesuffix("Type").lower()
    return f"a value of kind {name}", f"values of kind {name}"


def _number(one: str, several: str) -> Callable[[Any], _Nouns]:
    def say(part: mi.IntType | mi.FloatType) -> _Nouns:
        bounds = [
            f"{sign} {bound:g}" if isinstance(bound, float) else f"{sign} {bound}"
            for sign, bound in ((">", part.gt), ("≥", part.ge), ("<", part.lt), ("≤", part.le))
            if bound is not None
        ]
        if part.multiple_of is not None:
            bounds.append(f"divisible by {part.multiple_of}")
        suffix = f" {' and '.join(bounds)}" if bounds else ""
        return one + suffix, several + suffix

    return say


def _string(part: mi.StrType) -> _Nouns:
    suffix = _length(part.min_length, part.max_length, "characters")
    if part.pattern is not None:
        suffix += f" matching {part.pattern}"
    return f"a string{suffix}", f"strings{suffix}"


def _list(part: Any) -> _Nouns:
    suffix = _length(part.min_length, part.max_length, "items")
    inner = "" if isinstance(part.item_type, mi.AnyType) else f" of {_nouns(part.item_type)[1]}"
    return f"a list{inner}{suffix}", f"lists{inner}{suffix}"


def _dict(part: mi.DictType) -> _Nouns:
    inner = "" if isinstance(part.value_type, mi.AnyType) else f" of {_nouns(part.value_type)[1]}"
    return f"a table{inner}", f"tables{inner}"


def _tuple(part: mi.TupleType) -> _Nouns:
    inner = ", then ".join(_nouns(item)[0] for item in part.item_types)
    return f"a list of {inner}", f"lists of {inner}"


def _union(part: mi.UnionType) -> _Nouns:
    nouns = [_nouns(member) for member in part.types if not isinstance(member, mi.NoneType)]
    return _either([noun[0] for noun in nouns]), _either([noun[1] for noun in nouns])


def _literal(part: mi.LiteralType) -> _Nouns:
    words = _either([_quoted(value) for value in part.values if value is not None])
    return words, words


def _enum(part: mi.EnumType) -> _Nouns:
    words = _either([_quoted(member.value) for member in part.cls])
    return words, words


def _custom(part: mi.CustomType) -> _Nouns:
    name = getattr(part.cls, "__qualname__", str(part.cls))
    return _CUSTOM_WORDS.get(part.cls, (f"an object of type {name}, given in code", f"objects of type {name}"))


def _length(least: int | None, most: int | None, unit: str) -> str:
    if least == 1 and most is None:
        return " (not empty)"
    bounds = [f"{word} {bound}" for word, bound in (("at least", least), ("at most", most)) if bound is not None]
    return f" ({' and '.join(bounds)} {unit})" if bounds else ""


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


_CUSTOM_WORDS: dict[object, _Nouns] = {
    Secret: ("a secret, written as a string", "secrets, written as strings"),
    pathlib.Path: ("a path", "paths"),
    collections.abc.Callable: ("a function, given in code", "functions, given in code"),
}

_WORDS: tuple[tuple[type | tuple[type, ...], _Nouns | Callable[[Any], _Nouns]], ...] = (
    (mi.Metadata, lambda part: _nouns(part.type)),
    (mi.UnionType, _union),
    (mi.IntType, _number("an integer", "integers")),
    (mi.FloatType, _number("a number", "numbers")),
    (mi.BoolType, ("true or false", "values true or false")),
    (mi.StrType, _string),
    (mi.LiteralType, _literal),
    (mi.EnumType, _enum),
    (mi.TupleType, _tuple),
    ((mi.ListType, mi.SetType, mi.FrozenSetType, mi.VarTupleType), _list),
    (mi.DictType, _dict),
    ((mi.StructType, mi.TypedDictType, mi.DataclassType), ("a table", "tables")),
    (mi.CustomType, _custom),
    (mi.AnyType, ("anything", "values")),
    (mi.NoneType, ("nothing", "nothing")),
    (mi.DateTimeType, ("a date with a time", "dates with times")),
    (mi.DateType, ("a date", "dates")),
    (mi.TimeType, ("a time of day", "times of day")),
    (mi.TimeDeltaType, ('a duration such as "PT30S"', 'durations such as "PT30S"')),
    (mi.UUIDType, ("a UUID", "UUIDs")),
    (mi.DecimalType, ("a decimal number", "decimal numbers")),
)
"""How each kind of type is called; the first row that fits counts."""
