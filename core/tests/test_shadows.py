"""Entries that no request can reach are found, and only those."""

from __future__ import annotations

import pytest

from pegboard.routing.templates import Template
from pegboard.routing.tree import Entry, Table


def hidden(*entries: tuple[str, str]) -> list[tuple[str, str]]:
    """What is hidden, and by which; a template that ends in ``/...`` is a mount."""
    table = Table(
        [
            Entry(
                Template.parse(text.removesuffix("/...")),
                None if methods == "*" else frozenset(methods.split()),
                text,
                prefix=text.endswith("/..."),
            )
            for text, methods in entries
        ],
        fallback=lambda miss, payload: str(miss.kind),
    )
    return [(entry.payload, by.payload) for entry, by in table.shadowed()]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([("/{a}", "*"), ("/x", "GET")], [("/x", "/{a}")]),
        ([("/{a}", "GET"), ("/{b}", "POST"), ("/x", "GET POST")], [("/x", "/{a}")]),
        ([("/{a}", "GET"), ("/x", "GET POST")], []),
        ([("/{a}", "GET"), ("/{b}", "GET")], [("/{b}", "/{a}")]),
        ([("/{a}", "GET"), ("/{b:int}", "GET")], []),
        ([("/api/...", "*"), ("/api/x", "GET")], [("/api/x", "/api/...")]),
        ([("/api/...", "*"), ("/api/{x}", "GET")], [("/api/{x}", "/api/...")]),
        ([("/api/...", "*"), ("/apis", "GET")], []),
        ([("/x", "GET"), ("/{a}", "*")], []),
        ([("/{rest:path}", "*"), ("/api/...", "*")], [("/api/...", "/{rest:path}")]),
    ],
    ids=[
        "parameter before text",
        "several together",
        "not all methods",
        "other name",
        "other convertor",
        "mount",
        "mount before a parameter",
        "another word",
        "right order",
        "all paths before a mount",
    ],
)
def test_what_nobody_reaches_is_named_with_its_taker(
    entries: list[tuple[str, str]], found: list[tuple[str, str]]
) -> None:
    assert hidden(*entries) == found
