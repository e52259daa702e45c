"""Where browsers are sent to log in, and back."""

from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.login_redirects import is_local, login_target, prefers_html, safe_next


def connection(method: str = "GET", path: str = "/", query: bytes = b"", type: str = "http", **headers: str) -> Any:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": type, "method": method, "path": path, "query_string": query, "headers": pairs})


def test_a_person_who_navigates_is_sent_to_the_login_page_and_back_afterwards() -> None:
    target = login_target(connection(path="/a b/ü", query=b"x=1&y=%20", accept="text/html,*/*"), "/login")
    assert target == "/login?next=/a%2520b/%25C3%25BC%3Fx%3D1%26y%3D%2520"
    assert parse_qs(urlsplit(target).query)["next"] == ["/a%20b/%C3%BC?x=1&y=%20"]


@pytest.mark.parametrize(
    "asked",
    [
        connection("POST", accept="text/html"),
        connection(accept="application/json"),
        connection(),
        connection(accept="*/*"),
        connection(accept="text/html", sec_fetch_mode="cors"),
        connection(type="websocket", accept="text/html"),
        connection(path="/login", accept="text/html"),
    ],
    ids=["a form", "an API client", "says nothing", "takes anything", "a script", "a WebSocket", "is there already"],
)
def test_nobody_else_is(asked: Any) -> None:
    assert login_target(asked, "/login?from=app") is None


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", True),
        (b"text/html", True),
        (b"TEXT/HTML", True),
        (b"application/json;q=0.5, text/html", True),
        (b"text/html;level=1;q=0.4, application/problem+json;q=0.3", True),
        (b"application/json, text/html;q=0.5", False),
        (b"application/json, text/html", False),
        (b"application/vnd.api+json, text/html", False),
        (b"text/html;q=0", False),
        (b"text/html;q=2", False),
        (b"text/html;q=nan", False),
        (b"text/html; q = 0.1", True),
        (b"text/*, */*", False),
        (b"application/json, text/plain, */*", False),
        (b"x-text/html-x", False),
        (b"", False),
        (b",;,;q=", False),
        (b"x/y," * 64 + b"text/html", False),
    ],
)
def test_only_who_prefers_html_to_json_is_a_person(accept: bytes, expected: bool) -> None:
    assert prefers_html(accept) is expected


@given(st.binary(max_size=80))
def test_no_accept_header_is_an_error(accept: bytes) -> None:
    assert prefers_html(accept) in (True, False)


@given(st.text(max_size=30), st.binary(max_size=30))
def test_wherever_one_comes_from_the_way_back_stays_on_this_host(path: str, query: bytes) -> None:
    path = "/" + path.encode("utf-8", "replace").decode()
    target = login_target(connection(path=path, query=query, accept="text/html"), "/the-login-page?x=1")
    assert target is not None
    parts = urlsplit(target)
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "/the-login-page")
    for back in parse_qs(parts.query).get("next", []):
        assert is_local(back)


@pytest.mark.parametrize("target", ["/", "/a", "/a/b?x=1#y", "/login", "/a%2f", "/a//b", "/@evil.example", "/%20"])
def test_a_path_of_this_host_is_local(target: str) -> None:
    assert is_local(target)
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "/%2fevil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "%2f%2fevil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        " /a",
        "/a b",
        "/a\r\nset-cookie: x=1",
        "/\x00",
        "/\x7f",
        "/\N{SNOWMAN}",
    ],
)
def test_anything_else_is_not(target: str) -> None:
    assert not is_local(target)
    assert safe_next(target) == "/"
    assert safe_next(target, "/home") == "/home"
    assert safe_next(None) == "/"


@given(st.text(alphabet="/\\%25fFcC.:@?#evil \t\r\n", max_size=12))
def test_what_is_local_leads_nowhere_else_however_often_it_is_decoded(text: str) -> None:
    if is_local(text):
        assert urlsplit(urljoin("https://here.example/login", text)).netloc == "here.example"
