"""Which gate a route gets."""

from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard_auth import Auth, digest_of, public, requires
from pegboard_auth.answers import Answers
from pegboard_auth.audit import Audit
from pegboard_auth.binding import Binder
from pegboard_auth.building import build_schemes
from pegboard_auth.requirements import Requirement
from pegboard_auth.settings import AuthSettings, RouteSettings

TOKENS = [{"identity": "ann", "digest": digest_of("x")}]


async def plain(request: Request) -> str:
    return "plain"


@requires("write")
async def guarded(request: Request) -> str:
    return "guarded"


@requires(policy="owner")
async def owned(request: Request) -> str:
    return "owned"


@public
async def home(request: Request) -> str:
    return "home"


def binder(**settings: Any) -> Binder:
    from pegboard.settings import load, read_sources

    made = load(AuthSettings, "auth", read_sources({}), settings).unwrap()
    return Binder(made, build_schemes(made), Answers("api"), Audit())


OPEN, NOTHING = "optional", "nothing"


@pytest.mark.parametrize(
    ("default", "endpoint", "settings", "expected"),
    [
        (None, plain, {}, Requirement()),
        ("deny", plain, {}, Requirement()),
        ("allow", plain, {}, OPEN),
        ("allow", guarded, {}, Requirement.make(["write"])),
        (None, guarded, {}, Requirement.make(["write"])),
        (None, home, {}, NOTHING),
        ("allow", home, {}, NOTHING),
        (None, plain, {"access": "public"}, NOTHING),
        (None, plain, {"access": "optional"}, OPEN),
        ("allow", plain, {"access": "required"}, Requirement()),
        ("allow", plain, {"scopes": ["a"]}, Requirement.make(["a"])),
        ("allow", plain, {"roles": ["a", "b"]}, Requirement.make(roles=["a", "b"])),
        ("allow", guarded, {"scopes": ["a"]}, Requirement.make(["a", "write"])),
        ("allow", guarded, {"access": "optional"}, Requirement.make(["write"])),
    ],
)
def test_settings_decorators_and_default_decide_together(
    default: Any, endpoint: Any, settings: dict[str, Any], expected: Any
) -> None:
    gate = binder(default=default, tokens=TOKENS).bind(Route("/", endpoint), RouteSettings(**_tuples(settings)))
    if expected == NOTHING:
        assert gate is None
    else:
        assert gate is not None
        assert gate.requirement == (None if expected == OPEN else expected)


def _tuples(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}


def test_routes_that_ask_for_the_same_share_a_gate() -> None:
    what = binder(tokens=TOKENS)
    first, second = (what.bind(Route(path, plain), RouteSettings()) for path in ("/a", "/b"))
    assert first is second
    assert what.bind(Route("/c", plain), RouteSettings(scopes=("a",))) is not first


def test_without_a_scheme_nothing_is_bound() -> None:
    assert binder().bind(Route("/", plain), RouteSettings()) is None
    assert binder(default="allow").bind(Route("/", plain), RouteSettings()) is None


@pytest.mark.parametrize(
    ("auth", "route", "expected"),
    [
        ({}, Route("/a", guarded), "there is no scheme"),
        ({}, Route("/a", plain, plugins={"auth": {"access": "required"}}), "there is no scheme"),
        ({"tokens": TOKENS}, Route("/a", guarded, plugins={"auth": {"access": "public"}}), "take one of the two away"),
        ({"tokens": TOKENS}, Route("/a", home, plugins={"auth": {"scopes": ["a"]}}), "keep one"),
        ({"tokens": TOKENS}, Route("/a", home, plugins={"auth": {"access": "required"}}), "keep one"),
        ({"tokens": TOKENS}, Route("/a", owned), "'owner' is none of the setting policies; there are: none"),
        ({"tokens": TOKENS}, Route("/a", plain, plugins={"auth": {"policy": ["p"]}}), "'p' is none of the setting"),
        ({"tokens": TOKENS}, Route("/a", plain, plugins={"auth": {"schemes": ["basic"]}}), "there are: bearer"),
        ({"tokens": TOKENS}, Mount("/m", routes=[Route("/a", home)], plugins={"auth": {"roles": ["a"]}}), "keep one"),
    ],
)
def test_what_does_not_fit_together_refuses_to_start_and_names_the_route(
    auth: dict[str, Any], route: Any, expected: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(routes=[route], plugins=[Auth(**auth)], config={}).freeze()
    assert expected in str(caught.value)
    assert "GET|HEAD /a" in str(caught.value)
