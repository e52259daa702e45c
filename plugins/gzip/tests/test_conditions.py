"""Conditions of a request, as the endpoint sees them and as the answer needs them."""

from __future__ import annotations

from typing import Any

from pegboard.requests import Request
from pegboard_gzip.conditions import asked_about, turn_back


def request(*values: bytes) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "headers": [(b"if-none-match", value) for value in values],
    }
    return Request(scope)


def test_readers_see_the_endpoints_own_tag_even_when_headers_were_read_before() -> None:
    conditional = request(b'"v1--br"', b'"v2--br", "v3"')
    servers_list = conditional.scope["headers"]
    assert conditional.headers["if-none-match"] == '"v1--br"'
    turn_back(conditional, b"if-none-match", ("br",))
    assert conditional.headers.getlist("if-none-match") == ['"v1"', '"v2", "v3"']
    assert conditional.header(b"if-none-match") == b'"v1"'
    assert conditional.scope["headers"] == [(b"if-none-match", b'"v1"'), (b"if-none-match", b'"v2", "v3"')]
    assert servers_list[0] == (b"if-none-match", b'"v1--br"')


def test_the_tag_that_was_asked_about_is_remembered() -> None:
    conditional = request(b'"v1--br", "v2"')
    turn_back(conditional, b"if-none-match", ("br",))
    assert asked_about(conditional, b'"v1"') == b'"v1--br"'
    assert asked_about(conditional, b'"v2"') is None
    assert asked_about(conditional, b'W/"v1"') is None


def test_nothing_changes_for_other_codings() -> None:
    conditional = request(b'"v1--gzip"')
    servers_list = conditional.scope["headers"]
    turn_back(conditional, b"if-none-match", ("br",))
    assert conditional.scope["headers"] is servers_list
    assert asked_about(conditional, b'"v1"') is None
