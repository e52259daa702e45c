"""Who calls."""

import pytest

from pegboard_auth.identity import ANONYMOUS, Access, User, is_name


def test_users_look_as_starlettes_do() -> None:
    user = User("ann", "Ann Lee")
    assert (user.is_authenticated, user.identity, user.display_name) == (True, "ann", "Ann Lee")
    assert User("ann").display_name == "ann"


def test_an_anonymous_caller_has_no_name_and_no_scopes() -> None:
    user = ANONYMOUS.user
    assert (user.is_authenticated, user.identity, user.display_name) == (False, "", "")
    assert (ANONYMOUS.is_authenticated, ANONYMOUS.scheme) == (False, "")
    assert not ANONYMOUS.scopes
    assert not ANONYMOUS.roles


def test_an_access_shows_who_and_how_but_no_claims() -> None:
    access = Access(User("ann"), "bearer", ["read"], claims={"ssn": "secret"})
    assert repr(access) == "Access(User('ann'), scheme='bearer')"
    assert repr(ANONYMOUS) == "Access(AnonymousUser(), scheme='')"


@pytest.mark.parametrize("name", ["ann", "Ann Lee", "https://id.example/ann", "\N{SNOWMAN}", "x" * 255])
def test_what_fits_a_log_line_can_be_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\x00", "\ud800", "\u202eann", None, 7, b"ann", ["ann"]])
def test_what_does_not_cannot(name: object) -> None:
    assert not is_name(name)
