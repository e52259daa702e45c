"""A provider as its client sees it; how it plays with a real one is tested with the login."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from openid_provider import CLIENT_ID, OpenIDProvider, serving

from pegboard.settings import load, read_sources
from pegboard_auth.fetching import FetchError
from pegboard_auth.oidc_provider import Provider, read_metadata
from pegboard_auth.refusals import Rejected
from pegboard_auth.settings import AuthSettings

pytestmark = pytest.mark.anyio

DOCUMENT: dict[str, Any] = {
    "issuer": "https://id.example",
    "authorization_endpoint": "https://id.example/auth",
    "token_endpoint": "https://id.example/token",
    "jwks_uri": "https://id.example/jwks",
}


@pytest.fixture(scope="module")
def served() -> Iterator[OpenIDProvider]:
    with serving(OpenIDProvider()) as provider:
        yield provider


def made(issuer: str, **oidc: Any) -> Provider:
    given = {
        "sessions": {"keys": ["k" * 32]},
        "oidc": {"issuer": issuer, "client_id": CLIENT_ID, "redirect_uri": "https://app.example/cb", **oidc},
    }
    settings = load(AuthSettings, "auth", read_sources({}), given).unwrap()
    assert settings.oidc is not None
    return Provider(settings.oidc)


def test_what_a_provider_does_not_tell_is_as_the_standards_say() -> None:
    metadata = read_metadata(DOCUMENT)
    assert metadata.takes_basic
    assert not metadata.names_issuer
    told = {
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }
    metadata = read_metadata({**DOCUMENT, **told})
    assert not metadata.takes_basic
    assert metadata.names_issuer


@pytest.mark.parametrize(
    "changes",
    [
        {"authorization_endpoint": "http://id.example/auth"},
        {"token_endpoint": None},
        {"jwks_uri": ["https://id.example/jwks"]},
        {"token_endpoint_auth_methods_supported": "client_secret_post"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": {}},
    ],
)
def test_metadata_that_is_no_use_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FetchError):
        read_metadata({**DOCUMENT, **changes})


async def test_metadata_and_keys_are_fetched_once_for_all_who_ask(served: OpenIDProvider) -> None:
    served.reset()
    provider = made(served.issuer)
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(provider.metadata)
    assert (await provider.metadata()).token_endpoint == f"{served.issuer}/token"
    assert served.asked == ["metadata", "jwks"]


async def test_the_keys_may_be_said_to_be_elsewhere(served: OpenIDProvider) -> None:
    served.reset()
    served.metadata = {"jwks_uri": f"{served.issuer}/nowhere"}
    with pytest.raises(Rejected, match="cannot be had"):
        await made(served.issuer).metadata()
    await made(served.issuer, jwks={"url": f"{served.issuer}/jwks"}).metadata()


async def test_a_token_that_is_huge_or_nonsense_is_refused_before_anything_is_fetched_for_it(
    served: OpenIDProvider,
) -> None:
    served.reset()
    with pytest.raises(Rejected, match="too long"):
        await made(served.issuer).verify(b"x" * 20_000)
    assert served.asked == []
