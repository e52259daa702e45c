"""The commands of the plugin."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from web_provider import WebProvider, web_provider

from pegboard.settings import load, read_sources
from pegboard_auth import Auth, digest_of
from pegboard_auth.commands import make_commands
from pegboard_auth.passwords import HASHER
from pegboard_auth.settings import AuthSettings

SECRET = "s" * 32
JWT = {"issuer": "i", "audience": ["a"], "keys": [{"algorithm": "HS256", "key": SECRET}]}
OLD = "2020-01-01T00:00:00Z"


def run(arguments: list[str], stdin: str | bytes = "", **settings: Any) -> Result:
    made = load(AuthSettings, "auth", read_sources({}), settings).unwrap()
    result = CliRunner().invoke(make_commands(made), arguments, input=stdin, standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, click.ClickException):
        raise result.exception
    return result


def token(**changed: Any) -> str:
    claims = {"iss": "i", "aud": "a", "sub": "ann", "exp": int(time.time()) + 600, **changed}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))


def test_a_password_is_hashed_and_not_shown() -> None:
    result = run(["hash-password"], "correct horse\n")
    assert HASHER.verify(result.output.strip(), "correct horse")
    assert "correct horse" not in result.output
    made = json.loads(run(["hash-password", "--json"], "correct horse").output)
    assert HASHER.verify(made["password_hash"], "correct horse")


def test_a_key_is_shown_once_with_the_digest_to_store() -> None:
    made = json.loads(run(["new-key", "acme", "--json"]).output)
    assert made["key"].startswith("acme.")
    assert made["digest"] == digest_of(made["key"])
    assert run(["new-key", "acme"]).output != run(["new-key", "acme"]).output
    text = run(["new-key", "acme"]).output
    assert text.splitlines()[0].startswith("acme.")
    assert '[[auth.api_keys.keys]]\nprefix = "acme"' in text
    assert "[[auth.tokens]]" in run(["new-key"]).output


@pytest.mark.parametrize("prefix", ["a b", "a.b", "", "x" * 65])
def test_what_is_no_prefix_is_refused(prefix: str) -> None:
    result = run(["new-key", prefix])
    assert isinstance(result.exception, click.BadParameter)


STATIC: dict[str, Any] = {
    "tokens": [
        {"identity": "ann", "secret": "a-token-of-the-tests-1"},
        {"identity": "bob", "secret": "a-token-of-the-tests-2", "expires": OLD},
    ],
    "api_keys": {"keys": [{"identity": "cat", "prefix": "k1", "secret": "k1.a-key-of-the-tests-3"}]},
}
TOKENS: dict[str, tuple[str, dict[str, Any], bool, str]] = {
    "a good JWT": (token(), {"jwt": JWT}, True, ""),
    "an expired JWT": (token(exp=1), {"jwt": JWT}, False, "expired"),
    "another audience": (token(aud="x"), {"jwt": JWT}, False, "another audience"),
    "no JWT at all": ("nonsense", {"jwt": JWT}, False, "not three segments"),
    "not ASCII": ("é.é.x", {"jwt": JWT}, False, "not canonical base64url"),
    "a JWT without settings": (token(), {}, False, "unknown token"),
    "a static token": ("a-token-of-the-tests-1", STATIC, True, "the bearer token of ann"),
    "one that has expired": ("a-token-of-the-tests-2", STATIC, False, "the bearer token of bob has expired"),
    "an API key": ("k1.a-key-of-the-tests-3", STATIC, True, "the API key of cat"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_a_token_is_checked_and_what_is_wrong_is_said(case: str) -> None:
    given, settings, counts, reason = TOKENS[case]
    result = run(["check-token", "--json"], given + "\n", **settings)
    made = json.loads(result.output)
    assert made["counts"] is counts
    assert reason in made["reason"]
    assert result.return_value == (0 if counts else 1)
    text = run(["check-token"], given, **settings).output
    assert text.startswith("counts" if counts else f"refused: {reason}")
    for secret in (given, SECRET):
        assert secret not in text + result.output


def test_the_word_bearer_may_come_along() -> None:
    assert run(["check-token"], f"Bearer {token()}\n", jwt=JWT).return_value == 0


@pytest.mark.parametrize("command", ["hash-password", "check-token"])
def test_without_anything_to_read_the_command_says_what_it_wants(command: str) -> None:
    result = run([command], "")
    assert isinstance(result.exception, click.UsageError)
    assert "on standard input" in str(result.exception)


@pytest.mark.parametrize("command", ["hash-password", "check-token"])
def test_what_is_not_utf_8_is_refused(command: str) -> None:
    assert "in UTF-8" in str(run([command], b"\xff\n").exception)


@pytest.fixture
def issuer() -> Iterator[WebProvider]:
    with web_provider() as running:
        yield running


def test_the_keys_of_an_issuer_are_fetched(issuer: WebProvider) -> None:
    key = ECKey.generate_key("P-256")
    url = issuer.serve("/jwks", {"keys": [{**key.as_dict(private=False), "kid": "k1"}]})
    settings = {"issuer": issuer.url, "audience": ["a"], "jwks": {"url": url}}
    claims = {"iss": issuer.url, "aud": "a", "sub": "ann", "exp": int(time.time()) + 600}
    given = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)
    assert run(["check-token"], given, jwt=settings).return_value == 0
    issuer.serve("/jwks", b"", 500)
    result = run(["check-token"], given, jwt=settings)
    assert "refused: the issuer's keys cannot be had" in result.output


def test_the_command_line_has_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pegboard.cli.group import run as run_all

    (tmp_path / "pegboard.toml").write_text('plugins = ["auth"]\n')
    monkeypatch.chdir(tmp_path)
    assert run_all(["auth", "new-key", "acme", "--json"]) == 0


def test_no_command_takes_a_secret_as_an_argument() -> None:
    group = click.Group()
    Auth.commands(_configured(), group)
    [auth] = group.commands.values()
    assert isinstance(auth, click.Group)
    arguments = [name for one in auth.commands.values() for parameter in one.params for name in parameter.opts]
    assert sorted(set(arguments)) == ["--json", "prefix"]


def _configured() -> Auth:
    plugin = Auth()
    plugin.settings = AuthSettings()
    return plugin
