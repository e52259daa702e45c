"""Values that handlers bound."""

import json
from pathlib import Path
from typing import Any

import pytest

from pegboard_logging.formats.values import dump, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, 2.5, None, True, "x"]}, {"a": [1, 2.5, None, True, "x"]}),
        (Path("/tmp"), "/tmp"),
        ((1, {2}), [1, [2]]),
        ({1: "one"}, {"1": "one"}),
        ("\ud800", "\\ud800"),
        (2**80, str(2**80)),
    ],
)
def test_a_value_says_what_it_is(value: Any, expected: Any) -> None:
    assert json.loads(dump(plain(value))) == expected


def test_what_the_encoder_takes_is_not_made_plain_first() -> None:
    assert dump({"a": Path("/x")}) == b'{"a":"/x"}'


def test_depth_has_an_end() -> None:
    value: Any = "deep"
    for _ in range(20):
        value = [value]
    assert json.dumps(plain(value)).count("[") == 6
