from __future__ import annotations

import datetime
import enum
import pathlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from pegboard.settings.kinds import convert, describe, holds_secret, item_type, members, struct_in
from pegboard.text_values import Secret


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct, frozen=True):
    key: Secret | None = None


class Outer(msgspec.Struct, frozen=True):
    inner: list[Inner] = []
    again: Outer | None = None


class Harmless(msgspec.Struct, frozen=True):
    again: Harmless | None = None


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "an integer"),
        (Annotated[int, Meta(ge=0)], "an integer ≥ 0"),
        (Annotated[int, Meta(gt=0, le=9)], "an integer > 0 and ≤ 9"),
        (Annotated[float, Meta(gt=0)], "a number > 0"),
        (Annotated[int, Meta(multiple_of=8)], "an integer divisible by 8"),
        (bool, "true or false"),
        (str, "a string"),
        (Annotated[str, Meta(min_length=1)], "a string (not empty)"),
        (Annotated[list[int], Meta(min_length=2, max_length=3)], "a list of integers (at least 2 and at most 3 items)"),
        (Annotated[str, Meta(max_length=9, pattern="^a")], "a string (at most 9 characters) matching ^a"),
        (int | None, "an integer"),
        (int | str | bool, "an integer, a string or true or false"),
        (Literal["a", "b", "c"], '"a", "b" or "c"'),
        (Color, '"red" or "blue"'),
        (list[str], "a list of strings"),
        (list, "a list"),
        (tuple[Annotated[int, Meta(ge=1)], ...], "a list of integers ≥ 1"),
        (tuple[int, str], "a list of an integer, then a string"),
        (Annotated[frozenset[str], Meta(min_length=1)], "a list of strings (not empty)"),
        (dict[str, int], "a table of integers"),
        (dict[str, Any], "a table"),
        (Inner, "a table"),
        (list[Inner], "a list of tables"),
        (Secret | None, "a secret, written as a string"),
        (list[Secret], "a list of secrets, written as strings"),
        (pathlib.Path, "a path"),
        (Callable[..., Any] | None, "a function, given in code"),
        (datetime.timedelta, 'a duration such as "PT30S"'),
        (bytes, "a value of kind bytes"),
    ],
)
def test_a_type_is_said_in_words(annotation: Any, words: str) -> None:
    assert describe(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "holds"),
    [
        (Secret, True),
        (Secret | None, True),
        (list[Secret], True),
        (dict[str, tuple[Secret, ...]], True),
        (tuple[int, Secret], True),
        (Outer, True),
        (str, False),
        (Harmless, False),
        (dict[str, Any], False),
    ],
)
def test_a_secret_is_found_anywhere_in_a_type(annotation: Any, holds: bool) -> None:
    assert holds_secret(annotation) is holds


def test_members_opens_unions_and_takes_annotations_off() -> None:
    assert members(Annotated[int | str | msgspec.UnsetType | None, Meta(ge=0)]) == (int, str)


@pytest.mark.parametrize(
    ("annotation", "struct"),
    [(Inner, Inner), (Inner | None, Inner), (Inner | str, Inner), (list[Inner], None), (int, None)],
)
def test_the_table_beneath_a_field_is_found(annotation: Any, struct: Any) -> None:
    assert struct_in(annotation) is struct


@pytest.mark.parametrize(
    ("annotation", "value", "inner"),
    [
        (list[int], [], int),
        (list[int], (), int),
        (tuple[int, ...] | None, [], int),
        (tuple[int, str], [], None),
        (list, [], Any),
        (dict[str, int], {}, int),
        (dict[str, int], [], None),
        (list[int], "text", None),
        (str, "text", None),
    ],
)
def test_the_type_of_items_is_found(annotation: Any, value: object, inner: Any) -> None:
    assert item_type(annotation, value) is inner


def test_custom_types_are_made_from_strings_and_taken_as_they_are() -> None:
    secret = Secret("x")
    assert str(convert("x", Secret)) == "x"
    assert convert(secret, Secret | None) is secret
    assert convert("a/b", pathlib.Path) == pathlib.Path("a/b")
    assert convert(print, Callable[..., Any] | None) is print


@pytest.mark.parametrize(("value", "annotation"), [(5, Secret), ("print", Callable[..., Any]), (5, pathlib.Path)])
def test_custom_types_refuse_other_values(value: object, annotation: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(value, annotation)
