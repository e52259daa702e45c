"""Turning layers of values into a Struct, and everything wrong with them into problems.

The walk goes field by field, because a whole-struct conversion would stop at the first mistake. For each field the
strongest layer that has the key gives the value; only where the field is a Struct are weaker layers merged in, key by
key. A value that a stronger layer hides is not checked, an unknown key is a problem in every layer.

A Struct is made, and checks itself, when all its fields are right: checks across fields would only mislead before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar, get_args

import msgspec
from msgspec.structs import FieldInfo

from pegboard.settings.kinds import convert, describe, holds_secret, item_type, members, struct_in
from pegboard.settings.layers import Layer, fixed_layer
from pegboard.settings.problems import HIDDEN, Invalid, Origin, Path, Problem, dotted, parse_key, show, suggest
from pegboard.settings.sources import env_name
from pegboard.settings.texts import read_text
from pegboard.text_values import Secret

__all__ = ["DEFAULT", "FAILED", "Reading", "fields_of"]

DEFAULT: Final = Origin("default", "default")
_NOWHERE: Final = Origin("default", "configuration")

_WITHHELD: Final = "the value is refused (the reason is not shown, because it would show a secret)"

S = TypeVar("S", bound=msgspec.Struct)


class _Failed:
    """The value that stands for one that could not be made; its problems have been noted."""


FAILED: Final = _Failed()


class Reading:
    """One walk over one section: collects problems, and the origin of each value by its path.

    ``place`` is where every problem is, if that is not for the values' sources to say: a route names itself.
    """

    def __init__(self, section: str, place: str = "") -> None:
        self.section = section
        self.place = place
        self.problems: list[Problem] = []
        self.origins: dict[Path, Origin] = {}
        self._layers: dict[Path, Layer] = {}
        self._whole: list[Origin] = []

    def struct(self, cls: type[S], layers: Iterable[Layer], path: Path = ()) -> S | _Failed:
        """Make a ``cls`` out of layers, strongest first, at a path beneath the section."""
        layers = list(layers)
        if not path:
            self._whole = [layer.origin(()) for layer in layers]
        fields = msgspec.structs.fields(cls)
        self._refuse_unknown([field.name for field in fields], layers, path)
        before = len(self.problems)
        values = {}
        for field in fields:
            given = [layer for layer in layers if layer.values.get(field.name, msgspec.UNSET) is not msgspec.UNSET]
            if given:
                values[field.name] = self._field(field, given, (*path, field.name))
            elif field.required:
                self._miss(field, (*path, field.name))
            else:
                self.origins[(*path, field.name)] = DEFAULT
        return FAILED if len(self.problems) > before else self._construct(cls, values, path)

    def one(self, annotation: Any, layer: Layer, key: str) -> Any:
        """Read one key of one layer, whatever other layers say; the value, or `FAILED`."""
        self._layers[(key,)] = layer
        return self.value(annotation, layer.values[key], (key,))

    def value(self, annotation: Any, value: object, path: Path) -> Any:
        """Turn one given value into a field's type, or note all that is wrong with it and give `FAILED`."""
        nested = struct_in(annotation)
        if nested is not None and (table := _table(value, nested)) is not None:
            return self.struct(nested, [Layer(table, self._layer(path).origin)], path)
        inner, converted = item_type(annotation, value), value
        if inner is not None:
            converted = self._items(inner, value, path)
            if converted is FAILED:
                return FAILED
        try:
            return convert(converted, annotation)
        except msgspec.ValidationError:
            self._refuse(annotation, value, path)
            return FAILED

    def note(self, path: Path, *, message: str = "", expected: str = "", got: str = "", hint: str = "") -> None:
        """Add a problem with the value at a path."""
        key = dotted(path, self.section)
        where = self.place or str(self.where(path))
        self.problems.append(Problem(where=where, key=key, message=message, expected=expected, got=got, hint=hint))

    def where(self, path: Path) -> Origin:
        """Give the place to send a reader to: that of the value, or else of the table it would stand in."""
        if path and self.origins.get(path) is DEFAULT:
            return self.where(path[:-1])
        return self._layer(path).origin(path)

    def _layer(self, path: Path) -> Layer:
        """Give the layer that a value comes from; where there is none, one that knows the section's line at most."""
        for length in range(len(path), 0, -1):
            if layer := self._layers.get(path[:length]):
                return layer
        return fixed_layer({}, next((origin for origin in self._whole if origin.line is not None), _NOWHERE))

    def _field(self, field: FieldInfo, given: list[Layer], path: Path) -> Any:
        strongest, nested = given[0], struct_in(field.type)
        value = strongest.values[field.name]
        self._layers[path] = strongest
        if nested is not None and not strongest.trusted and _table(value, nested) is not None:
            return self.struct(nested, self._tables(field, nested, given), path)
        self.origins[path] = strongest.origin(path)
        return value if strongest.trusted else self.value(field.type, value, path)

    def _tables(self, field: FieldInfo, nested: type[msgspec.Struct], given: list[Layer]) -> Iterable[Layer]:
        """Give the layers of a table within a table, down to the first that gives something else than a table."""
        for layer in given:
            table = _table(layer.values[field.name], nested)
            if table is None:
                return
            yield Layer(table, layer.origin, layer.trusted)
        default = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        if (table := _table(default, nested)) is not None:
            yield fixed_layer(table, DEFAULT, trusted=True)

    def _items(self, inner: Any, value: Any, path: Path) -> Any:
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        items = {key: self.value(inner, item, (*path, key)) for key, item in pairs}
        if any(item is FAILED for item in items.values()):
            return FAILED
        return items if isinstance(value, Mapping) else list(items.values())

    def _construct(self, cls: type[S], values: dict[str, Any], path: Path) -> S | _Failed:
        try:
            return cls(**values)
        except Invalid as error:
            problems = error.problems
        except (ValueError, TypeError) as error:
            problems = (("", str(error)),)
        except Exception as error:
            error.add_note(f"raised while {cls.__qualname__} checked the settings of {self.section or 'the board'}")
            raise
        secrets = [secret for secret in _secrets(values) if secret]
        for key, message in problems:
            named = itertools.takewhile(lambda step: step in values or not _shows(secrets, step), parse_key(key))
            self.note((*path, *named), message=_WITHHELD if _shows(secrets, message) else message)
        return FAILED

    def _refuse_unknown(self, known: list[str], layers: list[Layer], path: Path) -> None:
        for layer in layers:
            for key in layer.values:
                if key not in known:
                    where, name = str(layer.origin((*path, key))), dotted((*path, key), self.section)
                    hint = suggest(key, known)
                    self.problems.append(Problem(where=where, key=name, message="unknown setting", hint=hint))

    def _miss(self, field: FieldInfo, path: Path) -> None:
        names = [step for step in path if isinstance(step, str)]
        hint = "it has no default and must be given"
        if len(names) == len(path):
            hint += f", for example as {env_name(self.section, *names)}"
        self.note(path, expected=describe(field.type), got="nothing", hint=hint)

    def _refuse(self, annotation: Any, value: object, path: Path) -> None:
        is_secret = holds_secret(annotation)
        if self.where(path).kind == "environment":
            hint = _table_hint(annotation)
        else:
            hint = "" if is_secret else _better(annotation, value)
        hint = hint or _own_hint(annotation)
        self.note(path, expected=describe(annotation), got=HIDDEN if is_secret else show(value), hint=hint)


