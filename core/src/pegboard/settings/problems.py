"""What can be wrong with a setting, and how it is said: one line for what and where, one for what to do.

A problem is data until it is printed, so that the command line can give the same thing as JSON. Its text always has the
same shape::

    pegboard.toml:12: cors.max_age: expected an integer ≥ 0, got "ten"
        what to do about it

What must never move: the text of a problem holds no secret. `show` masks every `Secret`, and a value whose type holds a
secret somewhere is described, never shown (`HIDDEN`).
"""

from __future__ import annotations

import datetime
import decimal
import difflib
import enum
import json
import pathlib
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal

import msgspec

from pegboard.text_values import Secret

__all__ = ["HIDDEN", "NOWHERE", "Invalid", "Origin", "Path", "Problem", "dotted", "parse_key", "show", "suggest"]

Path = tuple[str | int, ...]
"""Where a value stands beneath its section: names of keys, and indexes of lists."""

OriginKind = Literal["keyword", "environment", "file", "mapping", "route", "default"]

HIDDEN = "another value (not shown, since it may be secret)"

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 60


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from: the kind of source, its name, and the line (from 1) where the source has lines."""

    kind: OriginKind
    place: str
    line: int | None = None

    def __str__(self) -> str:
        return self.place if self.line is None else f"{self.place}:{self.line}"

    @property
    def aside(self) -> str:
        """The place in parentheses, to stand behind a word; nothing for a default."""
        return "" if self.kind == "default" else f" ({self})"


NOWHERE = Origin("default", "")
"""Where a value came from that nobody gave."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with the configuration.

    ``where`` names the source, ``key`` the setting with its section. Either ``message`` says what is wrong, or
    ``expected`` and ``got`` do. ``hint`` says what to do, where that is not plain. ``str()`` gives the text to print.
    """

    where: str
    key: str = ""
    message: str = ""
    expected: str = ""
    got: str = ""
    hint: str = ""

    def __str__(self) -> str:
        what = self.message or f"expected {self.expected}, got {self.got}"
        line = ": ".join(part for part in (self.where, self.key, what) if part)
        return f"{line}\n    {self.hint}" if self.hint else line


class Invalid(ValueError):
    """Raised by a settings class that finds its values wrong: all problems together, each as ``(key, message)``.

    The key is written from the class's own fields: ``"max_age"``, ``"allow_origins[1]"``, ``"jwt.leeway"``; an empty
    key means the settings as a whole. The message says what was expected, and never holds a secret.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{key}: {message}" if key else message for key, message in self.problems))


def dotted(path: Iterable[str | int], section: str = "") -> str:
    """Write a path as people do: ``cors.allow_origins[1]``. A key that TOML would quote is quoted."""
    text = section
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _BARE.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{name}" if text else name
    return text


def parse_key(key: str) -> Path:
    """Read a key as `Invalid` takes it: ``"allow_origins[1]"`` is ``("allow_origins", 1)``."""
    return tuple(int(index) if index else name for index, name in _STEP.findall(key))


def suggest(word: str, known: Iterable[str], *, what: str = "settings", otherwise: str | None = None) -> str:
    """Name the known word that a mistyped one means; where none is near, give ``otherwise`` or list all known ones."""
    words = sorted(known)
    near = difflib.get_close_matches(word.lower().replace("-", "_"), words, n=1, cutoff=0.6)
    near = near or difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if otherwise is not None:
        return otherwise
    return f"the {what} are: {', '.join(words)}" if words else f"there are no {what} here"


def show(value: object, limit: int | None = _LONGEST) -> str:
    """Write a value for people, much as TOML would, secrets masked, cut at ``limit`` characters (None: never)."""
    text = _text_of(value)
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def _text_of(value: object) -> str:
    for kind, text in _TEXTS:
        if isinstance(value, kind):
            return text(value)
    if callable(value):
        return f"the function {getattr(value, '__qualname__', type(value).__name__)}"
    return f"an object of type {type(value).__qualname__}"


def _text_of_mapping(value: Mapping[Any, object]) -> str:
    inner = ", ".join(f"{key} = {_text_of(item)}" for key, item in value.items())
    return f"{{{inner}}}"


def _text_of_list(value: Iterable[object]) -> str:
    return f"[{', '.join(_text_of(item) for item in value)}]"


_TEXTS: Sequence[tuple[type | tuple[type, ...], Callable[[Any], str]]] = (
    (Secret, lambda value: "**********"),
    (type(None), lambda value: "nothing"),
    (bool, lambda value: "true" if value else "false"),
    (enum.Enum, lambda value: _text_of(value.value)),
    (str, lambda value: json.dumps(value, ensure_ascii=False)),
    ((int, float, decimal.Decimal, datetime.date, datetime.time, datetime.timedelta, uuid.UUID), str),
    (pathlib.PurePath, lambda value: json.dumps(str(value), ensure_ascii=False)),
    (Mapping, _text_of_mapping),
    (msgspec.Struct, lambda value: _text_of_mapping(msgspec.structs.asdict(value))),
    (AbstractSet, lambda value: f"[{', '.join(sorted(map(_text_of, value)))}]"),
    ((list, tuple), _text_of_list),
)
"""How a value is written, by its type; the first row that fits counts. Other objects may hold secrets: only named."""
