"""JSON lines and logfmt."""

import json
from typing import Any

import pytest

from pegboard_logging.formats.structured import json_format, logfmt_format, selector

RECORD: dict[str, Any] = {"time": "t", "method": "GET", "path": "/a", "status": 200, "cart": {"items": 2}}
EVENT: dict[str, Any] = {"time": "t", "event": "log", "message": "hm", "logger": "x", "request_id": "abc", "cart": 1}


@pytest.mark.parametrize(
    ("fields", "rename", "expected"),
    [
        ((), {}, ["time", "method", "path", "status", "cart"]),
        (("status", "path", "user"), {}, ["status", "path", "cart"]),
        ((), {"path": "url"}, ["time", "method", "url", "status", "cart"]),
        (("path",), {"path": "url", "cart": "basket"}, ["url", "basket"]),
    ],
)
def test_fields_can_be_chosen_and_renamed_and_bound_ones_stay(
    fields: tuple[str, ...], rename: dict[str, str], expected: list[str]
) -> None:
    assert list(json.loads(json_format(selector(fields, rename))(RECORD))) == expected


def test_events_are_renamed_and_never_cut() -> None:
    line = json_format(selector(("path", "status"), {"message": "msg"}))(EVENT)
    assert json.loads(line) == {"time": "t", "event": "log", "msg": "hm", "logger": "x", "request_id": "abc", "cart": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("/a?b", "/a?b"),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nbreak", '"line\\nbreak"'),
        ("", '""'),
        ("grün", '"grün"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ([1, "a"], '"[1,\\"a\\"]"'),
    ],
)
def test_logfmt_quotes_what_could_be_misread(value: Any, text: str) -> None:
    assert logfmt_format(None)({"key": value}).decode() == f"key={text}"


def test_logfmt_flattens_tables_and_cleans_keys() -> None:
    assert logfmt_format(None)({"a": {"b": {"c d=": 1}}}) == b"a.b.c_d_=1"
