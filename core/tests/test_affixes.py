"""Ways with fixed ends are found by those ends, however many there are."""

from __future__ import annotations

import pytest

from pegboard.routing.affixes import Affixes, affix_of
from pegboard.routing.templates import Template
from pegboard.routing.tree import Entry, Table


@pytest.mark.parametrize(
    ("text", "affix"),
    [
        ("{a}", ("", "")),
        ("v{a}", ("v", "")),
        ("{a}.json", ("", ".json")),
        ("v{a}-{b}.x", ("v", ".x")),
        ("{a}-{b}", ("", "")),
    ],
)
def test_the_fixed_ends_of_a_segment(text: str, affix: tuple[str, str]) -> None:
    assert affix_of(Template.parse(f"/{text}").segments[-1]) == affix


def test_only_ways_whose_ends_fit_are_given() -> None:
    ways = Affixes([(("a", ""), 1), (("", "b"), 2), (("a", "b"), 3), (("ab", ""), 4), (("a", ""), 5)])
    assert sorted(ways.fitting("axb")) == [1, 2, 3, 5]
    assert sorted(ways.fitting("abx")) == [1, 4, 5]
    assert sorted(ways.fitting("")) == []


def test_the_first_in_order_wins_with_and_without_fixed_ends() -> None:
    texts = ["/{a}.a", "/{a}.b", "/x{a}", "/{a:int}", "/y{a}", "/{a}", "/z{a}.b", "/{a}.c"]
    table = Table([Entry(Template.parse(text), None, text) for text in texts], fallback=lambda miss, wall: str(miss))
    for path, text in [
        ("/q.b", "/{a}.b"),
        ("/xq.b", "/{a}.b"),
        ("/xq", "/x{a}"),
        ("/7", "/{a:int}"),
        ("/y7", "/y{a}"),
        ("/q.c", "/{a}"),
        ("/.b", "/{a}"),
    ]:
        assert table.match("GET", path)[0] == text
