from __future__ import annotations

import itertools
import pathlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from pegboard.exceptions import ConfigurationError
from pegboard.settings import Loaded, Settings, load, overlay, read_sources
from pegboard.text_values import Secret


class JWT(Settings, frozen=True, kw_only=True):
    issuer: str = "default"
    leeway: int = 0


class Auth(Settings, frozen=True, kw_only=True):
    realm: str = "default"
    key: Secret | None = None
    tokens: tuple[Secret, ...] = ()
    jwt: JWT = JWT(leeway=7)
    other: JWT | None = None
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    verify: Callable[..., object] | None = None


class Gzip(Settings, frozen=True, kw_only=True):
    minimum_size: Annotated[int, Meta(ge=0)] = 500
    level: int = 4
    types: frozenset[str] = frozenset({"text/html"})
    jwt: JWT = JWT()

    def check(self) -> Iterator[tuple[str, str]]:
        if self.level > self.minimum_size:
            yield "level", f"must not exceed minimum_size ({self.minimum_size})"


class GzipRoute(Settings, frozen=True, kw_only=True):
    minimum_size: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    types: frozenset[str] = frozenset()
    only: str = "route"


@pytest.fixture(autouse=True)
def _here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Strongest first: how each source says a realm, and the origin it then has.
SOURCES = {
    "keyword": "keyword argument of Auth()",
    "environment": "environment PEGBOARD_AUTH__REALM",
    "file": "pegboard.toml:2",
    "project": "pyproject.toml:2",
}


@pytest.mark.parametrize(
    "given", [given for size in range(5) for given in itertools.combinations(SOURCES, size)], ids=str
)
def test_the_strongest_source_that_gives_a_value_wins(given: tuple[str, ...]) -> None:
    if "file" in given:
        pathlib.Path("pegboard.toml").write_text("[auth]\nrealm = 'file'\n")
    if "project" in given:
        pathlib.Path("pyproject.toml").write_text("[tool.pegboard.auth]\nrealm = 'project'\n")
    environ = {"PEGBOARD_AUTH__REALM": "environment"} if "environment" in given else {}
    keywords = {"realm": "keyword"} if "keyword" in given else {}
    found = load(Auth, "auth", read_sources(environ=environ), keywords, caller="Auth()")
    strongest = given[0] if given else "default"
    assert found.unwrap().realm == strongest
    assert str(found.origin("realm")) == SOURCES.get(strongest, "default")


def test_sources_are_merged_key_by_key_and_tables_of_settings_as_well() -> None:
    pathlib.Path("pegboard.toml").write_text(
        "[auth]\nrealm = 'file'\nlimits = {a = 1, b = 2}\n[auth.jwt]\nissuer = 'file'\n[auth.other]\nleeway = 3\n"
    )
    environ = {"PEGBOARD_AUTH__JWT__LEEWAY": "5", "PEGBOARD_AUTH__LIMITS": '{"c": 3}'}
    keywords = {"tokens": ["a"], "verify": print}
    found = load(Auth, "auth", read_sources(environ=environ), keywords)
    auth = found.unwrap()
    assert (auth.realm, auth.verify, [str(token) for token in auth.tokens]) == ("file", print, ["a"])
    assert auth.jwt == JWT(issuer="file", leeway=5)
    assert auth.other == JWT(leeway=3)
    assert auth.limits == {"c": 3}, "a table that is one value is not merged"
    assert str(found.origin("jwt.issuer")) == "pegboard.toml:5"
    assert str(found.origin("jwt.leeway")) == "environment PEGBOARD_AUTH__JWT__LEEWAY"
    assert str(found.origin("other.issuer")) == "default"
    assert str(found.origin("verify")) == "keyword argument of the plugin auth"


def test_a_table_lies_over_the_default_of_its_field() -> None:
    found = load(Auth, "auth", read_sources({"auth": {"jwt": {"issuer": "x"}}}, environ={}))
    assert found.unwrap().jwt == JWT(issuer="x", leeway=7)