def _table(value: object, nested: type[msgspec.Struct]) -> Mapping[str, Any] | None:
    """See a value as a table: a mapping, or an instance of the very Struct, whose UNSET fields say nothing."""
    if isinstance(value, Mapping):
        return value
    return fields_of(value) if type(value) is nested else None


def fields_of(value: msgspec.Struct) -> dict[str, Any]:
    """Give the fields of a Struct that are set."""
    return {name: item for name, item in msgspec.structs.asdict(value).items() if item is not msgspec.UNSET}


def _secrets(value: object) -> Iterable[str]:
    """Give the text of every secret within a value."""
    if isinstance(value, Secret):
        return [str(value)]
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, str | bytes) or not isinstance(inner, Iterable):
        return []
    return itertools.chain.from_iterable(map(_secrets, inner))


def _shows(secrets: list[str], text: str | int) -> bool:
    return isinstance(text, str) and any(secret in text for secret in secrets)


def _better(annotation: Any, value: object) -> str:
    """Give the value as it should have been written, where its text can be read as what was expected."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    better = read_text(value, annotation) if isinstance(value, str) else str(value)
    try:
        convert(better, annotation)
    except msgspec.ValidationError:
        return ""
    return f"write it as {show(better)}"


def _own_hint(annotation: Any) -> str:
    """Give what the field itself says to whoever gives it something else: ``Meta(extra={"hint": ...})``."""
    extras = [part.extra for part in get_args(annotation) if isinstance(part, msgspec.Meta) and part.extra]
    return next((extra["hint"] for extra in extras if "hint" in extra), "")


def _table_hint(annotation: Any) -> str:
    is_table = any(item_type(member, {}) is not None or struct_in(member) for member in members(annotation))
    return 'write the table as JSON: {"key": "value"}' if is_table else ""
