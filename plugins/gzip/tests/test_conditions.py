"""Conditions of a request, as the endpoint sees them and as the answer needs them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import FileResponse, JSONResponse, Response
from pegboard.routing import Route
from pegboard_gzip import Gzip
from pegboard_gzip.conditions import asked_about, turn_back

Ask = Callable[..., Awaitable[Any]]
TEXT = "".join(f"line {number} of a text\n" for number in range(400))


def board(make: Callable[[Request], Response]) -> Pegboard:
    async def endpoint(request: Request) -> Response:
        return make(request)

    route = Route("/", endpoint, methods=["GET", "HEAD", "PUT"])
    return Pegboard(routes=[route], plugins=[Gzip()], config={}, autoload=False)


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
    turn_back(conditional, ("br",))
    assert conditional.headers.getlist("if-none-match") == ['"v1"', '"v2", "v3"']
    assert conditional.header(b"if-none-match") == b'"v1"'
    assert conditional.scope["headers"] == [(b"if-none-match", b'"v1"'), (b"if-none-match", b'"v2", "v3"')]
    assert servers_list[0] == (b"if-none-match", b'"v1--br"')


def test_the_tag_that_was_asked_about_is_remembered() -> None:
    conditional = request(b'"v1--br", "v2"')
    turn_back(conditional, ("br",))
    assert asked_about(conditional, b'"v1"') == b'"v1--br"'
    assert asked_about(conditional, b'"v2"') is None
    assert asked_about(conditional, b'W/"v1"') is None


def test_nothing_changes_for_other_codings() -> None:
    conditional = request(b'"v1--gzip"')
    servers_list = conditional.scope["headers"]
    turn_back(conditional, ("br",))
    assert conditional.scope["headers"] is servers_list
    assert asked_about(conditional, b'"v1"') is None


def test_both_conditions_are_turned_back_and_beside_a_range_only_the_one_that_asks_for_no_bytes() -> None:
    conditions = [(b"if-match", b'"v1--br"'), (b"if-none-match", b'W/"v2--br"')]
    for beside, expected in (([], [b'"v1"', b'W/"v2"']), ([(b"range", b"bytes=0-9")], [b'"v1--br"', b'W/"v2"'])):
        conditional = Request({"type": "http", "method": "GET", "headers": [*conditions, *beside]})
        turn_back(conditional, ("br",))
        assert [value for name, value in conditional.scope["headers"] if name != b"range"] == expected


def test_what_if_match_names_is_not_what_a_304_is_about() -> None:
    conditional = Request({"type": "http", "method": "GET", "headers": [(b"if-match", b'"v1--br"')]})
    turn_back(conditional, ("br",))
    assert asked_about(conditional, b'"v1"') is None


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_reading_on_condition_of_the_compressed_response_gets_it(ask: Ask, tmp_path: Path, method: str) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    app = board(lambda request: FileResponse(tmp_path / "text.txt"))
    tag = (await ask(app, accept="gzip")).headers["etag"]
    assert tag.endswith('--gzip"')
    for condition, accept, status in (
        (tag, "gzip", 200),
        (f'"other", {tag}', "gzip", 200),
        (tag, "br", 412),
        (tag, None, 412),
        (f"W/{tag}", "gzip", 412),
        ('"other--gzip"', "gzip", 412),
    ):
        answer = await ask(app, accept=accept, headers=[("if-match", condition)], method=method)
        assert answer.status == status
    part = await ask(app, accept="gzip", headers=[("if-match", tag), ("range", "bytes=0-9")])
    assert part.status == 412


@pytest.mark.anyio
async def test_a_change_unless_something_is_there_may_name_the_compressed_response(ask: Ask) -> None:
    def put(request: Request) -> Response:
        return JSONResponse(request.headers.getlist("if-none-match"))

    answer = await ask(board(put), headers=[("if-none-match", '"v1--zstd", W/"v2--br"')], method="PUT")
    assert answer.body == b'["\\"v1\\", W/\\"v2\\""]'


@pytest.mark.anyio
async def test_a_file_gives_304_for_every_way_to_name_what_the_client_has(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    app = board(lambda request: FileResponse(tmp_path / "text.txt"))
    tag = (await ask(app, accept="gzip")).headers["etag"]
    for lines in ([tag], [f"W/{tag}"], [f'"other" , {tag}'], ['"other"', tag], [tag, "*"]):
        answer = await ask(app, accept="gzip", headers=[("if-none-match", line) for line in lines])
        assert (answer.status, answer.headers["etag"]) == (304, tag)
    answer = await ask(app, accept="gzip", headers=[("if-none-match", "*")])
    assert (answer.status, answer.headers["vary"]) == (304, "Accept-Encoding")
