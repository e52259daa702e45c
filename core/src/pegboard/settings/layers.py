"""One layer for each source that speaks of a section, strongest first: keywords, environment, files.

A layer is a tree of values and a way to ask where each came from. Merging them is the reader's work (`reading`); here
they are only brought to one shape. Variables are text, so their layer is the one that needs the section's type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pegboard.settings.kinds import struct_in
from pegboard.settings.problems import Origin, Path, Problem, dotted, show
from pegboard.settings.sources import ConfigFile, Sources, Variable, env_word
from pegboard.settings.texts import read_text

__all__ = ["Layer", "environment_layer", "file_layer", "fixed_layer", "section_layers"]


class Layer(msgspec.Struct, frozen=True):
    """The values one source gives. ``trusted`` ones are of the right types already, and are not checked again."""

    values: Mapping[str, Any]
    origin: Callable[[Path], Origin]
    trusted: bool = False


def fixed_layer(values: Mapping[str, Any], origin: Origin, *, trusted: bool = False) -> Layer:
    """Make a layer whose values all come from one place, as keyword arguments do."""
    return Layer(values, lambda path: origin, trusted)


def section_layers(
    cls: type[msgspec.Struct], section: str, sources: Sources, keywords: Mapping[str, Any], caller: str
) -> tuple[list[Layer], list[Problem]]:
    """Give every layer of a plugin's section, strongest first, and what is wrong with their shape."""
    layers = [fixed_layer(keywords, Origin("keyword", f"keyword argument of {caller}"))] if keywords else []
    word = env_word(section)
    variables = [variable for variable in sources.variables if variable.steps[0] == word and len(variable.steps) > 1]
    from_environment, problems = environment_layer(cls, variables, section)
    layers.append(from_environment)
    for file in sources.files:
        found = file_layer(file, section)
        if isinstance(found, Layer):
            layers.append(found)
        elif found is not None:
            problems.append(found)
    return layers, problems


def file_layer(file: ConfigFile, section: str) -> Layer | Problem | None:
    """Give the layer of one file's table ``[section]``, None if there is none, a problem if it is not a table."""
    if section not in file.data:
        return None
    values = file.data[section]
    if isinstance(values, Mapping):
        return Layer(values, lambda path: file.origin((section, *path)))
    where = str(file.origin((section,)))
    hint = f'to switch the plugin off, write plugins = ["-{section}"]' if values is False else ""
    return Problem(where=where, key=section, expected="a table of settings", got=show(values), hint=hint)


def environment_layer(
    cls: type[msgspec.Struct], variables: list[Variable], section: str
) -> tuple[Layer, list[Problem]]:
    """Turn a section's variables into a tree of values, reading each text by the type of its field."""
    tree = _EnvironmentTree(section)
    for variable in sorted(variables, key=lambda variable: len(variable.steps)):
        tree.place(cls, variable, variable.steps[1:] if section else variable.steps)
    return Layer(tree.values, tree.origin), tree.problems


class _EnvironmentTree:
    def __init__(self, section: str) -> None:
        self.section = section
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._names: dict[Path, str] = {}

    def origin(self, path: Path) -> Origin:
        for length in range(len(path), 0, -1):
            if name := self._names.get(path[:length]):
                return Origin("environment", f"environment {name}")
        return Origin("environment", "environment")

    def place(self, cls: type[msgspec.Struct], variable: Variable, steps: tuple[str, ...]) -> None:
        """Put a variable's value where its steps lead. A table given as JSON takes keys of longer names as well."""
        table = self.values
        path: Path = ()
        for step in steps[:-1]:
            path = (*path, step)
            field = _field(cls, step)
            nested = struct_in(field.type) if field else None
            if field is None or nested is None:
                self._refuse(variable, path, known=field is not None)
                return
            if table.get(step) is None:
                table[step] = {}
                self._names[path] = variable.name
            table, cls = table[step], nested
            if not isinstance(table, dict):
                return
        field = _field(cls, steps[-1])
        table[steps[-1]] = read_text(variable.text, field.type) if field else variable.text
        self._names[(*path, steps[-1])] = variable.name

    def _refuse(self, variable: Variable, path: Path, *, known: bool) -> None:
        if known:
            key = dotted(path, self.section)
            message = "a single value, which has no settings beneath it"
            self.problems.append(Problem(where=f"environment {variable.name}", key=key, message=message))
        else:
            # The reader that follows knows all fields and says so, with a suggestion.
            self._names[path] = variable.name
            _put(self.values, path, variable.text)


def _field(cls: type[msgspec.Struct], name: str) -> msgspec.structs.FieldInfo | None:
    return next((field for field in msgspec.structs.fields(cls) if field.name == name), None)


def _put(values: dict[str, Any], path: Path, value: object) -> None:
    for step in path[:-1]:
        values = values[str(step)]
    values[str(path[-1])] = value
