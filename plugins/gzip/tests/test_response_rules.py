"""What a head tells about compression, and what compression makes of a head."""

from __future__ import annotations

import pytest

from pegboard_gzip.response_rules import describe_body, encode_head, forbids_transform

TEXT = (b"content-type", b"text/plain")


def test_a_head_tells_type_and_length() -> None:
    assert describe_body([(b"content-length", b"12"), TEXT]) == (b"text/plain", 12)
    assert describe_body([TEXT]) == (b"text/plain", None)
    assert describe_body([TEXT, (b"content-length", b"-1")]) == (b"text/plain", None)


@pytest.mark.parametrize(
    "header",
    [
        (b"content-encoding", b"br"),
        (b"content-encoding", b"gzip, br"),
        (b"content-range", b"bytes 0-1/2"),
        (b"cache-control", b"no-transform"),
        (b"cache-control", b"public, No-Transform , max-age=1"),
    ],
)
def test_what_must_stay_as_it_is(header: tuple[bytes, bytes]) -> None:
    assert describe_body([TEXT, header]) is None
    assert describe_body([header, TEXT]) is None


def test_a_body_without_a_type_stays_as_it_is() -> None:
    assert describe_body([(b"content-length", b"5000")]) is None


@pytest.mark.parametrize(
    "header",
    [(b"content-encoding", b"identity"), (b"content-encoding", b" "), (b"cache-control", b"no-cache"), (b"vary", b"*")],
)
def test_what_does_not_speak_against_compression(header: tuple[bytes, bytes]) -> None:
    assert describe_body([header, TEXT]) == (b"text/plain", None)


@pytest.mark.parametrize(
    ("value", "forbidden"),
    [
        (b"no-transform", True),
        (b"NO-TRANSFORM", True),
        (b"max-age=3,\tno-transform", True),
        (b"no-transformer", False),
        (b"x-no-transform", False),
        (b"", False),
    ],
)
def test_no_transform_is_a_directive_of_its_own(value: bytes, forbidden: bool) -> None:
    assert forbids_transform(value) is forbidden


def test_what_speaks_of_other_bytes_goes_from_the_head() -> None:
    raw = [
        (b"content-length", b"9"),
        TEXT,
        (b"accept-ranges", b"bytes"),
        (b"etag", b'"v1"'),
        (b"content-digest", b"sha-256=:x:"),
        (b"repr-digest", b"sha-256=:x:"),
        (b"digest", b"sha-256=x"),
        (b"content-md5", b"x"),
        (b"content-encoding", b"identity"),
        (b"last-modified", b"x"),
    ]
    same = raw
    encode_head(raw, "br")
    assert raw is same
    assert raw == [TEXT, (b"etag", b'"v1--br"'), (b"last-modified", b"x"), (b"content-encoding", b"br")]


def test_a_malformed_tag_goes_and_a_weak_one_stays() -> None:
    raw = [(b"etag", b"v1")]
    encode_head(raw, "gzip")
    assert raw == [(b"content-encoding", b"gzip")]
    raw = [(b"etag", b'W/"v1"')]
    encode_head(raw, "gzip")
    assert raw == [(b"etag", b'W/"v1"'), (b"content-encoding", b"gzip")]
