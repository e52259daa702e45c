"""The rules of matching, one by one: paths, methods, order, mounts, misses, and entries that hide others."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pegboard.convertors import CONVERTOR_TYPES, StringConvertor
from pegboard.routing.templates import Template
from pegboard.routing.tree import Entry, Miss, MissKind, Table


def entry(text: str, methods: str = "GET", *, prefix: bool = False, mount_segments: int = 0) -> Entry[Any]:
    """An entry whose payload is its template; methods are separated by spaces, '*' is any."""
    listed = None if methods == "*" else frozenset(methods.split())
    return Entry(Template.parse(text), listed, text, prefix, mount_segments)


def table(*entries: Entry[Any], **options: bool) -> Table[Any]:
    """A table that answers misses with the miss itself."""
    return Table(entries, fallback=lambda miss, wall: miss, **options)


NOT_FOUND = Miss(MissKind.NOT_FOUND)
REDIRECT = Miss(MissKind.REDIRECT_SLASH)


@pytest.mark.parametrize(
    "path", ["", "/", "//", "*", "/a", "/\0", "/\ud800", "/" + "a/" * 50_000, "/" * 100_000, "/" + "9" * 10_000]
)
def test_an_empty_table_finds_nothing_and_does_not_raise(path: str) -> None:
    assert table().match("GET", path) == (NOT_FOUND, None, 0)


PATHS = table(
    entry("/"),
    entry("/a"),
    entry("/b/"),
    entry("/items/{id:int}"),
    entry("/names/{name}"),
    entry("/files/{rest:path}"),
    entry("/files/{rest:path}/edit"),
    entry("/docs/{rest:path}/edit"),
    entry("/docs/{rest:path}/{page:int}"),
    entry("/x/{name}.{ext}"),
    entry("/codes/{code:re:[A-Z]{3}}"),
    entry("/api", "*", prefix=True),
)


@pytest.mark.parametrize(
    ("path", "payload", "params"),
    [
        ("/", "/", None),
        ("", REDIRECT, None),
        ("//", REDIRECT, None),
        ("*", NOT_FOUND, None),
        ("a", NOT_FOUND, None),
        ("/a", "/a", None),
        ("/a/", REDIRECT, None),
        ("//a", NOT_FOUND, None),
        ("/b", REDIRECT, None),
        ("/a\n", NOT_FOUND, None),
        ("/x/../a", NOT_FOUND, None),
        ("/a%2F", NOT_FOUND, None),
        ("\\a", NOT_FOUND, None),
        ("/items/42", "/items/{id:int}", {"id": 42}),
        ("/items/", NOT_FOUND, None),
        ("/items/4/", REDIRECT, None),
        ("/items/" + "9" * 10_000, NOT_FOUND, None),
        ("/names/é ü", "/names/{name}", {"name": "é ü"}),
        ("/names/..", "/names/{name}", {"name": ".."}),
        ("/names/\0", "/names/{name}", {"name": "\0"}),
        ("/names/\ud800", "/names/{name}", {"name": "\ud800"}),
        ("/names/" + "x" * 100_000, "/names/{name}", {"name": "x" * 100_000}),
        ("/names//", NOT_FOUND, None),
        ("/files/", "/files/{rest:path}", {"rest": ""}),
        ("/files", REDIRECT, None),
        ("/files//evil.example/", "/files/{rest:path}", {"rest": "/evil.example/"}),
        ("/files/a/edit", "/files/{rest:path}", {"rest": "a/edit"}),
        ("/docs/a/b/edit", "/docs/{rest:path}/edit", {"rest": "a/b"}),
        ("/docs/edit", NOT_FOUND, None),
        ("/docs/a/edit/", REDIRECT, None),
        ("/docs/a/b/7", "/docs/{rest:path}/{page:int}", {"rest": "a/b", "page": 7}),
        ("/x/a.tar.gz", "/x/{name}.{ext}", {"name": "a.tar", "ext": "gz"}),
        ("/x/.gz", NOT_FOUND, None),
        ("/codes/ABC", "/codes/{code:re:[A-Z]{3}}", {"code": "ABC"}),
        ("/codes/ABCD", NOT_FOUND, None),
        ("/api", REDIRECT, None),
        ("/api/", "/api", None),
        ("/api/x//y", "/api", None),
        ("/apis", NOT_FOUND, None),
    ],
)
def test_a_path_is_matched_by_the_rules(path: str, payload: object, params: dict[str, Any] | None) -> None:
    assert PATHS.match("GET", path)[:2] == (payload, params)


def test_the_first_entry_in_order_wins_whatever_its_kind() -> None:
    early = table(entry("/{a}"), entry("/x"), entry("/", "*", prefix=True))
    assert early.match("GET", "/x") == ("/{a}", {"a": "x"}, 0)
    late = table(entry("/x"), entry("/{a}"), entry("/{b:path}"))
    assert late.match("GET", "/x") == ("/x", None, 0)
    assert late.match("GET", "/y") == ("/{a}", {"a": "y"}, 0)
    assert late.match("GET", "/y/z") == ("/{b:path}", {"b": "y/z"}, 0)
    mounted = table(entry("", "*", prefix=True), entry("/x"))
    assert mounted.match("GET", "/x") == ("", None, 0)


def test_an_earlier_entry_with_another_method_does_not_stand_in_the_way() -> None:
    both = table(entry("/{a}", "POST"), entry("/x", "GET"))
    assert both.match("GET", "/x") == ("/x", None, 0)
    assert both.match("POST", "/x") == ("/{a}", {"a": "x"}, 0)


def test_a_convertor_that_declines_leaves_the_path_to_later_entries() -> None:
    both = table(entry("/{a:int}"), entry("/{a}"))
    assert both.match("GET", "/7") == ("/{a:int}", {"a": 7}, 0)
    assert both.match("GET", "/" + "7" * 10_000)[0] == "/{a}"


@pytest.mark.parametrize(
    ("method", "payload"),
    [
        ("GET", "/{a}"),
        ("HEAD", "/{a}"),
        ("POST", "/x"),
        ("QUERY", "/{b}"),
        ("OPTIONS", Miss(MissKind.OPTIONS, ("GET", "HEAD", "OPTIONS", "POST", "QUERY"))),
        ("DELETE", Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "HEAD", "OPTIONS", "POST", "QUERY"))),
        ("get", Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "HEAD", "OPTIONS", "POST", "QUERY"))),
        ("", Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "HEAD", "OPTIONS", "POST", "QUERY"))),
        ("__class__", Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "HEAD", "OPTIONS", "POST", "QUERY"))),
    ],
)
def test_allow_is_joined_over_all_entries_of_a_path(method: str, payload: object) -> None:
    entries = table(entry("/{a}"), entry("/x", "POST"), entry("/{b}", "QUERY"), entry("/other", "PUT"))
    assert entries.match(method, "/x")[0] == payload


def test_head_follows_get_in_the_order_of_entries() -> None:
    assert table(entry("/x"), entry("/{a}", "HEAD")).match("HEAD", "/x")[0] == "/x"
    assert table(entry("/{a}", "HEAD"), entry("/x")).match("HEAD", "/x")[0] == "/{a}"
    without = table(entry("/x"), auto_head=False)
    assert without.match("HEAD", "/x")[0] == Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "OPTIONS"))


def test_options_is_answered_by_an_entry_that_lists_it() -> None:
    assert table(entry("/x"), entry("/{a}", "OPTIONS")).match("OPTIONS", "/x")[0] == "/{a}"
    without = table(entry("/x"), auto_options=False)
    assert without.match("OPTIONS", "/x")[0] == Miss(MissKind.METHOD_NOT_ALLOWED, ("GET", "HEAD"))


def test_an_entry_without_methods_takes_any() -> None:
    sockets = table(entry("/x", "*"), entry("/{a}", "*"))
    for method in ["GET", "PURGE", "", "\0"]:
        assert sockets.match(method, "/x")[0] == "/x"
        assert sockets.match(method, "/y")[0] == "/{a}"


def test_a_slash_is_toggled_once_and_only_when_wanted() -> None:
    assert table(entry("/a", "POST")).match("GET", "/a/")[0] == REDIRECT
    assert table(entry("/a"), redirect_slashes=False).match("GET", "/a/")[0] == NOT_FOUND
    assert table(entry("", "*"), entry("/a")).match("GET", "/")[0] == NOT_FOUND


@pytest.mark.parametrize(
    ("path", "payload", "length"),
    [
        ("/api/v1/users", "/api/v1", 7),
        ("/api/v2/users", "/api/", 4),
        ("/api/v1", "/api/", 4),
        ("/api/v1/", "/api/v1", 7),
        ("/t/acmé/x", "/t/{tenant}", 7),
        ("/t/acmé/m/users/7", "/t/{tenant}/m/users/{id}", 9),
        ("/a/b/site/x\n/y", "/{p:path}/site", 9),
        ("/a/b/wiki/page", "/{p:path}/wiki/{page}", 9),
        ("/plain", "/plain", 0),
    ],
)
def test_the_length_of_the_mount_prefix_is_an_index_into_the_path(path: str, payload: str, length: int) -> None:
    mounts = table(
        entry("/t/{tenant}/m/users/{id}", mount_segments=3),
        entry("/{p:path}/wiki/{page}", mount_segments=2),
        entry("/api/v1", "*", prefix=True),
        entry("/api/", "*", prefix=True),
        entry("/t/{tenant}", "*", prefix=True),
        entry("/plain"),
        entry("/{p:path}/site", "*", prefix=True),
    )
    assert (mounts.match("GET", path)[0], mounts.match("GET", path)[2]) == (payload, length)


@pytest.mark.parametrize("text", ["", "/"])
@pytest.mark.parametrize("path", ["", "*", "/", "/x/y", "//"])
def test_an_empty_prefix_takes_every_path_and_none_of_it(text: str, path: str) -> None:
    assert table(entry(text, "*", prefix=True)).match("GET", path) == (text, None, 0)


def test_a_static_hit_is_one_prepared_answer() -> None:
    prepared = table(entry("/x"), entry("/{a}"))
    assert prepared.match("GET", "/x") is prepared.match("GET", "/x")


def test_parameters_belong_to_one_request() -> None:
    shared = table(entry("/{a}"), entry("/x"))
    first = shared.match("GET", "/x")[1]
    assert first is not None
    first["a"] = "changed"
    assert shared.match("GET", "/x")[1] == {"a": "x"}


def test_an_answer_of_a_convertor_that_may_change_its_mind_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"x": ["first"]}

    class Known(StringConvertor):
        def convert(self, value: str) -> Any:
            return taken[value]

    monkeypatch.setitem(CONVERTOR_TYPES, "known", Known())
    changing = table(entry("/{a:known}"), entry("/{b}"))
    assert changing.match("GET", "/x")[1] == {"a": ["first"]}
    assert changing.match("GET", "/y")[0] == "/{b}"
    taken["x"], taken["y"] = ["second"], ["new"]
    assert changing.match("GET", "/x")[1] == {"a": ["second"]}
    assert changing.match("GET", "/y")[0] == "/{a:known}"


def test_what_is_kept_of_late_paths_is_bounded_however_many_are_asked_for() -> None:
    hunted = table(entry("/items/{id}"), entry("/items/{id}/x", "POST"))

    def ask(start: int) -> None:
        for number in range(start, start + 2_000):
            path = f"/items/{number:0100}"
            assert hunted.match("GET", path) == ("/items/{id}", {"id": path[7:]}, 0)
            assert hunted.match("GET", path + "/none")[0] == NOT_FOUND
            assert hunted.match("GET", f"/items/{number}" + "y" * 10_000)[0] == "/items/{id}"

    ask(0)
    tracemalloc.start()
    try:
        ask(2_000)
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()


def test_a_fallback_is_made_once_for_each_distinct_miss() -> None:
    made: list[Miss] = []

    def fallback(miss: Miss, wall: Any) -> Miss:
        made.append(miss)
        return miss

    counted: Table[Any] = Table([entry("/x"), entry("/{a}/y", "PUT")], fallback=fallback)
    for number in range(50):
        for path in [f"/{number}", f"/{number}/y", f"/{number}/y/", "/x"]:
            for method in ["POST", "OPTIONS", f"M{number}"]:
                counted.match(method, path)
    assert sorted(made, key=repr) == sorted(set(made), key=repr)
    assert len(made) == 6


@pytest.mark.parametrize(
    ("entries", "pairs"),
    [
        ([entry("/users/{id}"), entry("/users/me")], [("/users/me", "/users/{id}")]),
        ([entry("/users/me"), entry("/users/{id}")], []),
        ([entry("/users/{id:int}"), entry("/users/me")], []),
        ([entry("/users/{id}", "POST"), entry("/users/me")], []),
        ([entry("/{a}"), entry("/x", "GET POST")], []),
        ([entry("/{a}"), entry("/{b}", "POST"), entry("/x", "GET POST")], [("/x", "/{a}")]),
        ([entry("/x"), entry("/x")], []),
        ([entry("/{a}"), entry("/{b}")], [("/{b}", "/{a}")]),
        ([entry("/{a}"), entry("/{b}", "POST")], []),
        ([entry("/{a}"), entry("/{b}", "POST"), entry("/{c}", "GET POST")], [("/{c}", "/{a}")]),
        ([entry("/{a}"), entry("/{b:int}")], []),
        ([entry("/x/{a}/y", "*"), entry("/x/{b}/y")], [("/x/{b}/y", "/x/{a}/y")]),
        ([entry("/m", "*", prefix=True), entry("/m/{a}"), entry("/{b}/{c}")], [("/m/{a}", "/m")]),
        ([entry("/{a}", "*", prefix=True), entry("/{b}/c/{d}"), entry("/{e}")], [("/{b}/c/{d}", "/{a}")]),
        ([entry("/{a}", "*", prefix=True), entry("/{b}", "*", prefix=True)], [("/{b}", "/{a}")]),
        ([entry("/{a}", "*"), entry("/x", "*")], [("/x", "/{a}")]),
        ([entry("/{a}", "GET"), entry("/x", "*")], []),
        ([entry("/api", "*", prefix=True), entry("/api/x"), entry("/api")], [("/api/x", "/api")]),
        ([entry("", "*", prefix=True), entry("/x"), entry("/s", "*", prefix=True)], [("/x", ""), ("/s", "")]),
        ([entry("/{p:path}", "*"), entry("/s", "*", prefix=True)], [("/s", "/{p:path}")]),
        ([entry("/{p:path}", "GET"), entry("/s", "*", prefix=True)], []),
        ([entry("/s/{x}", "*"), entry("/s", "*", prefix=True)], []),
        ([entry("/s", "*", prefix=True), entry("/s/", "*", prefix=True)], [("/s/", "/s")]),
    ],
)
def test_static_entries_that_cannot_be_reached_are_named_with_what_hides_them(
    entries: list[Entry[Any]], pairs: list[tuple[str, str]]
) -> None:
    assert [(hidden.payload, by.payload) for hidden, by in table(*entries).shadowed()] == pairs


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (Entry(Template.parse("/x"), frozenset(), None), "empty set of methods"),
        (Entry(Template.parse_host("x.example"), None, None), "host template"),
        (entry("/x/", mount_segments=2), "mount_segments is 2"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(wrong: Entry[Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        table(wrong)


def calls_during(action: Callable[[], object]) -> int:
    """How many calls and returns Python makes for an action."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(before)
    return calls


