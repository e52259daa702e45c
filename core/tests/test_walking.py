"""The two ways through a trie agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pegboard.routing.nodes import Builder, Leaf
from pegboard.routing.templates import Template
from pegboard.routing.walking import UNCLEAR, matches, search, straight

TEMPLATES = ("/a", "/{x}", "/{x:int}", "/a/b", "/{x}/b", "/a/{y}", "/{x:path}", "/a/{y:path}", "/p{x}", "", "/a/...")
PATHS = ("/", "/a", "/7", "/a/b", "/a/7", "/q/b", "/a/b/c", "/px", "/q/r/s", "//", "/a/")

entries = st.lists(st.tuples(st.sampled_from(TEMPLATES), st.sampled_from(["GET", "POST", "*"])), min_size=1, max_size=9)


def trie(given_entries: list[tuple[str, str]]) -> Builder:
    builder = Builder()
    for order, (text, method) in enumerate(given_entries):
        is_prefix = text.endswith("...") or not text
        template = Template.parse(text.removesuffix("/..."))
        names = tuple(part.name for part in template.parts if not isinstance(part, str))
        methods = None if method == "*" else frozenset({method})
        builder.add(template.segments, Leaf(order, methods, names, text, 0, is_prefix))
    return builder


@given(entries, st.sampled_from(PATHS), st.sampled_from(["GET", "PUT"]))
def test_the_straight_way_finds_what_the_search_finds_or_leaves_it_to_it(
    given_entries: list[tuple[str, str]], path: str, method: str
) -> None:
    root = trie(given_entries).finish()
    answer = straight(root, method, path)
    if answer is None:
        assert list(matches(root, path)) == []
    elif answer is not UNCLEAR:
        assert answer == search(root, method, path)


@given(entries, st.sampled_from(PATHS))
def test_the_search_finds_the_first_of_all_that_match(given_entries: list[tuple[str, str]], path: str) -> None:
    root = trie(given_entries).finish()
    orders = sorted(leaf.order for leaf, _, _ in matches(root, path) if leaf.methods is None or "GET" in leaf.methods)
    found = search(root, "GET", path)
    assert (found[0].order if found else None) == (orders[0] if orders else None)


def test_values_come_in_the_order_of_the_parameters() -> None:
    root = trie([("/{x}/b", "*"), ("/{x:path}", "*")]).finish()
    assert [(leaf.payload, values) for leaf, values, _ in sorted(matches(root, "/q/b"), key=lambda m: m[0].order)] == [
        ("/{x}/b", ("q",)),
        ("/{x:path}", ("q/b",)),
    ]
