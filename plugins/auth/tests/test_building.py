"""From settings to schemes."""

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from pegboard.settings import load, read_sources
from pegboard_auth.api_keys import LookedUpAPIKeys
from pegboard_auth.basic import Basic
from pegboard_auth.bearer import AsyncBearer, Bearer
from pegboard_auth.building import build_schemes
from pegboard_auth.schemes import Scheme
from pegboard_auth.settings import AuthSettings
from pegboard_auth.tokens import digest_of

STORED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
JWT: dict[str, Any] = {"issuer": "i", "audience": ["a"], "keys": [{"algorithm": "HS256", "key": "s" * 32}]}


class Own(Scheme):
    name = "own"

    def authenticate(self, connection: Any) -> None:
        return None


def built(**settings: Any) -> tuple[Scheme, ...]:
    return build_schemes(load(AuthSettings, "auth", read_sources({}), settings).unwrap())


def test_nothing_is_made_of_nothing() -> None:
    assert built() == ()


def test_what_the_order_names_comes_first_and_the_rest_keeps_its_own() -> None:
    settings: dict[str, Any] = {
        "tokens": [{"identity": "ann", "digest": digest_of("x")}],
        "api_keys": {"lookup": lambda prefix: ()},
        "custom_schemes": [Own()],
    }
    assert [scheme.name for scheme in built(**settings)] == ["bearer", "api-key", "own"]
    assert [scheme.name for scheme in built(**settings, order=["own"])] == ["own", "bearer", "api-key"]


async def asked_later(claims: Any) -> bool:
    return False


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"jwt": JWT}, Bearer),
        ({"jwt": {**JWT, "revoked": lambda claims: False}}, Bearer),
        ({"jwt": {**JWT, "revoked": asked_later}}, AsyncBearer),
        ({"api_keys": {"lookup": lambda prefix: ()}}, LookedUpAPIKeys),
        ({"basic": {"users": [{"name": "ann", "password_hash": STORED}]}}, Basic),
    ],
)
def test_only_what_has_to_wait_is_asynchronous(settings: dict[str, Any], kind: type[Scheme]) -> None:
    [scheme] = built(**settings)
    assert type(scheme) is kind


def test_accounts_of_file_and_settings_are_one_list(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(f"bob:{STORED}\n", "utf-8")
    [scheme] = built(basic={"users": [{"name": "ann", "password_hash": STORED}], "file": str(file)})
    assert isinstance(scheme, Basic)
