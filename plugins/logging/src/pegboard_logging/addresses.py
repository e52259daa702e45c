"""Client addresses: whose word about them is taken, and how much of them is kept.

``X-Forwarded-For`` is a list to which every proxy appends whom it saw. It is read from the right, and only as far as
those who wrote it are trusted: the first address that is no trusted proxy is the client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["Trusted", "truncated"]

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

MAX_HOPS = 32
"""How many entries of X-Forwarded-For are looked at."""


class Trusted:
    """The networks whose proxies are believed. Raises ValueError for what is neither an address nor a network."""

    def __init__(self, networks: Iterable[str]) -> None:
        self.networks: tuple[Network, ...] = tuple(ip_network(network) for network in networks)
        self.holds = lru_cache(maxsize=4096)(self._holds)

    def __bool__(self) -> bool:
        return bool(self.networks)

    def client(self, peer: str | None, forwarded_for: Sequence[bytes]) -> str | None:
        """The client's address: the peer's, or what trusted proxies say it is. What they say badly counts as unsaid."""
        if peer is None or not forwarded_for or not self.holds(peer):
            return peer
        client = peer
        hops = b",".join(forwarded_for).decode("latin-1").rsplit(",", MAX_HOPS)
        for hop in reversed(hops[-MAX_HOPS:]):
            address = _parse(_without_port(hop.strip()))
            if address is None:
                break
            client = str(address)
            if not self.holds(client):
                break
        return client

    def _holds(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self.networks)


def truncated(address: str) -> str:
    """``address`` without its host part: /24 of IPv4, /48 of IPv6; what is no address is left out altogether."""
    parsed = _parse(address)
    if parsed is None:
        return "-"
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False).network_address)


def _parse(text: str) -> Address | None:
    # What follows % names a network interface of somebody else's machine, in whatever characters.
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _without_port(text: str) -> str:
    """The address of ``192.0.2.1:80`` and ``[2001:db8::1]:80``."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
