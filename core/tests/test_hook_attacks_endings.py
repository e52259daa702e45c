"""Attacks on the hook contract: what hooks make of streams, ends and failures.

What holds is kept as it is. What does not is a row marked `fault`, with what happens and what should: when it is mended
the strict mark fails, and goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from asgi_harness import ask
from attack_harness import FailsSecond, Listener, board, plugin, raises
from board_harness import Answer
from board_harness import ask as ask_plainly

from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


@dataclass
class Source:
    """A stream's pieces that have to be released."""

    closed: int = 0
    pieces: list[bytes] = field(default_factory=list)

    def __aiter__(self) -> Source:
        return self

    async def __anext__(self) -> bytes:
        if not self.pieces:
            raise StopAsyncIteration
        return self.pieces.pop()

    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    "hooks",
    [
        pytest.param({}, id="sent"),
        pytest.param({"body": lambda self: FailsSecond()}, id="filter fails"),
        pytest.param({"response": lambda self: PlainTextResponse("other")}, id="replaced"),
        pytest.param({"response": raises(ValueError("x"))}, id="response hook fails"),
        pytest.param({"body": raises(ValueError("x"))}, id="body hook fails"),
    ],
)
async def test_a_stream_is_closed_once_whatever_hooks_make_of_it(hooks: Mapping[str, Any]) -> None:
    source = Source(pieces=[b"b", b"a"])

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(source)

    await ask(board(plugin(**hooks), endpoint=endpoint))
    assert source.closed == 1


class Stop(BaseException):
    """What is no Exception."""


@pytest.mark.parametrize(
    "hook",
    [
        pytest.param("async", id="async"),
        pytest.param("sync", id="sync"),
    ],
)
async def test_a_complete_hook_that_stops_everything_does_not_stop_the_others(hook: str) -> None:
    listener = Listener()

    async def stops(self: Any, outcome: Any) -> None:
        raise Stop

    app = board(listener, plugin(phase="app", complete=stops if hook == "async" else raises(Stop())))
    with pytest.raises(Stop):
        await ask(app)
    assert len(listener.outcomes) == 1


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param({"path": None}, id="no path"),
    ],
)
async def test_a_rewrite_that_breaks_the_scope_is_a_500_that_names_it(rewrite: Mapping[str, Any]) -> None:
    seen = await ask(board(plugin(rewrite=lambda self, scope: scope.update(rewrite))))
    assert seen.status == 500
    assert "'culprit'" in "".join(getattr(seen.raised, "__notes__", ()))


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (ExceptionGroup("both", [HTTPException(418), ValueError()]), "sent"),
        (StopAsyncIteration(), "sent"),
        (Stop(), "cancelled"),
        (GeneratorExit(), "cancelled"),
        (BaseExceptionGroup("stop", [Stop()]), "cancelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_every_kind_of_exception_is_told_once_and_reaches_the_server(exc: BaseException, kind: str) -> None:
    """Groups, and what is no Exception, included."""
    listener = Listener()

    async def endpoint(request: Request) -> None:
        raise exc

    raised: BaseException | None = None
    try:
        raised = (await ask(board(listener, endpoint=endpoint))).raised
    except BaseException as stopped:  # noqa: BLE001
        raised = stopped
    assert raised is exc
    assert [(outcome.kind, outcome.error) for outcome in listener.outcomes] == [(kind, exc)]


WHO: ContextVar[str] = ContextVar("who")


async def test_a_thousand_requests_at_once_keep_their_context_apart() -> None:
    """Set in a hook, seen by endpoints, in threads as well, and by the hooks of the end."""
    told: list[bool] = []

    async def remember(self: Any, request: Request) -> None:
        WHO.set(request.scope["path"])
        await anyio.lowlevel.checkpoint()

    async def endpoint(request: Request) -> str:
        await anyio.lowlevel.checkpoint()
        return WHO.get()

    def complete(self: Any, request: Request, outcome: Any) -> None:
        told.append(WHO.get() == request.scope["path"])

    routes = [Route("/async/{number}", endpoint), Route("/sync/{number}", lambda request: WHO.get())]
    app = board(plugin(request=remember, complete=complete), routes=routes)
    answers: dict[str, Answer] = {}

    async def one(path: str) -> None:
        answers[path] = await ask_plainly(app, path)

    async with anyio.create_task_group() as group:
        for number in range(1000):
            group.start_soon(one, f"/{'async' if number % 20 else 'sync'}/{number}")
    assert all(answer.body == path.encode() for path, answer in answers.items())
    assert told == [True] * 1000
