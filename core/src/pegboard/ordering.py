"""Putting plugins in order, from outside to inside, and saying why each stands where it stands.

1. Phases first, in their fixed order.
2. Inside a phase ``before`` and ``after``, then the name. A cycle is an error that shows it.
3. The owner's ``order`` last: the places that the listed plugins hold are filled again in the owner's order.

Pure: names in, places and problems out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pegboard.plugin import PHASES

__all__ = ["Peg", "Place", "arrange"]


@dataclass(frozen=True, slots=True)
class Peg:
    """What ordering has to know of a plugin."""

    name: str
    phase: str
    before: Sequence[str] = ()
    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One plugin's place, and the constraint that put it there."""

    name: str
    phase: str
    reason: str


def arrange(pegs: Sequence[Peg], owner: Sequence[str] = (), where: str = "") -> tuple[list[Place], list[str]]:
    """The places from outside to inside, and the problems found; ``where`` begins those of the owner's order."""
    known = {peg.name: peg for peg in pegs}
    problems = [*_unknown_phases(pegs), *_contradictions(pegs, known), *_repeated(owner, where)]
    places: list[Place] = []
    for phase in PHASES:
        members = {peg.name: peg for peg in pegs if peg.phase == phase}
        outer = _outer_neighbours(members)
        names, cycle = _sorted(outer)
        if cycle:
            problems.append(_cycle_text(phase, cycle, members))
        places.extend(Place(name, phase, _reason(phase, sorted(outer[name]))) for name in names)
    return _in_owners_order(places, [name for name in owner if name in known]), problems


def _outer_neighbours(members: Mapping[str, Peg]) -> dict[str, set[str]]:
    """For each plugin of one phase, those that have to stand outside of it."""
    outer = {name: {other for other in peg.after if other in members} for name, peg in members.items()}
    for name, peg in members.items():
        for other in peg.before:
            if other in outer:
                outer[other].add(name)
    return outer


def _sorted(outer: Mapping[str, set[str]]) -> tuple[list[str], list[str]]:
    """Names such that all outer neighbours come first, ties by name; and a cycle if there is one."""
    waiting = {name: set(others) for name, others in outer.items()}
    names: list[str] = []
    while waiting:
        ready = min((name for name, others in waiting.items() if not others), default=None)
        if ready is None:
            return [*names, *sorted(waiting)], _cycle(waiting)
        names.append(ready)
        del waiting[ready]
        for others in waiting.values():
            others.discard(ready)
    return names, []


def _cycle(waiting: Mapping[str, set[str]]) -> list[str]:
    """One cycle, outermost first, its first name repeated at the end; each of ``waiting`` has an outer neighbour."""
    path = [min(waiting)]
    while (outer := min(waiting[path[-1]])) not in path:
        path.append(outer)
    return [outer, *reversed(path[path.index(outer) :])]


def _cycle_text(phase: str, cycle: Sequence[str], members: Mapping[str, Peg]) -> str:
    links = []
    for outside, inside in pairwise(cycle):
        if inside in members[outside].before:
            links.append(f"{outside!r} says before={inside!r}")
        else:
            links.append(f"{inside!r} says after={outside!r}")
    return (
        f"the plugins of phase {phase!r} cannot be ordered: {' -> '.join(cycle)} is a cycle ({'; '.join(links)}); "
        "remove one of these constraints"
    )


def _reason(phase: str, outer: Sequence[str]) -> str:
    if outer:
        return f"phase {phase}, inside {', '.join(outer)}"
    return f"phase {phase}, by name"


def _in_owners_order(places: list[Place], owner: Sequence[str]) -> list[Place]:
    by_name = {place.name: place for place in places}
    listed = set(owner)
    refill = iter(dict.fromkeys(owner))
    arranged = [by_name[next(refill)] if place.name in listed else place for place in places]
    return [
        Place(now.name, now.phase, f"owner's order: {', '.join(dict.fromkeys(owner))}") if now is not was else now
        for now, was in zip(arranged, places, strict=True)
    ]


def _unknown_phases(pegs: Sequence[Peg]) -> list[str]:
    return [
        f"plugin {peg.name!r} says phase={peg.phase!r}; expected one of {', '.join(PHASES)}"
        for peg in pegs
        if peg.phase not in PHASES
    ]


def _contradictions(pegs: Sequence[Peg], known: Mapping[str, Peg]) -> list[str]:
    """``before`` and ``after`` order plugins of one phase; across phases they may only repeat what the phases say."""
    problems = []
    for peg in pegs:
        if peg.phase not in PHASES:
            continue
        for attribute, others, sign in (("before", peg.before, 1), ("after", peg.after, -1)):
            for name in others:
                other = known.get(name)
                if other is None or other.phase not in PHASES:
                    continue
                if (PHASES.index(other.phase) - PHASES.index(peg.phase)) * sign < 0:
                    problems.append(
                        f"plugin {peg.name!r} (phase {peg.phase!r}) says {attribute}={name!r}, but {name!r} is of "
                        f"phase {other.phase!r}, and phases come first; change the phase, or use the owner's `order`"
                    )
    return problems


def _repeated(owner: Sequence[str], where: str) -> list[str]:
    return [
        f"{where}order names {name!r} {owner.count(name)} times; expected once"
        for name in dict.fromkeys(owner)
        if owner.count(name) > 1
    ]
