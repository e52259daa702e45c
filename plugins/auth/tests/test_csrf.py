"""Requests from other sites."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.csrf import is_cross_site, is_origin

TRUSTED = frozenset({b"https://partner.example"})


def connection(method: str = "POST", type: str = "http", **headers: bytes) -> HTTPConnection:
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return HTTPConnection({"type": type, "method": method, "headers": [(b"host", b"api.example"), *pairs]})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": b"same-origin"},
        {"sec_fetch_site": b"none"},
        {"sec_fetch_site": b"same-origin", "origin": b"null"},
        {"sec_fetch_site": b"same-origin", "origin": b"https://other-name-of-ours.example"},
        {"origin": b"https://api.example"},
        {"origin": b"http://api.example"},
        {"origin": b"https://partner.example"},
        {"origin": b"https://partner.example", "sec_fetch_site": b"cross-site"},
    ],
)
def test_requests_of_ones_own_pages_trusted_ones_and_programs_pass(headers: dict[str, Any]) -> None:
    assert not is_cross_site(connection(**headers), TRUSTED)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": b"cross-site"},
        {"sec_fetch_site": b"same-site"},
        {"sec_fetch_site": b""},
        {"sec_fetch_site": b"Same-Origin"},
        {"sec_fetch_site": b"cross-site", "origin": b"https://api.example"},
        {"origin": b"https://evil.example"},
        {"origin": b"https://api.example.evil.example"},
        {"origin": b"https://evil.example/https://api.example"},
        {"origin": b"https://api.example:8443"},
        {"origin": b"https://sub.api.example"},
        {"origin": b"null"},
        {"origin": b"null", "sec_fetch_site": b"cross-site"},
        {"origin": b"https://api.example, https://evil.example"},
        {"sec_fetch_site": b"same-origin, cross-site"},
        {"origin": b""},
        {"origin": b"api.example"},
        {"origin": b"https://PARTNER.example"},
    ],
)
def test_requests_of_other_pages_do_not(headers: dict[str, Any]) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY", "get"):
        assert is_cross_site(connection(method, **headers), TRUSTED)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_safe_methods_pass_from_everywhere(method: str) -> None:
    assert not is_cross_site(connection(method, sec_fetch_site=b"cross-site"))


def test_websockets_are_looked_at_whatever_they_look_like() -> None:
    assert is_cross_site(connection("GET", "websocket", origin=b"https://evil.example"))
    assert not is_cross_site(connection("GET", "websocket", origin=b"https://api.example"))


def test_without_a_host_no_origin_is_ones_own() -> None:
    lost = HTTPConnection({"type": "http", "method": "POST", "headers": [(b"origin", b"https://")]})
    assert is_cross_site(lost)


@given(st.binary(max_size=30))
def test_no_origin_but_ones_own_passes(origin: bytes) -> None:
    assert is_cross_site(connection(origin=origin)) or origin.lower().endswith(b"://api.example")


@pytest.mark.parametrize(
    "text", ["https://a.example", "http://localhost:3000", "http://[::1]:8000", "https://a.example:80"]
)
def test_origins_are_scheme_host_and_port(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "a.example",
        "https://a.example/",
        "https://A.example",
        "ftp://a",
        "https://",
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:",
        "https://a.example:0",
        "https://:::",
        "https://-",
        "https://user@a.example",
        "https://*.a.example",
        "https://a.example\n",
    ],
)
def test_anything_else_is_no_origin(text: str) -> None:
    assert not is_origin(text)
