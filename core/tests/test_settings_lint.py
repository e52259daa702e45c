from __future__ import annotations

import pathlib
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from pegboard.settings import Settings, lint_name, lint_settings
from pegboard.text_values import Secret


class Inner(Settings, frozen=True, kw_only=True):
    name: str
    password: Secret | None = None


class Good(Settings, frozen=True, kw_only=True):
    size: Annotated[int, Meta(ge=0)] = 5
    issuer: Annotated[str, Meta(description="Whose tokens are taken.")]
    inner: Inner = Inner(name="x")
    users: tuple[Inner, ...] = ()
    folder: pathlib.Path | None = None


class GoodRoute(Settings, frozen=True, kw_only=True):
    size: int | UnsetType = UNSET
    issuer: str
    level: int = 1


class PlainStruct(msgspec.Struct, frozen=True):
    size: int = 1


class Thawed(msgspec.Struct):
    size: int = 1


class ThawedWithin(Settings, frozen=True, kw_only=True):
    tables: tuple[Thawed, ...] = ()


class Renamed(msgspec.Struct, frozen=True, rename="kebab"):
    max_age: int = 1


class Tagged(msgspec.Struct, frozen=True, tag="x"):
    size: int = 1


class Array(msgspec.Struct, frozen=True, array_like=True):
    size: int = 1


class Required(Settings, frozen=True, kw_only=True):
    issuer: str


class Names(Settings, frozen=True, kw_only=True):
    Upper: int = 1
    a__b: int = 1


class Defaults(Settings, frozen=True, kw_only=True):
    key: Secret = Secret("x")
    size: int = None  # type: ignore[assignment]


class Impossible(Settings, frozen=True, kw_only=True):
    either: list[int] | list[str] = msgspec.field(default_factory=list)


class Unresolved(Settings, frozen=True, kw_only=True):
    size: Missing = 1  # type: ignore[name-defined]  # noqa: F821


class OtherType(Settings, frozen=True, kw_only=True):
    size: str = ""


@pytest.mark.parametrize("cls", [Good, PlainStruct])
def test_good_settings_pass(cls: type) -> None:
    assert lint_settings("plugin 'cors'", cls) == []


def test_good_settings_of_a_route_pass() -> None:
    assert lint_settings("plugin 'cors'", GoodRoute, base=Good) == []


@pytest.mark.parametrize(
    ("cls", "problems"),
    [
        (dict, [" must be a class derived from pegboard.settings.Settings, got <class 'dict'>"]),
        (Good(issuer=""), [" must be a class derived from pegboard.settings.Settings, got Good("]),
        (Thawed, [" (Thawed) must be frozen: class Thawed(Settings, frozen=True)"]),
        (ThawedWithin, [" (Thawed) must be frozen: class Thawed(Settings, frozen=True)"]),
        (Renamed, [" (Renamed.max_age) is renamed to max-age: a setting has one name in code, files and environment"]),
        (Tagged, [" (Tagged) must have no tag: give each kind of table a setting of its own"]),
        (Array, [" (Array) must be a table, not array_like: its settings have names"]),
        (
            Required,
            [
                (
                    " (Required.issuer) has no default, so the board cannot start without it: "
                    'give one, or say what is needed in Meta(description="...")'
                )
            ],
        ),
        (
            Names,
            [
                " (Names.Upper) cannot be told from others in the environment: use lower case and single underscores",
                " (Names.a__b) cannot be told from others in the environment: use lower case and single underscores",
            ],
        ),
        (
            Defaults,
            [
                " (Defaults.key) has a default that no file can hold (Secret): use None, and allow None in its type",
                " (Defaults.size) has a default that no file can hold (NoneType): use None, and allow None in its type",
            ],
        ),
        (Impossible, [" (Impossible) has a type that cannot be a setting: Type unions may not contain more than one"]),
        (Unresolved, [" (Unresolved) has a type that cannot be a setting: name 'Missing' is not defined"]),
    ],
)
def test_bad_settings_are_refused_with_the_plugins_name(cls: Any, problems: list[str]) -> None:
    found = lint_settings("plugin 'cors'", cls)
    assert len(found) == len(problems)
    for text, start in zip(found, problems, strict=True):
        assert text.startswith(f"plugin 'cors': Settings{start}")


def test_a_setting_of_a_route_has_the_type_it_has_on_the_board() -> None:
    assert lint_settings("plugin 'cors'", OtherType, base=Good) == [
        "plugin 'cors': RouteSettings (OtherType.size) has another type than in Settings, whose value it takes over"
    ]


@pytest.mark.parametrize("name", ["cors", "server-timing", "http2", "a-1"])
def test_names_of_lower_case_words_are_good(name: str) -> None:
    assert lint_name(name) == []


@pytest.mark.parametrize("name", ["", "Cors", "server_timing", "a--b", "-a", "a-", "1a", "a b", "a.b"])
def test_other_names_are_refused(name: str) -> None:
    (problem,) = lint_name(name)
    assert problem.startswith(f'plugin "{name}": a name is lower-case words')


@pytest.mark.parametrize("name", ["plugins", "debug", "config", "none", "app"])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    (problem,) = lint_name(name)
    assert problem.endswith("choose another")
