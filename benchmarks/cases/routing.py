"""What it costs to find a route among many, and not to find one.

Every route of a table answers its own number, so that a wrong match is seen. Peers that need minutes for the largest
tables have a part in those with parameters in whole runs only, and in the fixed ones always.

A path that is asked for again and again may be answered from a cache (BlackSheep keeps the answers for 1,200 paths,
Pegboard for 512 of each method). So where routes have parameters, "last, each new" asks for a path of its own in each
call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.roster import MODULES, peers

__all__ = ["CASES"]

ALL = frozenset(MODULES)
LARGE = 1_000
MOST = frozenset({"Pegboard", "Starlette", "Litestar", "BlackSheep", "Falcon"})
SLOW = frozenset({"Litestar", "Falcon"})
"""They build 10,000 routes in half a minute and in more than two."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The paths of a table: ``template`` and ``path`` have a place for the number of the route.

    ``fresh`` is a path with a parameter that is counted up.
    """

    name: str
    title: str
    template: str
    path: str
    fresh: str = ""


@dataclass(frozen=True, slots=True)
class Fresh(Ask):
    """Asks for another path each time: ``{}`` in it is a number that is counted up."""

    numbers: Iterator[int] = field(default_factory=partial(count, 1_000_000))

    def scope(self, state: dict[str, Any]) -> dict[str, Any]:
        """A scope of its own for one call, with a path of its own."""
        path = self.path.format(next(self.numbers))
        return {**Ask.scope(self, state), "path": path, "raw_path": path.encode()}


SHAPES = {
    "static": Shape("routes", "fixed paths", "/section{}/page", "/section{}/page"),
    "prefix": Shape(
        "shared-prefix",
        "typed parameters behind one long prefix",
        "/api/v1/organisations/projects/resource{}/{{id:int}}",
        "/api/v1/organisations/projects/resource{}/7",
        "/api/v1/organisations/projects/resource{}/{{}}",
    ),
    "middle": Shape(
        "parameter-middle",
        "a parameter in the middle",
        "/users/{{id:int}}/page{}",
        "/users/7/page{}",
        "/users/{{}}/page{}",
    ),
}


def numbered(number: int) -> Expected:
    """The answer of one route."""
    return Expected(200, str(number).encode(), media_type=b"text/plain")


def entrants(shape: Shape, size: int, who: frozenset[str]) -> Sequence[Entrant]:
    """First, middle and last route, and a path that none takes."""
    templates = [shape.template.format(number) for number in range(size)]
    places = {"first": 0, "middle": size // 2, "last": size - 1}
    made = []
    for peer in peers():
        if peer.table is None or peer.name not in who:
            continue
        build: Callable[[], App] = cache(partial(peer.table, templates))
        for place, number in places.items():
            made.append(Entrant(peer.name, build, Ask(shape.path.format(number)), numbered(number), place))
        if shape.fresh:
            ask = Fresh(shape.fresh.format(size - 1))
            made.append(Entrant(peer.name, build, ask, numbered(size - 1), "last, each new"))
        made.append(Entrant(peer.name, build, Ask(shape.path.format("none")), Expected(404), "no match"))
    return made


def case(shape: Shape, size: int, who: frozenset[str] = MOST) -> Case:
    """A table of this many routes."""
    slow = SLOW if size > LARGE and shape.fresh else frozenset[str]()
    return Case(
        f"{shape.name}-{size}", f"{size:,} routes, {shape.title}", partial(entrants, shape, size, who), slow=slow
    )


CASES = [
    case(SHAPES["static"], 10),
    case(SHAPES["static"], 1_000, ALL),
    case(SHAPES["static"], 10_000),
    case(SHAPES["prefix"], 10),
    case(SHAPES["prefix"], 1_000),
    case(SHAPES["prefix"], 10_000),
    case(SHAPES["middle"], 10),
    case(SHAPES["middle"], 1_000),
    case(SHAPES["middle"], 10_000),
]
