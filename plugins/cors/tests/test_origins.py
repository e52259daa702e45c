"""Reading origins: what owners write is refused with the fix, what clients send is taken in one spelling only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_cors.origins import (
    LONGEST,
    Origin,
    OriginError,
    is_loopback,
    is_same_host,
    own_hosts,
    read_origin,
    split_origin,
)

GOOD = [
    ("https://example.com", Origin("https", "example.com", "")),
    ("https://example.com:8443", Origin("https", "example.com", "8443")),
    ("http://localhost:5173", Origin("http", "localhost", "5173")),
    ("http://127.0.0.1:3000", Origin("http", "127.0.0.1", "3000")),
    ("http://[::1]:3000", Origin("http", "[::1]", "3000")),
    ("http://[::ffff:7f00:1]", Origin("http", "[::ffff:7f00:1]", "")),
    ("https://xn--bcher-kva.example", Origin("https", "xn--bcher-kva.example", "")),
    ("https://under_score.example", Origin("https", "under_score.example", "")),
    ("http://example.com:443", Origin("http", "example.com", "443")),
    ("chrome-extension://abcdefghijklmnop", Origin("chrome-extension", "abcdefghijklmnop", "")),
    ("capacitor://localhost", Origin("capacitor", "localhost", "")),
]


@pytest.mark.parametrize(("text", "parts"), GOOD)
def test_a_serialised_origin_is_read_the_same_from_owner_and_client(text: str, parts: Origin) -> None:
    """Both readers agree on good origins, and the parts give back the text."""
    assert read_origin(text) == split_origin(text.encode()) == parts
    assert str(parts) == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("example.com", "has no scheme; write for example 'https://example.com'"),
        ("//example.com", "has no scheme; write for example 'https://example.com'"),
        ("", "an empty text is no origin; remove it"),
        ("Null", "browsers send 'null'"),
        ("https:example.com", "has no scheme; write for example 'https://example.com'"),
        ("http:/example.com", "has no scheme; write for example 'https://example.com'"),
        ("localhost:3000", "has no scheme; write for example 'https://localhost:3000'"),
        ("https://a.example,https://b.example", "holds more than one origin"),
        ("https://a.example https://b.example", "holds more than one origin"),
        ("a.example,b.example", "holds more than one origin"),
        ("https://example.com/", "has a trailing slash, which no origin has; write 'https://example.com'"),
        ("https://example.com/app", "has a path or query, which no origin has; write 'https://example.com'"),
        ("https://example.com//", "has a path or query"),
        ("https://example.com?x=1", "write 'https://example.com'"),
        ("https://example.com#x", "write 'https://example.com'"),
        ("https://Example.com", "has upper case; browsers send 'https://example.com'"),
        ("HTTPS://example.com", "has upper case; browsers send 'https://example.com'"),
        ("https://example.com:443", "writes out the scheme's own port; browsers send 'https://example.com'"),
        ("http://example.com:80", "writes out the scheme's own port; browsers send 'http://example.com'"),
        ("http://[::1]:80", "writes out the scheme's own port; browsers send 'http://[::1]'"),
        ("https://user@example.com", "has a user name"),
        ("https://exa mple.com", "holds a space or control character"),
        ("https://example.com\r\nX: y", "holds a space or control character"),
        ("https://b\xfccher.example", "write 'https://xn--bcher-kva.example'"),
        ("https://b\xfccher.example:8443", "write 'https://xn--bcher-kva.example:8443'"),
        ("https://B\xdcCHER.example", "write 'https://xn--bcher-kva.example'"),
        ("https://fa\xdf.example", "in their ASCII form: write 'https://xn--...'"),
        ("https://a\u3002example", "in their ASCII form: write 'https://xn--...'"),
        ("https://\udcff.example", "in their ASCII form: write 'https://xn--...'"),
        ("https://\u2603" + "a" * 80, "in their ASCII form: write 'https://xn--...'"),
        ("https://example.com/\xfc", "has a path or query, which no origin has; write 'https://example.com'"),
        ("https://example.com.", "has a dot at the end of its host"),
        ("https://", "is no origin"),
        ("https://example..com", "is no origin"),
        ("https://-example.com", "is no origin"),
        ("https://example.com:", "is no origin"),
        ("https://example.com:0", "is no origin"),
        ("https://example.com:0443", "is no origin"),
        ("https://example.com:65536", "is no origin"),
        ("https://example.com:https", "is no origin"),
        ("https://127.1", "'127.1' is no IP address"),
        ("https://127.0.0.256", "'127.0.0.256' is no IP address"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "browsers write the address '[0:0:0:0:0:0:0:1]' as '[::1]'"),
        ("http://[::ffff:127.0.0.1]", "as '[::ffff:7f00:1]'"),
        ("http://[::g]", "'[::g]' is no IP address"),
        ("http://[:::1]", "'[:::1]' is no IP address"),
        ("http://[::1", "browsers write the address '[::1' as '[::1]'"),
        ("https://example.com\\", "is no origin"),
        ("file://", "is no origin"),
    ],
)
def test_what_no_browser_sends_is_refused_with_the_right_spelling(text: str, advice: str) -> None:
    """Each mistake has a message that says what to write."""
    with pytest.raises(OriginError) as caught:
        read_origin(text)
    assert advice in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"null",
        b"*",
        b"example.com",
        b"https://",
        b"https://example.com/",
        b"https://example.com:443",
        b"http://example.com:80",
        b"https://EXAMPLE.com",
        b"https://example.com, https://other.example",
        b"https://example.com https://other.example",
        b"https://example.com\x00",
        b"https://example.com\n",
        b"https://ex\xc3\xa4mple.com",
        b"https://user:pass@example.com",
        b"https://example.com:65536",
        b"https://example.com:99999999",
        b"https://%65xample.com",
        b"https://127.1",
        b"https://0x7f.0.0.1",
        b"https://[::1",
        b"https://" + b"a" * 64 + b".com",
        b"https://" + b"a." * 130 + b"com",
        b"https://" + b"a" * LONGEST,
    ],
)
def test_a_client_is_not_taken_at_a_second_spelling(sent: bytes) -> None:
    """Everything but the one spelling of browsers is no origin."""
    assert split_origin(sent) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_split_or_none_and_split_ones_are_spelled_back(sent: bytes) -> None:
    """Nothing raises, and what is taken is exactly what was sent."""
    parts = split_origin(sent)
    assert parts is None or str(parts).encode() == sent


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("[::1]", True),
        ("127.0.0.1.example.com", False),
        ("notlocalhost", False),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("[::2]", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_that_looks_like_it(host: str, expected: bool) -> None:
    """Loopback is told by whole hosts."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        (b"https://example.com", b"example.com", True),
        (b"https://example.com", b"EXAMPLE.com", True),
        (b"https://example.com", b"example.com:443", True),
        (b"http://example.com:8000", b"example.com:8000", True),
        (b"https://example.com", b"example.com:8443", False),
        (b"https://example.com:8443", b"example.com", False),
        (b"https://example.com", b"www.example.com", False),
        (b"https://example.com", b"example.com.evil.example", False),
        (b"https://example.com", None, False),
        (b"null", b"null", False),
        (b"", b"", False),
    ],
)
def test_the_same_host_is_the_same_name_and_port(origin: bytes, host: bytes | None, expected: bool) -> None:
    """A page of the service itself names the host that it asks."""
    assert is_same_host(origin, host) is expected


@pytest.mark.parametrize(
    ("origin", "hosts"),
    [
        (b"https://example.com", {b"example.com", b"example.com:443"}),
        (b"http://example.com:8000", {b"example.com:8000"}),
        (b"http://[::1]", {b"[::1]", b"[::1]:80"}),
        (b"null", set()),
        (b"https://EXAMPLE.com", set()),
    ],
    ids=["own-port", "port", "address", "null", "no-origin"],
)
def test_the_hosts_of_an_origin_are_known_before_anybody_asks(origin: bytes, hosts: set[bytes]) -> None:
    """With the scheme's own port written out or not; what is no origin has none."""
    assert own_hosts(origin) == hosts
