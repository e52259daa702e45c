"""Who called, where the route is mounted, which hook failed."""

from typing import Any

import pytest

from pegboard.routing import Mount, Route
from pegboard_logging.callers import mount_of, origin_of, user_of


class Named:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class StarletteLike:
    """A user as Starlette makes them: what it has not raises."""

    def __init__(self, name: str) -> None:
        self.display_name = name
        self.is_authenticated = bool(name)

    @property
    def identity(self) -> str:
        raise NotImplementedError


class Broken:
    @property
    def is_authenticated(self) -> bool:
        raise RuntimeError("no database")

    @property
    def identity(self) -> str:
        raise RuntimeError("no database")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ada", "ada"),
        ("", None),
        (StarletteLike("ada"), "ada"),
        (StarletteLike(""), None),
        (Named(identity="id-1", display_name="Ada"), "id-1"),
        (Named(display_name="Ada"), "Ada"),
        (Named(id=17), "17"),
        (Named(is_authenticated=False, identity="x"), None),
        (Named(), None),
        (Broken(), None),
    ],
)
def test_the_name_of_a_user_is_found_whatever_it_is(user: Any, name: str | None) -> None:
    assert user_of(user) == name


async def app(scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError


async def endpoint(request: Any) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("scope", "route", "mount"),
    [
        ({"root_path": ""}, Route("/u", endpoint), ""),
        ({"root_path": "/proxy"}, Route("/u", endpoint), ""),
        ({"root_path": "/api", "pegboard.root_path": ""}, Route("/u", endpoint), "/api"),
        ({"root_path": "/proxy/api", "pegboard.root_path": "/proxy"}, Route("/u", endpoint), "/api"),
        ({"root_path": "/static", "pegboard.root_path": ""}, Mount("/static", app), ""),
        ({"root_path": "/a/static", "pegboard.root_path": ""}, Mount("/static", app), "/a"),
        ({"root_path": "/files/7", "pegboard.root_path": ""}, Mount("/files/{id}", app), ""),
    ],
)
def test_the_mounts_around_a_route_are_found(scope: dict[str, Any], route: Any, mount: str) -> None:
    assert mount_of(scope, route) == mount


def test_the_hook_is_what_the_core_has_noted() -> None:
    error = ValueError()
    assert origin_of(error) is None
    error.add_note("something else")
    error.add_note("in hook 'request' of plugin x")
    assert origin_of(error) == "'request' of plugin x"