def test_a_whole_struct_as_keyword_hides_weaker_tables() -> None:
    sources = read_sources({"auth": {"jwt": {"issuer": "x"}}}, environ={})
    assert load(Auth, "auth", sources, {"jwt": JWT(leeway=1)}).unwrap().jwt == JWT(leeway=1)


def test_a_struct_given_in_code_is_checked_too() -> None:
    wrong = JWT(leeway="soon")  # type: ignore[arg-type]
    (problem,) = load(Auth, "auth", read_sources({}, environ={}), {"jwt": wrong}).problems
    assert str(problem) == 'keyword argument of the plugin auth: auth.jwt.leeway: expected an integer, got "soon"'


def test_a_hidden_value_is_not_checked_but_a_hidden_unknown_key_is() -> None:
    sources = read_sources({"auth": {"realm": 5, "relm": "x"}}, environ={"PEGBOARD_AUTH__REALM": "x"})
    (problem,) = load(Auth, "auth", sources).problems
    assert problem.key == "auth.relm"


def test_a_table_is_merged_down_to_the_first_source_that_gives_no_table() -> None:
    pathlib.Path("pegboard.toml").write_text("[auth]\njwt = 5\n")
    pathlib.Path("pyproject.toml").write_text("[tool.pegboard.auth.jwt]\nissuer = 'hidden'\n")
    found = load(Auth, "auth", read_sources(environ={"PEGBOARD_AUTH__JWT__LEEWAY": "1"}))
    assert found.unwrap().jwt == JWT(leeway=1)


def test_a_section_that_is_no_table_is_one_of_the_problems() -> None:
    pathlib.Path("pegboard.toml").write_text("auth = 5\n")
    found = load(Auth, "auth", read_sources(environ={"PEGBOARD_AUTH__RELM": "x"}))
    assert [str(problem) for problem in found.problems] == [
        "pegboard.toml:1: auth: expected a table of settings, got 5",
        "environment PEGBOARD_AUTH__RELM: auth.relm: unknown setting\n    did you mean realm?",
    ]


def test_unset_keywords_say_nothing() -> None:
    assert load(Auth, "auth", read_sources({}, environ={}), {"realm": UNSET}).unwrap().realm == "default"


def test_the_value_is_absent_when_there_are_problems_and_unwrap_raises_them_all() -> None:
    found = load(Auth, "auth", read_sources({"auth": {"realm": 5, "x": 1}}, environ={}))
    assert found.value is None
    assert found.rows() == []
    with pytest.raises(ConfigurationError) as caught:
        found.unwrap()
    assert caught.value.problems == tuple(str(problem) for problem in found.problems)
    assert len(found.problems) == 2


def test_the_origin_of_a_table_is_that_of_its_strongest_key() -> None:
    found = load(Auth, "auth", read_sources({"auth": {"jwt": {"leeway": 1}}}, environ={}))
    assert found.origin("jwt").kind == "mapping"
    assert found.origin("limits").kind == "default"


def test_the_origin_of_an_unknown_key_is_a_key_error_with_a_suggestion() -> None:
    with pytest.raises(KeyError, match="did you mean realm"):
        load(Auth, "auth", read_sources({}, environ={})).origin("relm")


def test_rows_show_every_setting_with_its_origin_and_no_secret() -> None:
    config = {"auth": {"key": "hunter2", "tokens": ["hunter2"], "jwt": {"leeway": 1}}}
    found = load(Auth, "auth", read_sources(config, environ={}), {"verify": print}, caller="Auth()")
    assert [(row.key, row.value, str(row.origin)) for row in found.rows()] == [
        ("realm", '"default"', "default"),
        ("key", "**********", "the mapping given as config"),
        ("tokens", "[**********]", "the mapping given as config"),
        ("jwt.issuer", '"default"', "default"),
        ("jwt.leeway", "1", "the mapping given as config"),
        ("other", "nothing", "default"),
        ("limits", "{}", "default"),
        ("verify", "the function print", "keyword argument of Auth()"),
    ]
    assert "hunter2" not in repr(found)


