"""Who called, and which hook failed."""

from typing import Any

import pytest

from pegboard_logging.callers import origin_of, user_of


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
        (Named(is_authenticated=True, identity="id-1", display_name="Ada"), "id-1"),
        (Named(is_authenticated=True, identity="", display_name="Ada"), "Ada"),
        (None, None),
        (Named(display_name="Ada"), "Ada"),
        (Named(id=17), "17"),
        (Named(is_authenticated=False, identity="x"), None),
        (Named(), None),
        (Broken(), None),
    ],
)
def test_the_name_of_a_user_is_found_whatever_it_is(user: Any, name: str | None) -> None:
    assert user_of(user) == name


def test_the_hook_is_what_the_core_has_noted() -> None:
    error = ValueError()
    assert origin_of(error) is None
    error.add_note("something else")
    error.add_note("in hook 'request' of plugin x")
    assert origin_of(error) == "'request' of plugin x"
