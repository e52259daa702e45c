"""Only who answers as expected is timed, and whoever does not is named with what was wrong."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from benchmarks.asgi import App, Ask
from benchmarks.harness import FLOOR, LONGEST, STEADY, Case, Entrant, Expected, Sampler, measure, take_samples, unrest

BODY = b"x" * 1000


def answering(body: bytes, *headers: tuple[bytes, bytes]) -> App:
    """An application with one answer."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.body", "body": body})

    return app


def broken() -> App:
    """A peer that cannot be made."""
    raise RuntimeError("no router")


def test_who_answers_otherwise_or_does_not_start_is_named_and_not_timed() -> None:
    """The others go on; the size of their answers is kept, before and after a coding."""
    compressed = gzip.compress(BODY)
    case = Case(
        "c",
        "C",
        lambda: [
            Entrant("right", lambda: answering(BODY), Ask(), Expected(200, BODY)),
            Entrant("coded", lambda: answering(compressed, (b"content-encoding", b"gzip")), Ask(), Expected(200, BODY)),
            Entrant("wrong", lambda: answering(b"y"), Ask(), Expected(200, BODY)),
            Entrant("broken", broken, Ask(), Expected(200, BODY)),
        ],
    )
    rows, skipped = asyncio.run(measure(case, 2))
    assert [(row.peer, row.samples, row.size, row.sent, row.is_coded) for row in rows] == [
        ("right", 2, 1000, 1000, False),
        ("coded", 2, 1000, len(compressed), True),
    ]
    assert [(each.peer, each.reason.partition(":")[0]) for each in skipped] == [
        ("wrong", "answers wrongly"),
        ("broken", "does not start"),
    ]


class Given(Sampler):
    """Samples that take as long as they are told to, again and again."""

    def __init__(self, *clock: float) -> None:
        super().__init__("given", "")
        self.clock = clock

    async def calibrate(self) -> None:
        """Nothing to find out."""

    async def sample(self, pause: float = 0.0) -> tuple[float, float]:
        """The next one."""
        took = self.clock[len(self.samples) % len(self.clock)]
        return took, took


@pytest.mark.parametrize(
    ("clock", "turns"),
    [((100,), 1), ((98, 100, 101, 102), 1), ((80, 100, 120, 140), LONGEST)],
)
def test_rounds_are_taken_again_where_samples_are_unsteady(clock: tuple[float, ...], turns: int) -> None:
    """All of them count."""
    one, other = Given(*clock), Given(*clock)
    asyncio.run(take_samples([one, other], 8, 0.0))
    assert len(one.samples) == len(other.samples) == 8 * turns
    assert (unrest([one, other]) <= STEADY) == (turns == 1)


def test_a_disturbance_that_spoils_the_first_rounds_does_not_decide() -> None:
    """The rounds after it are more."""
    disturbed = Given(*[150, 180, 210, 240] * 2, *[100] * 16)
    asyncio.run(take_samples([disturbed], 8, 0.0))
    assert len(disturbed.samples) == 24
    assert disturbed.row("c", 1).median == 100


def test_one_unsteady_entrant_of_many_is_its_own_affair() -> None:
    """Whose samples vary by nature would make every run the longest."""
    runners = [Given(80, 100, 120, 140), Given(100), Given(100)]
    asyncio.run(take_samples(runners, 8, 0.0))
    assert {len(runner.samples) for runner in runners} == {8}


def test_floors_take_part_whatever_peers_are_asked_for() -> None:
    """A verdict needs them."""
    entrants = [Entrant(peer, lambda: answering(BODY), Ask(), Expected(200)) for peer in ("a", "b", FLOOR)]
    rows, _ = asyncio.run(measure(Case("c", "C", lambda: entrants), 1, frozenset({"a"})))
    assert [row.peer for row in rows] == ["a", FLOOR]


def test_each_scope_has_texts_and_bytes_of_its_own() -> None:
    """As a server gives them: nothing of the last request is known to the next, not even a hash."""
    ask = Ask(path="/items", query=b"a=1&b=2", headers=((b"x-request-id", b"0af7"),))
    one, two = ask.scope({}), ask.scope({})
    assert one == two
    for name in ("method", "path", "raw_path", "query_string"):
        assert one[name] is not two[name]
    for header, other in zip(one["headers"], two["headers"], strict=True):
        assert all(part is not same for part, same in zip(header, other, strict=True))
