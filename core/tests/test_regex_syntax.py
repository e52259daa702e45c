"""Regular expressions are read into a tree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.regex_syntax import ASCII, BEYOND_ASCII, Chain, Chars, Look, RegexError, Repeat, read_regex


def shape(node: Any) -> Any:
    """A tree as plain values; characters as those of ``abc`` that they accept."""
    if isinstance(node, Chars):
        return "".join(char for char in "abc" if node.mask & 1 << ord(char)) or "-"
    if isinstance(node, Repeat):
        return (shape(node.body), node.low, node.high)
    if isinstance(node, Look):
        return {"look": shape(node.body)}
    items = node.items if isinstance(node, Chain) else node.options
    return [type(node).__name__, *map(shape, items)]


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("", ["Chain"]),
        ("a", "a"),
        ("[ab]", "ab"),
        ("[^a]", "bc"),
        (".", "abc"),
        (r"\d", "-"),
        ("ab", ["Chain", "a", "b"]),
        ("a|b", ["Choice", "a", "b"]),
        ("a*", ("a", 0, None)),
        ("a+?", ("a", 1, None)),
        ("a{2,3}", ("a", 2, 3)),
        ("a{2}", ("a", 2, 2)),
        ("(?:ab)?", (["Chain", "a", "b"], 0, 1)),
        ("(?=a)b", ["Chain", {"look": "a"}, "b"]),
        ("(?i:A)", "a"),
        (r"\x61", "a"),
    ],
)
def test_the_tree_says_what_decides_how_matching_works(source: str, tree: Any) -> None:
    assert shape(read_regex(source).tree) == tree


ONE_CHARACTER = ("[a-f]", r"\w", r"\S", "[^0-9]", ".", r"[\]\-x]", "(?i:k)", "é", r"\u0061")


@given(st.sampled_from(ONE_CHARACTER), st.integers(0, 127))
def test_a_set_has_every_character_that_matches(source: str, number: int) -> None:
    tree = read_regex(source).tree
    assert isinstance(tree, Chars)
    assert bool(tree.mask >> number & 1) == (re.fullmatch(source, ASCII[number]) is not None)


def test_what_may_match_beyond_ascii_says_so() -> None:
    reaches = {source: bool(read_regex(source).tree.mask & BEYOND_ASCII) for source in ("[a-z]", r"\w", ".", "é")}  # type: ignore[union-attr]
    assert reaches == {"[a-z]": False, r"\w": True, ".": True, "é": True}


def test_places_of_anchors_and_named_groups_are_told() -> None:
    reading = read_regex("a(?P<n>b)$")
    assert (reading.anchor_at, reading.named_at) == (9, 1)
    assert (read_regex("ab").anchor_at, read_regex("ab").named_at) == (None, None)


@pytest.mark.parametrize(
    ("source", "position", "problem"),
    [
        ("a(", 1, "does not compile"),
        (r"(a)\1", 3, "backreferences"),
        ("(?x:a)", 0, "verbose"),
        ("(a)(?(1)b)", 3, "conditional"),
        ("(?#c)a", 0, "comments"),
    ],
)
def test_what_the_tree_cannot_say_is_refused_at_its_place(source: str, position: int, problem: str) -> None:
    with pytest.raises(RegexError, match=problem) as caught:
        read_regex(source)
    assert caught.value.position == position
