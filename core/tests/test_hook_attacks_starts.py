"""Attacks on the hook contract: by authors of plugins and owners of boards, at the start.

What holds is kept as it is. What does not is a row marked `fault`, with what happens and what should: when it is mended
the strict mark fails, and goes.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import msgspec
import pytest
from asgi_harness import ask
from attack_harness import Static, agen, board, home, mark, plugin, raises

from pegboard import Pegboard, Plugin, RouteHooks, Settings, hookimpl
from pegboard.exceptions import ConfigurationError
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


# Authors: what is registered, and what a start refuses


class OfClass:
    name = "of-class"

    @hookimpl
    @classmethod
    def response(cls, response: Any) -> None:
        mark(response)


class Lambda:
    name = "lambda"
    response = hookimpl(lambda self, response: mark(response))


class Unmarked(Static):
    def response(self, response: Any) -> None:  # type: ignore[override]
        mark(response)


class OfPartial:
    name = "of-partial"
    response = hookimpl(functools.partial(mark))


class Cached:
    name = "cached"

    @hookimpl
    @functools.cache  # noqa: B019
    def response(self, response: Any) -> None:
        mark(response)


def module_plugin() -> ModuleType:
    module = ModuleType("attack_module")
    vars(module).update(name="of-module", response=hookimpl(mark))
    return module


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Static, id="static method"),
        pytest.param(OfClass, id="class method"),
        pytest.param(Lambda, id="lambda"),
        pytest.param(module_plugin(), id="module"),
        pytest.param(Unmarked, id="override without the mark"),
        pytest.param(OfPartial, id="partial"),
        pytest.param(Cached, id="cached function"),
    ],
)
async def test_a_hook_is_called_or_refused_and_never_silently_ignored(given: Any) -> None:
    """Whatever an author marks, or overrides."""
    try:
        seen = await ask(board(given))
    except ConfigurationError:
        return
    assert seen.headers.get(b"x-mark") == b"1" or isinstance(seen.raised, ConfigurationError)


class Unhashable:
    __hash__ = None  # type: ignore[assignment]

    def __call__(self, response: Any) -> None:
        mark(response)


class Rough(msgspec.Struct, frozen=True):
    size: int = 1

    def __post_init__(self) -> None:
        raise AttributeError("no such thing")


@dataclass(frozen=True)
class Frozen:
    name: str = "frozen"

    class Settings(Settings, frozen=True, kw_only=True):
        size: int = 1


@dataclass
class Equal:
    """Two of these are equal, whatever their names."""

    @hookimpl
    def response(self, response: Any) -> None:
        mark(response)


def bound(**hooks: Any) -> Any:
    return plugin(route=lambda self: RouteHooks(**hooks))


def gen(self: Any) -> Any:
    yield 1


STARTS = [
    pytest.param(lambda: board(plugin(request=lambda self, request, extra=None: None)), "'extra'", id="default"),
    pytest.param(lambda: board(plugin(name="a b")), "lower-case words", id="odd name"),
    pytest.param(lambda: board(*[plugin()] * 2), "two plugins are called 'culprit'", id="one object twice"),
    pytest.param(lambda: board(order=["nobody"]), "order names 'nobody'", id="order of nobody"),
    pytest.param(lambda: board(plugin(setup=raises(KeyError("x")))), "'culprit'", id="setup raises"),
    pytest.param(lambda: board(plugin(asgi=lambda self: None)), "'culprit'", id="asgi gives nothing"),
    pytest.param(lambda: board(bound(response=len)), "'culprit'", id="built-in function as hook"),
    pytest.param(lambda: board(plugin(asgi=raises(KeyError("x")))), "'culprit'", id="asgi raises"),
    pytest.param(lambda: board(plugin(routes=lambda self: None)), "'culprit'", id="routes gives nothing"),
    pytest.param(
        lambda: board(plugin(routes=lambda self: [1])),
        "'culprit'",
        id="routes gives no routes",
    ),
    pytest.param(lambda: board(plugin(phase=property(raises(KeyError("x"))))), "phase", id="phase raises"),
    pytest.param(lambda: board(plugin(before=None)), "before", id="before is None"),
    pytest.param(lambda: board(plugin(before="logging")), "before", id="before is text"),
    pytest.param(lambda: board(plugin(Settings=Rough)), "'culprit'", id="settings raise"),
    pytest.param(lambda: board(Frozen()), "'frozen'", id="settings cannot be set"),
    pytest.param(lambda: board(bound(response="text")), "'culprit'", id="text as hook"),
    pytest.param(lambda: board(bound(request=dict)), "'culprit'", id="class without a signature as hook"),
    pytest.param(lambda: board(plugin(request=agen)), "async generator", id="async generator"),
    pytest.param(lambda: board(plugin(setup=gen)), "generator", id="setup is a generator"),
    pytest.param(lambda: board(order=5), "order", id="order is a number"),
    pytest.param(lambda: Pegboard(plugins={"crs": True}), "crs", id="True for nobody"),
    pytest.param(
        lambda: board(plugin(), routes=[Route("/", home, plugins={"culprit": None})]),
        "culprit",
        id="None for a plugin on a route",
    ),
]


@pytest.mark.parametrize(("make", "part"), STARTS)
def test_a_bad_start_is_a_configuration_error_that_names_who(make: Callable[[], Pegboard], part: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        make().freeze()
    assert part in str(refused.value)


async def test_a_hook_need_not_be_hashable() -> None:
    """Such as a dataclass that can be called."""
    assert (await ask(board(bound(response=Unhashable())))).headers[b"x-mark"] == b"1"


def test_two_plugins_that_are_equal_but_for_their_names_are_two() -> None:
    first: Any = Equal()
    second: Any = Equal()
    first.name, second.name = "first", "second"
    assert [member.name for member in board(first, second).plugins] == ["first", "second"]


# Owners


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> str:
    module = ModuleType("attack_listed")
    vars(module)["Listed"] = type("Listed", (Plugin,), {"name": "listed"})
    monkeypatch.setitem(sys.modules, "attack_listed", module)
    return "attack_listed:Listed"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        pytest.param("none", [], id="none"),
        pytest.param("-listed", [], id="by name"),
    ],
)
def test_the_environment_switches_off_what_code_lists(
    listed: str, monkeypatch: pytest.MonkeyPatch, word: str, names: list[str]
) -> None:
    monkeypatch.setenv("PEGBOARD_PLUGINS", word)
    assert [member.name for member in Pegboard(plugins=[listed]).plugins] == names


def test_a_plugin_added_by_name_comes_on_top_as_one_added_as_object_does(listed: str) -> None:
    by_object, by_name = Pegboard(), Pegboard()
    by_object.add_plugin(plugin(name="listed"))
    by_name.add_plugin(listed)
    assert {member.name for member in by_name.plugins} == {member.name for member in by_object.plugins}


def test_settings_that_come_too_late_are_refused() -> None:
    late = board()
    late.freeze()
    with pytest.raises(RuntimeError):
        late.give_settings({"nobody": {"size": 1}})


def test_a_late_route_that_is_refused_leaves_nothing_behind() -> None:
    late = board()
    late.freeze()
    with pytest.raises(ConfigurationError):
        late.add_route("/bad", home, plugins={"nobody": {"size": 1}})
    late.add_route("/good", home)
