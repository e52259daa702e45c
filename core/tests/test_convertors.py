"""Convertors take the texts they document, give them back, and never let hostile text become an error."""

from __future__ import annotations

import math
import re
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.convertors import (
    CONVERTOR_TYPES,
    DECLINED,
    MAX_INT_DIGITS,
    Convertor,
    RegexError,
    regex_convertor,
    register_url_convertor,
)

ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")


@pytest.fixture(autouse=True)
def _same_convertors_afterwards() -> Iterator[None]:
    before = dict(CONVERTOR_TYPES)
    yield
    CONVERTOR_TYPES.clear()
    CONVERTOR_TYPES.update(before)


def read(kind: str, text: str) -> Any:
    """The value of a text as a route would see it, or the word 'miss'."""
    convertor = CONVERTOR_TYPES[kind]
    if not re.fullmatch(convertor.regex, text):
        return "miss"
    try:
        return convertor.convert(text)
    except DECLINED:
        return "miss"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "a b%é", "a b%é"),
        ("str", "", "miss"),
        ("str", "a/b", "miss"),
        ("str", "a\n", "a\n"),
        ("path", "", ""),
        ("path", "a//b/", "a//b/"),
        ("path", "a\nb", "a\nb"),
        ("int", "0", 0),
        ("int", "007", 7),
        ("int", "-1", "miss"),
        ("int", "+1", "miss"),
        ("int", "1_000", "miss"),
        ("int", " 1", "miss"),
        ("int", "1\n", "miss"),
        ("int", "٣", "miss"),
        ("int", "²", "miss"),
        ("int", "", "miss"),
        ("float", "1", 1.0),
        ("float", "1.50", 1.5),
        ("float", "1.", "miss"),
        ("float", ".5", "miss"),
        ("float", "1e3", "miss"),
        ("float", "nan", "miss"),
        ("float", "inf", "miss"),
        ("float", "-1.0", "miss"),
        ("uuid", str(ID), ID),
        ("uuid", str(ID).upper(), ID),
        ("uuid", ID.hex, ID),
        ("uuid", f"{{{ID}}}", "miss"),
        ("uuid", f"urn:uuid:{ID}", "miss"),
        ("uuid", str(ID)[:-1], "miss"),
    ],
)
def test_a_text_is_read_as_documented(kind: str, text: str, value: object) -> None:
    assert read(kind, text) == value


def test_an_int_is_read_up_to_the_documented_number_of_digits() -> None:
    assert read("int", "9" * MAX_INT_DIGITS) == 10**MAX_INT_DIGITS - 1
    assert read("int", "9" * (MAX_INT_DIGITS + 1)) == "miss"
    assert read("int", "9" * 10_000) == "miss"


def test_the_digit_limit_holds_where_python_has_none() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert read("int", "9" * 10_000) == "miss"
    finally:
        sys.set_int_max_str_digits(before)


def test_a_float_beyond_its_range_is_no_match() -> None:
    assert read("float", "9" * 400) == "miss"
    assert read("float", "0." + "0" * 400 + "1") == 0.0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("str", ""),
        ("str", "a/b"),
        ("int", -1),
        ("int", 1.5),
        ("int", math.inf),
        ("int", "x"),
        ("float", -0.5),
        ("float", math.nan),
        ("float", math.inf),
    ],
)
def test_a_value_that_no_path_can_carry_is_refused(kind: str, value: object) -> None:
    with pytest.raises(DECLINED):
        CONVERTOR_TYPES[kind].to_string(value)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("str", 5, "5"),
        ("int", "5", "5"),
        ("int", 5.0, "5"),
        ("int", True, "1"),
        ("float", 1, "1"),
        ("float", 0.1, "0.1"),
        ("float", -0.0, "0"),
        ("float", 1e22, "10000000000000000000000"),
        ("float", 5e-7, "0.0000005"),
        ("uuid", ID, str(ID)),
        ("uuid", str(ID).upper(), str(ID).upper()),
    ],
)
def test_a_value_becomes_text(kind: str, value: object, text: str) -> None:
    assert CONVERTOR_TYPES[kind].to_string(value) == text


@given(st.floats(min_value=0, allow_infinity=False))
def test_every_float_comes_back_exactly(number: float) -> None:
    assert read("float", CONVERTOR_TYPES["float"].to_string(number)) == number


@given(st.integers(min_value=0))
def test_every_int_comes_back(number: int) -> None:
    assert read("int", CONVERTOR_TYPES["int"].to_string(number)) == number


@given(st.uuids())
def test_every_uuid_comes_back(value: uuid.UUID) -> None:
    assert read("uuid", CONVERTOR_TYPES["uuid"].to_string(value)) == value


class Year(Convertor[int]):
    """Four digits."""

    regex = "[0-9]{4}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return f"{value:04}"


def year_with(regex: str) -> Year:
    convertor = Year()
    convertor.regex = regex
    return convertor


def test_a_registered_convertor_is_known_by_its_name() -> None:
    year = Year()
    register_url_convertor("year", year)
    assert CONVERTOR_TYPES["year"] is year


def test_plain_groups_are_allowed_in_a_convertor() -> None:
    register_url_convertor("stamp", year_with(r"[0-9]{4}(-[0-9]{2}){2}"))
    assert "stamp" in CONVERTOR_TYPES


@pytest.mark.parametrize("name", ["", "1st", "a-b", "a b", "re", "é"])
def test_a_name_that_templates_cannot_write_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot register a convertor as"):
        register_url_convertor(name, Year())


@pytest.mark.parametrize(
    ("regex", "problem"),
    [
        ("[0-9", "does not compile"),
        ("(?P<year>[0-9]+)", "named groups"),
        ("^[0-9]+$", "anchors"),
        (r"(a)\1", "backreferences"),
        ("(?:[0-9]+)+", "exponential"),
        ("(?i)a", r"\(\?i:"),
    ],
)
def test_a_convertor_whose_expression_cannot_stand_in_a_path_is_refused(regex: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        register_url_convertor("year", year_with(regex))
    assert "'year'" in str(caught.value)
    assert regex in str(caught.value)
    assert "year" not in CONVERTOR_TYPES


@pytest.mark.parametrize("convertor", [Year, object(), year_with("")])
def test_what_is_no_complete_convertor_is_refused(convertor: Any) -> None:
    with pytest.raises(TypeError, match="cannot register convertor 'year'"):
        register_url_convertor("year", convertor)


def test_a_convertor_that_defines_nothing_says_what_is_missing() -> None:
    bare: Convertor[str] = Convertor()
    with pytest.raises(NotImplementedError, match="convert"):
        bare.convert("a")
    with pytest.raises(NotImplementedError, match="to_string"):
        bare.to_string("a")


def test_equal_expressions_share_a_convertor() -> None:
    assert regex_convertor("[A-Z]{3}") is regex_convertor("[A-Z]{3}")
    with pytest.raises(RegexError):
        regex_convertor("(a+)+")
