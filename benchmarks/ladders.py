"""Where the time goes, for targets that are missed: from the least to the whole in steps, measured in the same run.

Steps of code that is not Pegboard's show what the job takes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.harness import FLOOR
from benchmarks.rows import Key, Row
from benchmarks.stacks import STEPS

__all__ = ["LADDERS", "Ladder", "Rung", "climbed"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps, each with the row that shows it."""

    title: str
    steps: Sequence[tuple[str, Key]]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: microseconds of a request, how many more than those of the first step, and than of the one before."""

    what: str
    cost: float
    over_first: float
    over_last: float


def climbed(ladder: Ladder, rows: Mapping[Key, Row]) -> list[Rung]:
    """The steps that were measured; none unless all were."""
    if any(key not in rows for _, key in ladder.steps):
        return []
    costs = [cost(rows[key]) for _, key in ladder.steps]
    return [
        Rung(what, now, now - costs[0], now - before)
        for (what, _), now, before in zip(ladder.steps, costs, [costs[0], *costs], strict=False)
    ]


def cost(row: Row) -> float:
    """Microseconds of a request, of rows that count time or requests per second."""
    return 1e6 / row.median if row.unit == "requests/s" else row.median


def wire(peer: str, variant: str = "") -> Key:
    return "wire-uvicorn-64", peer, variant


def around(variant: str, peer: str = "Pegboard") -> Key:
    return "all-wrapped", peer, variant


PLUGIN_STEPS = tuple(zip(STEPS, ("four empty plugins", "cors real", "gzip real", "auth real"), strict=True))

LADDERS = [
    Ladder(
        "Over the wire, plain (uvicorn, 64 connections)",
        [
            ("raw ASGI", wire("raw ASGI")),
            ("a table, a request, an endpoint, a response", wire(FLOOR, "the least framework")),
            (
                "Pegboard's request and response there",
                wire(FLOOR, "the least framework, Pegboard's request and response"),
            ),
            ("Pegboard", wire("Pegboard")),
        ],
    ),
    Ladder(
        "Over the wire, four on (uvicorn, 64 connections)",
        [
            ("raw ASGI", wire("raw ASGI")),
            ("its answer with the headers of all four", wire(FLOOR, "raw ASGI, the headers of all four")),
            ("the four by hand", wire(FLOOR, "the four by hand")),
            ("the four by hand, as hooks of the least framework", wire(FLOOR, "the four by hand, as hooks")),
            ("Pegboard, none", wire("Pegboard")),
            *((what, wire("Pegboard", step)) for step, what in PLUGIN_STEPS),
            ("logging real, its thread included", wire("Pegboard", "all four")),
        ],
    ),
    Ladder(
        "Around an application of FastAPI, four on",
        [
            ("FastAPI", around("bare", "FastAPI")),
            ("a wrapper that adds headers", around("the least wrapper, with the headers of all four", FLOOR)),
            ("the four by hand", around("the four by hand around FastAPI", FLOOR)),
            (
                "the four by hand, as hooks of the least wrapper",
                around("the four by hand, as hooks around FastAPI", FLOOR),
            ),
            ("wrap, without plugins", around("none around FastAPI")),
            *((what, around(f"{step} around FastAPI")) for step, what in PLUGIN_STEPS),
            ("logging real, without its thread's time", around("all four around FastAPI")),
        ],
    ),
    Ladder(
        "Four no-op plugins, every hook",
        [
            ("raw ASGI", ("no-op", FLOOR, "none")),
            ("twenty empty calls in five loops", ("no-op", FLOOR, "20 empty calls in five loops")),
            ("a table, a request, an endpoint, a response", ("no-op", FLOOR, "the least framework")),
            (
                "four empty hooks at five points there, a kept answer and an outcome",
                ("no-op", FLOOR, "the least framework with hooks"),
            ),
            ("Pegboard, none", ("no-op", "Pegboard", "none")),
            ("Pegboard, four no-op plugins", ("no-op", "Pegboard", "four, every hook")),
        ],
    ),
]
