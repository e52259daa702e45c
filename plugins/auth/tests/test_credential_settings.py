"""The tables of credentials: what is wrong is told, and secrets are not."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from pegboard.settings import Invalid, read_sources
from pegboard.settings import load as load_settings
from pegboard_auth.settings import AuthSettings
from pegboard_auth.tokens import digest_of

STORED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
SECRET = "hunter2-" * 8
JWK = json.dumps(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
)
JWT: dict[str, Any] = {
    "issuer": "i",
    "audience": ["a"],
    "keys": [{"algorithm": "HS256", "key": SECRET}],
}


def problems(**settings: Any) -> str:
    """Everything that is wrong, as the owner of a board reads it."""
    loaded = load_settings(AuthSettings, "auth", read_sources({}), settings)
    return "\n".join(map(str, loaded.problems))


GOOD: list[dict[str, Any]] = [
    {"tokens": [{"identity": "ann", "digest": digest_of("x")}]},
    {"tokens": [{"identity": "ann", "secret": SECRET, "scopes": ["a:b"], "expires": "2027-01-01T00:00:00Z"}]},
    {"api_keys": {"keys": [{"identity": "ann", "prefix": "k_1", "digest": digest_of("x")}]}},
    {"api_keys": {"keys": [{"identity": "ann", "prefix": "k_1", "secret": "k_1." + SECRET}]}},
    {"api_keys": {"lookup": lambda prefix: (), "header": "X-Key", "query": "key"}},
    {"api_keys": {"lookup": lambda prefix: (), "cookie": "__Host-key", "trusted_origins": ["https://a.example"]}},
    {"basic": {"users": [{"name": "ann", "password_hash": STORED}]}},
    {"basic": {"lookup": lambda name: None}},
]


@pytest.mark.parametrize("settings", GOOD, ids=",".join)
def test_good_tables_are_taken(settings: dict[str, Any]) -> None:
    assert problems(**settings) == ""


def no_arguments() -> None: ...


def one_argument(name: str) -> None: ...


BAD: list[tuple[dict[str, Any], str]] = [
    ({"tokens": [{"identity": "ann"}]}, "expected either digest or secret"),
    ({"tokens": [{"identity": "ann", "digest": digest_of("x"), "secret": SECRET}]}, "expected either digest or secret"),
    ({"tokens": [{"identity": "ann", "digest": "hunter2"}]}, "64 hexadecimal digits"),
    ({"tokens": [{"identity": "ann", "secret": "hunter2"}]}, "at least 20 characters"),
    ({"tokens": [{"identity": "ann", "secret": SECRET + " "}]}, "letters, digits"),
    ({"tokens": [{"identity": "a\nb", "secret": SECRET}]}, "printable"),
    ({"tokens": [{"identity": "ann", "secret": SECRET, "scopes": ["a b"]}]}, "scopes[0]"),
    ({"tokens": [{"identity": "ann", "secret": SECRET, "roles": ['a"b']}]}, "roles[0]"),
    ({"tokens": [{"identity": "ann", "secret": SECRET, "expires": datetime(2027, 1, 1)}]}, "time zone"),  # noqa: DTZ001
    ({"tokens": [{"secret": SECRET}]}, "identity"),
    ({"tokens": [{"identity": "ann", "secret": SECRET, "scope": "a"}]}, "unknown setting"),
    (
        {"tokens": [{"identity": "ann", "secret": SECRET}, {"identity": "bob", "digest": digest_of(SECRET)}]},
        "the token of 'bob' is given twice",
    ),
    ({"api_keys": {}}, "without either nobody gets in"),
    ({"api_keys": {"keys": [{"identity": "a", "digest": digest_of("x")}]}}, "prefix"),
    ({"api_keys": {"keys": [{"identity": "a", "prefix": "a.b", "digest": digest_of("x")}]}}, "prefix"),
    ({"api_keys": {"keys": [{"identity": "a", "prefix": "k", "secret": SECRET}]}}, "the whole key"),
    ({"api_keys": {"keys": [{"identity": "a", "prefix": "k", "secret": "k.hunter2"}]}}, "the whole key"),
    ({"api_keys": {"lookup": lambda prefix: (), "header": "Authorization"}}, "name of a header"),
    ({"api_keys": {"lookup": lambda prefix: (), "header": "a b"}}, "name of a header"),
    ({"api_keys": {"lookup": lambda prefix: (), "query": "a&b"}}, "name of a parameter"),
    ({"api_keys": {"lookup": lambda prefix: (), "cookie": "a;b"}}, "name of a cookie"),
    (
        {"api_keys": {"lookup": lambda prefix: (), "cookie": "a", "trusted_origins": ["https://a.example/"]}},
        "trusted_origins[0]",
    ),
    ({"api_keys": {"lookup": lambda prefix: (), "trusted_origins": ["https://a.example"]}}, "name the cookie"),
    ({"basic": {}}, "without any nobody gets in"),
    ({"basic": {"users": [{"name": "ann", "password_hash": "hunter2"}]}}, "$argon2id$"),
    ({"basic": {"users": [{"name": "a:b", "password_hash": STORED}]}}, "no colon"),
    ({"basic": {"users": [{"name": "ann", "password_hash": STORED}] * 2}}, "2 accounts have the name 'ann'"),
    (
        {"basic": {"users": [{"name": name, "password_hash": STORED} for name in ("caf\u00e9", "cafe\u0301")]}},
        "2 accounts have the name 'caf\u00e9'",
    ),
    ({"basic": {"file": "/nonexistent/users"}}, "cannot read /nonexistent/users"),
    ({"basic": {"lookup": lambda name: None, "threads": 0}}, "threads"),
    ({"basic": {"lookup": no_arguments}}, "can be called with (name)"),
    ({"basic": {"lookup": one_argument, "rehash": no_arguments}}, "can be called with (name, password_hash)"),
    ({"api_keys": {"lookup": no_arguments}}, "can be called with (prefix)"),
    ({"basic": {"lookup": one_argument, "throttle": {"account_seconds": 0}}}, "account_seconds"),
]


@pytest.mark.parametrize(("settings", "expected"), BAD, ids=[expected for _, expected in BAD])
def test_a_bad_table_is_told_without_showing_a_secret(settings: dict[str, Any], expected: str) -> None:
    told = problems(**settings)
    assert expected in told
    assert "hunter2" not in told
    assert "f83OJ3D2" not in told
    assert STORED not in told


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems(tokens=[{"identity": ""}, {"identity": "a"}], api_keys={}, basic={}, jwt={})
    for where in ("tokens[0]", "tokens[1]", "api_keys", "basic", "jwt"):
        assert f"auth.{where}" in told


def test_accounts_and_keys_may_stand_in_files(tmp_path: Path) -> None:
    users, key = tmp_path / "users", tmp_path / "key"
    users.write_text(f"ann:{STORED}\n", "utf-8")
    key.write_text(JWK + "\n", "utf-8")
    settings = {**JWT, "keys": [{"algorithm": "ES256", "file": str(key)}]}
    assert problems(basic={"file": str(users)}, jwt=settings) == ""


def test_what_is_wrong_in_a_file_is_told_with_its_line_and_without_its_text(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{STORED}\nbob:hunter2\n", "utf-8")
    told = problems(basic={"file": str(users)})
    assert f"{users}:2:" in told
    assert "hunter2" not in told
    users.write_bytes(b"ann:\xff")
    assert "not UTF-8" in problems(basic={"file": str(users)})


def test_settings_do_not_show_their_secrets() -> None:
    settings = AuthSettings()
    assert settings.tokens == ()
    loaded = load_settings(AuthSettings, "auth", read_sources({}), {"tokens": [{"identity": "ann", "secret": SECRET}]})
    assert "hunter2" not in repr(loaded.unwrap())
    assert "hunter2" not in "".join(row.value for row in loaded.rows())


def test_a_table_made_in_code_checks_itself() -> None:
    from pegboard_auth.credential_settings import TokenSettings

    with pytest.raises(Invalid, match="either digest or secret"):
        TokenSettings(identity="ann")
