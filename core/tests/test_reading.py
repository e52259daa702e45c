"""A path's texts are read as the table reads them, for every shape of template."""

from __future__ import annotations

import pytest

from pegboard.routing.reading import reader
from pegboard.routing.templates import Template


@pytest.mark.parametrize(
    ("text", "path", "texts"),
    [
        ("/a", "/a", []),
        ("/a", "/b", None),
        ("/a/", "/a/", []),
        ("/a/", "/a", None),
        ("/{x}", "/v", ["v"]),
        ("/{x}", "/v/w", None),
        ("/{x}", "/", None),
        ("/{x}", "", None),
        ("/{x:int}/b", "/007/b", ["007"]),
        ("/{x:int}/b", "/v/b", None),
        ("/{x}-{y}.{z}", "/a-b-c.d.e", ["a-b", "c.d", "e"]),
        ("/a/{x:path}", "/a/", [""]),
        ("/a/{x:path}", "/a", None),
        ("/a/{x:path}", "/a/b//c", ["b//c"]),
        ("/{w:int}/{x:path}/{y:int}", "/1/b/c/2", ["1", "b/c", "2"]),
        ("/{w:int}/{x:path}/{y:int}", "/1/b/c/d", None),
        ("/{w:int}/{x:path}/{y:int}", "/v/b/c/2", None),
    ],
)
def test_a_path_is_read_to_texts(text: str, path: str, texts: list[str] | None) -> None:
    found = reader(Template.parse(text).segments)(path)
    assert (found if found is None else list(found)) == texts


@pytest.mark.parametrize("text", ["/{a}-{b}.{c}", "/{a:int}-{b:int}-{c}", "/{p:path}/{a}-{b}.{c}/x"])
@pytest.mark.parametrize("hostile", ["/" + "a-" * 500_000, "/" + "1-" * 500_000, "/1/" + "-/" * 500_000])
def test_a_hostile_path_is_read_in_a_moment(text: str, hostile: str) -> None:
    reader(Template.parse(text).segments)(hostile)
