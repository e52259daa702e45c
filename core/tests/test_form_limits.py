"""Limits of forms, and the answer to those that break them."""

from __future__ import annotations

import pickle

import pytest

from pegboard.exceptions import HTTPException
from pegboard.form_limits import FormLimits, MultiPartException, over_limit


def test_a_broken_form_is_a_400_that_says_why() -> None:
    """The message is the detail of the answer, and has a name of its own."""
    error = MultiPartException("The form is odd")
    assert isinstance(error, HTTPException)
    assert (error.message, error.detail, error.status_code) == ("The form is odd", "The form is odd", 400)


def test_an_exception_survives_pickling() -> None:
    """It comes back as it was."""
    copy = pickle.loads(pickle.dumps(MultiPartException("too much", 413)))
    assert (copy.message, copy.status_code) == ("too much", 413)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        (None, "Too many: at most 5 files are accepted"),
        ("max_files", "Too many: at most 5 files are accepted (max_files)"),
    ],
)
def test_a_form_over_a_limit_is_a_413_that_names_it(keyword: str | None, text: str) -> None:
    """The limit, its unit, and how to set it."""
    error = over_limit("Too many", 5, "files", keyword)
    assert (error.status_code, error.message) == (413, text)


def test_large_limits_are_told_in_full() -> None:
    """A limit in bytes is readable."""
    assert "at most 1048576 bytes" in over_limit("Too long", FormLimits().part_size, "bytes").message
