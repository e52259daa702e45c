"""Patterns of origins that cannot be read in two ways.

A star stands in one of two places, or in both: for the leading labels of a host (``https://*.example.com``, one label
or more, never the domain itself), or for the port (``http://localhost:*``, any port, the scheme's own included).

Finding a pattern costs one look-up for each label of the host, whatever the number of patterns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pegboard_cors.origins import Origin, OriginError, read_origin
from pegboard_cors.suffixes import is_public_suffix

__all__ = ["Pattern", "Patterns", "is_pattern", "read_pattern"]


class Pattern(NamedTuple):
    """``origin`` with stars: ``subdomains`` for the labels before its host, ``any_port`` for its port."""

    origin: Origin
    subdomains: bool
    any_port: bool


def is_pattern(text: str) -> bool:
    """Whether a configured text is a pattern, good or bad; a lone ``*`` is none."""
    return "*" in text and text != "*"


def read_pattern(text: str) -> Pattern:
    """The parts of a pattern. Raises OriginError, with what to write instead."""
    scheme, _, rest = text.partition("://")
    any_port = rest.endswith(":*")
    host = rest.removesuffix(":*")
    subdomains = host.startswith("*.")
    base = host.removeprefix("*.")
    if "*" in scheme or "*" in base:
        raise OriginError(
            f"{text!a} has a star where none can stand; a star stands for whole leading labels (https://*.example.com) "
            "or for the port (http://localhost:*)"
        )
    if subdomains and (base.startswith("[") or base.partition(":")[0].rpartition(".")[2].isdecimal()):
        raise OriginError(f"{text!a} has a star before an IP address, which has no subdomains")
    try:
        origin = read_origin(f"{scheme}://{base}")
    except OriginError as error:
        raise OriginError(f"{text!a} without its star: {error}") from None
    if subdomains and is_public_suffix(origin.host):
        raise OriginError(
            f"{text!a} allows every site below the public suffix {origin.host!a}, where anybody can register; "
            f"write a name of your own, such as 'https://*.example.{origin.host}'"
        )
    return Pattern(origin, subdomains, any_port)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns made ready to be asked: by scheme and host, the ports that are allowed; None stands for any port."""

    hosts: dict[tuple[str, str], frozenset[str] | None]
    domains: dict[tuple[str, str], frozenset[str] | None]

    @classmethod
    def make(cls, patterns: Iterable[Pattern]) -> Patterns:
        """Put patterns into tables."""
        made = cls({}, {})
        for origin, subdomains, any_port in patterns:
            table = made.domains if subdomains else made.hosts
            key = origin.scheme, origin.host
            known = table.get(key, frozenset())
            table[key] = None if any_port or known is None else known | {origin.port}
        return made

    def match(self, origin: Origin) -> bool:
        """Whether a pattern takes this origin."""
        scheme, host, port = origin
        if _takes(self.hosts, scheme, host, port):
            return True
        if self.domains:
            dot = host.find(".")
            while dot != -1:
                if _takes(self.domains, scheme, host[dot + 1 :], port):
                    return True
                dot = host.find(".", dot + 1)
        return False


def _takes(table: dict[tuple[str, str], frozenset[str] | None], scheme: str, host: str, port: str) -> bool:
    ports = table.get((scheme, host), _NO_PORTS)
    return ports is None or port in ports


_NO_PORTS: frozenset[str] = frozenset()
