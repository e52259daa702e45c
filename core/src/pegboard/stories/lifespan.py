"""The life of a board, from start-up to shutdown.

Rules that must not move:

- Context managers are entered outside-in and left in reverse. One that fails to start is named, and what was entered
  before it is left again.
- Each is held in a task of its own, so that one that takes too long can be given up without disturbing the others.
- What a manager gives, when it is a mapping, becomes part of the state that every request sees.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from anyio import TASK_STATUS_IGNORED, CancelScope, Event, create_task_group, move_on_after
from anyio.abc import TaskGroup, TaskStatus

from pegboard.exceptions import ConfigurationError
from pegboard.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LifespanStory", "Tenant", "foreign_lifespan", "held"]

logger = logging.getLogger("pegboard")


@dataclass(slots=True)
class Tenant:
    """One context manager of the lifespan, and how messages name its owner."""

    described: str
    open: Callable[[], AbstractAsyncContextManager[Any]]
    stop: Event = field(default_factory=Event)
    stopped: Event = field(default_factory=Event)
    failure: Exception | None = None

    async def hold(self, *, task_status: TaskStatus[Any] = TASK_STATUS_IGNORED) -> None:
        """Enter, say so, wait for the stop, leave."""
        try:
            with CancelScope() as scope:
                async with self.open() as given:
                    # A cancellation from outside does not end it: it is left in its turn, and may await meanwhile.
                    scope.shield = True
                    task_status.started(given)
                    await self.stop.wait()
        except Exception as exc:
            exc.add_note(f"in the lifespan of {self.described}")
            if not self.stop.is_set():
                raise
            self.failure = exc
        finally:
            self.stopped.set()


@asynccontextmanager
async def held(tenants: Sequence[Tenant], state: dict[str, Any], limit: float | None) -> AsyncIterator[None]:
    """Hold all tenants, the first outermost; ``limit`` is in seconds for each to start.

    Raises what a tenant raised when it started, or the first failure of those that stopped.
    """
    entered: list[Tenant] = []
    failures: list[BaseException] = []
    async with create_task_group() as group:
        try:
            for tenant in tenants:
                given = await _enter(group, tenant, limit)
                entered.append(tenant)
                if isinstance(given, Mapping):
                    state.update(given)
            yield
        except BaseException as exc:
            # Raised again outside, so that the task group does not wrap it.
            failures.append(exc)
        with CancelScope(shield=True):
            for tenant in reversed(entered):
                tenant.stop.set()
                await tenant.stopped.wait()
    failures += [tenant.failure for tenant in reversed(entered) if tenant.failure is not None]
    for also in failures[1:]:
        logger.error("The lifespan failed in one more place", exc_info=also)
    if failures:
        raise failures[0]


async def _enter(group: TaskGroup, tenant: Tenant, limit: float | None) -> Any:
    with move_on_after(limit):
        return await group.start(tenant.hold)
    raise TimeoutError(
        f"{tenant.described} did not start within {limit:g} seconds; mend it, switch it off, or raise `startup_timeout`"
    )


class LifespanStory:
    """Answers the server's lifespan messages; ``limit`` is in seconds for each tenant to start."""

    def __init__(self, tenants: Callable[[dict[str, Any]], Sequence[Tenant]], limit: float) -> None:
        self.tenants = tenants
        self.limit = limit

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the board's tenants until the server says to stop, and say how both went."""
        started = False
        state = scope.setdefault("state", {})
        await receive()
        try:
            async with held(self.tenants(state), state, self.limit):
                await send({"type": "lifespan.startup.complete"})
                started = True
                await receive()
        except Exception as exc:
            phase = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{phase}.failed", "message": failure_text(exc)})
            return
        await send({"type": "lifespan.shutdown.complete"})


def failure_text(exc: Exception) -> str:
    """What the server's log is told: our own refusals in plain words, anything else with its traceback."""
    if isinstance(exc, ConfigurationError | TimeoutError):
        return str(exc)
    return "".join(traceback.format_exception(exc))


@asynccontextmanager
async def foreign_lifespan(app: ASGIApp, state: dict[str, Any]) -> AsyncIterator[None]:
    """Run the lifespan of a mounted ASGI application; one that knows none is left alone (ASGI, lifespan protocol)."""
    server = _InnerServer()
    failure: Exception | None = None
    async with create_task_group() as group:
        group.start_soon(
            server.run, app, {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        )
        await server.started.wait()
        try:
            if server.failed is not None:
                raise RuntimeError(f"the mounted application failed to start: {server.failed}")
            yield
        except Exception as exc:
            failure = exc
        server.stop.set()
    if failure is None and server.failed is not None:
        failure = RuntimeError(f"the mounted application failed to stop: {server.failed}")
    if failure is not None:
        raise failure


class _InnerServer:
    """The server's side of the lifespan protocol, for a mounted application."""

    def __init__(self) -> None:
        self.started = Event()
        self.stop = Event()
        self.failed: str | None = None
        self._asked = False
        self._supported = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception as exc:
            if self._supported:
                self.failed = f"{type(exc).__name__}: {exc}"
        finally:
            self.started.set()

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self.stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        self._supported = True
        if message["type"].endswith(".failed"):
            self.failed = message.get("message") or "it gave no reason"
        self.started.set()
