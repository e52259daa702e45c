"""Two values that configuration is made of: a text not to be shown, and a list in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import overload

__all__ = ["CommaSeparatedStrings", "Secret"]

# The pieces an item is made of; whatever does not fit, an unclosed quote or a last backslash, is no item.
_PIECE = re.compile(
    r""",|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|\\(?P<escaped>.)|(?P<plain>[^,"'\\]+)""", re.DOTALL
)
_ESCAPED = re.compile(r'\\(["\\])')


class Secret:
    """A text that tracebacks and logs do not show: ``str(secret)`` gives it, ``repr`` does not."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __str__(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"


class CommaSeparatedStrings(Sequence[str]):
    """Items from one text with commas between them, or from a sequence.

    Blanks around an item do not count. Quotes, double or single, or a backslash keep a comma inside an item. Empty
    items between commas count only when something, be it quotes, stands there. Raises ValueError for an unclosed quote.
    """

    __slots__ = ("_items",)

    def __init__(self, value: str | Sequence[str]) -> None:
        self._items = _split(value) if isinstance(value, str) else list(value)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __str__(self) -> str:
        return ", ".join(map(repr, self._items))


def _split(text: str) -> list[str]:
    items: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None:
            raise ValueError(
                f"{text!a}: nothing closes {text[position]!r} at position {position}; close it, or write \\ before it"
            )
        position = piece.end()
        if piece[0] == ",":
            items.append([])
        elif piece["double"] is not None:
            items[-1].append(_ESCAPED.sub(r"\1", piece["double"]))
        else:
            items[-1].append(next(part for part in piece.group("single", "escaped", "plain") if part is not None))
    return ["".join(item).strip() for item in items if item]
