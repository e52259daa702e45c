"""On which line each key of a TOML document stands.

`tomllib` gives values without places, and an error without a place sends its reader searching. This scanner walks over
a document that tomllib has accepted already, so it checks nothing: it only has to know where keys begin and where
values end (TOML 1.0). It understands dotted and quoted keys, tables, arrays of tables, arrays, inline tables and the
four kinds of strings. Where it loses its way it stops and keeps what it has found: a missing line is honest, a wrong
one is not.

Shape: a document is headers and ``key = value`` lines; a value is a string, an array, an inline table, or anything else
up to the next delimiter. Each ``_Scanner`` method reads one of these and leaves the position behind it.
"""

from __future__ import annotations

import bisect
import contextlib
import re
import tomllib
from typing import NoReturn

from pegboard.settings.problems import Path

__all__ = ["find_lines"]

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string may end in up to two quotes of its own, so it closes with three to five.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def find_lines(text: str) -> dict[Path, int]:
    """Give the line (from 1) of every table, key and list item in a valid TOML document, by its path.

    A table that no header names has the line of the first key that implies it.
    """
    scanner = _Scanner(text)
    with contextlib.suppress(ValueError, RecursionError):
        scanner.document()
    return scanner.lines


class _Lost(ValueError):
    """The scanner met something it does not know."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._breaks = [index for index, character in enumerate(text) if character == "\n"]
        self._table_counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._skip(_GAP)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header("[[", "]]")
            elif self.text.startswith("[", self.at):
                table = self._header("[", "]")
            else:
                self._pair(table)
            self._skip(_GAP)

    def _header(self, opening: str, closing: str) -> Path:
        line = self._line()
        self._expect(opening)
        *parents, last = self._key()
        self._expect(closing)
        path: Path = ()
        for name in parents:
            path = self._newest((*path, name))
            self.lines.setdefault(path, line)
        path = (*path, last)
        if opening == "[[":
            self.lines.setdefault(path, line)
            count = self._table_counts.get(path, 0)
            self._table_counts[path] = count + 1
            path = (*path, count)
        self.lines[path] = line
        return path

    def _newest(self, path: Path) -> Path:
        """Turn the path of an array of tables into that of its last table."""
        count = self._table_counts.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        names = [self._key_part()]
        while self.text.startswith(".", self.at):
            self.at += 1
            names.append(self._key_part())
        return names

    def _key_part(self) -> str:
        self._skip(_BLANK)
        if bare := _BARE_KEY.match(self.text, self.at):
            name = bare.group()
            self.at = bare.end()
        elif quoted := _STRING.match(self.text, self.at):
            name = tomllib.loads(f"key = {quoted.group()}")["key"]
            self.at = quoted.end()
        else:
            self._lost()
        self._skip(_BLANK)
        return name

    def _value(self, path: Path) -> None:
        if self.text.startswith("[", self.at):
            self._array(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        elif found := _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at):
            self.at = found.end()
        else:
            self._lost()

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self._closes("]"):
            item = (*path, index)
            self.lines[item] = self._line()
            self._value(item)
            self._comma("]")
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closes("}"):
            self._pair(path)
            self._comma("}")

    def _closes(self, closing: str) -> bool:
        self._skip(_GAP)
        if not self.text.startswith(closing, self.at):
            return False
        self.at += 1
        return True

    def _comma(self, closing: str) -> None:
        self._skip(_GAP)
        if not self.text.startswith(closing, self.at):
            self._expect(",")

    def _expect(self, token: str) -> None:
        if not self.text.startswith(token, self.at):
            self._lost()
        self.at += len(token)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()

    def _line(self) -> int:
        return bisect.bisect_left(self._breaks, self.at) + 1

    def _lost(self) -> NoReturn:
        raise _Lost
