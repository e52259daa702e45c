"""Loading the settings of one plugin, and laying a route's settings over them.

`load` and `overlay` never raise for what a user may do wrong: what they give, `Loaded`, holds either a value or
problems. What a settings class does wrong in its own check (an AttributeError, say) is the plugin's bug and is raised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from pegboard.exceptions import ConfigurationError
from pegboard.settings.layers import Layer, fixed_layer, section_layers
from pegboard.settings.problems import Origin, Path, Problem, dotted, parse_key, show, suggest
from pegboard.settings.reading import FAILED, Reading, fields_of
from pegboard.settings.sources import Sources

__all__ = ["Loaded", "Row", "load", "loaded", "overlay"]

S = TypeVar("S", bound=msgspec.Struct)


class Row(msgspec.Struct, frozen=True):
    """One setting for a table of settings: its key, its value in words (secrets masked), and where it came from."""

    key: str
    value: str
    origin: Origin


class Loaded(msgspec.Struct, Generic[S], frozen=True):
    """Settings that were read: the value, or the problems that stand in its way, and the origin of every key."""

    value: S | None
    origins: Mapping[str, Origin]
    problems: tuple[Problem, ...] = ()

    def unwrap(self) -> S:
        """Give the value. Raises `ConfigurationError` with all problems if there is none."""
        if self.value is None:
            raise ConfigurationError([str(problem) for problem in self.problems])
        return self.value

    def origin(self, key: str) -> Origin:
        """Say where the value of a key came from, such as ``"max_age"`` or ``"jwt.leeway"``.

        What stands within one value came with it; of a table whose keys come from several sources it is the first that
        is no default. Raises KeyError for a key that these settings do not have.
        """
        steps = parse_key(key)
        for length in range(len(steps), 0, -1):
            if found := self.origins.get(dotted(steps[:length])):
                return found
        inner = [origin for name, origin in self.origins.items() if name.startswith(f"{key}.")]
        if not inner:
            raise KeyError(f"no setting {key!r}: {suggest(key, self.origins)}")
        return next((origin for origin in inner if origin.kind != "default"), inner[0])

    def rows(self) -> list[Row]:
        """List every setting with its value, as ``pegboard config show`` prints it; none if there is no value."""
        return [] if self.value is None else list(self._rows(self.value, ()))

    def _rows(self, value: msgspec.Struct, path: Path) -> Iterator[Row]:
        for name, item in msgspec.structs.asdict(value).items():
            key = dotted((*path, name))
            if isinstance(item, msgspec.Struct) and key not in self.origins:
                yield from self._rows(item, (*path, name))
            elif item is not msgspec.UNSET:
                yield Row(key, show(item, limit=None), self.origin(key))


def load(
    cls: type[S],
    section: str,
    sources: Sources,
    keywords: Mapping[str, Any] | None = None,
    *,
    caller: str = "",
) -> Loaded[S]:
    """Read the settings of the plugin called ``section``: keywords, environment, files, defaults, key by key.

    ``keywords`` are those given in code and ``caller`` what took them, for messages: ``CORS()``, by default the
    section.
    """
    layers, problems = section_layers(cls, section, sources, keywords or {}, caller or f"the plugin {section}")
    reading = Reading(section)
    reading.problems.extend(problems)
    return loaded(reading, reading.struct(cls, layers))


def overlay(
    cls: type[S],
    base: msgspec.Struct | Loaded[Any],
    given: Mapping[str, Any] | msgspec.Struct,
    *,
    section: str,
    where: str,
) -> Loaded[S]:
    """Lay what a route or a mount says about a plugin over the settings it has so far.

    ``cls`` is the type to make: the plugin's ``RouteSettings``, or its ``Settings`` where it has none. ``base`` is what
    holds outside, of either type; fields of the same name are taken from it. ``given`` is a mapping of some keys, or an
    instance of ``cls``, all of whose fields count but those that are `msgspec.UNSET`. ``where`` names the route for
    messages.
    """
    reading = Reading(section, place=where)
    origin = Origin("route", where)
    layers = [_base_layer(cls, base, section)]
    if isinstance(given, Mapping) or type(given) is cls:
        values = given if isinstance(given, Mapping) else fields_of(given)
        layers.insert(0, fixed_layer(values, origin))
        return loaded(reading, reading.struct(cls, layers))
    expected = f"False, a mapping of settings, or {cls.__qualname__}(...)"
    reading.problems.append(Problem(where=where, key=section, expected=expected, got=show(given)))
    return loaded(reading, FAILED)


def _base_layer(cls: type[msgspec.Struct], base: msgspec.Struct | Loaded[Any], section: str) -> Layer:
    names = {field.name for field in msgspec.structs.fields(cls)}
    value = base.unwrap() if isinstance(base, Loaded) else base
    values = {name: item for name, item in fields_of(value).items() if name in names}
    whole = Origin("default", f"settings of {section}")
    if isinstance(base, Loaded):
        return Layer(values, lambda path: base.origin(dotted(path)) if path else whole, trusted=True)
    return fixed_layer(values, whole, trusted=True)


def loaded(reading: Reading, value: object) -> Loaded[Any]:
    """Close a reading: the value counts only if nothing was wrong."""
    origins = {dotted(path): origin for path, origin in reading.origins.items()}
    problems = tuple(dict.fromkeys(reading.problems))
    return Loaded(None if problems else value, origins, problems)
