"""Patterns: where a star may stand, and what it takes."""

from __future__ import annotations

import pytest

from pegboard_cors.origins import OriginError, split_origin
from pegboard_cors.patterns import Patterns, is_pattern, read_pattern


@pytest.mark.parametrize(
    ("text", "expected"), [("*", False), ("https://example.com", False), ("https://*.example.com", True), ("a*", True)]
)
def test_a_star_within_a_text_makes_it_a_pattern(text: str, expected: bool) -> None:
    """A lone star is no pattern: it stands for every origin."""
    assert is_pattern(text) is expected


@pytest.mark.parametrize(
    ("pattern", "taken", "not_taken"),
    [
        (
            "https://*.example.com",
            ["https://a.example.com", "https://a.b.c.example.com"],
            [
                "https://example.com",
                "http://a.example.com",
                "https://a.example.com:8443",
                "https://aexample.com",
                "https://a.example.com.evil.example",
                "https://a.example.co",
                "https://example.com.a",
            ],
        ),
        (
            "http://localhost:*",
            ["http://localhost", "http://localhost:1", "http://localhost:65535"],
            ["https://localhost:3000", "http://a.localhost:3000", "http://localhost.evil.example:3000"],
        ),
        ("https://*.example.com:*", ["https://a.example.com", "https://a.example.com:8443"], ["https://example.com:1"]),
        ("https://*.example.com:8443", ["https://a.example.com:8443"], ["https://a.example.com"]),
        ("http://*.localhost", ["http://a.localhost"], ["http://localhost"]),
        ("http://127.0.0.1:*", ["http://127.0.0.1:8000"], ["http://127.0.0.2:8000"]),
        ("http://[::1]:*", ["http://[::1]:8000", "http://[::1]"], ["http://[::2]"]),
    ],
)
def test_a_star_takes_whole_leading_labels_or_any_port(pattern: str, taken: list[str], not_taken: list[str]) -> None:
    """What a pattern takes, and what it leaves however similar."""
    patterns = Patterns.make([read_pattern(pattern)])
    for text in taken + not_taken:
        origin = split_origin(text.encode())
        assert origin is not None
        assert patterns.match(origin) is (text in taken), text


def test_patterns_for_one_host_add_up() -> None:
    """Several ports of one host are all taken, and any port wins whichever comes first."""
    some = Patterns.make(map(read_pattern, ["https://*.example.com", "https://*.example.com:8443"]))
    every = Patterns.make(map(read_pattern, ["https://*.example.com:*", "https://*.example.com:8443"]))
    for port, by_some in [("", True), (":8443", True), (":9000", False)]:
        origin = split_origin(f"https://a.example.com{port}".encode())
        assert origin is not None
        assert (some.match(origin), every.match(origin)) == (by_some, True)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("https://*.co.uk", "the public suffix 'co.uk', where anybody can register"),
        ("https://*.com", "the public suffix 'com'"),
        ("https://*.github.io", "the public suffix 'github.io'"),
        ("https://*.intranet", "the public suffix 'intranet'"),
        ("https://*.com:8443", "the public suffix 'com'"),
        ("https://app*.example.com", "a star where none can stand"),
        ("https://*app.example.com", "a star where none can stand"),
        ("https://app.*.com", "a star where none can stand"),
        ("https://example.*", "a star where none can stand"),
        ("https://*.*.example.com", "a star where none can stand"),
        ("https://*", "a star where none can stand"),
        ("https://*:*", "a star where none can stand"),
        ("https://example.com:80*", "a star where none can stand"),
        ("*://example.com", "a star where none can stand"),
        ("http*://example.com", "a star where none can stand"),
        ("*.example.com", "a star where none can stand"),
        ("https://*.0.0.1", "before an IP address"),
        ("https://*.[::1]", "before an IP address"),
        (
            "https://*.example.com/",
            "'https://*.example.com/' without its star: 'https://example.com/' has a trailing slash",
        ),
        ("https://*.Example.com", "'https://*.Example.com' without its star: 'https://Example.com' has upper case"),
        ("https://**.example.com", "a star where none can stand"),
        ("https://example.com:*:*", "a star where none can stand"),
        ("https://*.example.com:443", "writes out the scheme's own port"),
        ("https://*.", "is no origin"),
    ],
)
def test_a_pattern_that_lets_strangers_in_or_means_nothing_is_refused(text: str, advice: str) -> None:
    """Each bad pattern has a message of its own."""
    with pytest.raises(OriginError) as caught:
        read_pattern(text)
    assert advice in str(caught.value)
