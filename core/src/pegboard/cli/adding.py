"""What `pegboard add` writes: a section with everything that can be set, and the name in the list of plugins.

A file is changed as text, so that comments and layout stay, and every change is read back: what it says afterwards has
to be exactly what it said before and the addition. Where no edit does that, the file is left alone.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pegboard.cli.failures import Refused
from pegboard.settings import json_schema

__all__ = ["add_section", "add_to_list", "section_text"]


def section_text(name: str, settings: type[msgspec.Struct], root: tuple[str, ...] = ()) -> str:
    """The section of a plugin: each setting as a comment, with what it is for and its default."""
    schema = json_schema({name: settings})
    described = schema["$defs"][str(schema["properties"][name]["$ref"]).rpartition("/")[2]]
    lines = [f"[{'.'.join((*root, name))}]"]
    if described.get("description"):
        lines += [f"# {line}".rstrip() for line in described["description"].splitlines()[:1]]
    for key, field in described["properties"].items():
        if "not" not in field and {} not in [option.get("not") for option in field.get("anyOf", ())]:
            lines += ["", *_setting(key, field, key in described.get("required", ()))]
    return "\n".join(lines) + "\n"


def add_section(text: str, name: str, section: str, root: tuple[str, ...] = ()) -> str:
    """The document with a section at its end. Raises Refused where that would change something else."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    changed = text + gap + section.replace("\n", newline)
    wanted = copy.deepcopy(tomllib.loads(text))
    _table(wanted, root)[name] = {}
    if not _says(changed, wanted):
        raise Refused(
            f"the file cannot take a section at its end without changing its meaning; add it by hand:\n{section}"
        )
    return changed


def add_to_list(text: str, name: str, root: tuple[str, ...] = ()) -> str:
    """The document with a name at the end of its list ``plugins``. Raises Refused where no edit does that alone."""
    wanted = copy.deepcopy(tomllib.loads(text))
    _table(wanted, root)["plugins"].append(name)
    return next(
        (changed for changed in _longer_lists(text, json.dumps(name)) if _says(changed, wanted)), None
    ) or _refuse(name)


def _refuse(name: str) -> str:
    raise Refused(f'the list of plugins cannot be edited safely; add "{name}" to it by hand')


def _longer_lists(text: str, item: str) -> Iterator[str]:
    """The document with an item before each bracket that closes, in every way in which lists are written."""
    for place, character in enumerate(text):
        if character == "]":
            before, behind = text[:place], text[place:]
            if before.endswith("\n"):
                yield f"{before}    {item},\n{behind}"
                kept = before.rstrip()
                yield f"{kept},\n    {item},\n{behind}"
            yield f"{before.rstrip()}, {item}{behind}"
            yield f"{before}{item}{behind}"
            # Behind a comment, a comma has to come first on a line of its own.
            yield f"{before}    , {item}\n{behind}"


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _table(data: dict[str, Any], root: tuple[str, ...]) -> dict[str, Any]:
    for step in root:
        data = data[step]
    return data


def _setting(key: str, field: Mapping[str, Any], is_required: bool) -> Iterator[str]:
    if field.get("description"):
        yield f"# {field['description']}"
    if is_required:
        yield f"# {key} = ...   (must be given)"
    elif field.get("default") is None:
        yield f"# {key} = ...   (left out by default)"
    else:
        yield f"# {key} = {_toml(field['default'])}"


def _toml(value: Any) -> str:
    """A JSON value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
