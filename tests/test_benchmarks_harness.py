"""Only who answers as expected is timed, and whoever does not is named with what was wrong."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

from benchmarks.asgi import App, Ask
from benchmarks.harness import FLOOR, Case, Entrant, Expected, measure

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
