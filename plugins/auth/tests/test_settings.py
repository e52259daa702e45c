"""The settings of the plugin and of routes."""

from typing import Any

import pytest

from pegboard.settings import lint_settings, load, overlay, read_sources
from pegboard_auth.schemes import Scheme
from pegboard_auth.settings import AuthSettings, RouteSettings
from pegboard_auth.tokens import digest_of

TOKENS = [{"identity": "ann", "digest": digest_of("x")}]


class Own(Scheme):
    name = "own"

    def authenticate(self, connection: Any) -> None:
        return None


class Nameless(Own):
    name = ""


class Unnamed(Scheme):
    def authenticate(self, connection: Any) -> None:
        return None


class Idle(Scheme):
    name = "idle"


def one_argument(connection: Any) -> bool:
    return True


def problems(**settings: Any) -> str:
    return "\n".join(map(str, load(AuthSettings, "auth", read_sources({}), settings).problems))


def route_problems(*layers: dict[str, Any]) -> str:
    base: Any = AuthSettings()
    for layer in layers:
        loaded = overlay(RouteSettings, base, layer, section="auth", where="GET /")
        if loaded.problems:
            return "\n".join(map(str, loaded.problems))
        base = loaded
    return ""


def test_the_classes_are_what_a_board_takes() -> None:
    assert lint_settings("auth", AuthSettings) == []
    assert lint_settings("auth", RouteSettings, base=AuthSettings) == []


def test_without_any_settings_there_is_no_scheme() -> None:
    assert AuthSettings().scheme_names() == []


def test_schemes_are_named_in_the_order_of_their_own() -> None:
    settings = load(
        AuthSettings,
        "auth",
        read_sources({}),
        {
            "custom_schemes": [Own()],
            "basic": {"lookup": lambda name: None},
            "api_keys": {"lookup": lambda prefix: ()},
            "tokens": TOKENS,
            "order": ["own", "basic"],
        },
    ).unwrap()
    assert settings.scheme_names() == ["bearer", "api-key", "basic", "own"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"default": "deny"}, "no scheme nobody gets in"),
        ({"default": "open"}, 'expected "allow" or "deny"'),
        ({"realm": 'a"b'}, "without quotes"),
        ({"realm": "a\r\nb"}, "without quotes"),
        ({"realm": ""}, "without quotes"),
        ({"login_path": "//evil.example"}, "a path of this host"),
        ({"login_path": "login"}, "a path of this host"),
        ({"order": ["basic"], "tokens": TOKENS}, "'basic' is no scheme that is configured; there are: bearer"),
        ({"custom_schemes": [object()]}, "derived from Scheme, got object"),
        ({"custom_schemes": [Own(), Own()]}, "2 schemes are called 'own'"),
        ({"custom_schemes": [Nameless()]}, "Nameless has no name"),
        ({"custom_schemes": [Unnamed()]}, "Unnamed has no name"),
        ({"custom_schemes": [Idle()]}, "Idle has no authenticate(connection) of its own"),
        ({"policies": {"a": 1}}, "policies.a"),
        ({"policies": {"a": one_argument}}, "policies.a: expected a function that can be called with (connection, acc"),
        ({"max_token_size": 1}, "max_token_size"),
        ({"token": []}, "unknown setting"),
    ],
)
def test_what_is_wrong_is_told(settings: dict[str, Any], expected: str) -> None:
    assert expected in problems(**settings)


@pytest.mark.parametrize(
    "layers",
    [
        [{}],
        [{"access": "public"}],
        [{"access": "optional"}],
        [{"access": "required", "scopes": ["a"], "roles": ["b"], "policy": ["p"], "schemes": ["basic"]}],
        [{"scopes": ["a"]}, {"access": "public", "scopes": []}],
        [{"access": "public"}, {"access": "required", "scopes": ["a"]}],
    ],
)
def test_what_routes_may_say(layers: list[dict[str, Any]]) -> None:
    assert route_problems(*layers) == ""


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([{"access": "open"}], "access"),
        ([{"scopes": ["a b"]}], "scopes[0]"),
        ([{"roles": [""]}], "roles[0]"),
        ([{"schemes": []}], "no scheme at all"),
        ([{"scope": ["a"]}], "unknown setting"),
        ([{"access": "public", "scopes": ["a"]}], "lets anonymous callers in"),
        ([{"access": "optional", "policy": ["p"]}], "lets anonymous callers in"),
        ([{"scopes": ["a"]}, {"access": "public"}], "here or further out"),
        ([{"access": "optional"}, {"roles": ["a"]}], "here or further out"),
    ],
)
def test_what_contradicts_itself_is_told(layers: list[dict[str, Any]], expected: str) -> None:
    assert expected in route_problems(*layers)
