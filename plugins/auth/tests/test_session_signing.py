"""Signed values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.session_signing import Signing

OLD, NEW = "o" * 32, "n" * 32
SIGNED = Signing([OLD], "session").sign("hello")


def test_what_was_signed_comes_back() -> None:
    assert Signing([OLD], "session").verify(SIGNED, 256) == "hello"


def test_the_first_key_signs_and_all_verify_so_that_keys_are_replaced_without_a_gap() -> None:
    both = Signing([NEW, OLD], "session")
    assert both.verify(SIGNED, 256) == "hello"
    renewed = both.sign("hello")
    assert Signing([NEW], "session").verify(renewed, 256) == "hello"
    assert Signing([OLD], "session").verify(renewed, 256) is None


def test_a_value_signed_for_one_purpose_is_worth_nothing_for_another() -> None:
    assert Signing([OLD], "login").verify(SIGNED, 256) is None


@pytest.mark.parametrize(
    "signed",
    ["", ".", "hello", "hello.", SIGNED[:-1], "Hello" + SIGNED[5:], SIGNED + "\n", "hällo." + SIGNED],
)
def test_anything_else_counts_for_nothing(signed: str) -> None:
    assert Signing([OLD], "session").verify(signed, 256) is None


def test_what_is_too_long_is_not_read() -> None:
    assert Signing([OLD], "session").verify(SIGNED, len(SIGNED) - 1) is None


@given(st.text(max_size=120))
def test_no_text_is_an_error(text: str) -> None:
    assert Signing([OLD], "session").verify(text, 100) is None
