"""Spells take turns, and each gives one sample: the 99th percentile of what it gathered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from benchmarks.latencies import MOST_ROUNDS, LatencyCase, Spell, measure


def test_a_row_is_the_median_of_the_percentiles_of_its_spells() -> None:
    """A few rounds are enough, however many there are elsewhere; peers that nobody asked for wait in vain."""
    taken: list[str] = []

    def spell(peer: str) -> Spell:
        async def take() -> list[float]:
            taken.append(peer)
            return [float(number) for number in range(101)]

        return Spell(peer, "", take)

    @asynccontextmanager
    async def spells() -> AsyncIterator[Sequence[Spell]]:
        yield [spell("Pegboard"), spell("Starlette"), spell("floor")]

    rows, skipped = asyncio.run(measure(LatencyCase("c", "C", spells), 40, frozenset({"Pegboard"})))
    assert skipped == []
    assert [(row.peer, row.median, row.p50, row.samples) for row in rows] == [
        ("Pegboard", 99.0, 50.0, MOST_ROUNDS),
        ("floor", 99.0, 50.0, MOST_ROUNDS),
    ]
    assert sorted(taken) == ["Pegboard"] * MOST_ROUNDS + ["floor"] * MOST_ROUNDS
