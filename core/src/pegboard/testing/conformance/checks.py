"""What a check is, and the tiers that checks add up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from pegboard.testing.conformance.subjects import Subject

__all__ = ["TIERS", "Check", "Nonconformity", "Tier"]

Tier: TypeAlias = Literal["bronze", "silver", "gold"]
"""bronze: it runs; silver: every exit path, strictly by ASGI 3; gold: settings, docs, types, and cost within budget."""

TIERS: tuple[Tier, ...] = get_args(Tier)


class Nonconformity(AssertionError):
    """A plugin does not do what the contract asks; the text says what, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is checked.

    ``area`` is its row in the table. ``run`` raises Nonconformity, or gives what it measured in words, or None.
    """

    tier: Tier
    area: str
    name: str
    run: Callable[[Subject], str | None]

    def __str__(self) -> str:
        return self.name
