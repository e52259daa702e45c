"""Where an issuer's documents are: its metadata (OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3).

What must never move: the metadata is the issuer's only when it names that issuer, character for character (RFC 8414
section 3.3), and the addresses in it are held to the same rules as any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from pegboard_auth.fetching import FetchError, NotFound, check_url

__all__ = ["address_in", "discover", "metadata_urls"]

Fetch = Callable[[str], Awaitable[dict[str, Any]]]
"""Gets the JSON object at a URL. Raises FetchError."""


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where the metadata of ``issuer`` may be, in the order of trying.

    OpenID Connect puts its well-known path behind the issuer's, RFC 8414 before it.
    """
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    root = f"{parts.scheme}://{parts.netloc}"
    urls = (
        f"{root}{path}/.well-known/openid-configuration",
        f"{root}/.well-known/oauth-authorization-server{path}",
        f"{root}/.well-known/openid-configuration{path}",
    )
    return tuple(dict.fromkeys(urls))


async def discover(issuer: str, fetch: Fetch) -> dict[str, Any]:
    """The metadata of ``issuer``. Raises FetchError where there is none, or another issuer's."""
    missing: list[str] = []
    for url in metadata_urls(issuer):
        try:
            metadata = await fetch(url)
        except NotFound as error:
            missing.append(str(error))
            continue
        if metadata.get("issuer") != issuer:
            raise FetchError(f"{url}: is the metadata of another issuer than {issuer}")
        return metadata
    raise FetchError("; ".join(missing))


def address_in(metadata: dict[str, Any], name: str) -> str:
    """The address that an issuer's metadata has under ``name``, such as ``jwks_uri``. Raises FetchError for none."""
    url = metadata.get(name)
    if not isinstance(url, str):
        raise FetchError(f"the issuer's metadata has no {name}")
    problem = check_url(url)
    if problem:
        raise FetchError(f"{name} of the issuer's metadata: {problem}")
    return url
