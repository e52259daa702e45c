"""Targets: what is compared with what, and the verdict of a run on it.

A target compares medians of one run. A term is the median of one entrant, or the difference of two; a target is one
term over another, or a term alone, in its unit. Rates are turned around, the other's over ours, so that less is better
everywhere. A target may name its floor: a term that takes the place of the first, and what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.rows import Key, Row

__all__ = ["Bytes", "Fastest", "Floor", "Target", "Term", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Term:
    """A median, or by how much it is more than another."""

    of: Key
    less: Key | None = None

    def value(self, rows: Mapping[Key, Row]) -> float:
        """The term's value. Raises KeyError when something was not measured."""
        return rows[self.of].median - (rows[self.less].median if self.less else 0.0)


@dataclass(frozen=True, slots=True)
class Bytes:
    """The bytes that an entrant sent."""

    of: Key

    def value(self, rows: Mapping[Key, Row]) -> float:
        """The term's value. Raises KeyError when it was not measured."""
        sent = rows[self.of].sent
        if sent is None:
            raise KeyError(self.of)
        return sent


@dataclass(frozen=True, slots=True)
class Fastest:
    """The median of the fastest framework but Pegboard in one variant of a case."""

    case: str
    variant: str

    def value(self, rows: Mapping[Key, Row]) -> float:
        """The term's value. Raises KeyError when no other framework was measured."""
        others = [
            row.median
            for (case, peer, variant), row in rows.items()
            if (case, variant) == (self.case, self.variant) and peer not in ("Pegboard", "raw ASGI")
        ]
        if not others:
            raise KeyError(self.case)
        return min(others)


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that what a target asks for can cost, and what that is."""

    over: Term
    what: str
    under: Term | None = None
    """Instead of the target's, where the floor is a ratio of its own."""


@dataclass(frozen=True, slots=True)
class Target:
    """``over`` divided by ``under`` (or ``over`` alone) is wanted to be at most ``limit``."""

    what: str
    wanted: str
    limit: float
    over: Term | Bytes
    under: Term | Bytes | Fastest | None = None
    floor: Floor | None = None


@dataclass(slots=True)
class Verdict:
    """What became of a target: ``met``, ``missed`` or ``not measured``; and its floor, where there is one."""

    what: str
    wanted: str
    limit: float
    measured: float | None
    verdict: str
    floor: float | None = None
    floor_is: str = ""


def judge(targets: Sequence[Target], rows: Sequence[Row], cases: Collection[str]) -> list[Verdict]:
    """The verdict on each target of these cases, the ones that were asked for."""
    measured = {row.key: row for row in rows}
    return [_judge(target, measured) for target in targets if target.over.of[0] in cases]


def _judge(target: Target, rows: Mapping[Key, Row]) -> Verdict:
    measured = _ratio(target.over, target.under, rows)
    if measured is None:
        return Verdict(target.what, target.wanted, target.limit, None, "not measured")
    verdict = Verdict(target.what, target.wanted, target.limit, measured, "met")
    if measured > target.limit:
        verdict.verdict = "**missed**"
    if target.floor:
        verdict.floor = _ratio(target.floor.over, target.floor.under or target.under, rows)
        verdict.floor_is = target.floor.what
    return verdict


def _ratio(over: Term | Bytes, under: Term | Bytes | Fastest | None, rows: Mapping[Key, Row]) -> float | None:
    try:
        return over.value(rows) / (under.value(rows) if under else 1.0)
    except KeyError:
        return None
