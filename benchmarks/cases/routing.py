"""What it costs to find a route among many, and not to find one.

Every route of a table answers its own number, so that a wrong match is seen. The largest tables have only the peers
that build them in seconds; how long the others take is a row of the start-up cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from benchmarks.asgi import App, Ask
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.roster import MODULES, peers

__all__ = ["CASES"]

ALL = frozenset(MODULES)
MOST = frozenset({"Pegboard", "Starlette", "Litestar", "BlackSheep", "Falcon"})
LARGE = frozenset({"Pegboard", "Starlette", "BlackSheep"})


@dataclass(frozen=True, slots=True)
class Shape:
    """The paths of a table: ``template`` and ``path`` have a place for the number of the route."""

    name: str
    title: str
    template: str
    path: str


SHAPES = {
    "static": Shape("routes", "fixed paths", "/section{}/page", "/section{}/page"),
    "prefix": Shape(
        "shared-prefix",
        "typed parameters behind one long prefix",
        "/api/v1/organisations/projects/resource{}/{{id:int}}",
        "/api/v1/organisations/projects/resource{}/7",
    ),
    "middle": Shape("parameter-middle", "a parameter in the middle", "/users/{{id:int}}/page{}", "/users/7/page{}"),
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
        made.append(Entrant(peer.name, build, Ask(shape.path.format("none")), Expected(404), "no match"))
    return made


def case(shape: Shape, size: int, who: frozenset[str] = MOST) -> Case:
    """A table of this many routes."""
    return Case(f"{shape.name}-{size}", f"{size:,} routes, {shape.title}", partial(entrants, shape, size, who))


CASES = [
    case(SHAPES["static"], 10),
    case(SHAPES["static"], 1_000, ALL),
    case(SHAPES["static"], 10_000, LARGE),
    case(SHAPES["prefix"], 10),
    case(SHAPES["prefix"], 1_000),
    case(SHAPES["prefix"], 10_000, LARGE),
    case(SHAPES["middle"], 1_000),
]
