"""Entity tags of compressed responses, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_gzip.codecs import CODINGS
from pegboard_gzip.validators import strip_codings, tag_for, weak_tag


@pytest.mark.parametrize(
    ("tag", "changed"),
    [
        (b'"v1"', b'"v1--gzip"'),
        (b'""', b'"--gzip"'),
        (b'"a,b"', b'"a,b--gzip"'),
        (b'W/"v1"', b'W/"v1"'),
        (b"v1", None),
        (b'"v1', None),
        (b'"v 1"', None),
        (b'"v"1"', None),
        (b'"', None),
        (b"", None),
    ],
)
def test_a_strong_tag_names_the_coding_a_weak_one_stays_a_malformed_one_goes(tag: bytes, changed: bytes | None) -> None:
    assert tag_for(tag, "gzip") == changed


@pytest.mark.parametrize(
    ("condition", "stripped"),
    [
        (b'"v1--br"', b'"v1"'),
        (b'W/"v1--br"', b'W/"v1"'),
        (b'"v1"', b'"v1"'),
        (b"*", b"*"),
        (b'"v1--gzip"', b'"v1--gzip"'),
        (b'"v1--gzip", "v1--br","v2--br" , "v3"', b'"v1--gzip", "v1","v2" , "v3"'),
        (b'"v1--brx"', b'"v1--brx"'),
        (b'"v1--br--br"', b'"v1--br"'),
        (b'"--br"', b'""'),
        (b'"v1--br', b'"v1--br'),
        (b'"v1-br"', b'"v1-br"'),
        (b'"a--br,b"', b'"a--br,b"'),
    ],
)
def test_only_tags_of_the_given_codings_are_turned_back(condition: bytes, stripped: bytes) -> None:
    assert strip_codings(condition, ("br",)) == stripped


OPAQUE = st.binary(max_size=20).map(lambda raw: bytes(byte for byte in raw if byte == 0x21 or 0x23 <= byte != 0x7F))


@given(st.lists(st.tuples(OPAQUE, st.sampled_from(CODINGS)), min_size=1, max_size=5))
def test_every_list_of_changed_tags_is_turned_back_whole(tags: list[tuple[bytes, str]]) -> None:
    plain = [b'"%b"' % opaque for opaque, _ in tags]
    changed = [tag_for(tag, coding) or b"" for tag, (_, coding) in zip(plain, tags, strict=True)]
    assert strip_codings(b", ".join(changed), CODINGS) == b", ".join(plain)


def test_long_hostile_conditions_take_linear_time() -> None:
    for hostile in (b'"' * 60_000, b"--" * 30_000, b'"' + b"--a" * 20_000, b'W/"--' * 12_000):
        assert strip_codings(hostile, CODINGS) == hostile


@pytest.mark.parametrize(
    ("tag", "weak"), [(b'"v1"', b'W/"v1"'), (b'W/"v1"', b'W/"v1"'), (b'""', b'W/""'), (b"v1", None), (b'"a"b"', None)]
)
def test_a_tag_of_bytes_that_are_never_the_same_is_weak(tag: bytes, weak: bytes | None) -> None:
    assert weak_tag(tag) == weak
