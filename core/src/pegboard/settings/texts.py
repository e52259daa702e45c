"""Reading a setting from the text of an environment variable, by the type of its field.

Text has no types, so the field's type decides: ``1`` is a number, a switch or a string. A field that takes text takes
it as it stands, quotes and all; a list is JSON or words between commas; a table is JSON; ``null`` is None where the
field takes None and no text. What cannot be read stays text, and the type check that follows says what was expected.

Where a field takes several types, the readers are asked in the order of the table below, the most particular first.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from pegboard.settings.kinds import item_type, members, takes_null

__all__ = ["read_text"]

_SWITCHES = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def read_text(text: str, annotation: Any) -> object:
    """Give the value that ``text`` stands for in a field of this type, or ``text`` itself where it stands for none."""
    kinds = members(annotation)
    taken = {_kind_of(member) for member in kinds}
    if text.strip() == "null" and takes_null(annotation) and "text" not in taken:
        return None
    for kind, read in _READERS.items():
        for member in kinds:
            if _kind_of(member) == kind:
                try:
                    return read(text, member, "text" in taken)
                except ValueError:
                    continue
    return text


def _kind_of(member: Any) -> str:
    origin = get_origin(member) or member
    if origin is Literal or (isinstance(origin, type) and issubclass(origin, enum.Enum)):
        return "choice"
    if origin in (bool, int, float):
        return str(origin.__name__)
    if item_type(member, ()) is not None or origin is tuple:
        return "list"
    if item_type(member, {}) is not None or (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        return "table"
    return "text"


def _choice(text: str, member: Any, beside_text: bool) -> object:
    choices = get_args(member) if get_origin(member) is Literal else [choice.value for choice in member]
    for choice in choices:
        if (str(choice).lower() if isinstance(choice, bool) else str(choice)) == text.strip():
            return choice
    raise ValueError(text)


def _switch(text: str, member: Any, beside_text: bool) -> bool:
    switch = _SWITCHES.get(text.strip().lower())
    if switch is None:
        raise ValueError(text)
    return switch


def _list(text: str, member: Any, beside_text: bool) -> object:
    if text.lstrip().startswith("["):
        return _json(text, list)
    if beside_text and "," not in text:
        raise ValueError(text)
    words = [word.strip() for word in text.split(",")]
    inner = item_type(member, ())
    return [read_text(word, inner) if inner is not None else word for word in words if word]


def _json(text: str, kind: type) -> object:
    value = msgspec.json.decode(text)
    if not isinstance(value, kind):
        raise ValueError(text)  # noqa: TRY004 - no caller's mistake: the text is of another kind
    return value


_READERS: Mapping[str, Callable[[str, Any, bool], object]] = {
    "choice": _choice,
    "int": lambda text, member, beside_text: int(text),
    "bool": _switch,
    "float": lambda text, member, beside_text: float(text),
    "list": _list,
    "table": lambda text, member, beside_text: _json(text, dict),
}
"""For each kind of type, how its text is read; a ValueError passes the text on to the next."""
