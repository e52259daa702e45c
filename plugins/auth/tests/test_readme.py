"""What the README shows works as shown."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from pegboard import Pegboard
from pegboard.settings import load, read_sources
from pegboard_auth import Auth, digest_of
from pegboard_auth.settings import AuthSettings

README = (Path(__file__).parents[1] / "README.md").read_text()
DOTS = {"digest": digest_of("x"), "keys": "k" * 32, "client_secret": "s" * 32}
"""What stands for the dots in examples of the configuration."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def filled(name: str, value: Any) -> Any:
    """A value of an example, with something in the place of its dots."""
    if isinstance(value, dict):
        return {key: filled(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(name, inner) for inner in value]
    return DOTS[name] if value in ("...", "sha256:...") else value


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_an_example_in_python_runs_and_its_board_starts(number: int) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(blocks("python")[number], f"example {number} of the README", "exec"), namespace)
    app = namespace.get("app")
    if app is None:
        return
    given = [plugin for plugin in app.given.plugins or () if isinstance(plugin, Auth)]
    sessions = {"sessions": {"keys": ["k" * 32]}} if "log_in" in namespace else {}
    plugin = given[0] if given else Auth(tokens=[{"identity": "ann", "digest": digest_of("x")}], **sessions)
    Pegboard(routes=list(app.routes), plugins=[plugin], config={}).freeze()


@pytest.mark.parametrize("number", range(len(blocks("toml"))))
def test_an_example_of_the_configuration_is_one(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users").write_text("ann:" + PasswordHasher(1, 8, 1).hash("x"))
    (tmp_path / "issuer.pem").write_text(PEM)
    section = filled("", tomllib.loads(blocks("toml")[number]))["auth"]
    assert not load(AuthSettings, "auth", read_sources({}), section).problems


PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
"""


def test_every_setting_is_in_the_table() -> None:
    table = README.partition("\n## Settings\n")[2]
    for name in AuthSettings.__struct_fields__:
        assert f"`{name}" in table
    for section in ("jwt", "jwt.jwks", "api_keys", "basic", "basic.throttle", "sessions", "oidc"):
        fields = _table(section).__struct_fields__
        for field in fields:
            assert f"{section}.{field}" in table or f"`.{field}`" in table


def _table(section: str) -> Any:
    from pegboard_auth.credential_settings import APIKeysSettings, BasicSettings, ThrottleSettings
    from pegboard_auth.jwt_settings import JWKSSettings, JWTSettings
    from pegboard_auth.oidc_settings import OIDCSettings
    from pegboard_auth.session_settings import SessionSettings

    return {
        "jwt": JWTSettings,
        "jwt.jwks": JWKSSettings,
        "api_keys": APIKeysSettings,
        "basic": BasicSettings,
        "basic.throttle": ThrottleSettings,
        "sessions": SessionSettings,
        "oidc": OIDCSettings,
    }[section]
