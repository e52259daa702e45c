"""A connection shows its scope: lazily, and parsed once for all who ask."""

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.connections import HTTPConnection
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import JSONResponse
from pegboard.routing import Route
from pegboard.state import StateKey
from pegboard.types import Scope


def scope(**more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/a/b",
        "query_string": b"x=1&x=2&y=%C3%A4",
        "headers": [(b"host", b"example.org"), (b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"a=1; b=two")],
        "scheme": "https",
        "root_path": "",
        "client": ("10.0.0.1", 4711),
        **more,
    }


def connection(**more: Any) -> HTTPConnection:
    return HTTPConnection(scope(**more))


def test_the_scope_is_seen_as_a_mapping() -> None:
    seen = connection()
    assert seen["path"] == "/a/b"
    assert len(seen) == len(list(seen))
    assert seen != connection()
    assert len({seen, seen}) == 1


def test_headers_query_cookies_url_and_client() -> None:
    seen = connection()
    assert seen.headers.getlist("X-A") == ["1", "2"]
    assert seen.header(b"x-a") == b"1"
    assert seen.header(b"gone") is None
    assert seen.query_params.getlist("x") == ["1", "2"]
    assert seen.query_params["y"] == "ä"
    assert seen.cookies == {"a": "1", "b": "two"}
    assert str(seen.url) == "https://example.org/a/b?x=1&x=2&y=%C3%A4"
    assert str(seen.base_url) == "https://example.org/"
    assert (seen.client.host, seen.client.port) == ("10.0.0.1", 4711)  # type: ignore[union-attr]


def test_what_was_parsed_is_kept() -> None:
    seen = connection()
    assert seen.headers is seen.headers
    assert seen.query_params is seen.query_params
    assert seen.cookies is seen.cookies
    assert seen.url is seen.url
    assert seen.state is seen.state


def test_headers_of_one_name_are_counted() -> None:
    twice = HTTPConnection({"type": "http", "headers": [(b"host", b"a"), (b"x-a", b"1"), (b"x-a", b"2")]})
    assert [twice.header_count(name) for name in (b"host", b"x-a", b"x-b")] == [1, 2, 0]


def test_replaced_headers_are_seen_by_all_who_ask_and_the_servers_list_is_kept() -> None:
    seen = connection()
    sent = seen.scope["headers"]
    before = list(sent)

    def shown() -> tuple[Any, ...]:
        return seen.header(b"x-a"), seen.headers["x-a"], seen.cookies["a"], seen.url.hostname

    assert shown() == (b"1", "1", "1", "example.org")
    seen.replace_headers([(b"host", b"other.org"), (b"x-a", b"3"), (b"cookie", b"a=9")])
    assert shown() == (b"3", "3", "9", "other.org")
    assert sent == before


def test_cookies_in_several_headers_are_one_list() -> None:
    seen = connection(headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert seen.cookies == {"a": "1", "b": "2"}


def test_too_many_cookies_or_fields_are_a_400() -> None:
    with pytest.raises(HTTPException) as cookies:
        _ = connection(headers=[(b"cookie", b"; ".join(b"c%d=1" % n for n in range(10_000)))]).cookies
    assert cookies.value.status_code == 400
    with pytest.raises(HTTPException) as fields:
        _ = connection(query_string=b"&".join(b"f%d=1" % n for n in range(10_000))).query_params
    assert fields.value.status_code == 400


def test_state_is_shared_through_the_scope() -> None:
    mine = scope(state={"from_lifespan": 1})
    first, second = HTTPConnection(mine), HTTPConnection(mine)
    first.state.added = 2
    assert (second.state.from_lifespan, second.state.added) == (1, 2)
    key: StateKey[int] = StateKey("typed")
    first.state[key] = 3
    assert second.state[key] == 3


@pytest.mark.parametrize("name", ["user", "auth", "session"])
def test_what_only_a_plugin_provides_says_so(name: str) -> None:
    with pytest.raises(RuntimeError, match=f"request.{name} is not set: install a plugin that provides"):
        getattr(connection(), name)
    assert getattr(HTTPConnection(scope(**{name: "given"})), name) == "given"


async def answer(request: Request) -> JSONResponse:
    return JSONResponse([str(request.url), request.client and request.client.host, str(request.url_for("answer"))])


@pytest.mark.anyio
async def test_behind_a_proxy_the_url_is_the_one_that_clients_see() -> None:
    """What stands between is told by a plugin that trusts it, and everything that asks for the URL follows."""

    class Behind(Plugin):
        name = "behind"

        @hookimpl
        def rewrite(self, scope: Scope) -> None:
            scope["scheme"] = "https"
            scope["client"] = ("203.0.113.7", 0)
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"host"] + [(b"host", b"example.org")]

    app = Pegboard(routes=[Route("/items", answer, name="answer")], plugins=[Behind()], config={})
    seen = await ask(app, "/api/items?a=1", root_path="/api")
    assert seen.body == b'["https://example.org/api/items?a=1","203.0.113.7","https://example.org/api/items"]'


def test_a_header_is_the_first_of_its_name_and_that_of_other_headers_from_then_on() -> None:
    connection = HTTPConnection({"type": "http", "headers": [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]})
    assert [connection.header(name) for name in (b"x-a", b"x-b", b"x-c")] == [b"1", b"2", None]
    connection.replace_headers([(b"x-a", b"4")])
    assert [connection.header(name) for name in (b"x-a", b"x-b")] == [b"4", None]
