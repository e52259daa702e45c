"""The base class of plugins, and the hooks that they bind to routes."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard import Pegboard, Plugin, Settings, hookimpl
from pegboard.plugin import PHASES, NoSettings, RouteHooks


class SizeSettings(Settings, frozen=True, kw_only=True):
    size: int = 1


class Sized(Plugin[SizeSettings]):
    name = "sized"
    Settings = SizeSettings


def test_keyword_arguments_become_settings_when_the_board_freezes() -> None:
    plugin = Sized(size=3)
    assert not hasattr(plugin, "settings")
    Pegboard(plugins=[plugin], config={"sized": {"size": 2}}).freeze()
    assert plugin.settings == SizeSettings(size=3)


def test_a_plugin_is_as_modest_as_can_be_unless_it_says_more() -> None:
    assert (Plugin.phase, Plugin.Settings, Plugin.RouteSettings) == ("app", NoSettings, None)
    wishes = (Plugin.before, Plugin.after, Plugin.provides, Plugin.requires, Plugin.response_headers, Plugin.state_keys)
    assert {tuple(wish) for wish in wishes} == {()}


def test_phases_stand_from_outside_to_inside() -> None:
    assert PHASES == ("observe", "guard", "identify", "content", "app")


def test_a_plugin_is_shown_by_its_name() -> None:
    class Nameless(Plugin):
        """Not finished."""

    assert (repr(Sized()), repr(Nameless())) == ("<plugin sized>", "<plugin Nameless>")


def test_the_marker_leaves_the_method_as_it_is() -> None:
    class Marked:
        @hookimpl(tryfirst=True)
        def request(self, request: Any) -> str:
            return "same"

    assert Marked().request(None) == "same"
    assert Marked.request.pegboard_impl["tryfirst"] is True  # type: ignore[attr-defined]


def first(request: Any, response: Any = None) -> None:
    """A hook."""


def second(request: Any, response: Any) -> None:
    """Another."""


def test_hooks_of_a_route_are_none_one_or_several() -> None:
    hooks = RouteHooks(request=first, response=[first, second], note="both")
    assert (hooks.request, hooks.response, hooks.complete, hooks.note) == ((first,), (first, second), (), "both")


@pytest.mark.parametrize(
    ("given", "got"),
    [("name", "str"), (3, "int"), ([first, "name", 3], "one that holds int, str"), ({"a": first}, "dict")],
)
def test_what_is_no_hook_is_named(given: Any, got: str) -> None:
    with pytest.raises(TypeError) as caught:
        RouteHooks(request=given)
    assert str(caught.value) == f"RouteHooks(request=...): expected a function, a list of functions or None; got {got}"
