"""What became of a conversation, as `complete` hooks see it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.exceptions import HTTPException
from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


class Keeps(Plugin):
    """Keeps every outcome, and a weak reference to its request's object in the state."""

    name = "keeps"
    phase = "observe"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []

    @hookimpl
    def complete(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class Kept:
    """Something of a request's own."""


async def test_an_outcome_tells_what_went_out() -> None:
    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body(), 201)

    keeps, route = Keeps(), Route("/", endpoint, methods=["POST"])
    await ask(Pegboard(routes=[route], plugins=[keeps], config={}), "/", "POST", body=b"four")
    (outcome,) = keeps.outcomes
    assert (outcome.route, outcome.kind, outcome.status_code, outcome.error) == (route, "sent", 201, None)
    assert (outcome.bytes_in, outcome.bytes_out, outcome.answered_by) == (4, 4, None)
    assert outcome.first_byte is not None
    assert 0 <= outcome.first_byte <= outcome.duration
    assert (repr(outcome), outcome.disconnected) == ("<Outcome sent 201 answered_by=endpoint>", False)


async def test_who_refused_by_raising_is_named() -> None:
    class Refuses(Plugin):
        name = "refuses"

        @hookimpl
        def request(self, request: Any) -> None:
            raise HTTPException(403)

    keeps = Keeps()
    await ask(Pegboard(routes=[], plugins=[keeps, Refuses()], config={}), "/")
    assert repr(keeps.outcomes[0]) == "<Outcome sent 403 answered_by=refuses>"


async def test_keeping_an_outcome_keeps_no_request_alive() -> None:
    seen: list[weakref.ref[Kept]] = []

    async def endpoint(request: Request) -> PlainTextResponse:
        request.state.kept = kept = Kept()
        seen.append(weakref.ref(kept))
        return PlainTextResponse("x")

    keeps = Keeps()
    await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[keeps], config={}), "/")
    gc.collect()
    assert (len(keeps.outcomes), seen[0]()) == (1, None)


def test_a_websockets_outcome_begins_as_one_that_nobody_accepted() -> None:
    outcome = WebSocketOutcome("route", 1.5)
    assert (outcome.route, outcome.started, outcome.accepted, outcome.close_code) == ("route", 1.5, False, None)
    assert repr(outcome) == "<WebSocketOutcome closed code=None>"
