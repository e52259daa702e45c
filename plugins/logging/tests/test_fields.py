"""The fields of a record."""

import logging
from typing import Any

import pytest
from msgspec import UNSET

from pegboard_logging.fields import FIELDS, Record, fields_of, level_name, with_bound


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


def test_the_fields_of_a_struct_are_in_the_order_of_all_fields() -> None:
    names = Record.__struct_fields__
    assert [name for name in FIELDS if name in names] == list(names)
    assert set(FIELDS) - set(names) == {"logger", "message", "traceback", "count", "reason"}


def test_what_is_not_known_is_not_in_the_dict() -> None:
    known: dict[str, Any] = {
        "time": "t",
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": "/",
        "status": 0,
        "outcome": "sent",
        "bytes_in": 0,
        "bytes_out": 0,
        "duration": 0.0,
        "request_id": "",
        "scheme": "http",
        "http_version": "1.1",
    }
    unknown: dict[str, Any] = dict.fromkeys(("query", "route", "first_byte", "client", "user_agent"), UNSET)
    record = Record(**unknown, **known)
    assert fields_of(record) == known
    assert fields_of(known) is known
