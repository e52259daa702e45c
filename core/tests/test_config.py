"""An application's own configuration, from the environment and a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pegboard.config import Config, Environ, EnvironError
from pegboard.datastructures import CommaSeparatedStrings, Secret

FILE = """
# a comment
NAME=from the file
 SPACED =  some words  # no comment
QUOTED="  kept  "
SINGLE='it is'
HALF="open
EMPTY=
EQUALS=a=b=c
export EXPORTED=yes
NAME2=ä
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / ".env"
    path.write_text(FILE, "utf-8")
    return Config(path, {"BOTH": "environment", "NAME2": "environment", "DEBUG": "True", "PORT": "80"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NAME", "from the file"),
        ("SPACED", "some words  # no comment"),
        ("QUOTED", "  kept  "),
        ("SINGLE", "it is"),
        ("HALF", '"open'),
        ("EMPTY", ""),
        ("EQUALS", "a=b=c"),
        ("EXPORTED", "yes"),
        ("NAME2", "environment"),
        ("BOTH", "environment"),
    ],
)
def test_the_environment_goes_before_the_file(config: Config, key: str, value: str) -> None:
    """One table: what a file may hold, and what wins."""
    assert config(key) == value
    assert config.get(key) == value


@pytest.mark.parametrize(
    ("cast", "text", "value"),
    [
        (bool, "true", True),
        (bool, "TRUE", True),
        (bool, "1", True),
        (bool, "false", False),
        (bool, "0", False),
        (int, "80", 80),
        (float, "1.5", 1.5),
        (str, "a", "a"),
        (str.upper, "a", "A"),
        (None, "a", "a"),
    ],
)
def test_values_are_cast(cast: Any, text: str, value: Any) -> None:
    """By a type or any function."""
    assert Config(environ={"KEY": text})("KEY", cast=cast) == value


def test_values_of_the_toolkit_can_be_cast_to() -> None:
    """Secrets and lists."""
    config = Config(environ={"KEY": "s3cret", "HOSTS": "a, b"})
    assert str(config("KEY", cast=Secret)) == "s3cret"
    assert "s3cret" not in repr(config("KEY", cast=Secret))
    assert list(config("HOSTS", cast=CommaSeparatedStrings)) == ["a", "b"]


@pytest.mark.parametrize(
    ("cast", "default", "value"),
    [
        (bool, False, False),
        (bool, "1", True),
        (int, "3", 3),
        (int, None, None),
        (None, None, None),
        (Secret, None, None),
    ],
)
def test_a_default_is_cast_unless_it_is_none(cast: Any, default: Any, value: Any) -> None:
    """None says that there is nothing."""
    assert Config(environ={})("KEY", cast=cast, default=default) == value


def test_a_missing_value_is_named() -> None:
    """With its prefix, as it has to be set."""
    with pytest.raises(KeyError, match="'APP_KEY' is missing"):
        Config(environ={"KEY": "1"}, env_prefix="APP_")("KEY")


def test_a_prefix_stands_before_every_name(tmp_path: Path) -> None:
    """In the environment and in the file."""
    path = tmp_path / ".env"
    path.write_text("APP_A=file\nB=file\n")
    config = Config(path, {"APP_C": "environment"}, env_prefix="APP_")
    assert (config("A"), config("C"), config("B", default="none")) == ("file", "environment", "none")


@pytest.mark.parametrize(
    ("cast", "text", "part"),
    [
        (bool, "maybe", "not a valid bool: expected true, false, 1 or 0, got 'maybe'"),
        (int, "x", "not a valid int: expected a whole number, got 'x'"),
    ],
)
def test_a_value_that_cannot_be_cast_says_what_was_expected(cast: Any, text: str, part: str) -> None:
    """Name, expected, got."""
    with pytest.raises(ValueError, match=part) as caught:
        Config(environ={"KEY": text})("KEY", cast=cast)
    assert "'KEY'" in str(caught.value)


def test_a_value_that_may_be_a_secret_is_not_shown() -> None:
    """Neither in the error nor in its cause."""

    def cast(text: str) -> str:
        raise ValueError(f"bad: {text}")

    with pytest.raises(ValueError, match="not a valid cast") as caught:
        Config(environ={"KEY": "s3cret"})("KEY", cast=cast)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_file_that_is_missing_is_a_warning(tmp_path: Path) -> None:
    """In service there is none, and the environment has it all."""
    with pytest.warns(UserWarning, match="not found"):
        config = Config(tmp_path / ".env", {"A": "1"})
    assert config("A") == "1"


@pytest.mark.parametrize("line", ["nonsense", "=value", "export"])
def test_a_line_that_says_nothing_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    """Not passed over."""
    path = tmp_path / ".env"
    path.write_text(f"A=1\n\n{line}\n")
    with pytest.raises(ValueError, match=r"\.env, line 3: expected NAME=value"):
        Config(path, {})


def test_a_file_has_its_encoding(tmp_path: Path) -> None:
    """UTF-8 unless told otherwise."""
    path = tmp_path / ".env"
    path.write_bytes("A=ä".encode("latin-1"))
    assert Config(path, {}, encoding="latin-1")("A") == "ä"


def test_a_variable_that_was_read_is_fixed() -> None:
    """Setting and deleting come too late; others can still change."""
    environ = Environ({"READ": "1", "FREE": "1"})
    assert environ["READ"] == "1"
    with pytest.raises(EnvironError, match="READ"):
        environ["READ"] = "2"
    with pytest.raises(EnvironError, match="READ"):
        del environ["READ"]
    environ["FREE"] = "2"
    del environ["FREE"]
    environ["NEW"] = "1"
    assert dict(environ) == {"READ": "1", "NEW": "1"}
    assert len(environ) == 2


def test_asking_for_what_is_not_there_counts_as_reading() -> None:
    """Whoever asked got an answer that must not change."""
    environ = Environ({})
    assert Config(environ=environ)("A", default="0") == "0"
    with pytest.raises(EnvironError):
        environ["A"] = "1"


def test_an_environment_does_not_show_its_values() -> None:
    """They may be secrets."""
    assert repr(Environ({"KEY": "s3cret"})) == "Environ(KEY)"
