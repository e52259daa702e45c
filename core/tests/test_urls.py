"""URLs from texts, components and scopes."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.urls import URL, Address, URLPath, valid_host

FULL = "https://user:secret@Example.org:8443/path/to?a=1&b=2#part"


def scope(path: str = "/", host: bytes | None = b"example.org", **more: Any) -> dict[str, Any]:
    headers = [(b"accept", b"*/*")] if host is None else [(b"accept", b"*/*"), (b"host", host)]
    return {"type": "http", "scheme": "http", "server": ("10.0.0.1", 80), "path": path, "headers": headers, **more}


def test_the_components() -> None:
    """Every part of a URL has its property."""
    url = URL(FULL)
    assert (url.scheme, url.path, url.query, url.fragment) == ("https", "/path/to", "a=1&b=2", "part")
    assert url.netloc == "user:secret@Example.org:8443"
    assert (url.username, url.password, url.hostname, url.port) == ("user", "secret", "example.org", 8443)
    assert url.components.path == url.path


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True), ("ws", False), ("wss", True)])
def test_security_is_the_scheme(scheme: str, secure: bool) -> None:
    """https and wss are secure."""
    assert URL(f"{scheme}://a/").is_secure is secure


def test_equality_and_hash_are_the_text() -> None:
    """A URL equals its text, and stands for it in dicts."""
    assert URL("http://a/") == URL("http://a/") == "http://a/"
    assert URL("http://a/") != "http://a"
    assert URL("1") != 1
    assert {URL("http://a/"): 1}["http://a/"] == 1  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    assert copy.copy(URL(FULL)) == FULL


def test_repr_hides_the_password() -> None:
    """`str` has everything, `repr` does not."""
    assert str(URL(FULL)) == FULL
    assert repr(URL(FULL)) == f"URL({FULL.replace('secret', '********')!r})"
    assert repr(URL("/a@b")) == "URL('/a@b')"


@pytest.mark.parametrize(
    ("url", "components", "expected"),
    [
        ("http://a/b", {"scheme": "https"}, "https://a/b"),
        ("http://a/b?c", {"path": "/d", "query": "e", "fragment": "f"}, "http://a/d?e#f"),
        ("http://u:p@a:1/b", {"netloc": "c"}, "http://c/b"),
        ("http://u:p@A:1/b", {"port": 2}, "http://u:p@A:2/b"),
        ("http://u:p@a:1/b", {"port": None}, "http://u:p@a/b"),
        ("http://u:p@a:1/b", {"username": "v"}, "http://v:p@a:1/b"),
        ("http://u:p@a:1/b", {"username": None}, "http://a:1/b"),
        ("http://u:p@a:1/b", {"password": None}, "http://u@a:1/b"),
        ("http://a/b", {"username": "u", "password": "p"}, "http://u:p@a/b"),
        ("http://u:p@a:1/b", {"hostname": "::1"}, "http://u:p@[::1]:1/b"),
        ("http://a/b", {"hostname": "[::1]", "port": 8}, "http://[::1]:8/b"),
        ("http://[::1]:80/b", {"port": 8}, "http://[::1]:8/b"),
        ("http://[::1]/b", {"port": 8}, "http://[::1]:8/b"),
        ("http://[::1]:80/b", {"hostname": "a"}, "http://a:80/b"),
        ("/b", {"hostname": "a"}, "//a/b"),
        ("http://a", {"path": "b"}, "http://a/b"),
        ("/a", {"path": "//evil/b"}, "/%2Fevil/b"),
        ("http://a/", {"path": "//b"}, "http://a//b"),
    ],
)
def test_replace(url: str, components: dict[str, Any], expected: str) -> None:
    """Each component can be replaced alone, and a path never becomes a host."""
    assert str(URL(url).replace(**components)) == expected


def test_from_components() -> None:
    """A URL can be made from nothing but components."""
    assert URL(scheme="https", hostname="a", port=1, path="/b", query="c=d") == "https://a:1/b?c=d"
    with pytest.raises(ValueError, match=r"unknown components \['host'\]"):
        URL(host="a")


@pytest.mark.parametrize(
    "arguments", [{"url": "/", "scope": {}}, {"url": "/", "path": "/"}, {"scope": {}, "path": "/"}]
)
def test_only_one_source_is_taken(arguments: dict[str, Any]) -> None:
    """Two sources are a mistake."""
    with pytest.raises(ValueError, match="expected one of"):
        URL(**arguments)


def test_query_parameters() -> None:
    """Parameters can be set, replaced and removed, repeated and blank ones included."""
    url = URL("http://a/?x=1&x=2&y=&z#f")
    assert url.include_query_params(y="é", w=5) == "http://a/?x=1&x=2&z=&y=%C3%A9&w=5#f"
    assert url.include_query_params(x=3).query == "y=&z=&x=3"
    assert url.replace_query_params(a="b c") == "http://a/?a=b+c#f"
    assert url.replace_query_params() == "http://a/#f"
    assert url.remove_query_params("x") == "http://a/?y=&z=#f"
    assert url.remove_query_params(["x", "y", "z"]) == "http://a/#f"


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        (scope("/a"), "http://example.org/a"),
        (scope("/a", b"example.org:8000"), "http://example.org:8000/a"),
        (scope("/a", b"Sub_domain.example.ORG:80"), "http://Sub_domain.example.ORG:80/a"),
        (scope("/a", b"[2001:db8::1]:8000"), "http://[2001:db8::1]:8000/a"),
        (scope("/a", query_string=b"b=c&d=%20"), "http://example.org/a?b=c&d=%20"),
        (scope("/a b/é"), "http://example.org/a b/é"),
        (scope("/a", scheme="wss"), "wss://example.org/a"),
        (scope("", b"example.org"), "http://example.org"),
        (scope("/a", None), "http://10.0.0.1/a"),
        (scope("/a", None, server=("10.0.0.1", 8000)), "http://10.0.0.1:8000/a"),
        (scope("/a", None, server=("h", 443), scheme="https"), "https://h/a"),
        (scope("/a", None, server=("h", 443)), "http://h:443/a"),
        (scope("/a", None, server=("::1", 8000)), "http://[::1]:8000/a"),
        (scope("/a", None, server=("/run/app.sock", None)), "/a"),
        (scope("/a", None, server=None, query_string=b"b"), "/a?b"),
    ],
)
def test_from_a_scope(asked: dict[str, Any], url: str) -> None:
    """The URL is that of the Host header, or of the server, or only a path."""
    assert str(URL(scope=asked)) == url
    assert URL(scope=asked).components == URL(url).components


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"evil/path?x=",
        b"evil#",
        b"user@evil",
        b"evil\\path",
        b"a b",
        b"a\r\nb",
        b"a\n",
        b"evil:80@other",
        b"evil:port",
        b"evil:65536",
        b"evil:",
        b":80",
        b"[::1",
        b"::1",
        b"[::zz]",
        b"[1.2.3.4]",
        b"[:::::]",
        b"[::1]evil",
        b"[fe80::1%eth0]",
        b"ev\xc3\xa9l",
        b"a,b",
        b"%65vil",
        b"a" * 300,
    ],
)
def test_a_malformed_host_is_passed_over(host: bytes) -> None:
    """It changes nothing: the server's address takes its place, and the path stays the path."""
    assert valid_host(host) is None
    url = URL(scope=scope("/admin", host, query_string=b"q"))
    assert str(url) == "http://10.0.0.1/admin?q"
    assert url.path == "/admin"


