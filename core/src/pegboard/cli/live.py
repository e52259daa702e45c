"""Running one request inside this process, with a watch on every step.

The board's own tables find the plan; a copy of it, whose functions are timed, serves the request. The lifespan runs
around it, as under a server, so that plugins have what they open there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import quote, unquote

import anyio

from pegboard.applications import Pegboard
from pegboard.cli.boards import frozen
from pegboard.cli.console import aside
from pegboard.cli.failures import Refused
from pegboard.cli.route_plans import kind_of_endpoint
from pegboard.compiling import Call, Pipeline, Step
from pegboard.hookspecs import ROUTE_HOOKS
from pegboard.plans import Plan
from pegboard.status import phrase
from pegboard.stories.lifespan import foreign_lifespan
from pegboard.types import Message, Scope

__all__ = ["Live", "Times", "make_scope", "run_live"]

Times = dict[tuple[str, int], float]
"""Seconds of each step that ran, by its hook and its place in the hook's order; the endpoint is a hook of one step."""

_URL_SAFE = "/%:@!$&'()*+,;=~-._?[]"


@dataclass(slots=True)
class Live:
    """What became of the run: times are in seconds, ``other`` is what belongs to no step (sending, body filters)."""

    status: int | None = None
    body_bytes: int = 0
    total: float = 0.0
    other: float = 0.0
    error: str = ""

    def lines(self) -> list[str]:
        """The result in words."""
        answer = f"{self.status} {phrase(self.status)}" if self.status else "no answer"
        text = f"answered {answer}, {self.body_bytes} bytes, in {self.total * 1e6:.1f} µs"
        lines = [f"{text}, of which {self.other * 1e6:.1f} µs belong to no step"]
        return [*lines, f"raised {self.error}"] if self.error else lines


def make_scope(method: str, host: str, target: str, headers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The ASGI scope of a request, or with the method ``WEBSOCKET`` of a WebSocket handshake."""
    path, _, query = target.partition("?")
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    if not any(name == b"host" for name, _ in pairs):
        pairs.insert(0, (b"host", host.encode("idna" if not host.isascii() else "ascii")))
    is_socket = method == "WEBSOCKET"
    scope: dict[str, Any] = {
        "type": "websocket" if is_socket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws" if is_socket else "http",
        "path": unquote(path),
        "raw_path": quote(path, safe=_URL_SAFE).encode(),
        "query_string": quote(query, safe=_URL_SAFE).encode(),
        "root_path": "",
        "headers": pairs,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    if is_socket:
        scope["subprotocols"] = []
    else:
        scope["method"] = method
    return scope


def run_live(board: Pegboard, scope: dict[str, Any]) -> tuple[Live, Times]:
    """Run one request with the lifespan around it. Raises Refused when the lifespan does not start."""
    live, times = Live(), Times()
    story = frozen(board).http
    match = story.match

    def timed_match(scope: Scope) -> tuple[Plan, dict[str, Any]]:
        plan, params = match(scope)
        return _timed_plan(plan, times), params

    story.match = timed_match
    try:
        with aside():
            anyio.run(_run, board, scope, live)
    except RuntimeError as error:
        if "mounted application failed to st" not in str(error):
            raise
        raise Refused(str(error).replace("the mounted application", "the application's lifespan")) from None
    finally:
        story.match = match
    live.other = max(0.0, live.total - sum(times.values()))
    return live, times


async def _run(board: Pegboard, scope: dict[str, Any], live: Live) -> None:
    state: dict[str, Any] = {}
    ended = anyio.Event()
    bodies: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if bodies:
            return bodies.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            live.status = message["status"]
        elif message["type"] == "http.response.body":
            live.body_bytes += len(message.get("body", b""))
            if not message.get("more_body"):
                ended.set()

    async with foreign_lifespan(board, state):
        scope["state"] = dict(state)
        started = perf_counter()
        try:
            await board(scope, receive, send)
        except Exception as error:  # noqa: BLE001
            live.error = f"{type(error).__name__}: {error}"
        live.total = perf_counter() - started


def _timed_plan(plan: Plan, times: Times) -> Plan:
    """The same plan, with a watch on its endpoint and on each of its hooks."""
    pipeline = Pipeline({hook: tuple(_timed_hook(plan.pipeline, hook, times)) for hook in ROUTE_HOOKS})
    # What runs as an application is called later, when its messages go out.
    call = plan.call if kind_of_endpoint(plan.route) == "ASGI" else _timed(plan.call, times, ("endpoint", 0), True)
    return Plan(plan.route, call, pipeline, plan.max_body_size)


def _timed_hook(pipeline: Pipeline, hook: str, times: Times) -> Iterator[tuple[Call, Step]]:
    calls: tuple[Call, ...] = getattr(pipeline, hook)
    for index, (call, step) in enumerate(zip(calls, pipeline.steps(hook), strict=True)):
        yield _timed(call, times, (hook, index), step.is_async), step


def _timed(call: Call, times: Times, key: tuple[str, int], is_async: bool) -> Call:
    """``call`` with a watch; what an async one gives is watched until it is done."""

    def note(started: float) -> None:
        times[key] = times.get(key, 0.0) + perf_counter() - started

    def timed(*arguments: Any) -> Any:
        started = perf_counter()
        try:
            return call(*arguments)
        finally:
            note(started)

    async def timed_async(*arguments: Any) -> Any:
        started = perf_counter()
        try:
            return await call(*arguments)
        finally:
            note(started)

    return timed_async if is_async else timed
