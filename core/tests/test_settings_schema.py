from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from pegboard.settings import BOARD_KEYS, json_schema
from pegboard.settings import Settings as Base
from pegboard.text_values import Secret


class CORS:
    class Settings(Base, frozen=True, kw_only=True):
        """Which origins may read answers."""

        max_age: Annotated[int, Meta(ge=0, description="Seconds a preflight is kept.")] = 600


class Auth:
    class Settings(Base, frozen=True, kw_only=True):
        """Who may come in."""

        issuer: str
        key: Secret | None = None
        folder: pathlib.Path | None = None
        verify: Callable[..., Any] | None = None
        other: Another | None = None


class Another(Base, frozen=True, kw_only=True):
    size: int = 1


def resolve(schema: dict[str, Any], section: str) -> dict[str, Any]:
    name = schema["properties"][section]["$ref"].rpartition("/")[2]
    return dict(schema["$defs"][name])


SCHEMA = json_schema({"cors": CORS.Settings, "server-timing": Another, "auth": Auth.Settings})


def test_the_schema_has_the_boards_keys_and_a_section_for_each_plugin() -> None:
    assert list(SCHEMA["properties"]) == [*BOARD_KEYS, "cors", "server-timing", "auth"]
    assert SCHEMA["title"] == "pegboard.toml"
    assert SCHEMA["additionalProperties"] is False
    json.dumps(SCHEMA)


def test_classes_of_one_name_stay_apart_and_bring_their_descriptions() -> None:
    assert resolve(SCHEMA, "cors")["description"] == "Which origins may read answers."
    assert resolve(SCHEMA, "auth")["description"] == "Who may come in."
    assert resolve(SCHEMA, "cors")["properties"]["max_age"] == {
        "type": "integer",
        "minimum": 0,
        "default": 600,
        "description": "Seconds a preflight is kept.",
    }


def test_a_section_refuses_unknown_keys_and_asks_for_what_is_required() -> None:
    auth = resolve(SCHEMA, "auth")
    assert auth["required"] == ["issuer"]
    assert auth["additionalProperties"] is False


def test_secrets_are_marked_and_functions_cannot_be_written() -> None:
    properties = resolve(SCHEMA, "auth")["properties"]
    assert properties["key"]["anyOf"][0] == {"type": "string", "format": "password", "writeOnly": True}
    assert properties["folder"]["anyOf"][0] == {"type": "string"}
    assert properties["verify"]["anyOf"][0]["not"] == {}


def test_a_board_without_plugins_has_a_schema() -> None:
    assert list(json_schema({})["properties"]) == list(BOARD_KEYS)
