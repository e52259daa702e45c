"""Whatever an endpoint returns becomes a response by one rule."""

from __future__ import annotations

import datetime
import enum
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from board_harness import ask

from pegboard.endpoint_results import to_response
from pegboard.responses import AppResponse, PlainTextResponse

pytestmark = pytest.mark.anyio


@dataclass
class Point:
    x: int


class Pair(msgspec.Struct):
    a: int


class Colour(enum.Enum):
    RED = "red"


async def application(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("application")(scope, receive, send)


@pytest.mark.parametrize(
    ("value", "status", "kind", "body"),
    [
        ("text", 200, "text/plain; charset=utf-8", b"text"),
        (b"bytes", 200, "application/octet-stream", b"bytes"),
        ({"a": 1}, 200, "application/json", b'{"a":1}'),
        ([1, 2], 200, "application/json", b"[1,2]"),
        (Point(1), 200, "application/json", b'{"x":1}'),
        (Pair(2), 200, "application/json", b'{"a":2}'),
        (None, 204, None, b""),
        (True, 200, "application/json", b"true"),
        (("made", 201), 201, "text/plain; charset=utf-8", b"made"),
        (({"a": 1}, 202), 202, "application/json", b'{"a":1}'),
        ((None, 404), 404, None, b""),
        ((PlainTextResponse("mine"), 418), 418, "text/plain; charset=utf-8", b"mine"),
        (Colour.RED, 200, "application/json", b'"red"'),
        (uuid.UUID(int=1), 200, "application/json", b'"00000000-0000-0000-0000-000000000001"'),
        (datetime.date(2026, 1, 2), 200, "application/json", b'"2026-01-02"'),
        (application, 200, "text/plain; charset=utf-8", b"application"),
    ],
)
async def test_what_an_endpoint_returns_becomes_a_response_by_one_rule(
    value: Any, status: int, kind: str | None, body: bytes
) -> None:
    answer = await ask(to_response(value), "/")
    assert (answer.status, answer.header("content-type"), answer.body) == (status, kind, body)


def test_what_json_cannot_say_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="object"):
        to_response(object())


def test_responses_stay_what_they_are() -> None:
    response = PlainTextResponse("x")
    assert to_response(response) is response
    foreign = AppResponse(application)
    assert to_response(foreign) is foreign


@pytest.mark.parametrize("pair", [("a", 2), (1, 99), ({}, 1000), (None, -1)])
def test_a_pair_whose_second_is_no_status_is_refused(pair: Any) -> None:
    """Data that is a pair of numbers is not taken for a body with its status, nor the other way round."""
    with pytest.raises(ValueError, match=f"status {pair[1]}; expected 100 to 999, or a list"):
        to_response(pair)