def gzip(**values: Any) -> Loaded[Gzip]:
    return load(Gzip, "gzip", read_sources({"gzip": values}, environ={}))


BOARD = JWT(issuer="board")


def on_route(cls: type[msgspec.Struct], base: Any, given: Any) -> Loaded[Any]:
    return overlay(cls, base, given, section="gzip", where="route GET /x")


@pytest.mark.parametrize(
    ("cls", "given", "value"),
    [
        (Gzip, {}, Gzip(minimum_size=1000, jwt=BOARD)),
        (Gzip, {"level": 9}, Gzip(minimum_size=1000, level=9, jwt=BOARD)),
        (Gzip, {"jwt": {"leeway": 1}}, Gzip(minimum_size=1000, jwt=JWT(issuer="board", leeway=1))),
        (Gzip, Gzip(level=9), Gzip(level=9)),
        (GzipRoute, {}, GzipRoute(minimum_size=1000, types=frozenset({"text/html"}))),
        (GzipRoute, {"minimum_size": 0}, GzipRoute(minimum_size=0, types=frozenset({"text/html"}))),
        (GzipRoute, {"only": "x"}, GzipRoute(minimum_size=1000, types=frozenset({"text/html"}), only="x")),
        (GzipRoute, GzipRoute(minimum_size=0), GzipRoute(minimum_size=0, types=frozenset())),
        (GzipRoute, GzipRoute(only="x"), GzipRoute(minimum_size=1000, types=frozenset(), only="x")),
    ],
)
def test_a_route_lays_its_settings_over_those_of_the_board(cls: type[Settings], given: Any, value: Settings) -> None:
    base = gzip(minimum_size=1000, jwt={"issuer": "board"})
    found = on_route(cls, base, given)
    assert found.problems == ()
    assert found.value == value
    assert on_route(cls, base.unwrap(), given).value == value


def test_a_route_inherits_from_its_mount() -> None:
    mount = overlay(GzipRoute, gzip(), {"minimum_size": 1}, section="gzip", where="mount /api")
    found = on_route(GzipRoute, mount, {"only": "x"})
    assert found.unwrap() == GzipRoute(minimum_size=1, types=frozenset({"text/html"}), only="x")
    assert [str(found.origin(key)) for key in ("minimum_size", "types", "only")] == [
        "mount /api",
        "default",
        "route GET /x",
    ]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"minimum_size": "big"}, ['gzip.minimum_size: expected an integer ≥ 0, got "big"']),
        (
            {"minimum_sise": 5, "types": [5]},
            [
                "gzip.minimum_sise: unknown setting\n    did you mean minimum_size?",
                'gzip.types[0]: expected a string, got 5\n    write it as "5"',
            ],
        ),
        (GzipRoute(minimum_size=-1), ["gzip.minimum_size: expected an integer ≥ 0, got -1"]),
        (5, ["gzip: expected False, a mapping of settings, or GzipRoute(...), got 5"]),
        (True, ["gzip: expected False, a mapping of settings, or GzipRoute(...), got true"]),
    ],
)
def test_what_is_wrong_on_a_route_names_the_route(given: Any, problems: list[str]) -> None:
    found = on_route(GzipRoute, gzip(), given)
    assert found.value is None
    assert [str(problem) for problem in found.problems] == [f"route GET /x: {problem}" for problem in problems]


def test_what_a_route_leaves_unset_has_no_row() -> None:
    found = overlay(GzipRoute, JWT(), {}, section="gzip", where="route GET /x")
    assert [row.key for row in found.rows()] == ["types", "only"]


def test_a_check_that_fails_on_inherited_values_names_the_route_as_well() -> None:
    found = on_route(Gzip, gzip(level=9), {"minimum_size": 5})
    assert [str(problem) for problem in found.problems] == [
        "route GET /x: gzip.level: must not exceed minimum_size (5)"
    ]
