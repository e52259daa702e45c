"""A request for a file gets the right status and headers, and the right bytes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pegboard.file_answers import FileAnswer, answer_for
from pegboard.raw_headers import find
from pegboard.types import RawHeaders

HEADERS: RawHeaders = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"max-age=60"),
    (b"set-cookie", b"a=b"),
    (b"accept-ranges", b"bytes"),
    (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    (b"etag", b'"a"'),
]
PARTS = b"bytes=5-6,0-1"


def ask(
    method: str = "GET", status: int = 200, size: int = 10, headers: RawHeaders = HEADERS, **fields: Any
) -> FileAnswer:
    asked = [(name.replace("_", "-").encode(), value) for name, value in fields.items()]
    scope = {"type": "http", "method": method, "headers": [(b"host", b"x"), *asked]}
    return answer_for(scope, status, headers, size)


def test_without_conditions_it_is_the_whole_file() -> None:
    assert ask() == (200, [*HEADERS, (b"content-length", b"10")], ((0, 10),), True)
    assert ask("HEAD") == ask()
    assert ask("POST") == ask()


def test_an_empty_file_has_no_bytes_to_send() -> None:
    assert ask(size=0) == (200, [*HEADERS, (b"content-length", b"0")], (), False)


def test_a_range_is_a_206_with_its_place() -> None:
    answer = ask(range=b"bytes=2-4")
    assert (answer.status_code, answer.pieces, answer.is_whole) == (206, [(2, 5)], False)
    assert answer.headers == [*HEADERS, (b"content-length", b"3"), (b"content-range", b"bytes 2-4/10")]


def test_a_range_of_everything_is_a_206_too() -> None:
    assert ask(range=b"bytes=0-").status_code == 206


def test_several_ranges_are_a_multipart_206() -> None:
    answer = ask(range=PARTS)
    kind = find(answer.headers, b"content-type") or b""
    assert re.fullmatch(rb"multipart/byteranges; boundary=[0-9a-f]{32}", kind)
    assert find(answer.headers, b"content-range") is None
    assert [piece for piece in answer.pieces if isinstance(piece, tuple)] == [(5, 7), (0, 2)]
    length = sum(len(piece) if isinstance(piece, bytes) else 2 for piece in answer.pieces)
    assert find(answer.headers, b"content-length") == b"%d" % length
    assert kind not in (find(ask(range=PARTS).headers, b"content-type"), None)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"if_none_match": b'"a"'}, 304),
        ({"if_none_match": b'"a"', "range": b"bytes=0-1"}, 304),
        ({"if_none_match": b'"b"', "range": b"bytes=0-1"}, 206),
        ({"if_modified_since": b"Sun, 06 Nov 1994 08:49:37 GMT"}, 304),
        ({"if_match": b'"b"'}, 412),
        ({"if_match": b'"b"', "range": b"bytes=0-1"}, 412),
        ({"if_unmodified_since": b"Sun, 06 Nov 1994 08:49:36 GMT"}, 412),
        ({"range": b"bytes=0-1", "if_range": b'"a"'}, 206),
        ({"range": b"bytes=0-1", "if_range": b'"b"'}, 200),
        ({"range": b"bytes=0-1", "if_range": b'W/"a"'}, 200),
        ({"range": b"bytes=0-1", "if_range": b"Sun, 06 Nov 1994 08:49:37 GMT"}, 206),
        ({"range": b"bytes=99-", "if_range": b'"b"'}, 200),
        ({"if_range": b'"a"'}, 200),
        ({"range": b"bytes=99-"}, 416),
        ({"range": b"bytes=x"}, 400),
        ({"range": b"lines=1-2"}, 200),
    ],
)
def test_conditions_decide_the_status(fields: dict[str, Any], status: int) -> None:
    assert ask(**fields).status_code == status


def test_a_304_has_no_content_and_keeps_what_caches_need() -> None:
    answer = ask(if_none_match=b'"a"')
    assert answer.pieces == ()
    assert [name for name, _ in answer.headers] == [b"cache-control", b"set-cookie", b"accept-ranges", b"etag"]


@pytest.mark.parametrize("status", [400, 412, 416])
def test_a_refusal_is_a_text_that_nobody_keeps(status: int) -> None:
    """What is said of the file, and how long it may be cached, does not hold for an error."""
    fields: dict[str, Any] = {400: {"range": b"bytes=x"}, 412: {"if_match": b'"b"'}, 416: {"range": b"bytes=10-"}}[
        status
    ]
    answer = ask(**fields)
    (body,) = answer.pieces
    assert isinstance(body, bytes)
    names = {name for name, _ in answer.headers}
    assert names == {b"set-cookie", b"content-length", b"content-type"} | (
        {b"content-range"} if status == 416 else set()
    )
    assert find(answer.headers, b"content-length") == b"%d" % len(body)
    assert find(answer.headers, b"content-type") == b"text/plain; charset=utf-8"
    assert not answer.is_whole


def test_a_416_tells_the_size() -> None:
    assert find(ask(range=b"bytes=10-").headers, b"content-range") == b"bytes */10"


def test_ranges_are_for_get_only() -> None:
    """RFC 9110 section 14.2."""
    assert ask("HEAD", range=b"bytes=0-1") == ask()
    assert ask("POST", range=b"bytes=0-1") == ask()
    assert ask("HEAD", range=b"bytes=x") == ask()


def test_conditions_are_for_get_and_head() -> None:
    assert ask("HEAD", if_none_match=b'"a"').status_code == 304
    assert ask("POST", if_none_match=b'"a"').status_code == 200


@pytest.mark.parametrize("status", [404, 500])
def test_what_is_no_success_has_no_conditions_and_no_ranges(status: int) -> None:
    """RFC 9110 section 13.2.1."""
    conditions: list[dict[str, Any]] = [
        {"if_none_match": b'"a"'},
        {"range": b"bytes=0-1"},
        {"if_match": b'"b"'},
    ]
    for fields in conditions:
        answer = ask(status=status, **fields)
        assert (answer.status_code, answer.is_whole) == (status, True)


def test_ranges_are_of_a_200_only() -> None:
    assert ask(status=203, range=b"bytes=0-1").status_code == 203
    assert ask(status=203, if_none_match=b'"a"').status_code == 304


def test_who_accepts_no_ranges_gets_none() -> None:
    headers = [(b"accept-ranges", b"none")]
    assert ask(headers=headers, range=b"bytes=0-1").status_code == 200


def test_the_headers_given_are_not_changed() -> None:
    before = list(HEADERS)
    for value in (b"bytes=0-1", PARTS, b"bytes=x", b"lines=0-1"):
        ask(range=value)
    ask(if_none_match=b"*")
    assert before == HEADERS