SCALES: dict[str, tuple[list[str], list[str]]] = {
    "typed": (
        ["/api/v{}/{{tenant}}/things/{{id:int}}", "/{{tenant}}/k{}/{{id}}"],
        ["/api/v{}/acme/things/7", "/acme/k{}/x", "/acme/none/x", "/api/v{}/acme/things/x", "/api/k{}/x"],
    ),
    "behind a path parameter": (
        ["/files/{{rest:path}}/k{}/{{id}}", "/files/{{rest:path}}/k{}/x", "/files/{{rest:path}}/x/k{}"],
        ["/files/a/k{}/7", "/files/a/k{}/x", "/files/a/x/k{}", "/files/a/none/7", "/files/k{}", "/files/k{}/k{}/k{}"],
    ),
    "beside a path parameter": (
        ["/raw/{{rest:path}}.x{}", "/raw/{{rest:path}}/{{name}}-{}"],
        ["/raw/a/b.x{}", "/raw/a/b-{}", "/raw/a/b.none"],
    ),
    "beside a parameter": (["/raw/{{name}}.x{}", "/raw/x{}-{{name:int}}"], ["/raw/b.x{}", "/raw/x{}-7", "/raw/none"]),
    "own regular expressions": (
        ["/k{}/{{code:re:[A-Z]{{2}}}}", "/k{}-{{code:re:[0-9]+}}"],
        ["/k{}/XY", "/k{}-7", "/k{}/x"],
    ),
    "mounts": (["/m{}/{{tenant}}", "/{{tenant}}/m{}"], ["/m{}/acme", "/acme/m{}", "/acme/none"]),
}


@pytest.mark.parametrize("kind", SCALES)
def test_ten_thousand_entries_take_no_more_steps_than_ten(kind: str) -> None:
    templates, paths = SCALES[kind]

    def entries(count: int) -> Table[Any]:
        share = count // len(templates)
        texts = [template.format(f"{number:04}") for template in templates for number in range(share)]
        return table(*(entry(text, "*" if kind == "mounts" else "GET", prefix=kind == "mounts") for text in texts))

    small, large = entries(10 * len(templates)), entries(10_000)
    for template in [*paths, *(f"{path}/behind" for path in paths)]:
        path = template.replace("{}", "0004")
        for each in (small, large):
            each.match("HEAD", path)  # expressions are compiled when they are first needed
        in_small, in_large = [calls_during(partial(each.match, "GET", path)) for each in (small, large)]
        assert in_small == in_large, path
