"""Reading a template from left to right."""

from __future__ import annotations

import pytest

from pegboard.routing.scanning import Param, TemplateError, scan


def read(text: str) -> list[str | tuple[str, str, int]]:
    return [(part.name, part.convertor.regex, part.at) if isinstance(part, Param) else part for part in scan(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("/a/b", ["/a/b"]),
        ("/{a}", ["/", ("a", "[^/]+", 1)]),
        ("{a:int}.{b:path}", [("a", "[0-9]+", 0), ".", ("b", "(?s:.*)", 8)]),
        ("/{code:re:[A-Z]{3}}!", ["/", ("code", "[A-Z]{3}", 1), "!"]),
        (r"/{code:re:[}]\}x}", ["/", ("code", r"[}]\}x", 1)]),
    ],
)
def test_parts_come_in_order_with_their_places(text: str, parts: list[object]) -> None:
    assert read(text) == parts


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("/{a", 1, "an opening brace without a closing one"),
        ("/a}", 2, "a closing brace without an opening one"),
        ("/{}", 2, "a parameter without a name"),
        ("/{1}", 2, "'1' is not a parameter name"),
        ("/{a}/{a}", 6, "the parameter name 'a' is used twice"),
        ("/{a:itn}", 4, "unknown convertor 'itn'"),
        ("/{a:re:}", 7, "an empty regular expression"),
        ("/{a:re:{x}", 1, "a regular expression without its closing brace"),
    ],
)
def test_what_is_wrong_is_shown_at_its_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read(text)
    assert (caught.value.problem, caught.value.position) == (problem, position)
    assert f"\n    {text}\n    {' ' * position}^" in str(caught.value)


def test_nothing_is_read_before_it_is_asked_for() -> None:
    parts = scan("/a/{b}/{")
    assert next(parts) == "/a/"
