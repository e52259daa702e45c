"""Gold: settings that refuse mistakes and explain themselves, a README, and types."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from typing import Any

import msgspec

from pegboard.exceptions import ConfigurationError
from pegboard.plugin import NoSettings
from pegboard.settings import json_schema
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import apart

__all__ = ["PACKAGING"]

UNKNOWN = "no_such_key"


class Wrong:
    """A value that no setting is of."""


def refuses_unknown_keys(subject: Subject) -> None:
    """A key that the plugin does not have stops the board, and is named."""
    text = apart(_refusal, subject, {**subject.settings, UNKNOWN: 1})
    if UNKNOWN not in text:
        raise Nonconformity(f"the unknown key {UNKNOWN!r} is {_seen(text)}; expected a refusal that names it")


def refuses_wrong_types(subject: Subject) -> str:
    """A value of a wrong type stops the board, whichever key it is given to, and the key is named."""
    fields = [field.name for field in _fields(subject)]
    problems = []
    for name in fields:
        text = apart(_refusal, subject, {**subject.settings, name: Wrong()})
        if name not in text:
            problems.append(f"{name} = an object of a foreign class is {_seen(text)}; expected a refusal that names it")
    if problems:
        raise Nonconformity("- " + "\n- ".join(problems))
    return f"{len(fields)} settings"


def _refusal(subject: Subject, settings: dict[str, Any]) -> str:
    """What a board says to these settings; nothing when it starts."""
    try:
        subject.board(settings=settings, routes=[]).freeze()
    except ConfigurationError as error:
        return str(error)
    except Exception as error:
        raise Nonconformity(
            f"the settings {sorted(settings)} are refused with {type(error).__name__}: {error}; expected a "
            "ConfigurationError: let msgspec check types, and yield problems from `Settings.check`"
        ) from error
    return ""


def _seen(text: str) -> str:
    return f"refused with {text!r}" if text else "taken"


def has_schema(subject: Subject) -> str:
    """Every setting is in the JSON Schema, with a type and a description."""
    own = _settings(subject)
    if own is NoSettings:
        return "no settings"
    schema = json_schema({subject.name: own})
    table = schema["$defs"][own.__name__]["properties"]
    silent = [name for name, entry in table.items() if not _explains(entry)]
    if silent:
        raise Nonconformity(
            f'settings without a description: {", ".join(silent)}; write Annotated[..., Meta(description="...")]'
        )
    return f"{len(table)} settings described"


def _explains(entry: Any) -> bool:
    return isinstance(entry, dict) and (
        "description" in entry or any(_explains(part) for part in entry.get("anyOf", ()))
    )


def is_documented(subject: Subject) -> str:
    """The README goes with the distribution, and names the plugin and every setting; the class has a docstring."""
    dist = subject.distribution
    if dist is None:
        raise Nonconformity("it belongs to no installed distribution, so that nobody can install it or read of it")
    readme = _readme(subject, dist)
    if not readme.strip():
        raise Nonconformity(f'{dist.name} has no README: say `readme = "README.md"` in its pyproject.toml')
    missing = [name for name in (subject.name, *(field.name for field in _fields(subject))) if not _names(readme, name)]
    problems = [f"the README of {dist.name} does not name {', '.join(missing)}"] if missing else []
    if not (inspect.getdoc(type(subject.make())) or "").strip():
        problems.append(f"{type(subject.make()).__name__} has no docstring")
    if problems:
        raise Nonconformity("; ".join(problems))
    return f"{dist.name} {dist.version}, README of {len(readme.splitlines())} lines"


def _readme(subject: Subject, dist: Distribution) -> str:
    """The README of the project that the code stands in; of an installed one, what its metadata says."""
    for folder in (subject.folder, *subject.folder.parents[:2]):
        if (folder / "pyproject.toml").is_file() and (folder / "README.md").is_file():
            return (folder / "README.md").read_text(encoding="utf-8")
    return str(dist.metadata.json.get("description", ""))


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def is_typed(subject: Subject) -> str:
    """The package says that it is typed, and every hook has annotations."""
    problems = [] if (subject.folder / "py.typed").is_file() else [f"no py.typed in {subject.module.__name__}"]
    hooks = apart(subject.member).impl.hooks
    for hook, functions in hooks.items():
        for function in functions:
            problems += [f"hook {hook!r}: {each}" for each in _untyped(function)]
    if problems:
        raise Nonconformity("; ".join(problems))
    return f"{len(hooks)} hooks"


def _untyped(function: Any) -> Iterator[str]:
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.annotation is parameter.empty:
            yield f"argument {parameter.name!r} has no annotation"
    if signature.return_annotation is signature.empty:
        yield "the result has no annotation"


def _settings(subject: Subject) -> type[msgspec.Struct]:
    found: type[msgspec.Struct] = getattr(subject.make(), "Settings", NoSettings)
    return found


def _fields(subject: Subject) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(_settings(subject))


PACKAGING = (
    Check("gold", "settings", "refuses-unknown-keys", refuses_unknown_keys),
    Check("gold", "settings", "refuses-wrong-types", refuses_wrong_types),
    Check("gold", "settings", "has-a-schema", has_schema),
    Check("gold", "documentation", "is-documented", is_documented),
    Check("gold", "types", "is-typed", is_typed),
)
