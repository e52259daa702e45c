"""The table at the end of a run: each plugin's tier, and what was measured on the way. Pure: entries in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pegboard.testing.conformance.checks import TIERS, Check
from pegboard.testing.conformance.subjects import Subject

__all__ = ["PROPERTY", "Entry", "entry", "table", "tier_of"]

PROPERTY = "pegboard-conformance"
"""The name under which a test's report carries its entry."""

Entry = dict[str, Any]


def entry(subject: Subject, check: Check, total: int) -> Entry:
    """The entry of one of ``total`` checks before it ran: plain data, as it travels between processes."""
    return {
        "plugin": subject.name,
        "tier": check.tier,
        "area": check.area,
        "check": check.name,
        "total": total,
        "passed": False,
        "measured": "",
    }


def tier_of(entries: Iterable[Mapping[str, Any]]) -> str:
    """The highest tier of which, and below which, every check passed; "none" when there is none."""
    reached = "none"
    entries = list(entries)
    for tier in TIERS:
        of_tier = [each for each in entries if each["tier"] == tier]
        if not of_tier or not all(each["passed"] for each in of_tier):
            break
        reached = tier
    return reached


def table(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of the table, for all plugins that were checked."""
    lines: list[str] = []
    for plugin in dict.fromkeys(each["plugin"] for each in entries):
        of_plugin = [each for each in entries if each["plugin"] == plugin]
        lines.append(f"{plugin}: {_verdict(of_plugin)}")
        for tier in TIERS:
            areas = dict.fromkeys(each["area"] for each in of_plugin if each["tier"] == tier)
            for area in areas:
                lines += _row(tier, area, [each for each in of_plugin if (each["tier"], each["area"]) == (tier, area)])
    return lines


def _verdict(entries: Sequence[Mapping[str, Any]]) -> str:
    ran, total = len({each["check"] for each in entries}), entries[0]["total"]
    return tier_of(entries) if ran == total else f"not judged, as only {ran} of {total} checks ran"


def _row(tier: str, area: str, entries: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    passed = sum(each["passed"] for each in entries)
    measured = "; ".join(each["measured"] for each in entries if each["measured"])
    yield f"  {tier:<7} {area:<15} {passed:>3} of {len(entries):<3} {measured}".rstrip()
    failed = [each["check"] for each in entries if not each["passed"]]
    if failed:
        yield f"{'':<10}not: {', '.join(failed)}"
