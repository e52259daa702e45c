from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pegboard.settings.layers import environment_layer, file_layer, section_layers
from pegboard.settings.problems import Problem
from pegboard.settings.sources import ConfigFile, Sources, Variable


class JWT(msgspec.Struct, frozen=True):
    leeway: int = 0
    algorithms: tuple[str, ...] = ()


class Auth(msgspec.Struct, frozen=True):
    issuer: str = ""
    jwt: JWT | None = None


def variables(environ: dict[str, str]) -> list[Variable]:
    return [Variable(name, tuple(name[9:].lower().split("__")), text) for name, text in environ.items()]


@pytest.mark.parametrize(
    ("environ", "values"),
    [
        ({}, {}),
        ({"PEGBOARD_AUTH__ISSUER": "5"}, {"issuer": "5"}),
        ({"PEGBOARD_AUTH__JWT__LEEWAY": "5"}, {"jwt": {"leeway": 5}}),
        ({"PEGBOARD_AUTH__JWT": '{"leeway": 5}'}, {"jwt": {"leeway": 5}}),
        (
            {"PEGBOARD_AUTH__JWT__ALGORITHMS": "a,b", "PEGBOARD_AUTH__JWT": '{"leeway": 5}'},
            {"jwt": {"leeway": 5, "algorithms": ["a", "b"]}},
        ),
        ({"PEGBOARD_AUTH__JWT": "null", "PEGBOARD_AUTH__JWT__LEEWAY": "5"}, {"jwt": {"leeway": 5}}),
        ({"PEGBOARD_AUTH__JWT": "bad", "PEGBOARD_AUTH__JWT__LEEWAY": "5"}, {"jwt": "bad"}),
        ({"PEGBOARD_AUTH__ISUER": "5"}, {"isuer": "5"}),
        ({"PEGBOARD_AUTH__JWX__LEEWAY": "5"}, {"jwx": "5"}),
        ({"PEGBOARD_AUTH__JWT__LEWAY__X": "5"}, {"jwt": {"leway": "5"}}),
        ({"PEGBOARD_AUTH__": "5"}, {"": "5"}),
    ],
)
def test_variables_become_a_tree_of_values(environ: dict[str, str], values: dict[str, Any]) -> None:
    layer, problems = environment_layer(Auth, variables(environ), "auth")
    assert layer.values == values
    assert problems == []


def test_each_value_of_the_environment_names_its_variable() -> None:
    environ = {"PEGBOARD_AUTH__JWT": '{"leeway": 5}', "PEGBOARD_AUTH__JWT__ALGORITHMS": "a"}
    layer, _ = environment_layer(Auth, variables(environ), "auth")
    assert str(layer.origin(("jwt", "leeway"))) == "environment PEGBOARD_AUTH__JWT"
    assert str(layer.origin(("jwt", "algorithms", 0))) == "environment PEGBOARD_AUTH__JWT__ALGORITHMS"


def test_a_variable_beneath_a_single_value_is_a_problem() -> None:
    _, problems = environment_layer(Auth, variables({"PEGBOARD_AUTH__ISSUER__X": "5"}), "auth")
    assert [str(problem) for problem in problems] == [
        "environment PEGBOARD_AUTH__ISSUER__X: auth.issuer: a single value, which has no settings beneath it"
    ]


@pytest.mark.parametrize(
    ("value", "hint"), [(False, '\n    to switch the plugin off, write plugins = ["-auth"]'), (5, ""), ([], "")]
)
def test_a_section_that_is_no_table_is_a_problem(value: object, hint: str) -> None:
    found = file_layer(ConfigFile("file", "pegboard.toml", {"auth": value}, {("auth",): 3}), "auth")
    assert isinstance(found, Problem)
    assert str(found).startswith("pegboard.toml:3: auth: expected a table of settings, got ")
    assert str(found).endswith(hint)


def test_the_layers_of_a_section_come_strongest_first() -> None:
    sources = Sources(
        tuple(variables({"PEGBOARD_AUTH__ISSUER": "env", "PEGBOARD_AUTHOR__ISSUER": "other", "PEGBOARD_AUTH": "no"})),
        (
            ConfigFile("file", "pegboard.toml", {"auth": {"issuer": "file"}, "cors": {}}),
            ConfigFile("file", "other.toml", {"cors": {}}),
            ConfigFile("file", "pyproject.toml", {"auth": {"issuer": "project"}}),
        ),
    )
    layers, problems = section_layers(Auth, "auth", sources, {"issuer": "code"}, "Auth()")
    assert [layer.values["issuer"] for layer in layers] == ["code", "env", "file", "project"]
    assert str(layers[0].origin(("issuer",))) == "keyword argument of Auth()"
    assert problems == []


def test_a_plugin_with_a_hyphen_is_written_with_an_underscore_in_the_environment() -> None:
    sources = Sources(tuple(variables({"PEGBOARD_MY_AUTH__ISSUER": "x"})))
    (layer,), _ = section_layers(Auth, "my-auth", sources, {}, "")
    assert layer.values == {"issuer": "x"}
