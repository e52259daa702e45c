"""What stands between two slashes of a template."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.regex_safety import RegexError
from pegboard.routing.scanning import Param, scan
from pegboard.routing.segments import LIMITS, fixed_text, join, limit_of, spans, split


def shown(text: str) -> list[list[str]]:
    """The segments, parameters as ``{name}``."""
    segments = split(list(scan(text)))
    return [[f"{{{part.name}}}" if isinstance(part, Param) else part for part in segment] for segment in segments]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", [[]]),
        ("/", [[], []]),
        ("/a//b", [[], ["a"], [], ["b"]]),
        ("/a-{b}.{c}/{d}", [[], ["a-", "{b}", ".", "{c}"], ["{d}"]]),
        ("{a}/", [["{a}"], []]),
    ],
)
def test_segments_end_at_slashes_of_fixed_text(text: str, segments: list[list[str]]) -> None:
    assert shown(text) == segments


@given(st.lists(st.sampled_from(["/", "a", "{x}", "/b", "//"]), max_size=8).filter(lambda p: p.count("{x}") < 2))
def test_what_is_split_joins_again(pieces: list[str]) -> None:
    text = "".join(pieces)
    again = join(split(list(scan(text))))
    assert "".join("{x}" if isinstance(part, Param) else part for part in again) == text


def test_fixed_text_is_that_of_segments_without_parameters() -> None:
    assert [fixed_text(segment) for segment in split(list(scan("/a/x{b}")))] == ["", "a", None]


def test_only_parameters_that_take_a_slash_span_segments() -> None:
    texts = ("/a", "/{b}", "/{b:int}", "/{b:path}", "/{b:re:.}")
    spanning = {text: spans(split(list(scan(text)))[1]) for text in texts}
    assert spanning == {"/a": False, "/{b}": False, "/{b:int}": False, "/{b:path}": True, "/{b:re:.}": True}


@pytest.mark.parametrize(("text", "growth"), [("{a}", 1), ("{a}-{b:int}", 1), ("{a:path}", 1)])
def test_what_costs_in_proportion_to_its_length_has_no_limit(text: str, growth: int) -> None:
    assert limit_of(list(scan(text)), tail="path" in text) == LIMITS[growth] is None


def test_parameters_in_a_row_that_share_a_text_have_a_limit_or_are_refused() -> None:
    row = "{a:path}{b:path}{c:path}"
    assert limit_of(list(scan(row)), tail=True) in (LIMITS[2], LIMITS[3])
    with pytest.raises(RegexError, match="grows with the power"):
        limit_of(list(scan(row + "{d:path}{e:path}x")), tail=True)
