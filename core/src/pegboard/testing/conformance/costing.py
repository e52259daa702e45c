"""Gold: what the plugin adds to a plain request, in calls of functions, is within its budget.

Calls are the same on every machine and in every run, so they decide. The ratio of times is measured side by side and
only told.
"""

from __future__ import annotations

import sys
from time import perf_counter
from types import FrameType
from typing import Any

from pegboard.applications import Pegboard
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import headers_for, run, serving
from pegboard.testing.routes import example_routes
from pegboard.testing.scopes import http_scope
from pegboard.types import Message

__all__ = ["COSTING"]

WARM = 5
ROUNDS = 7
REQUESTS = 60


def is_within_budget(subject: Subject) -> str:
    """Count the calls of one request to ``/``, with the plugin and without."""
    try:
        plain, with_it, ratio = run(_measure, subject)
    except Exception as error:
        raise Nonconformity(f"GET / cannot be measured, it raises {type(error).__name__}: {error}") from error
    text = f"{with_it - plain:+d} calls a request ({plain} to {with_it}), {ratio:.2f} times as long"
    if with_it - plain > subject.budget:
        raise Nonconformity(
            f"{text}; its budget is {subject.budget}: decide per route at the freeze what can be decided"
        )
    return text


async def _measure(subject: Subject) -> tuple[int, int, float]:
    plain = Pegboard(routes=example_routes(), plugins=[], config={})
    loaded = Pegboard(routes=example_routes(), plugins=[subject.make()], config={})
    loaded.give_settings({subject.name: subject.settings})
    scope = dict(http_scope("/", "GET", headers_for(subject), (), {}))
    async with serving(plain), serving(loaded) as state:
        for board in (plain, loaded):
            for _ in range(WARM):
                await _ask(board, scope, state)
        calls = [min([await _calls(board, scope, state) for _ in range(3)]) for board in (plain, loaded)]
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for board, found in zip((plain, loaded), times, strict=True):
                started = perf_counter()
                for _ in range(REQUESTS):
                    await _ask(board, scope, state)
                found.append(perf_counter() - started)
    return calls[0], calls[1], min(times[1]) / min(times[0])


async def _calls(board: Pegboard, scope: dict[str, Any], state: dict[str, Any]) -> int:
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        await _ask(board, scope, state)
    finally:
        sys.setprofile(before)
    return calls


async def _ask(board: Pegboard, scope: dict[str, Any], state: dict[str, Any]) -> None:
    await board({**scope, "state": dict(state)}, _receive, _send)


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    pass


COSTING = (Check("gold", "cost", "is-within-budget", is_within_budget),)
