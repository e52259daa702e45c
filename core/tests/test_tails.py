"""What begins with a parameter that spans slashes is found by its fixed text, and answers as ever."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.routing.tails import Tails
from pegboard.routing.templates import Template
from pegboard.routing.tree import Entry, Table

TAILS = [
    ("{p:path}", False),
    ("{p:path}/edit", False),
    ("{p:path}/page/{n}", False),
    ("{p:path}/page/edit/{n}", False),
    ("{p:path}.json", False),
    ("{p:path}/v{n}", False),
    ("{p:path}/v{q:path}", False),
    ("{p:path}/", False),
    ("{p:path}/m", True),
    ("{p:path}.x", True),
]


def tails() -> Tails[str]:
    return Tails([(Template.parse(f"/{text}").segments[1:], is_prefix, text) for text, is_prefix in TAILS])


@pytest.mark.parametrize(
    ("path", "fitting"),
    [
        ("/a/b", ["{p:path}", "{p:path}/", "{p:path}/v{q:path}", "{p:path}.x"]),
        ("/a/edit", ["{p:path}/edit", "{p:path}/page/edit/{n}"]),
        ("/edit/page/edit/x", ["{p:path}/edit", "{p:path}/page/edit/{n}", "{p:path}/page/{n}"]),
        ("/a/b.json", ["{p:path}.json"]),
        ("/a/v7", ["{p:path}/v{n}"]),
        ("/a/m/x", ["{p:path}/m"]),
    ],
)
def test_tails_are_given_where_their_fixed_text_is(path: str, fitting: list[str]) -> None:
    always = ["{p:path}", "{p:path}/", "{p:path}/v{q:path}", "{p:path}.x"]
    found = sorted(tails().fitting(path.split("/"), 1))
    assert set(found) >= set(always)
    assert set(found) - set(always) == set(fitting) - set(always)
    assert len(found) == len(set(found))


def test_fixed_text_before_the_node_does_not_count() -> None:
    assert "{p:path}/edit" not in [*tails().fitting(["", "edit", "a"], 2)]


@pytest.mark.parametrize(
    ("path", "payload", "params"),
    [
        ("/f/a/b/edit", "/f/{p:path}/edit", {"p": "a/b"}),
        ("/f/edit/edit", "/f/{p:path}/edit", {"p": "edit"}),
        ("/f/a/page/7", "/f/{p:path}/page/{n:int}", {"p": "a", "n": 7}),
        ("/f/a/page/x", "/f/{p:path}", {"p": "a/page/x"}),
        ("/f/a.json", "/f/{p:path}.json", {"p": "a"}),
        ("/f/.json", "/f/{p:path}.json", {"p": ""}),
        ("/f/a/m/deep", "/f/{p:path}/m", {"p": "a"}),
        ("/f/", "/f/{p:path}", {"p": ""}),
    ],
)
def test_a_table_with_many_tails_answers_the_first_in_order(path: str, payload: str, params: dict[str, Any]) -> None:
    texts = ["/f/{p:path}/edit", "/f/{p:path}/page/{n:int}", "/f/{p:path}.json"]
    entries = [Entry(Template.parse(text), None, text) for text in texts]
    mount = Entry(Template.parse("/f/{p:path}/m"), None, "/f/{p:path}/m", prefix=True)
    last = Entry(Template.parse("/f/{p:path}"), None, "/f/{p:path}")
    table = Table([*entries, mount, last], fallback=lambda miss, wall: str(miss))
    assert table.match("GET", path)[:2] == (payload, params)
