from __future__ import annotations

import datetime
import enum
import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.settings.problems import Invalid, Origin, Path, Problem, dotted, parse_key, show, suggest
from pegboard.text_values import Secret


class Color(enum.Enum):
    RED = "red"


class Table(msgspec.Struct, frozen=True):
    key: Secret
    size: int = 1


class Opaque:
    def __str__(self) -> str:
        return "hunter2"


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            Problem(where="pegboard.toml:12", key="cors.max_age", expected="an integer ≥ 0", got='"ten"'),
            'pegboard.toml:12: cors.max_age: expected an integer ≥ 0, got "ten"',
        ),
        (
            Problem(where="environment PEGBOARD_X", key="x", message="unknown setting", hint="did you mean y?"),
            "environment PEGBOARD_X: x: unknown setting\n    did you mean y?",
        ),
        (Problem(where="pegboard.toml", message="the file is not UTF-8"), "pegboard.toml: the file is not UTF-8"),
    ],
)
def test_a_problem_is_one_line_and_one_for_the_hint(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin("file", "pegboard.toml", 12), "pegboard.toml:12"),
        (Origin("environment", "environment PEGBOARD_DEBUG"), "environment PEGBOARD_DEBUG"),
    ],
)
def test_an_origin_is_written_as_editors_understand_it(origin: Origin, text: str) -> None:
    assert str(origin) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ten", '"ten"'),
        ("line\nbreak", '"line\\nbreak"'),
        ("größe", '"größe"'),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (None, "nothing"),
        (["a", 1], '["a", 1]'),
        (("a",), '["a"]'),
        (frozenset({"b", "a"}), '["a", "b"]'),
        ({"a": 1}, "{a = 1}"),
        (Color.RED, '"red"'),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (pathlib.PurePosixPath("/a b"), '"/a b"'),
        (print, "the function print"),
        (Secret("hunter2"), "**********"),
        ([Secret("hunter2")], "[**********]"),
        (Table(key=Secret("hunter2")), "{key = **********, size = 1}"),
        (Opaque(), "an object of type Opaque"),
        ("x" * 100, '"' + "x" * 58 + "…"),
    ],
)
def test_values_are_shown_much_as_toml_writes_them(value: object, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("max_age",), "cors.max_age"),
        (("allow_origins", 1), "cors.allow_origins[1]"),
        (("users", 0, "name"), "cors.users[0].name"),
        (("levels", "a.b"), 'cors.levels."a.b"'),
        ((), "cors"),
    ],
)
def test_a_path_is_written_as_people_do(path: Path, text: str) -> None:
    assert dotted(path, "cors") == text


@given(st.lists(st.integers(0, 99) | st.text("ab_-1", min_size=1), max_size=5))
def test_a_written_key_is_read_back(path: list[Any]) -> None:
    assert parse_key(dotted(path)) == tuple(path)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("max_aeg", "did you mean max_age?"),
        ("max-age", "did you mean max_age?"),
        ("MAX_AGE", "did you mean max_age?"),
        ("zzz", "the settings are: allow_origins, max_age"),
    ],
)
def test_a_mistyped_word_gets_a_suggestion(word: str, hint: str) -> None:
    assert suggest(word, ["max_age", "allow_origins"]) == hint


def test_without_known_words_the_suggestion_says_so() -> None:
    assert suggest("x", []) == "there are no settings here"
    assert suggest("x", [], otherwise="install it") == "install it"


def test_invalid_carries_several_problems_and_reads_well() -> None:
    error = Invalid([("a[0]", "is wrong"), ("", "nothing fits")])
    assert error.problems == (("a[0]", "is wrong"), ("", "nothing fits"))
    assert str(error) == "a[0]: is wrong; nothing fits"
