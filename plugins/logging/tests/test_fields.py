"""The fields of a record."""

import logging

import pytest

from pegboard_logging.fields import FIELDS, level_name, with_bound


def test_a_bound_field_cannot_take_the_name_of_a_field() -> None:
    record = with_bound({"status": 200}, {"status": 500, "cart": 1})
    assert record == {"status": 200, "status_": 500, "cart": 1}


def test_a_handler_knows_the_user_best() -> None:
    assert with_bound({"user": "from-plugin"}, {"user": "ada"}) == {"user": "ada"}


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "debug"), (logging.DEBUG, "debug"), (25, "info"), (logging.WARNING, "warning"), (logging.CRITICAL, "error")],
)
def test_levels_of_the_standard_library_have_a_name(number: int, name: str) -> None:
    assert level_name(number) == name


def test_every_field_is_explained() -> None:
    assert all(FIELDS.values())
