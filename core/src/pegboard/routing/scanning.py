r"""Reads the text of a path template into literals and parameters, and says where it is wrong.

Notation: `/users/{id}`, `/users/{id:int}`, `/plans/{code:re:[A-Z]{3}}`. The regular expression after `re:` ends at the
brace that closes the parameter. Braces inside it are counted; one that is escaped or in a character class is not, so
a brace without a partner is written `\{` or `[{]`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pegboard.convertors import CONVERTOR_TYPES, Convertor, RegexError, check_convertor_regex, regex_convertor

_LITERAL: Final = re.compile(r"[^{}]+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN: Final = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_REGEX_HEAD: Final = re.compile(r"\{([^{}:]*):re:")
_REGEX_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|[{}]|[^{}\\\[]+|[\\\[]", re.DOTALL)
_DEPTH: Final = {"{": 1, "}": -1}


class TemplateError(ValueError):
    """A path template that cannot be used.

    The message shows the template with a caret under the place. `template` is its text, `position` the index in it.
    """

    def __init__(self, problem: str, template: str, position: int, hint: str = "", kind: str = "path") -> None:
        pointer = f"\n    {template}\n    {' ' * position}^"
        super().__init__(f"{problem} in the {kind} {template!r}:{pointer}" + (f"\n{hint}" if hint else ""))
        self.problem = problem
        self.template = template
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a template; `at` is the index of its opening brace."""

    name: str
    convertor: Convertor[Any]
    at: int


def scan(text: str) -> Iterator[str | Param]:
    """The parts of a template in order: literal texts, none of them empty, and parameters.

    Raises:
        TemplateError: a brace without its partner, a bad or repeated name, an unknown convertor, a bad expression.
    """
    seen: set[str] = set()
    at = 0
    while at < len(text):
        found = _LITERAL.match(text, at)
        if found:
            yield found.group()
            at = found.end()
            continue
        name, convertor, end = _param(text, at)
        if name in seen:
            hint = "Every parameter of a path, with those of its mounts, needs a name of its own."
            raise TemplateError(f"the parameter name {name!r} is used twice", text, at + 1, hint)
        seen.add(name)
        yield Param(name, convertor, at)
        at = end


def _param(text: str, at: int) -> tuple[str, Convertor[Any], int]:
    """Name, convertor and end of the parameter that opens at `at`."""
    if text[at] == "}":
        raise TemplateError("a closing brace without an opening one", text, at, "A parameter is written {name}.")
    head = _REGEX_HEAD.match(text, at)
    if head:
        end = _regex_end(text, head.end())
        return _name(text, at, head[1]), _regex(text, head.end(), end - 1), end
    found = _PLAIN.match(text, at)
    if found is None:
        hint = "A parameter is written {name}, {name:convertor} or {name:re:REGEX}."
        raise TemplateError("an opening brace without a closing one", text, at, hint)
    name = _name(text, at, found[1])
    kind = "str" if found[2] is None else found[2]
    if kind not in CONVERTOR_TYPES:
        raise _unknown(kind, text, found.start(2))
    return name, _known(text, found.start(2), kind), found.end()


def _name(text: str, at: int, name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    problem = f"{name!r} is not a parameter name" if name else "a parameter without a name"
    raise TemplateError(problem, text, at + 1, "Use letters, digits and underscores, not beginning with a digit.")


def _known(text: str, position: int, kind: str) -> Convertor[Any]:
    """The convertor of this name; it may have come into the table without `register_url_convertor` and its checks."""
    convertor = CONVERTOR_TYPES[kind]
    try:
        check_convertor_regex(convertor.regex)
    except RegexError as error:
        raise TemplateError(f"convertor {kind!r}: {error.problem}", text, position, error.hint) from None
    return convertor


def _unknown(kind: str, text: str, position: int) -> TemplateError:
    close = difflib.get_close_matches(kind, CONVERTOR_TYPES, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    hint = f"{guess}Known: {', '.join(sorted(CONVERTOR_TYPES))}; more with register_url_convertor()."
    return TemplateError(f"unknown convertor {kind!r}", text, position, hint)


def _regex_end(text: str, start: int) -> int:
    """The index after the brace that closes the parameter whose regular expression begins at `start`."""
    depth = 1
    for piece in _REGEX_PIECE.finditer(text, start):
        depth += _DEPTH.get(piece.group(), 0)
        if not depth:
            return piece.end()
    hint = r"Inside a regular expression write a brace without a partner as \{ or [{]."
    raise TemplateError("a regular expression without its closing brace", text, text.rfind("{", 0, start), hint)


def _regex(text: str, start: int, end: int) -> Convertor[Any]:
    if start == end:
        raise TemplateError("an empty regular expression", text, start, "Write {name:re:REGEX}.")
    try:
        return regex_convertor(text[start:end])
    except RegexError as error:
        raise TemplateError(error.problem, text, start + error.position, error.hint) from None
