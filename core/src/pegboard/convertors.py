"""Convertors: between the text of a path parameter and its value.

A convertor has a `regex`, which says what text it takes, and two functions. The names `str`, `path`, `int`, `float`
and `uuid` are known from the start, others are registered.

Rules:

- A text is matched whole against `regex`; then `convert` may still decline it by raising one of `DECLINED`. Either way
  the route does not match: hostile text is never an error. Any other exception is a bug in the convertor and is raised.
- A regex that can match a text with "/" in it may span several segments of a path; all others see one segment.
- `to_string` is the way back, for building URLs. It raises ValueError for a value that no URL can carry.
- Registered convertors are looked up when a template is parsed; what was parsed before keeps its convertor.
"""

from __future__ import annotations

import math
import re
import uuid
from decimal import Decimal
from functools import cache
from typing import Any, Final, Generic, TypeVar

from pegboard.regex_safety import RegexError, inspect_regex

__all__ = [
    "CONVERTOR_TYPES",
    "DECLINED",
    "MAX_INT_DIGITS",
    "Convertor",
    "FloatConvertor",
    "IntegerConvertor",
    "PathConvertor",
    "RegexConvertor",
    "RegexError",
    "StringConvertor",
    "UUIDConvertor",
    "check_convertor_regex",
    "regex_convertor",
    "register_url_convertor",
]

T = TypeVar("T")

MAX_INT_DIGITS: Final = 4300
"""The longest text that the `int` convertor takes, in digits: what Python itself converts by default."""

DECLINED: Final = (ValueError, ArithmeticError, LookupError)
"""What `convert` raises to say that a text is not its kind of value."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Convertor(Generic[T]):
    """Base of all convertors: set `regex`, define `convert` and `to_string`.

    `regex` is written for a whole parameter: no anchors, no named groups, no backreferences.
    """

    regex: str = ""

    def convert(self, value: str) -> T:
        """The value of a text that matched `regex`. Raises one of `DECLINED` when there is none: no match."""
        raise NotImplementedError(f"{type(self).__name__} does not define convert()")

    def to_string(self, value: T) -> str:
        """The text of a value, not percent-encoded. Raises ValueError when no path can carry the value."""
        raise NotImplementedError(f"{type(self).__name__} does not define to_string()")


class StringConvertor(Convertor[str]):
    """`{name}` and `{name:str}`: one or more characters, none of them a slash."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The text itself."""
        return value

    def to_string(self, value: str) -> str:
        """The text itself. Raises ValueError when it is empty or has a slash."""
        text = str(value)
        if not text:
            raise ValueError("must not be empty")
        if "/" in text:
            raise ValueError("must not contain '/'; a parameter of kind 'path' may")
        return text


class PathConvertor(Convertor[str]):
    """`{name:path}`: any text, slashes included, also the empty one."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """The text itself."""
        return value

    def to_string(self, value: str) -> str:
        """The text itself."""
        return str(value)


class IntegerConvertor(Convertor[int]):
    """`{name:int}`: ASCII digits, at most `MAX_INT_DIGITS` of them; no sign."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        """The number. Raises ValueError for more than `MAX_INT_DIGITS` digits."""
        if len(value) > MAX_INT_DIGITS:
            raise ValueError(f"more than {MAX_INT_DIGITS} digits")
        return int(value)

    def to_string(self, value: int) -> str:
        """Decimal digits. Raises ValueError for a negative or fractional number."""
        number = int(value)
        if number < 0:
            raise ValueError("must not be negative")
        if isinstance(value, float) and value != number:
            raise ValueError("must be a whole number")
        return str(number)


class FloatConvertor(Convertor[float]):
    """`{name:float}`: ASCII digits, optionally with a point and more digits; no sign, no exponent."""

    regex = r"[0-9]+(?:\.[0-9]+)?"

    def convert(self, value: str) -> float:
        """The number. Raises OverflowError for one beyond the range of a float."""
        number = float(value)
        if math.isinf(number):
            raise OverflowError("beyond the range of a float")
        return number

    def to_string(self, value: float) -> str:
        """The shortest digits that give the number back. Raises ValueError unless finite and not negative."""
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("must be finite")
        if number < 0:
            raise ValueError("must not be negative")
        return f"{Decimal(repr(abs(number))):f}".removesuffix(".0")


class UUIDConvertor(Convertor[uuid.UUID]):
    """`{name:uuid}`: 32 hexadecimal digits of either case, with or without the four hyphens (RFC 9562)."""

    regex = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"

    def convert(self, value: str) -> uuid.UUID:
        """The UUID."""
        return uuid.UUID(value)

    def to_string(self, value: uuid.UUID) -> str:
        """Lower case with hyphens; a text stays as it is."""
        return str(value)


class RegexConvertor(Convertor[str]):
    """`{name:re:REGEX}`: a text that matches REGEX as a whole."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def convert(self, value: str) -> str:
        """The text itself."""
        return value

    def to_string(self, value: str) -> str:
        """The text itself."""
        return str(value)


