from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.settings.problems import Path
from pegboard.settings.toml_lines import find_lines

DOCUMENT = '''\
# [not.a.table]
debug = true  # key = "no"

[cors]
max_age = 600
allow_origins = [
    "https://a.example", # ] , "x"
    """
    not = "a key"
    """, 'https://c.example',
]

[auth.jwt]
"leeway" = 1
'issuer' . "a.b" = { x = 1, y = [1, 2] }
text = """
[no]
k = 1"""""
after = 1979-05-27 07:32:00

[[auth.users]]
name = "a"
[[auth.users]]
name = "b"
[auth.users.limits]
rate = 5

[auth]
key = "x"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("debug",), 2),
        (("cors",), 4),
        (("cors", "max_age"), 5),
        (("cors", "allow_origins"), 6),
        (("cors", "allow_origins", 0), 7),
        (("cors", "allow_origins", 1), 8),
        (("cors", "allow_origins", 2), 10),
        (("auth", "jwt"), 13),
        (("auth", "jwt", "leeway"), 14),
        (("auth", "jwt", "issuer"), 15),
        (("auth", "jwt", "issuer", "a.b", "x"), 15),
        (("auth", "jwt", "issuer", "a.b", "y", 1), 15),
        (("auth", "jwt", "text"), 16),
        (("auth", "jwt", "after"), 19),
        (("auth", "users"), 21),
        (("auth", "users", 0, "name"), 22),
        (("auth", "users", 1), 23),
        (("auth", "users", 1, "name"), 24),
        (("auth", "users", 1, "limits"), 25),
        (("auth", "users", 1, "limits", "rate"), 26),
        (("auth",), 28),
        (("auth", "key"), 29),
    ],
)
def test_each_kind_of_key_has_the_line_it_stands_on(path: Path, line: int) -> None:
    assert find_lines(DOCUMENT)[path] == line


def test_lines_are_counted_by_line_feeds_as_editors_do() -> None:
    assert find_lines("a = 1\r\n\r\nb = 2\r\n") == {("a",): 1, ("b",): 3}


def test_a_document_that_is_no_toml_gives_what_was_understood_so_far() -> None:
    assert find_lines("a = 1\nb = \n") == {("a",): 1, ("b",): 2}


def paths_of(value: Any, path: Path = ()) -> set[Path]:
    """Every path of a parsed document."""
    if isinstance(value, dict):
        pairs: list[tuple[str | int, Any]] = list(value.items())
    else:
        pairs = list(enumerate(value)) if isinstance(value, list) else []
    inner = (paths_of(item, (*path, key)) for key, item in pairs)
    return {(*path, key) for key, _ in pairs}.union(*inner)


SCALARS = [
    "1",
    "-2.5e3",
    "true",
    "inf",
    "1979-05-27 07:32:00Z",
    '""',
    "''",
    '"a # ] } , = [ \\" b"',
    "'c:\\x # ]'",
    '"""\nx = 1\n[y]\n\\""" "" """',
    "'''\n# no ' '' \n'''",
    '""""quoted"""""',
    '"""\\\n   joined"""',
    '"""a\\\\"""',
]
GAPS = ["", " ", "\n", "\t# c ] , }\n", "\n\n  ", '# "\n']
KEYS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4) | st.text("ab-_1", min_size=1, max_size=3)


class Writer:
    """Writes a random document, noting the line of all it writes."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[Path, int] = {}

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def mark(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def names(self, least: int = 0) -> list[str]:
        return list(self.draw(st.lists(KEYS, unique=True, min_size=least, max_size=3)))

    def key(self, name: str) -> str:
        forms = [json.dumps(name, ensure_ascii=False)]
        if "'" not in name:
            forms.append(f"'{name}'")
        if re.fullmatch(r"[A-Za-z0-9_-]+", name):
            forms.append(name)
        return str(self.choose(*forms))

    def pair(self, table: Path, name: str, depth: int) -> None:
        path = (*table, name)
        self.mark(path)
        self.text += self.key(name)
        if self.choose(False, True):
            path = (*path, "in")
            self.mark(path)
            self.text += self.choose(".", " . ") + self.key("in")
        self.text += self.choose("=", " = ", "\t=")
        self.value(path, depth)

    def value(self, path: Path, depth: int) -> None:
        write = self.choose(self.scalar, self.array, self.inline) if depth else self.scalar
        write(path, depth)

    def scalar(self, path: Path, depth: int) -> None:
        self.text += self.choose(*SCALARS)

    def array(self, path: Path, depth: int) -> None:
        self.text += "["
        count = self.draw(st.integers(0, 3))
        for index in range(count):
            self.text += self.choose(*GAPS)
            self.mark((*path, index))
            self.value((*path, index), depth - 1)
            self.text += self.choose(*GAPS)
            self.text += "," if index < count - 1 or self.choose(False, True) else ""
        self.text += self.choose(*GAPS) + "]"

    def inline(self, path: Path, depth: int) -> None:
        self.text += "{"
        for index, name in enumerate(self.names()):
            self.text += "," if index else ""
            self.text += self.choose("", " ")
            self.pair(path, name, depth - 1)
            self.text += self.choose("", " ")
        self.text += "}"

    def table(self, path: Path, header: str, depth: int) -> None:
        """Write the pairs of a table, and the tables beneath it under headers of their own."""
        names = self.names()
        for name in names:
            self.text += self.choose("", "  ")
            self.pair(path, name, depth)
            self.text += self.choose("\n", " # c\n", "\r\n", "\n\n")
        for name in self.names() if depth else []:
            if name not in names:
                self.tables((*path, name), f"{header}.{self.key(name)}" if header else self.key(name), depth - 1)

    def tables(self, path: Path, header: str, depth: int) -> None:
        for index in range(self.choose(0, 1, 2)):
            self.mark(path)
            self.mark((*path, index))
            self.text += f"[[{header}]]\n"
            self.table((*path, index), header, depth)
        if path not in self.lines:
            self.mark(path)
            self.text += f"[ {header} ] # c\n"
            self.table(path, header, depth)


@st.composite
def documents(draw: Callable[..., Any]) -> Writer:
    writer = Writer(draw)
    writer.table((), "", 2)
    return writer


@given(documents())
def test_every_path_of_a_generated_document_has_its_line(document: Writer) -> None:
    assert paths_of(tomllib.loads(document.text)) == set(document.lines), "the generator writes what it notes"
    assert find_lines(document.text) == document.lines


@given(st.text("ab.=[]{},\"'\\#\n 1"))
def test_any_text_is_survived_and_what_tomllib_accepts_is_found_completely(text: str) -> None:
    lines = find_lines(text)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines) == paths_of(parsed)
