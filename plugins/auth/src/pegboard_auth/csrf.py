"""Whether a request that a browser has sent with cookies comes from another site: no tokens, only what browsers say.

Credentials in a cookie go along with requests that another site's page has caused. Browsers tell where a request
comes from, and pages cannot change that: ``Sec-Fetch-Site`` (Fetch Metadata), and in older browsers ``Origin``. Where
neither is there, no browser of the last years has sent it, and no cookie of a victim is in play.

Requests of safe methods (RFC 9110 section 9.2.1) pass: they must change nothing. WebSockets have no method and do
change things, so that all of them are looked at.
"""

from __future__ import annotations

import re
from typing import Final

from pegboard.requests import HTTPConnection

__all__ = ["is_cross_site", "is_origin"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_ORIGIN = re.compile(r"(https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_USUAL_PORTS: Final = {"http": "80", "https": "443"}


def is_origin(text: str) -> bool:
    """Whether ``text`` is an origin as browsers write it: scheme, host in lower case, port if unusual."""
    found = _ORIGIN.fullmatch(text)
    return found is not None and found[2] != _USUAL_PORTS[found[1]]


def is_cross_site(
    connection: HTTPConnection, trusted: frozenset[bytes] = frozenset(), safe: frozenset[str] = SAFE
) -> bool:
    """Whether a request that may change something comes from another origin than its own or one of ``trusted``.

    Methods that change nothing are those that are ``safe``.
    """
    scope = connection.scope
    if scope["type"] == "http" and scope["method"] in safe:
        return False
    origin = connection.header(b"origin")
    if origin is not None and origin in trusted:
        return False
    site = connection.header(b"sec-fetch-site")
    if site is not None:
        # `none` is what a person has typed or opened from a bookmark.
        return site not in (b"same-origin", b"none")
    if origin is None:
        return False
    # Hosts are compared and schemes are not: behind a proxy that ends TLS we do not know our own.
    _, _, host = origin.partition(b"://")
    return not host or host.lower() != (connection.header(b"host") or b"").lower()
