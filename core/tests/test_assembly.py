"""From what was asked for to plugins in order, with everything that is wrong told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pegboard import Plugin, Settings, hookimpl
from pegboard.assembly import Assembly, assemble, call_named, failed, place_of
from pegboard.exceptions import ConfigurationError


class SizeSettings(Settings, frozen=True, kw_only=True):
    size: int = 1


class Inner(Plugin[SizeSettings]):
    name = "inner"
    Settings = SizeSettings

    @hookimpl
    def setup(self, board: Any) -> str:
        return f"inner of {board}"


class Outer(Plugin):
    name = "outer"
    phase = "observe"

    @hookimpl
    def setup(self) -> str:
        return "outer"


class Needy(Plugin):
    name = "needy"
    requires = ("identity",)


class Broken(Plugin):
    name = "broken"

    @hookimpl
    def setup(self) -> None:
        raise LookupError("no")


def made(
    *plugins: Any, sections: Mapping[str, Any] | None = None, order: Sequence[str] = (), **options: Any
) -> Assembly:
    return assemble({"plugins": [], "order": list(order)}, {}, plugins, sections or {}, "0.1.0", **options)


def names(assembly: Assembly) -> list[str]:
    return [member.name for member in assembly.members]


def test_plugins_stand_from_outside_to_inside_and_have_their_settings() -> None:
    inner = Inner(size=2)
    assembly = made(inner, Outer())
    assert names(assembly) == ["outer", "inner"]
    assert inner.settings.size == 2
    assert names(made(Inner(), Outer(), order=["inner", "outer"])) == ["inner", "outer"]


def test_settings_given_for_a_plugin_by_name_go_before_its_own() -> None:
    assert made(Inner(size=2), sections={"inner": {"size": 3}}).members[0].settings.unwrap().size == 3


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(Inner(size="x"), Needy(), order=["outre"], sections={"iner": {}})
    text = str(caught.value)
    for problem in (
        "size: expected an integer",
        "requires 'identity', which no plugin that is on provides",
        "order names 'outre', which is no plugin",
        "settings are given for 'iner', which is no plugin",
    ):
        assert problem in text


def test_setup_hooks_get_the_arguments_they_name_and_tell_who_failed() -> None:
    results = made(Inner(), Outer()).call("setup", board="the board")
    assert [(member.name, result) for member, result in results] == [
        ("outer", "outer"),
        ("inner", "inner of the board"),
    ]
    with pytest.raises(ConfigurationError, match=r"hook 'setup' of plugin 'broken' .*failed: LookupError: no \("):
        made(Outer(), Broken()).call("setup", board=None)


def test_settings_are_taken_back_from_plugins_that_had_none_before() -> None:
    inner = Inner()
    assembly = made(inner)
    assembly.take_back_settings()
    assert not hasattr(inner, "settings")
    assembly.take_back_settings()


def test_one_plugin_object_does_not_stand_on_two_boards_with_different_settings() -> None:
    inner = Inner()
    made(inner, sections={"inner": {"size": 2}})
    made(inner, sections={"inner": {"size": 2}})
    with pytest.raises(ConfigurationError, match="on two boards with different settings"):
        made(inner, sections={"inner": {"size": 3}})


def test_the_default_limit_of_bodies_holds_unless_it_is_not_wanted() -> None:
    limits = [
        made().max_body_size,
        made(limits_bodies=False).max_body_size,
        assemble({"plugins": [], "max_body_size": 5}, {}, [], {}, "0.1.0", limits_bodies=False).max_body_size,
    ]
    assert limits == [10 * 1024 * 1024, None, 5]


def test_a_function_is_called_with_those_arguments_that_it_names() -> None:
    assert call_named(lambda b: b, a=1, b=2) == 2
    assert call_named(lambda: 0, a=1) == 0


def test_a_failure_says_hook_plugin_and_line() -> None:
    (member,) = made(Outer()).members
    with pytest.raises(KeyError) as caught:
        raise KeyError("x")
    assert failed("routes", member, caught.value).startswith("hook 'routes' of plugin 'outer'")
    assert place_of(caught.value).startswith(f" ({__file__}, line ")
    assert place_of(KeyError("x")) == ""
