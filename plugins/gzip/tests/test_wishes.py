"""What a request says about compression."""

from __future__ import annotations

from pegboard_gzip.wishes import read_wishes


def test_a_request_that_says_nothing() -> None:
    assert read_wishes([(b"host", b"example.org")]) == (None, False)


def test_the_lines_of_accept_encoding_are_one_list() -> None:
    raw = [(b"accept-encoding", b"gzip"), (b"accept", b"*/*"), (b"accept-encoding", b"br;q=0.5")]
    assert read_wishes(raw) == (b"gzip,br;q=0.5", False)


def test_an_empty_accept_encoding_is_not_an_absent_one() -> None:
    assert read_wishes([(b"accept-encoding", b"")]) == (b"", False)


def test_any_line_of_cache_control_can_forbid_a_change() -> None:
    raw = [(b"cache-control", b"no-transform"), (b"cache-control", b"no-cache"), (b"accept-encoding", b"br")]
    assert read_wishes(raw) == (b"br", True)
