"""Names of request headers: read within bounds, whatever a client sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_cors.requested import (
    MAX_BYTES,
    MAX_EMPTY,
    MAX_NAMES,
    RequestedError,
    is_token,
    requested_names,
)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([], ()),
        ([b""], ()),
        ([b"x-token"], (b"x-token",)),
        ([b"X-Token,Content-Type"], (b"x-token", b"content-type")),
        ([b"x-token , \tcontent-type "], (b"x-token", b"content-type")),
        ([b"a", b"b,c"], (b"a", b"b", b"c")),
        ([b"a,,b,", b",c"], (b"a", b"b", b"c")),
        ([b"a,A,a"], (b"a",)),
        ([b"," * MAX_EMPTY], None),
        ([b"," * (MAX_EMPTY - 1)], ()),
        ([b""] * MAX_EMPTY, ()),
        ([b""] * (MAX_EMPTY + 1), None),
        ([b",".join(b"n%d" % n for n in range(MAX_NAMES))], tuple(b"n%d" % n for n in range(MAX_NAMES))),
        ([b",".join(b"n%d" % n for n in range(MAX_NAMES + 1))], None),
        ([b",".join([b"a"] * (MAX_NAMES + 1))], None),
        ([b"a"] * (MAX_NAMES + 1), None),
        ([b"a" * MAX_BYTES], (b"a" * MAX_BYTES,)),
        ([b"a" * MAX_BYTES, b"a"], None),
        ([b"a b"], None),
        ([b"a\r\nb"], None),
        ([b"a\x00"], None),
        ([b"\xc3\xa4"], None),
        ([b"a;q=1"], None),
        ([b"a\x0b"], None),
    ],
)
def test_lines_become_names_or_are_refused(lines: list[bytes], names: tuple[bytes, ...] | None) -> None:
    """White space, empty elements and several lines are fine; too much of anything, or what is no token, is not."""
    if names is None:
        with pytest.raises(RequestedError):
            requested_names(lines)
    else:
        assert requested_names(lines) == names


@given(st.lists(st.binary(max_size=200), max_size=100))
def test_whatever_is_taken_is_within_bounds(lines: list[bytes]) -> None:
    """Any bytes give bounded, distinct, lower-case tokens, or one error."""
    try:
        names = requested_names(lines)
    except RequestedError:
        return
    assert len(names) == len(set(names)) <= MAX_NAMES
    assert all(is_token(name) and name == name.lower() for name in names)


def test_a_huge_line_is_refused_without_being_split() -> None:
    """The bound on bytes comes first, so no list of a million elements is made."""

    class Line(bytes):
        def split(self, sep: object = None, maxsplit: object = -1) -> list[bytes]:
            raise AssertionError("a line over the bound was split")

    with pytest.raises(RequestedError, match=str(MAX_BYTES)):
        requested_names([Line(b"a," * 1_000_000)])


@pytest.mark.parametrize(("value", "expected"), [(b"GET", True), (b"x-y_z!", True), (b"", False), (b"G T", False)])
def test_tokens_are_those_of_rfc_9110(value: bytes, expected: bool) -> None:
    """A token is not empty and has neither spaces nor separators."""
    assert is_token(value) is expected
