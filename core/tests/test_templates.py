"""Templates are read strictly, say where they are wrong, and build only paths that they read back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.convertors import CONVERTOR_TYPES, Convertor
from pegboard.routing.templates import Template, TemplateError, ValueRefused
from pegboard.routing.tree import Entry, Table


def parts_of(text: str) -> list[str | tuple[str, str]]:
    """The parts of a template, parameters as name and regex."""
    return [part if isinstance(part, str) else (part.name, part.convertor.regex) for part in Template.parse(text).parts]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("/", ["/"]),
        ("/users", ["/users"]),
        ("/users/{id}", ["/users/", ("id", "[^/]+")]),
        ("/users/{id:str}/x", ["/users/", ("id", "[^/]+"), "/x"]),
        ("/{a:int}{b}", ["/", ("a", "[0-9]+"), ("b", "[^/]+")]),
        ("/{code:re:[A-Z]{3}}", ["/", ("code", "[A-Z]{3}")]),
        ("/{code:re:[A-Z]{3}}/{n:int}", ["/", ("code", "[A-Z]{3}"), "/", ("n", "[0-9]+")]),
        (r"/{c:re:\{+}", ["/", ("c", r"\{+")]),
        ("/{c:re:[^]{}]+}!", ["/", ("c", "[^]{}]+"), "!"]),
        (r"/{c:re:[\]}]}", ["/", ("c", r"[\]}]")]),
        ("/{c:re:a:b}", ["/", ("c", "a:b")]),
        ("/{c:re:(a|b)(c)}", ["/", ("c", "(a|b)(c)")]),
    ],
)
def test_a_template_falls_into_its_parts(text: str, parts: list[Any]) -> None:
    assert parts_of(text) == parts


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("users", 0, "no leading slash"),
        ("{id}", 0, "no leading slash"),
        ("/{a}/{a}", 6, "'a' is used twice"),
        ("/{a:itn}", 4, "unknown convertor 'itn'"),
        ("/{a:}", 4, "unknown convertor ''"),
        ("/{a:re}", 4, "unknown convertor 're'"),
        ("/x{a", 2, "an opening brace without a closing one"),
        ("/{a{b}}", 1, "an opening brace without a closing one"),
        ("/a}", 2, "a closing brace without an opening one"),
        ("/{a}}", 4, "a closing brace without an opening one"),
        ("/{1a}", 2, "'1a' is not a parameter name"),
        ("/{a b}", 2, "'a b' is not a parameter name"),
        ("/{é}", 2, "'é' is not a parameter name"),
        ("/{}", 2, "a parameter without a name"),
        ("/{a:re:}", 7, "an empty regular expression"),
        ("/{a:re:[A-Z]{3}", 1, "a regular expression without its closing brace"),
        ("/{a:re:[A-Z}", 7, "unterminated character set"),
        ("/{a:re:(b}", 7, "does not compile"),
        ("/{a:re:(b+)+}", 8, "exponential time"),
        ("/{a:re:b$}", 8, "anchors"),
        ("/{a:re:(?P<b>b)}", 7, "named groups"),
        (r"/{a:re:(b)\1}", 10, "backreferences"),
        ("/x/{a:path}{b:path}{c:path}{d:path}x", 3, "time that grows with the power 4"),
    ],
)
def test_a_wrong_template_is_shown_with_a_caret_at_the_place(text: str, place: int, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text)
    lines = str(caught.value).splitlines()
    assert problem in lines[0]
    assert lines[1:3] == [f"    {text}", f"    {' ' * place}^"]
    assert (caught.value.template, caught.value.position) == (text, place)


def test_a_misspelt_convertor_gets_a_suggestion() -> None:
    with pytest.raises(TemplateError, match="Did you mean 'uuid'"):
        Template.parse("/{a:uid}")


@given(st.text(alphabet="/{}:ab1re[]()+*\\-", max_size=12))
def test_any_text_is_a_template_or_a_template_error(text: str) -> None:
    try:
        template = Template.parse("/" + text)
    except TemplateError:
        return
    found = template.texts("/ab1")
    assert found is None or found.keys() == template.params.keys()


def test_a_template_is_immutable_and_equal_by_its_text() -> None:
    template = Template.parse("/a/{b}")
    assert template == Template.parse("/a/{b}")
    assert hash(template) == hash(Template.parse("/a/{b}"))
    assert template != Template.parse("/a/{c}")
    with pytest.raises(AttributeError):
        template.text = "/"  # type: ignore[misc]
    with pytest.raises(TypeError):
        template.params["c"] = template.params["b"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "depth"),
    [("", 0), ("/", 0), ("/a", 1), ("/a/", 1), ("/a//", 1), ("/a/{b}", 2), ("/a//b", 3), ("/{a:path}/b", 2)],
)
def test_depth_counts_segments_without_trailing_slashes(text: str, depth: int) -> None:
    assert Template.parse(text).depth == depth


@pytest.mark.parametrize(
    ("prefix", "text", "joined"),
    [
        ("/a", "/b", "/a/b"),
        ("/a/", "/b", "/a/b"),
        ("", "/b", "/b"),
        ("/", "/", "/"),
        ("/a", "", "/a"),
        ("/{a}", "/{b}", "/{a}/{b}"),
    ],
)
def test_a_template_joins_under_its_mount(prefix: str, text: str, joined: str) -> None:
    assert Template.parse(text).join(Template.parse(prefix)) == Template.parse(joined)


def test_a_mount_and_its_route_cannot_share_a_parameter_name() -> None:
    with pytest.raises(TemplateError, match="'id' is used twice"):
        Template.parse("/{id}").join(Template.parse("/users/{id}"))


def test_static_templates_have_no_parameters() -> None:
    assert Template.parse("/a").is_static
    assert not Template.parse("/{a}").is_static
    assert list(Template.parse("/{b}/{a:int}").params) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "params", "path"),
    [
        ("/", {}, "/"),
        ("/café", {}, "/caf%C3%A9"),
        ("/100%", {}, "/100%25"),
        ("/{a}", {"a": "x y?#[é]%2F"}, "/x%20y%3F%23%5B%C3%A9%5D%252F"),
        ("/{a}", {"a": "~!$&'()*+,;=:@-._"}, "/~!$&'()*+,;=:@-._"),
        ("/{a}", {"a": "a\\b"}, "/a%5Cb"),
        ("/{a}", {"a": "..."}, "/..."),
        ("/{a}.{b}", {"a": "x.y", "b": "z"}, "/x.y.z"),
        ("/f/{p:path}", {"p": ""}, "/f/"),
        ("/f/{p:path}", {"p": "/a//b c"}, "/f//a//b%20c"),
        ("/{n:int}/{x:float}", {"n": 7, "x": 0.5}, "/7/0.5"),
        ("/{u:uuid}", {"u": uuid.UUID(int=1)}, "/00000000-0000-0000-0000-000000000001"),
        ("/{c:re:[A-Z]{3}}", {"c": "ABC"}, "/ABC"),
    ],
)
def test_a_path_is_built_percent_encoded(text: str, params: dict[str, Any], path: str) -> None:
    assert Template.parse(text).build(params) == (path, {})


def test_values_that_are_no_parameters_are_given_back() -> None:
    params = {"a": "x", "q": 1}
    assert Template.parse("/{a}").build(params) == ("/x", {"q": 1})
    assert params == {"a": "x", "q": 1}


@pytest.mark.parametrize(
    ("text", "params", "problem"),
    [
        ("/{a}", {}, "'a' of '/{a}': no value is given"),
        ("/{a}", {"a": ""}, "must not be empty"),
        ("/{a}", {"a": "x/y"}, "must not contain '/'"),
        ("/{a}", {"a": "\ud800"}, "surrogates not allowed"),
        ("/{a}", {"a": ".."}, "resolve away"),
        ("/{a}.", {"a": "."}, "resolve away"),
        ("/f/{a:path}", {"a": "x/../../y"}, "resolve away"),
        ("/{a:path}", {"a": "/evil.example"}, "begin with '//'"),
        ("/{a:int}", {"a": -1}, "got -1: must not be negative"),
        ("/{a:int}", {"a": None}, "got None"),
        ("/{a:int}", {"a": 10**5000}, "a huge int"),
        ("/{a:uuid}", {"a": "x" * 200}, "would not match"),
        ("/{a:re:[A-Z]{3}}", {"a": "AB"}, "'AB' would not match"),
        ("/{a}-{b}", {"a": "x", "b": "y-z"}, "'x' would come back as 'x-y'"),
        ("/{a}{b:int}", {"a": "x1", "b": 23}, "'x1' would come back as 'x12'"),
        ("/{a:path}{b:path}x", {"a": "y" * 3000, "b": ""}, "at most 1024"),
    ],
)
def test_a_value_that_would_not_come_back_is_refused(text: str, params: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueRefused) as caught:
        Template.parse(text).build(params)
    assert problem in str(caught.value)
    assert caught.value.template == text


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(max_size=6) | st.sampled_from(["a", "1", "a-b", "..", "a.b"]),
    "path": st.text(alphabet="ab/.1-", max_size=6),
    "int": st.integers(min_value=-1),
    "float": st.floats(),
    "uuid": st.uuids(),
}
SHAPES = ["/{%s}", "/x/{%s}/y", "/{%s}-{%s}", "/{%s}.{%s}.json", "/a/{%s}/{%s}", "/{%s}{%s}", "/{%s}/b/{%s}/"]


@given(st.data(), st.sampled_from(SHAPES))
def test_what_is_built_is_matched_with_the_same_values(data: st.DataObject, shape: str) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=shape.count("%"), max_size=shape.count("%")))
    template = Template.parse(shape % tuple(f"p{number}:{kind}" for number, kind in enumerate(kinds)))
    params = {f"p{number}": data.draw(VALUES[kind]) for number, kind in enumerate(kinds)}
    try:
        path, remaining = template.build(params)
    except ValueRefused:
        return
    table = Table([Entry(template, None, "found")], fallback=lambda miss, wall: str(miss))
    assert remaining == {}
    assert path.isascii()
    assert table.match("GET", unquote(path, errors="strict")) == ("found", params, 0)


def test_hostile_values_take_no_more_time_than_they_are_long() -> None:
    template = Template.parse("/{a}-{b}.{c}")
    with pytest.raises(ValueRefused, match="would come back as"):
        template.build({"a": "x" * 100_000, "b": "y", "c": "-" * 100_000 + "." + "-" * 100_000})
    path, _ = template.build({"a": "-" * 100_000, "b": "y", "c": "z" * 100_000})
    assert len(path) == 200_004


def test_host_templates_have_no_slash_and_carry_host_names_only() -> None:
    template = Template.parse_host("{tenant}.Example.org")
    assert template.build({"tenant": "acme"}) == ("acme.example.org", {})
    assert template.texts("a.b.example.org") == {"tenant": "a.b"}
    for text in ["evil.com/", "a:80", "é", "a@b", "a b"]:
        with pytest.raises(ValueRefused):
            template.build({"tenant": text})


class Reckless(Convertor[str]):
    """Put into the table of convertors behind the back of the registration."""

    regex = "(?:a+)+"


@pytest.fixture
def _reckless() -> Iterator[None]:
    CONVERTOR_TYPES["reckless"] = Reckless()
    yield
    del CONVERTOR_TYPES["reckless"]


@pytest.mark.usefixtures("_reckless")
def test_a_convertor_that_was_never_checked_is_checked_by_the_template() -> None:
    with pytest.raises(TemplateError, match=r"convertor 'reckless'.*exponential"):
        Template.parse("/{a:reckless}")
