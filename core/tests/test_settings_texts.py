from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.settings.texts import read_text
from pegboard.text_values import Secret


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Table(msgspec.Struct, frozen=True):
    size: int = 1


Positive = Annotated[int, msgspec.Meta(gt=0)]


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        # text stands for itself
        ("plain", str, "plain"),
        (" spaces stay ", str, " spaces stay "),
        ('"quotes stay"', str, '"quotes stay"'),
        ("null", str | None, "null"),
        ("1,2", str, "1,2"),
        ("", str, ""),
        ("null", Secret | None, "null"),
        ("/etc/app", pathlib.Path, "/etc/app"),
        ("anything", Any, "anything"),
        # numbers
        ("10", int, 10),
        (" 10 ", int, 10),
        ("1_000", Positive, 1000),
        ("-1", Positive, -1),
        ("ten", int, "ten"),
        ("1.5", int, "1.5"),
        ("", int, ""),
        ("1.5", float, 1.5),
        ("1e3", float, 1000.0),
        ("inf", float, float("inf")),
        ("null", int | None, None),
        ("none", int | None, "none"),
        # switches
        ("true", bool, True),
        ("TRUE", bool, True),
        ("1", bool, True),
        ("yes", bool, True),
        ("on", bool, True),
        ("false", bool, False),
        ("0", bool, False),
        ("no", bool, False),
        ("Off", bool, False),
        ("2", bool, "2"),
        ("", bool, ""),
        # choices
        ("strict", Literal["strict", "lax"], "strict"),
        ("Strict", Literal["strict", "lax"], "Strict"),
        ("3", Literal[3, "auto"], 3),
        ("false", Literal[False] | str, False),
        ("red", Color, "red"),
        ("3", Level, 3),
        # lists
        ("a,b", list[str], ["a", "b"]),
        (" a , b, ", tuple[str, ...], ["a", "b"]),
        ("", list[str], []),
        ("a", frozenset[str], ["a"]),
        ('["a,b", "c"]', list[str], ["a,b", "c"]),
        ("[a", list[str], "[a"),
        ("1, 2", list[int], [1, 2]),
        ("1,x", list[int], [1, "x"]),
        ("on,off", list[bool], [True, False]),
        ("a,b", list, ["a", "b"]),
        ("1,a", tuple[int, str], ["1", "a"]),
        # tables
        ('{"size": 3}', Table, {"size": 3}),
        ('{"a": [1]}', dict[str, list[int]], {"a": [1]}),
        ("[1]", dict[str, int], "[1]"),
        ("size=3", Table, "size=3"),
        # several types: the most particular that reads it
        ("5", int | str, 5),
        ("five", int | str, "five"),
        ("1", bool | int, 1),
        ("true", bool | int, True),
        ("a,b", list[str] | str, ["a", "b"]),
        ("a", list[str] | str, "a"),
        ("*", Literal["*"] | list[str], "*"),
        ("a", Literal["*"] | list[str], ["a"]),
        # what no text can be
        ("print", Callable[..., Any], "print"),
    ],
)
def test_text_is_read_by_the_type_of_its_field(text: str, annotation: Any, value: object) -> None:
    read = read_text(text, annotation)
    assert read == value
    assert type(read) is type(value)


@given(
    st.text(), st.sampled_from([int, bool, float, list[int], Table, dict[str, int], int | str, Color, Secret | None])
)
def test_no_text_raises(text: str, annotation: Any) -> None:
    read_text(text, annotation)
