"""Which coding a request gets: Accept-Encoding, read as RFC 9110 section 12.5.3 has it.

Rules that must not move:

- The highest weight wins; among equal weights the board's order of preference decides, and any coding goes before none.
- ``identity`` is always acceptable, at the lowest preference, until ``identity;q=0`` or ``*;q=0`` says otherwise.
- A member that the grammar does not allow is ignored, and so is a header beyond the limits: its request gets the body
  as it is.
- Of several members for one coding the first counts; ``x-gzip`` is ``gzip`` (RFC 9110 section 8.4.1.3).

Clients send few different headers, so results are remembered, in bounded number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["MAX_LENGTH", "MAX_MEMBERS", "Choice", "Negotiator", "choose", "parse_weights", "ranked"]

MAX_LENGTH = 1024
"""How many bytes an Accept-Encoding header may have, all its lines together."""

MAX_MEMBERS = 64
"""How many members it may have."""

_REMEMBERED = 512

_MEMBER = re.compile(
    rb"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*"
    rb"(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}


class Choice(NamedTuple):
    """What negotiation found: the coding to use, or None for none, and whether the client accepts that."""

    coding: str | None
    acceptable: bool


class Negotiator:
    """Chooses among ``codings``, the preferred ones first, and remembers what it chose."""

    __slots__ = ("choice",)

    def __init__(self, codings: Sequence[str]) -> None:
        offered = tuple(codings)
        remembered = lru_cache(_REMEMBERED)(lambda header: choose(parse_weights(header), offered))

        def choice(header: bytes | None) -> Choice:
            if header is None or len(header) > MAX_LENGTH:
                return _PLAIN
            return remembered(header)

        self.choice = choice
        """The choice for a header's value (lines joined with commas), or for None where the request has no such header.

        RFC 9110 lets a request without the header have any coding; it gets none, since old clients expect that.
        """


def parse_weights(header: bytes) -> Mapping[str, int]:
    """The weights of an Accept-Encoding header in thousandths, by coding in lower case; ``*`` is one of them."""
    weights: dict[str, int] = {}
    members = header.split(b",", MAX_MEMBERS)
    if len(members) > MAX_MEMBERS:
        return weights
    for member in members:
        found = _MEMBER.fullmatch(member)
        if found is not None:
            coding = found[1].decode("ascii").lower()
            weights.setdefault(_ALIASES.get(coding, coding), _thousandths(found[2]))
    return weights


def choose(weights: Mapping[str, int], offered: Sequence[str]) -> Choice:
    """The best of ``offered``, the preferred ones first, for a client with these weights."""
    others = weights.get("*")
    plain = weights.get("identity", others)
    best, best_weight = None, 0
    for coding in offered:
        weight = weights.get(coding, others)
        if weight is not None and weight > best_weight:
            best, best_weight = coding, weight
    if best is not None and (plain is None or best_weight >= plain):
        return Choice(best, True)
    return Choice(None, plain != 0)


def ranked(weights: Mapping[str, int], offered: Sequence[str]) -> tuple[str, ...]:
    """Those of ``offered``, the preferred ones first, that a client with these weights takes; its best first.

    What it would rather have no coding than is left out.
    """
    others = weights.get("*", 0)
    least = max(weights.get("identity", others), 1)
    taken = [coding for coding in offered if weights.get(coding, others) >= least]
    return tuple(sorted(taken, key=lambda coding: -weights.get(coding, others)))


def _thousandths(weight: bytes | None) -> int:
    if weight is None or weight[:1] == b"1":
        return 1000
    return int(weight[2:].ljust(3, b"0"))


_PLAIN = Choice(None, True)
