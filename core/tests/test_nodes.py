"""A trie of templates as it is built."""

from __future__ import annotations

from pegboard.routing.nodes import NO_ORDER, Builder, Leaf, Node
from pegboard.routing.templates import Template


def built(*entries: tuple[str, str]) -> Node:
    """A trie of templates, each with a method, or ``*`` for any; a template that ends in ``/...`` is a prefix."""
    builder = Builder()
    for order, (text, method) in enumerate(entries):
        template = Template.parse(text.removesuffix("/..."))
        methods = None if method == "*" else frozenset({method})
        names = tuple(param.name for param in template.parts if not isinstance(param, str))
        builder.add(template.segments, Leaf(order, methods, names, text, 0, text.endswith("/...")))
    return builder.finish()


def test_fixed_segments_lead_from_child_to_child() -> None:
    root = built(("/a/b", "*"), ("/a/c", "*"))
    (before_slash,) = root.children.values()
    assert list(before_slash.children) == ["a"]
    assert {text: node.leaves[0].payload for text, node in before_slash.children["a"].children.items()} == {
        "b": "/a/b",
        "c": "/a/c",
    }
    assert before_slash.is_fixed
    assert before_slash.depth == 1


def test_equal_parameters_share_a_node_whatever_their_names() -> None:
    node = built(("/{a}/x", "*"), ("/{b}/y", "*"), ("/{c:int}", "*")).children[""]
    assert [sorted(child.children) for _, child in node.dynamic] == [["x", "y"], []]
    assert not node.is_fixed


def test_leaves_keep_the_order_of_entries_and_those_that_are_hidden_are_left_out() -> None:
    node = built(("/a", "POST"), ("/a", "GET"), ("/a", "GET"), ("/a", "*"), ("/a", "PUT")).children[""].children["a"]
    assert [leaf.order for leaf in node.leaves] == [0, 1, 3]


def test_prefixes_and_tails_open_a_node_from_their_order_on() -> None:
    node = built(("/a", "*"), ("/{rest:path}", "*"), ("/...", "*")).children[""]
    assert (node.open_from, node.first) == (1, 0)
    assert node.opener is None
    assert built(("/{rest:path}", "*"), ("/a", "*")).children[""].opener is not None
    assert built(("/a", "*")).children[""].open_from == NO_ORDER
