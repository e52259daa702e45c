"""Which Content-Types are compressed."""

from __future__ import annotations

import pytest

from pegboard_gzip.media_rules import DEFAULT_TYPES, IMMEDIATE_TYPES, is_pattern, matching, patterns_of


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/html; charset=utf-8",
        b"TEXT/HTML",
        b"text/event-stream",
        b"application/json",
        b"application/problem+json",
        b"application/vnd.api+json; ext=x",
        b"application/xhtml+xml",
        b"image/svg+xml",
        b"application/javascript",
        b"application/wasm",
        b"font/ttf",
    ],
)
def test_what_shrinks_is_on_the_list(content_type: bytes) -> None:
    assert matching(content_type, DEFAULT_TYPES) is not None


@pytest.mark.parametrize(
    "content_type",
    [
        b"image/png",
        b"image/jpeg",
        b"video/mp4",
        b"font/woff2",
        b"application/zip",
        b"application/gzip",
        b"application/octet-stream",
        b"application/pdf",
        b"application/grpc",
        b"application/grpc+json",
        b"application/grpc-web+json",
        b"multipart/byteranges; boundary=x",
        b"text",
        b"",
        b"text/html" + b" " * 2000,
        b"\xff/\xfe",
    ],
)
def test_what_does_not_shrink_and_what_is_no_type_is_not(content_type: bytes) -> None:
    assert matching(content_type, DEFAULT_TYPES) is None


def test_grpc_is_never_touched_whatever_the_list_says() -> None:
    assert matching(b"application/grpc+proto", ("application/*", "+proto", "application/grpc+proto")) is None


def test_the_most_particular_pattern_is_found_first() -> None:
    assert list(patterns_of(b"application/ld+json;profile=x")) == ["application/ld+json", "+json", "application/*"]
    assert matching(b"text/html", ("text/*", "text/html")) == "text/html"
    assert matching(b"image/svg+xml", ("image/*", "+xml")) == "+xml"


def test_streams_that_are_waited_for_are_compressed_as_well() -> None:
    assert all(matching(pattern.encode(), DEFAULT_TYPES) for pattern in IMMEDIATE_TYPES)


@pytest.mark.parametrize("text", ["text/*", "application/json", "+json", "application/vnd.x+json", "image/x-icon"])
def test_patterns_are_types_ranges_and_suffixes(text: str) -> None:
    assert is_pattern(text)


@pytest.mark.parametrize(
    "text", ["", "*", "*/*", "text", "Text/html", "text/html; charset=utf-8", "json", "+", "a/b/c"]
)
def test_anything_else_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)


def test_the_default_lists_are_patterns() -> None:
    assert all(is_pattern(pattern) for pattern in (*DEFAULT_TYPES, *IMMEDIATE_TYPES))