@pytest.mark.parametrize(
    ("path", "with_host", "alone"),
    [
        ("//evil/a", "http://example.org//evil/a", "/%2Fevil/a"),
        ("///evil", "http://example.org///evil", "/%2F/evil"),
        ("/\\evil", "http://example.org/%5Cevil", "/%5Cevil"),
        ("@evil/a", "http://example.org/@evil/a", "/@evil/a"),
        (":80@evil", "http://example.org/:80@evil", "/:80@evil"),
        (".evil", "http://example.org/.evil", "/.evil"),
        ("/a?b#c", "http://example.org/a%3Fb%23c", "/a%3Fb%23c"),
        ("/\t/evil", "http://example.org/%09/evil", "/%09/evil"),
        ("/a\r\nb\0", "http://example.org/a%0D%0Ab%00", "/a%0D%0Ab%00"),
        ("http://evil/", "http://example.org/http://evil/", "/http://evil/"),
    ],
)
def test_a_path_never_changes_the_host(path: str, with_host: str, alone: str) -> None:
    """Whatever stands in the path, read back it is the path again."""
    for server, host, text in ((("h", 80), b"example.org", with_host), (None, None, alone)):
        url = URL(scope=scope(path, host, server=server))
        assert str(url) == text
        assert url.hostname == (None if host is None else "example.org")
        assert URL(str(url)).components == url.components


@given(st.text(max_size=12), st.binary(max_size=12), st.one_of(st.none(), st.binary(max_size=12)), st.booleans())
def test_any_scope_gives_a_url_that_reads_back(path: str, query: bytes, host: bytes | None, server: bool) -> None:
    """Text and components agree for any input, the host is a given one, and the path is the one asked for."""
    asked = scope(path, host, query_string=query, server=("h", 81) if server else None)
    url = URL(scope=asked)
    assert URL(str(url)).components == url.components
    assert url.netloc in {valid_host(host or b""), "h:81", ""}
    asked_for = path if not path or path.startswith("/") else f"/{path}"
    assert unquote(url.path, errors="surrogatepass") == unquote(asked_for, errors="surrogatepass")
    assert str(url).isprintable() or not path.isprintable()


@given(st.from_regex(r"[a-z0-9._-]{1,20}(:[0-9]{1,4})?", fullmatch=True))
def test_hosts_that_are_valid(host: str) -> None:
    """Names with a port or without are taken as they are."""
    assert valid_host(host.encode()) == host


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        (URLPath("/a"), "http://h/b", "http://h/b/a"),
        (URLPath("/a"), "https://h/b/?x=1#y", "https://h/b/a"),
        (URLPath("a"), "http://h", "http://h/a"),
        (URLPath("/a"), URL("http://u:p@h:8/"), "http://u:p@h:8/a"),
        (URLPath("/a", protocol="http"), "wss://h/", "https://h/a"),
        (URLPath("/a", protocol="websocket"), "https://h/", "wss://h/a"),
        (URLPath("/a", protocol="websocket", host="o"), "http://h/b", "ws://o/b/a"),
        (URLPath("//evil"), "/", "/%2Fevil"),
    ],
)
def test_a_path_under_a_base(path: URLPath, base: str | URL, expected: str) -> None:
    """Protocol and host of the path come before the base's, whose security stays."""
    assert str(path.make_absolute_url(base)) == expected


def test_a_path_is_a_str_with_attributes() -> None:
    """A URLPath can be used wherever a path can."""
    path = URLPath("/a", "http", "h")
    assert path == "/a"
    assert (path.protocol, path.host) == ("http", "h")
    with pytest.raises(ValueError, match="'ftp'"):
        URLPath("/a", "ftp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_an_address_has_host_and_port() -> None:
    """It is a tuple with names."""
    assert Address("h", 1) == ("h", 1)
    assert (Address("h", 1).host, Address("h", 1).port) == ("h", 1)
