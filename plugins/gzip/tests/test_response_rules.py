"""What a head tells about compression, and what compression makes of a head."""

from __future__ import annotations

import pytest

from pegboard_gzip.codecs import make_codec
from pegboard_gzip.response_rules import encode_head, forbids_transform, must_stay

TEXT = (b"content-type", b"text/plain")


@pytest.mark.parametrize(
    "header",
    [
        (b"content-encoding", b"br"),
        (b"content-encoding", b"gzip, br"),
        (b"content-range", b"bytes 0-1/2"),
        (b"cache-control", b"no-transform"),
        (b"cache-control", b"public, No-Transform , max-age=1"),
        (b"trailer", b"x-sum, Repr-Digest"),
        (b"trailer", b"content-digest"),
    ],
)
def test_what_must_stay_as_it_is(header: tuple[bytes, bytes]) -> None:
    assert must_stay([TEXT, header])
    assert must_stay([header, TEXT])


@pytest.mark.parametrize(
    "header",
    [
        (b"content-encoding", b"identity"),
        (b"content-encoding", b" "),
        (b"cache-control", b"no-cache"),
        (b"trailer", b"x-sum"),
    ],
)
def test_what_does_not_speak_against_compression(header: tuple[bytes, bytes]) -> None:
    assert not must_stay([header, TEXT])


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
    encode_head(raw, make_codec("br", 4))
    assert raw is same
    assert raw == [TEXT, (b"etag", b'"v1--br"'), (b"last-modified", b"x"), (b"content-encoding", b"br")]


def test_a_malformed_tag_goes_and_a_weak_one_stays() -> None:
    raw = [(b"etag", b"v1")]
    encode_head(raw, make_codec("gzip", 4))
    assert raw == [(b"content-encoding", b"gzip")]
    raw = [(b"etag", b'W/"v1"')]
    encode_head(raw, make_codec("gzip", 4))
    assert raw == [(b"etag", b'W/"v1"'), (b"content-encoding", b"gzip")]
