"""For random tables, paths and methods, the table answers what a plain walk over its entries answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard.routing.templates import Template, TemplateError
from pegboard.routing.tree import Entry, Match, Miss, MissKind, Table

KINDS = {
    "": ("[^/]+", str),
    ":str": ("[^/]+", str),
    ":int": ("[0-9]+", int),
    ":float": (r"[0-9]+(?:\.[0-9]+)?", float),
    ":path": (r"[\s\S]*", str),
    ":re:[ab]+": ("[ab]+", str),
    ":re:[^1]*": ("[^1]*", str),
}
PARAM = re.compile(r"\{(\w+)((?::[^{}]*)?)\}")


def expression(text: str) -> str:
    """The whole regular expression of a template's text, without any help from the code under test."""
    pieces = PARAM.split(text)
    fixed, names, kinds = pieces[::3], pieces[1::3], pieces[2::3]
    params = [f"(?P<{name}>{KINDS[kind][0]})" for name, kind in zip(names, kinds, strict=True)]
    return "".join(re.escape(text) + param for text, param in zip(fixed, [*params, ""], strict=True))


def reference_takes(entry: Entry[Any], path: str) -> tuple[dict[str, Any] | None, int] | None:
    """Parameters and mount length when the entry's path matches."""
    text = entry.template.text
    if entry.prefix:
        text = text.rstrip("/")
        if not text:
            return None, 0
        source = f"(?P<mount_>{expression(text)})/[\\s\\S]*"
    else:
        segments = text.split("/")
        mount, rest = "/".join(segments[: entry.mount_segments + 1]), segments[entry.mount_segments + 1 :]
        source = f"(?P<mount_>{expression(mount)}){expression(''.join('/' + segment for segment in rest))}"
    found = re.fullmatch(source, path)
    if found is None:
        return None
    kinds = dict(PARAM.findall(text))
    params = {name: KINDS[kind][1](found[name]) for name, kind in kinds.items()}
    return params or None, found.end("mount_")


def reference(entries: Sequence[Entry[Any]], method: str, path: str) -> Match[Any]:
    """Walk the entries in order, as the rules are written."""
    allow: set[str] = set()
    wall, before = None, len(entries)
    place: tuple[dict[str, Any] | None, int] = (None, 0)
    for number, entry in enumerate(entries):
        taken = reference_takes(entry, path)
        if taken is None:
            continue
        if entry.wall:
            wall, place, before = entry, taken, number
            break
        methods = entry.methods and entry.methods | ({"HEAD"} if "GET" in entry.methods else set())
        if methods is None or method in methods:
            return entry.payload, *taken
        allow |= methods
    payload = None if wall is None else wall.payload
    if allow:
        kind = MissKind.OPTIONS if method == "OPTIONS" else MissKind.METHOD_NOT_ALLOWED
        return (Miss(kind, tuple(sorted(allow | {"OPTIONS"}))), payload), place[0], place[1]
    toggled = path[:-1] if path.endswith("/") else path + "/"
    redirects = path != "/" and (wall is None or wall.redirect_slashes)
    if redirects and any(reference_takes(entry, toggled) for entry in entries[:before]):
        return (Miss(MissKind.REDIRECT_SLASH), payload), place[0], place[1]
    return (Miss(MissKind.NOT_FOUND), payload), place[0], place[1]


SEGMENTS = [
    "", "a", "b", "a.b", "é", "{}", "{:int}", "{:float}", "{:str}", "{}.{}", "a{}", "{}b", "{:int}-{}", "{}-{:int}",
    "{}-{}b", "{}{}", "{:path}", "a{:path}", "{:path}b", "{:re:[ab]+}", "{:re:[^1]*}", "{}.{:re:[ab]+}",
]  # fmt: skip
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "a.b",
    "é",
    "1",
    "12",
    "1.5",
    "1-a",
    "a-1",
    "a-b-b",
    "..",
    "\n",
    "\0",
    "a/b",
    "%2F",
    "\ud800",
]
FITTING = {
    ":int": ["0", "12"],
    ":float": ["1", "1.5"],
    ":path": ["", "a", "a/b", "b/a/1", "/"],
    ":re:[ab]+": ["a", "ab"],
    ":re:[^1]*": ["", "a/b", "b"],
}
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "QUERY", "get", ""]


def named(text: str) -> str:
    """The template text with the names p0, p1, ... in its parameters."""
    pieces = text.split("{")
    return pieces[0] + "".join(f"{{p{number}{piece}" for number, piece in enumerate(pieces[1:]))


@st.composite
def entries_of(draw: st.DrawFn, payload: int) -> Entry[Any]:
    segments = draw(st.lists(st.sampled_from(SEGMENTS), max_size=4))
    text = named("".join(f"/{segment}" for segment in segments))
    try:
        template = Template.parse(text)
    except TemplateError as error:
        if "time that grows" not in error.problem:
            raise
        template = Template.parse("/" + draw(st.sampled_from(TEXTS)))
    methods = draw(
        st.sampled_from([None, frozenset({"GET"})]) | st.frozensets(st.sampled_from(METHODS[:-1]), min_size=1)
    )
    prefix = draw(st.integers(0, 4)) == 0
    if prefix and draw(st.booleans()):
        return Entry(template, None, payload, True, wall=True, redirect_slashes=draw(st.integers(0, 3)) > 0)
    return Entry(template, methods, payload, prefix, 0 if prefix else draw(st.integers(0, template.depth)))


@st.composite
def tables_with_paths(draw: st.DrawFn) -> tuple[list[Entry[Any]], str]:
    """Some entries, and a path that was more often than not made from one of their templates."""
    entries = [draw(entries_of(number)) for number in range(draw(st.integers(1, 8)))]
    texts = st.sampled_from(TEXTS) | st.text(max_size=4)
    if draw(st.integers(0, 4)) == 0:
        return entries, draw(st.sampled_from(["/", ""])) + "/".join(draw(st.lists(texts, max_size=4)))
    entry = draw(st.sampled_from(entries))
    path = PARAM.sub(lambda found: draw(st.sampled_from(FITTING.get(found[2], TEXTS))), entry.template.text)
    ends = ["", "", "/", "/a", "/a/1"] if entry.prefix else ["", "", "", "", "/"]
    return entries, draw(st.sampled_from([path, path, path, path.rstrip("/"), path[1:]])) + draw(st.sampled_from(ends))


@settings(max_examples=600, deadline=None)
@given(tables_with_paths(), st.sampled_from(METHODS))
def test_the_table_answers_as_a_walk_over_the_entries_in_order(case: tuple[list[Entry[Any]], str], method: str) -> None:
    entries, path = case
    table: Table[Any] = Table(entries, fallback=lambda miss, wall: (miss, wall))
    expected = reference(entries, method, path)
    assert table.match(method, path) == expected
    assert table.match(method, path) == expected
