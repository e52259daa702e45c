"""JSON Schema (draft 2020-12) of the whole ``pegboard.toml``, for editors: the board's keys, a section per plugin."""

from __future__ import annotations

import collections.abc
import pathlib
from collections.abc import Mapping
from typing import Any

import msgspec

from pegboard.settings.board import BoardSettings
from pegboard.settings.kinds import custom_type
from pegboard.text_values import Secret

__all__ = ["json_schema"]

_CUSTOM: Mapping[object, dict[str, Any]] = {
    Secret: {"type": "string", "format": "password", "writeOnly": True},
    pathlib.Path: {"type": "string"},
    collections.abc.Callable: {"not": {}, "description": "A function; it can be given in code only."},
}


def json_schema(types: Mapping[str, type[msgspec.Struct]]) -> dict[str, Any]:
    """Describe ``pegboard.toml`` for a board with these plugins: their settings classes by the plugins' names.

    Descriptions come from the classes' docstrings and from ``Meta(description=...)`` of their fields.
    """
    references, components = msgspec.json.schema_components([BoardSettings, *types.values()], schema_hook=_custom)
    definitions = {name: _closed(component) for name, component in components.items()}
    board_name, *names = (str(reference["$ref"]).rpartition("/")[2] for reference in references)
    board = definitions.pop(board_name)
    sections = {
        section: {"$ref": f"#/$defs/{name}", "title": section} for section, name in zip(types, names, strict=True)
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pegboard.toml",
        "description": board["description"],
        "type": "object",
        "properties": {**board["properties"], **sections},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _closed(component: dict[str, Any]) -> dict[str, Any]:
    """Say of a table that it takes no unknown keys, as the loader sees it, whatever its class says."""
    return {**component, "additionalProperties": False} if "properties" in component else component


def _custom(annotation: type) -> dict[str, Any]:
    kind = custom_type(annotation)
    return dict(_CUSTOM.get(kind, {"not": {}, "description": "An object; it can be given in code only."}))
