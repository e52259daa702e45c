"""What a plugin's settings classes must be, checked when the plugin is registered, before any value is read.

The rules keep one promise: every source can set every field under the one name the class gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from pegboard.settings.board import BOARD_KEYS
from pegboard.settings.kinds import members, parts, takes_null

__all__ = ["lint_name", "lint_settings"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RESERVED = frozenset([*BOARD_KEYS, "config", "none"])


def lint_name(name: str) -> list[str]:
    """Say what is wrong with a plugin's name: it is a section of pegboard.toml and part of variables' names."""
    if not _NAME.fullmatch(name):
        return [f'plugin "{name}": a name is lower-case words joined by hyphens, such as "server-timing"']
    if name in _RESERVED:
        return [f'plugin "{name}": the name means something else in pegboard.toml or the environment; choose another']
    return []


def lint_settings(plugin: str, cls: object, *, base: type[msgspec.Struct] | None = None) -> list[str]:
    """Say all that is wrong with a plugin's ``Settings``, or ``RouteSettings`` (then ``base`` is its ``Settings``).

    ``plugin`` is how messages name the plugin. A class with problems must not be loaded: its types may not even
    resolve.
    """
    word = "Settings" if base is None else "RouteSettings"
    if not (isinstance(cls, type) and issubclass(cls, msgspec.Struct)):
        return [f"{plugin}: {word} must be a class derived from pegboard.settings.Settings, got {cls!r}"]
    try:
        problems = _found(cls, base)
    except (TypeError, NameError) as error:
        problems = [f" ({cls.__qualname__}) has a type that cannot be a setting: {error}"]
    return [f"{plugin}: {word}{problem}" for problem in problems]


@lru_cache(256)
def _found(cls: type[msgspec.Struct], base: type[msgspec.Struct] | None) -> list[str]:
    """All that is wrong with a class. Classes stay as they are, and many boards may have the same."""
    return [*_problems(cls), *_required(cls, base), *_against(cls, base)]


def _problems(cls: type[msgspec.Struct]) -> Iterator[str]:
    """Check a class and every table within it."""
    for part in parts(cls):
        if not isinstance(part, msgspec.inspect.StructType):
            continue
        inner = part.cls.__qualname__
        if not part.cls.__struct_config__.frozen:
            yield f" ({inner}) must be frozen: class {part.cls.__name__}(Settings, frozen=True)"
        if part.tag is not None:
            yield f" ({inner}) must have no tag: give each kind of table a setting of its own"
        if part.array_like:
            yield f" ({inner}) must be a table, not array_like: its settings have names"
        for field in msgspec.structs.fields(part.cls):
            yield from (f" ({inner}.{field.name}) {problem}" for problem in _field_problems(field))


def _field_problems(field: msgspec.structs.FieldInfo) -> Iterator[str]:
    if field.encode_name != field.name:
        yield f"is renamed to {field.encode_name}: a setting has one name in code, files and environment"
    if field.name != field.name.lower() or "__" in field.name or field.name.startswith("_"):
        yield "cannot be told from others in the environment: use lower case and single underscores"
    if field.default is not msgspec.NODEFAULT and not _plain(field):
        kind = type(field.default).__name__
        yield f"has a default that no file can hold ({kind}): use None, and allow None in its type"


def _required(cls: type[msgspec.Struct], base: type[msgspec.Struct] | None) -> Iterator[str]:
    """What must be given stops a board whose owner only installed the plugin, so it has to say what it is for."""
    taken_over = () if base is None else base.__struct_fields__
    for field in msgspec.structs.fields(cls):
        if field.required and field.name not in taken_over and not _described(field):
            yield (
                f" ({cls.__qualname__}.{field.name}) has no default, so the board cannot start without it: "
                'give one, or say what is needed in Meta(description="...")'
            )


def _described(field: msgspec.structs.FieldInfo) -> bool:
    info = msgspec.inspect.type_info(field.type)
    return isinstance(info, msgspec.inspect.Metadata) and "description" in (info.extra_json_schema or {})


def _plain(field: msgspec.structs.FieldInfo) -> bool:
    if field.default is None:
        return takes_null(field.type)
    if field.default is msgspec.UNSET:
        return True
    try:
        msgspec.to_builtins(field.default)
    except (TypeError, ValueError):
        return False
    return True


def _against(cls: type[msgspec.Struct], base: type[msgspec.Struct] | None) -> Iterator[str]:
    """Fields of one name have one type, since a route takes over what holds for the board."""
    if base is None:
        return
    outer = {field.name: field for field in msgspec.structs.fields(base)}
    for field in msgspec.structs.fields(cls):
        twin = outer.get(field.name)
        if twin is not None and _shape(twin.type) != _shape(field.type):
            yield f" ({cls.__qualname__}.{field.name}) has another type than in Settings, whose value it takes over"


def _shape(annotation: object) -> tuple[frozenset[object], bool]:
    return frozenset(members(annotation)), takes_null(annotation)
