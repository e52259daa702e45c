"""What is answered to a body that is too large."""

from __future__ import annotations

import pytest

from pegboard.body_limits import announces_more, closing_headers, too_large


@pytest.mark.parametrize(
    ("version", "headers"),
    [("1.0", {"Connection": "close"}), ("1.1", {"Connection": "close"}), ("2", None), ("3", None)],
)
def test_only_http_1_has_to_close_its_connection(version: str, headers: dict[str, str] | None) -> None:
    """RFC 9113 section 8.2.2 forbids Connection, and a stream ends by itself."""
    assert closing_headers({"http_version": version}) == headers
    error = too_large({"http_version": version}, 5)
    assert (error.status_code, error.detail, error.headers) == (413, "The body is larger than 5 bytes", headers)


@pytest.mark.parametrize(
    ("content_length", "limit", "is_more"),
    [
        (b"5", 5, False),
        (b"6", 5, True),
        (b"9" * 19, 1 << 62, True),
        (b"9" * 100_000, 5, True),
        (b"6", None, False),
        (None, 5, False),
        (b"-6", 5, False),
        (b"", 5, False),
        ("٦".encode(), 5, False),
    ],
    ids=["as much", "more", "19 digits", "very long", "no limit", "none", "negative", "empty", "other digits"],
)
def test_a_length_that_is_announced_is_believed_when_it_is_too_much(
    content_length: bytes | None, limit: int | None, is_more: bool
) -> None:
    assert announces_more(content_length, limit) is is_more


def test_a_server_that_tells_no_version_speaks_http_1() -> None:
    assert closing_headers({}) == {"Connection": "close"}
