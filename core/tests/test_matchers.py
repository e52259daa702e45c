"""Matchers give values or None for any text whatever, at a cost that hostile text cannot raise."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.convertors import MAX_INT_DIGITS
from pegboard.routing.matchers import key_of, segment_matcher, tail_matcher
from pegboard.routing.segments import LIMITS, Segment, join, limit_of
from pegboard.routing.templates import Template


def segment_of(text: str) -> Segment:
    return Template.parse(f"/{text}").segments[-1]


SEGMENTS = [
    "{a}", "{a:int}", "{a:float}", "{a:uuid}", "{a:re:[ab]+}", "{a}.{b}", "{a}-{b:int}", "{a}{b}", "v{a:int}",
    "{a}-{b}-{c}.json",
]  # fmt: skip


@pytest.mark.parametrize("text", SEGMENTS)
@given(text_in_path=st.text().filter(lambda text: "/" not in text))
def test_no_text_makes_a_matcher_raise(text: str, text_in_path: str) -> None:
    values = segment_matcher(segment_of(text))(text_in_path)
    assert values is None or len(values) == text.count("{")


@pytest.mark.parametrize(
    ("text", "given_text", "values"),
    [
        ("{a}", "x", ("x",)),
        ("{a}", "", None),
        ("{a:int}", "42", (42,)),
        ("{a:int}", "9" * MAX_INT_DIGITS, (int("9" * MAX_INT_DIGITS),)),
        ("{a:int}", "9" * (MAX_INT_DIGITS + 1), None),
        ("{a:int}", "٣", None),
        ("v{a:int}", "v2", (2,)),
        ("v{a:int}", "v" + "9" * 10_000, None),
        ("{a}.{b}", "x.y.z", ("x.y", "z")),
        ("{a}.{b}", ".x", None),
        ("{a}-{b}.json", "-----.json", ("---", "-")),
        ("{a}-{b}.json", "a-b.json.json", ("a", "b.json")),
        ("{a}{b}", "xyz", ("xy", "z")),
    ],
)
def test_a_segment_gives_its_values(text: str, given_text: str, values: tuple[Any, ...] | None) -> None:
    assert segment_matcher(segment_of(text))(given_text) == values


PIECES = st.lists(st.sampled_from(["{}", "{}", "-", ".", "-.", "a"]), min_size=2, max_size=7).filter(
    lambda of: "{}" in of
)


@given(PIECES, st.text("a-.b\n", max_size=12))
def test_text_parameters_are_found_as_a_greedy_expression_finds_them(pieces: list[str], text: str) -> None:
    template = "".join(f"{{p{number}}}" if piece == "{}" else piece for number, piece in enumerate(pieces))
    greedy = re.fullmatch("".join("([^/]+)" if piece == "{}" else re.escape(piece) for piece in pieces), text)
    assert segment_matcher(segment_of(template))(text) == (greedy and greedy.groups())


def test_equal_segments_have_one_key_whatever_their_names() -> None:
    assert key_of(segment_of("{a}.{b:int}")) == key_of(segment_of("{x}.{y:int}"))
    assert key_of(segment_of("{a:re:[ab]}")) == key_of(segment_of("{x:re:[ab]}"))
    assert key_of(segment_of("{a}")) != key_of(segment_of("{a:int}"))
    assert key_of(segment_of("{a}.{b}")) != key_of(segment_of("{a}-{b}"))


@pytest.mark.parametrize(
    ("text", "tail", "limit"),
    [
        ("{a}.{b}.{c}.{d}", False, LIMITS[1]),
        ("{a}-{b:int}", False, LIMITS[1]),
        ("{a}-{b}-{c:int}", False, LIMITS[2]),
        ("{a}-{b}-{c}-{d:int}", False, LIMITS[3]),
        ("{a:re:[a-z]+-?[a-z]+}", False, LIMITS[2]),
        ("{a:path}/edit", True, LIMITS[1]),
        ("{a:path}/-/{b:path}", True, LIMITS[1]),
        ("{a:path}/{b}/edit", True, LIMITS[1]),
        ("{a:path}/-/{b:path}/edit", True, LIMITS[2]),
    ],
)
def test_the_length_is_limited_only_where_time_would_grow_faster(text: str, tail: bool, limit: int | None) -> None:
    segments = Template.parse(f"/{text}").segments[1:]
    assert limit_of(join(segments), tail=tail) == limit


def test_a_text_beyond_the_limit_is_no_match() -> None:
    limit = LIMITS[2]
    assert limit is not None
    match = segment_matcher(segment_of("{a}-{b}-{c:int}"))
    assert match("x-y-" + "1" * (limit - 4)) is not None
    assert match("x-y-" + "1" * (limit - 3)) is None
    assert match("-" * 1_000_000) is None


@pytest.mark.parametrize(
    "text", ["{a}-{b}-{c}.json", "{a}-{b}.{c}", "{a}-{b}-{c}-{d}.{e}", "{a}{b}{c}.{d}", "x{a}-{b}.{c}x"]
)
@pytest.mark.parametrize("hostile", ["-" * 1_000_000, "a-" * 500_000, "x" * 1_000_000])
def test_text_parameters_in_a_row_take_no_more_time_than_the_text_is_long(text: str, hostile: str) -> None:
    """With an expression that goes back, the shortest of these takes minutes."""
    assert (segment_matcher(segment_of(text))(hostile) is None) == ("." in text)


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("{a:path}", "/x/y", (("x/y",), None)),
        ("{a:path}", "/", (("",), None)),
        ("{a:path}/edit", "/x/y/edit", (("x/y",), None)),
        ("{a:path}/edit", "/edit", None),
        ("{a:path}/{b:int}", "/x/7", (("x", 7), None)),
        ("{a:path}/{b:int}", "/x/" + "7" * 10_000, None),
        ("{a:path}", "/x\n/y", (("x\n/y",), None)),
    ],
)
def test_a_tail_takes_the_rest_of_the_path(text: str, path: str, found: object) -> None:
    parts = join(Template.parse(f"/{text}").segments[1:])
    assert tail_matcher(parts, mount_part=None, prefix=False)(path, 1) == found


def test_a_tail_tells_where_its_mount_ends() -> None:
    parts = join(Template.parse("/{a:path}/m/{b}").segments[1:])
    assert tail_matcher(parts, mount_part=3, prefix=False)("/x/y/m/z", 1) == (("x/y", "z"), 6)
    assert tail_matcher(parts[:3], mount_part=None, prefix=True)("/x/y/m/z", 1) == (("x/y",), 6)
