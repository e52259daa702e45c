"""Fetching a JSON object from a provider, with every limit that a stranger's server needs.

- ``https`` only, save on loopback; redirects only within the same origin, and few;
- a time-out for each step and for the whole;
- a cap on the bytes, which are taken as they come: no coding is asked for, and one that comes all the same is refused;
- JSON that names each member once.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import anyio

from pegboard_auth.http_clients import http_client, read_at_most
from pegboard_auth.jwt_parsing import Malformed, parse_object

if TYPE_CHECKING:
    import httpx

__all__ = ["FetchError", "NotFound", "check_url", "fetch_object"]

MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class FetchError(Exception):
    """A document cannot be had; the text says why, for the log."""


class NotFound(FetchError):
    """There is no such document."""


def check_url(url: str) -> str:
    """What is wrong with the address of a provider, or empty: it is https, or http on loopback."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is no URL"
    if not host or parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        return "is no URL of a host alone; expected such as https://issuer.example/path"
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return ""
    return "expected https; http is for loopback only"


async def fetch_object(
    url: str, timeout: float = 5.0, max_size: int = 262_144, transport: httpx.AsyncBaseTransport | None = None
) -> dict[str, Any]:
    """The JSON object at ``url``, of at most ``max_size`` bytes, in at most ``timeout`` seconds.

    Raises FetchError for anything else, and NotFound for 404 and 410.
    """
    # Imported when it is needed: a board that fetches nothing starts without it.
    import httpx  # noqa: PLC0415

    try:
        with anyio.fail_after(timeout):
            async with await http_client(timeout, transport) as client:
                return parse_object(await _body(client, url, max_size))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError(f"{url}: {type(error).__name__}: {error}") from error
    except TimeoutError as error:
        raise FetchError(f"{url}: no answer within {timeout} seconds") from error
    except Malformed as error:
        raise FetchError(f"{url}: {error}") from error


async def _body(client: httpx.AsyncClient, url: str, max_size: int) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        problem = check_url(url)
        if problem:
            raise FetchError(f"{url}: {problem}")
        headers = {"accept": "application/json, application/*+json", "accept-encoding": "identity"}
        async with client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.status_code not in _REDIRECTS:
                return await _read(response, url, max_size)
            target = str(response.url.join(response.headers.get("location", "")))
        if _origin(target) != _origin(url):
            raise FetchError(f"{url}: redirects to another origin, {_origin(target)}")
        url = target
    raise FetchError(f"{url}: more than {MAX_REDIRECTS} redirects")


async def _read(response: httpx.Response, url: str, max_size: int) -> bytes:
    if response.status_code in (404, 410):
        raise NotFound(f"{url}: answered {response.status_code}")
    if response.status_code != 200:
        raise FetchError(f"{url}: answered {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise FetchError(f"{url}: has a content coding that was not asked for")
    body = await read_at_most(response, max_size)
    if body is None:
        raise FetchError(f"{url}: is larger than {max_size} bytes")
    return body


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        # Over 65535: an origin that nobody has.
        port = -1
    return parts.scheme, parts.hostname or "", port or {"https": 443, "http": 80}.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
