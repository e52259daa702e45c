"""An issuer's metadata is found, and believed only when it is the issuer's."""

from typing import Any

import pytest

from pegboard_auth.discovery import address_in, discover, metadata_urls
from pegboard_auth.fetching import FetchError, NotFound

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("issuer", "urls"),
    [
        (
            "https://a.example",
            ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"],
        ),
        (
            "https://a.example/tenant/",
            [
                "/tenant/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/tenant",
                "/.well-known/openid-configuration/tenant",
            ],
        ),
    ],
)
async def test_where_metadata_is_looked_for(issuer: str, urls: list[str]) -> None:
    assert metadata_urls(issuer) == tuple(f"https://a.example{url}" for url in urls)


def documents(**of: Any) -> Any:
    """A web where these documents are, by their numbers among the addresses that are tried."""
    places = metadata_urls("https://a.example/t")
    asked: list[str] = []

    async def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        found = of.get(f"at_{places.index(url)}")
        if found is None:
            raise NotFound(f"{url}: answered 404")
        if isinstance(found, Exception):
            raise found
        return dict(found)

    return fetch, asked


GOOD = {"issuer": "https://a.example/t", "jwks_uri": "https://keys.example/jwks"}


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_the_first_metadata_that_is_there_counts(place: int) -> None:
    fetch, asked = documents(**{f"at_{place}": GOOD})
    assert await discover("https://a.example/t", fetch) == GOOD
    assert len(asked) == place + 1


@pytest.mark.parametrize(
    "issuer", ["https://a.example/t/", "https://a.example", "https://evil.example/t", "HTTPS://a.example/t", None, 1]
)
async def test_metadata_of_another_issuer_does_not_count_and_ends_the_search(issuer: Any) -> None:
    fetch, asked = documents(at_0={**GOOD, "issuer": issuer}, at_1=GOOD)
    with pytest.raises(FetchError, match="another issuer"):
        await discover("https://a.example/t", fetch)
    assert len(asked) == 1


async def test_without_metadata_all_places_are_named() -> None:
    fetch, _ = documents()
    with pytest.raises(FetchError, match=r"openid-configuration.*oauth-authorization-server"):
        await discover("https://a.example/t", fetch)


async def test_a_provider_that_fails_ends_the_search() -> None:
    fetch, asked = documents(at_0=FetchError("answered 500"), at_1=GOOD)
    with pytest.raises(FetchError, match="500"):
        await discover("https://a.example/t", fetch)
    assert len(asked) == 1


async def test_an_address_in_metadata_is_held_to_the_rules_of_any() -> None:
    assert address_in(GOOD, "jwks_uri") == "https://keys.example/jwks"
    for bad in (None, 1, "http://keys.example", "file:///etc/passwd", ""):
        with pytest.raises(FetchError, match="jwks_uri"):
            address_in({"jwks_uri": bad}, "jwks_uri")
    with pytest.raises(FetchError, match="has no jwks_uri"):
        address_in({}, "jwks_uri")
