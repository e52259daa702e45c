"""A lock is the same text for the same board, is read back as it was, and every difference is told in a sentence."""

import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard import Pegboard, Plugin, RouteHooks, hookimpl
from pegboard.cli.locking import Lock, LockedPipeline, LockedPlugin, differences, lock_of, read_lock, write_lock
from pegboard.routing import Mount, Route


async def page(request: Any) -> None: ...


class Outer(Plugin):
    name = "outer"
    phase = "guard"

    @hookimpl
    def request(self, request: Any) -> None: ...


class Inner(Plugin):
    name = "inner"

    @hookimpl
    def route(self, route: Any) -> RouteHooks | None:
        return None if route.name == "free" else RouteHooks(request=self.look)

    async def look(self, request: Any) -> None: ...


def board(*plugins: Any, paths: tuple[str, ...] = ("/a", "/b")) -> Pegboard:
    routes: list[Any] = [Route(path, page) for path in paths]
    return Pegboard(routes=[*routes, Mount("/m", routes=[Route("/free", page, name="free")])], plugins=list(plugins))


def test_the_lock_of_a_board_is_this_text() -> None:
    text = write_lock(msgspec.structs.replace(lock_of(board(Inner(), Outer())), pegboard="0.1.0"))
    assert (
        text
        == f"""\
# What this board is made of. `pegboard lock` writes it, `pegboard check --locked` compares with it.
format = 1
pegboard = "0.1.0"

[[plugins]]
name = "outer"
distribution = "{__name__}:Outer"
version = ""
place = "phase guard, by name"
hooks = [
    "request(request)",
]

[[plugins]]
name = "inner"
distribution = "{__name__}:Inner"
version = ""
place = "phase app, by name"
hooks = [
    "route(route)",
    "route: async request",
]

[[pipelines]]
routes = [
    "GET|HEAD /a",
    "GET|HEAD /b",
    "* (anything else)",
]
[pipelines.hooks]
request = ["outer", "inner"]

[[pipelines]]
routes = [
    "GET|HEAD /m/free",
]
[pipelines.hooks]
request = ["outer"]
"""
    )


texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.lists(texts, max_size=3).map(tuple)
locks = st.builds(
    Lock,
    format=st.just(1),
    pegboard=texts,
    plugins=st.lists(
        st.builds(LockedPlugin, name=texts, distribution=texts, version=texts, place=texts, hooks=names), max_size=2
    ).map(tuple),
    pipelines=st.lists(
        st.builds(LockedPipeline, routes=names, hooks=st.dictionaries(st.sampled_from(["request", "body"]), names)),
        max_size=2,
    ).map(tuple),
)


@given(locks)
def test_a_lock_that_is_read_is_the_one_that_was_written(lock: Lock) -> None:
    assert read_lock(write_lock(lock)) == lock


@pytest.mark.parametrize("text", ["", "format = 2\npegboard = '1'\n", "format = 1\n", "[", "x = 1"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises((msgspec.ValidationError, tomllib.TOMLDecodeError)):
        read_lock(text)


def test_nothing_differs_between_equal_boards() -> None:
    assert differences(lock_of(board(Inner(), Outer())), lock_of(board(Outer(), Inner()))) == []


class Changed(Plugin):
    """Inner, in another release."""

    name = "inner"
    phase = "observe"

    @hookimpl
    def route(self, route: Any, settings: Any) -> RouteHooks:
        return RouteHooks(request=self.look)

    def look(self, request: Any) -> None: ...


def test_what_a_new_plugin_changes_is_told() -> None:
    assert differences(lock_of(board(Outer())), lock_of(board(Outer(), Inner()))) == [
        f"plugin 'inner' ({__name__}:Inner) is new",
        "request: was outer, is outer > inner; on GET|HEAD /a, GET|HEAD /b, * (anything else)",
    ]


def test_what_the_loss_of_a_plugin_changes_is_told() -> None:
    assert differences(lock_of(board(Outer())), lock_of(board())) == [
        "plugin 'outer' is gone",
        "request: was outer, is nobody; on GET|HEAD /a, GET|HEAD /b, GET|HEAD /m/free and 1 more",
    ]


def test_what_another_release_changes_is_told() -> None:
    was, now = lock_of(board(Outer(), Inner())), lock_of(board(Outer(), Changed()))
    now = msgspec.structs.replace(now, pegboard="9.9")
    assert differences(was, now) == [
        f"pegboard {was.pegboard} has become 9.9",
        f"distribution of plugin 'inner': was {__name__}:Inner, is {__name__}:Changed",
        "place of plugin 'inner': was phase app, by name, is phase observe, by name",
        "plugin 'inner' no longer has the hook route(route)",
        "plugin 'inner' no longer has the hook route: async request",
        "plugin 'inner' has a new hook route(route, settings)",
        "plugin 'inner' has a new hook route: request",
        "order of plugins: was outer > inner, is inner > outer",
        "request: was outer > inner, is inner > outer; on GET|HEAD /a, GET|HEAD /b, * (anything else)",
        "request: was outer, is inner > outer; on GET|HEAD /m/free",
    ]


def test_routes_that_come_and_go_are_told() -> None:
    was, now = lock_of(board(paths=("/a", "/b"))), lock_of(board(paths=("/b", "/c", "/d", "/e", "/f")))
    assert differences(was, now) == [
        "new routes: GET|HEAD /c, GET|HEAD /d, GET|HEAD /e and 1 more",
        "routes that are gone: GET|HEAD /a",
    ]
