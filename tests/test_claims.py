"""What our plugins claim is what they do: what one brings to a response is claimed, or shared by nature."""

from collections.abc import Callable
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.cli.combining import SHARED
from pegboard.linting import read_claims
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.testclient import TestClient
from pegboard_auth import Auth
from pegboard_cors import CORS
from pegboard_gzip import Gzip
from pegboard_logging import Logging

FRAMING = {"content-length"}

REQUESTS: list[dict[str, Any]] = [
    {"method": "GET", "headers": {"accept-encoding": "gzip", "origin": "https://a.example"}},
    {"method": "GET", "headers": {"authorization": "Bearer a-token-that-is-long-enough-for-a-test"}},
    {"method": "GET", "headers": {"authorization": "Bearer wrong"}},
    {
        "method": "OPTIONS",
        "headers": {"origin": "https://a.example", "access-control-request-method": "GET"},
    },
]

PLUGINS: dict[str, Callable[[], Any]] = {
    "auth": lambda: Auth(tokens=[{"identity": "Ada", "secret": "a-token-that-is-long-enough-for-a-test"}]),
    "cors": lambda: CORS(allow_origins=["https://a.example"], allow_credentials=True, expose_headers=["x-a"]),
    "gzip": lambda: Gzip(minimum_size=1),
    "logging": lambda: Logging(target="stderr", request_id_header="x-trace"),
}


async def page(request: Request) -> PlainTextResponse:
    if request.url.query == "keys":
        return PlainTextResponse(",".join(sorted(request.scope)))
    return PlainTextResponse("page " * 100)


def answers(*plugins: Any) -> list[set[str]]:
    with TestClient(Pegboard(routes=[Route("/", page)], plugins=list(plugins), config={})) as client:
        return [set(client.request(url="/", **request).headers) for request in REQUESTS]


def keys(*plugins: Any) -> set[str]:
    headers = {"authorization": "Bearer a-token-that-is-long-enough-for-a-test"}
    with TestClient(Pegboard(routes=[Route("/", page)], plugins=list(plugins), config={})) as client:
        return {key for key in client.get("/?keys", headers=headers).text.split(",") if "." not in key}


@pytest.mark.parametrize("name", PLUGINS)
def test_headers_that_a_plugin_brings_are_claimed(name: str) -> None:
    brought = set().union(*(has - had for has, had in zip(answers(PLUGINS[name]()), answers(), strict=True)))
    claims, problems = read_claims(Pegboard(plugins=[PLUGINS[name]()], config={}).freeze().members[0].found)
    assert problems == []
    assert brought - SHARED - FRAMING <= set(claims.response_headers), name


@pytest.mark.parametrize("name", PLUGINS)
def test_keys_that_a_plugin_sets_for_others_are_claimed(name: str) -> None:
    """Keys with a dot or the plugin's package in their name are its own affair."""
    own = {f"pegboard_{name}"}
    claims, _ = read_claims(Pegboard(plugins=[PLUGINS[name]()], config={}).freeze().members[0].found)
    assert keys(PLUGINS[name]()) - keys() - own <= set(claims.state_keys)