CONVERTOR_TYPES: Final[dict[str, Convertor[Any]]] = {
    "str": StringConvertor(),
    "path": PathConvertor(),
    "int": IntegerConvertor(),
    "float": FloatConvertor(),
    "uuid": UUIDConvertor(),
}
"""The convertors by the name that templates use. Add to it with `register_url_convertor`, which checks."""


PURE: Final[frozenset[type[Convertor[Any]]]] = frozenset(
    {StringConvertor, PathConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor, RegexConvertor}
)
"""Convertors that make the same of the same text at any time, in values that nobody can change."""


@cache
def regex_convertor(regex: str) -> RegexConvertor:
    """The one convertor for this regular expression; equal expressions share it.

    Raises:
        RegexError: the expression cannot be used (see `check_convertor_regex`).
    """
    check_convertor_regex(regex)
    return RegexConvertor(regex)


def check_convertor_regex(regex: str) -> None:
    """Refuse a regular expression that cannot stand for a parameter.

    Raises:
        RegexError: it does not compile, can take exponential time, or has an anchor, a named group or a backreference.
    """
    facts = inspect_regex(regex)
    if facts.anchor_at is not None:
        problem = "anchors are not supported in a parameter's regular expression"
        raise RegexError(problem, facts.anchor_at, r"It is always matched as a whole: leave out ^, $, \A and \Z.")
    if facts.named_group_at is not None:
        hint = "Write (?:...): the parameter has its name already."
        problem = "named groups are not supported in a parameter's regular expression"
        raise RegexError(problem, facts.named_group_at, hint)


def register_url_convertor(name: str, convertor: Convertor[Any]) -> None:
    """Make `{parameter:name}` use `convertor` in templates that are parsed from now on. An earlier one is replaced.

    Raises:
        ValueError: `name` is no identifier, or is `re`, or the convertor's regex cannot be used.
        TypeError: `convertor` is not an instance with `regex`, `convert` and `to_string`.
    """
    if not _NAME.fullmatch(name) or name == "re":
        raise ValueError(
            f"cannot register a convertor as {name!r}: expected letters, digits and underscores, not beginning with a "
            "digit ('re' is taken by {name:re:REGEX})"
        )
    if isinstance(convertor, type):
        kind = convertor.__name__
        raise TypeError(f"cannot register convertor {name!r}: got a class, expected an instance; write {kind}()")
    missing = [part for part in ("regex", "convert", "to_string") if not getattr(convertor, part, None)]
    if missing:
        raise TypeError(f"cannot register convertor {name!r}: {type(convertor).__name__} has no {', '.join(missing)}")
    try:
        check_convertor_regex(convertor.regex)
    except RegexError as error:
        pointer = f"\n    {convertor.regex}\n    {' ' * error.position}^"
        raise ValueError(f"cannot register convertor {name!r}: {error}{pointer}") from None
    CONVERTOR_TYPES[name] = convertor
