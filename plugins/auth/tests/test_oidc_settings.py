"""The table of the login at a provider."""

from typing import Any

import pytest

from pegboard.settings import load, read_sources
from pegboard_auth.oidc_settings import OIDCSettings
from pegboard_auth.settings import AuthSettings

GOOD: dict[str, Any] = {
    "issuer": "https://id.example",
    "client_id": "me",
    "redirect_uri": "https://app.example/login/callback",
}


def loaded(oidc: dict[str, Any], **more: Any) -> Any:
    given = {"sessions": {"keys": ["k" * 32]}, "oidc": oidc, **more}
    return load(AuthSettings, "auth", read_sources({}), given)


def problems(oidc: dict[str, Any]) -> dict[str, str]:
    return {problem.key: str(problem) for problem in loaded(oidc).problems}


def test_issuer_client_and_redirect_uri_are_all_that_is_needed() -> None:
    settings = loaded(GOOD).unwrap()
    assert settings.oidc.callback() == "/login/callback"
    assert settings.page_to_log_in() == "/login"


@pytest.mark.parametrize(
    ("redirect_uri", "callback_path", "path"),
    [
        ("https://app.example/back", None, "/back"),
        ("http://localhost:8000/back", None, "/back"),
        ("https://app.example/prefix/back", "/back", "/back"),
        ("https://app.example", None, "/"),
    ],
)
def test_the_callbacks_path_is_that_of_the_redirect_uri_unless_a_proxy_changes_it(
    redirect_uri: str, callback_path: str | None, path: str
) -> None:
    settings = OIDCSettings(
        issuer="https://id.example", client_id="me", redirect_uri=redirect_uri, callback_path=callback_path
    )
    assert settings.callback() == path


def test_browsers_are_sent_to_a_login_page_of_ones_own_where_one_is_set() -> None:
    assert loaded(GOOD, login_path="/welcome").unwrap().page_to_log_in() == "/welcome"


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"issuer": "http://id.example"}, "issuer", "expected https"),
        ({"issuer": "id.example"}, "issuer", "no URL"),
        ({"redirect_uri": "/login/callback"}, "redirect_uri", "no URL"),
        ({"redirect_uri": "http://app.example/cb"}, "redirect_uri", "expected https"),
        ({"redirect_uri": "https://app.example/cb#x"}, "redirect_uri", "no URL"),
        ({"client_id": ""}, "client_id", "expected"),
        ({"client_secret": ""}, "client_secret", "it is empty"),
        ({"scopes": ["profile"]}, "scopes", 'expected "openid"'),
        ({"scopes": ["openid", "a b"]}, "scopes[1]", "without blanks"),
        ({"login_path": "//evil.example"}, "login_path", "a path of this application"),
        ({"login_path": "/{x}"}, "login_path", "a path of this application"),
        ({"logout_path": "/bye?x=1"}, "logout_path", "a path of this application"),
        ({"callback_path": "back"}, "callback_path", "a path of this application"),
        ({"after_login": "https://evil.example"}, "after_login", "a path of this host"),
        ({"after_logout": "//evil.example"}, "after_logout", "a path of this host"),
        ({"login_path": "/login/callback"}, "", "a path each"),
        ({"login_timeout": 5}, "login_timeout", "≥ 30"),
        ({"address_attempts": -1}, "address_attempts", "≥ 0"),
        ({"jwks": {"algorithms": ["HS256"]}}, "jwks.algorithms[0]", "nobody publishes"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], key: str, message: str) -> None:
    found = problems({**GOOD, **changes})
    assert list(found) == [f"auth.oidc.{key}".rstrip(".")]
    assert message in found[f"auth.oidc.{key}".rstrip(".")]


def test_all_problems_are_told_at_once_and_none_shows_the_secret() -> None:
    found = problems({"issuer": "x", "client_id": "me", "redirect_uri": "y", "client_secret": "hidden", "scopes": []})
    assert {key.rpartition(".")[2] for key in found} >= {"issuer", "redirect_uri", "scopes"}
    assert "hidden" not in repr(found)


def test_a_login_needs_sessions() -> None:
    [problem] = load(AuthSettings, "auth", read_sources({}), {"oidc": GOOD}).problems
    assert (problem.key, "give sessions keys" in str(problem)) == ("auth.oidc", True)
