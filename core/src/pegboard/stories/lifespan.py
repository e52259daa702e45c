"""The life of a board, from start-up to shutdown.

Rules that must not move:

- Context managers are entered outside-in, and each that was entered is left once, in reverse, on every path. One that
  fails to start is named. Of several failures the first is raised, and the others are logged.
- Each is held in a task of its own, from entering to leaving, which no task group waits for: a start can refuse to
  end, as one does that waits for a thread or swallows its cancellation, and a task group would wait with it.
- A start that is given up (it takes longer than the limit, or the life is cancelled meanwhile) is named in the log at
  once, cancelled, and left behind if it does not end within `GRACE`. Whatever it enters later it leaves again. The
  others are left and the server is told without it. Trio ends its loop only after such a task, asyncio cancels it, and
  Python ends the process only after its threads.
- What a manager gives, when it is a mapping, becomes part of the state that every request sees.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from anyio import CancelScope, Event, create_task_group, current_time, get_cancelled_exc_class, move_on_after

from pegboard.exceptions import ConfigurationError
from pegboard.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["GRACE", "LifespanStory", "StartupTimeout", "Tenant", "foreign_lifespan", "held"]

logger = logging.getLogger("pegboard")

GRACE = 1.0
"""Seconds that a start which is given up may take to end before it is left behind."""

_tasks: set[asyncio.Task[None]] = set()


class StartupTimeout(Exception):
    """A tenant took longer to start than it may. The text says who, and what to do."""


@dataclass(slots=True, eq=False)
class Tenant:
    """One context manager of the lifespan, and how messages name its owner."""

    described: str
    open: Callable[[], AbstractAsyncContextManager[Any]]
    stop: Event = field(default_factory=Event)
    settled: Event = field(default_factory=Event)
    stopped: Event = field(default_factory=Event)
    started: bool = False
    given: Any = None
    failure: BaseException | None = None
    scope: CancelScope = field(default_factory=CancelScope)
    left_behind: bool = False

    async def hold(self, broke: Callable[[], Any]) -> None:
        """Enter, say so, wait for the stop, leave; ``broke`` is called when it fails between.

        Raises nothing but a cancellation that is not ours: a failure is kept.
        """
        try:
            with self.scope, CancelScope() as kept:
                async with self.open() as self.given:
                    # No cancellation ends it now: it is left in its turn, and may await meanwhile.
                    kept.shield = True
                    if not self.stop.is_set():
                        self.started = True
                        self.settled.set()
                    await self.stop.wait()
        except get_cancelled_exc_class():
            self.failure = RuntimeError(f"{self.described} was cancelled by something other than the board")
            raise
        except BaseException as exc:
            # `held` raises it.
            self._failed(exc)
        finally:
            self.settled.set()
            self.stopped.set()
            if self.failure is not None and self.started and not self.stop.is_set():
                broke()

    async def leave(self) -> None:
        """Stop it and wait for its end, or where it has not started, no longer than `GRACE`."""
        self.stop.set()
        if self.started:
            await self.stopped.wait()
            return
        self.scope.cancel()
        with move_on_after(GRACE):
            await self.stopped.wait()
        if not self.stopped.is_set():
            self.left_behind = True
            logger.error(
                "The start of %s does not end, although it was cancelled; it is left behind. "
                "Mend it: it waits for a thread, is shielded, or swallows the cancellation",
                self.described,
            )

    def _failed(self, exc: BaseException) -> None:
        exc.add_note(f"in the lifespan of {self.described}")
        self.failure = exc
        if self.left_behind:
            logger.error("The start of %s that was left behind has failed", self.described, exc_info=exc)


@asynccontextmanager
async def held(tenants: Sequence[Tenant], state: dict[str, Any], limit: float | None) -> AsyncIterator[None]:
    """Hold all tenants, the first outermost; ``limit`` is in seconds for each to start.

    Raises what a tenant raised when it started, StartupTimeout for one that took too long, or the first failure of
    those that stopped.
    """
    entered: list[Tenant] = []
    failures: list[BaseException] = []
    try:
        with CancelScope() as life:
            for tenant in tenants:
                entered.append(tenant)
                await _start(tenant, limit, life.cancel)
                if isinstance(tenant.given, Mapping):
                    state.update(tenant.given)
            yield
    except BaseException as exc:
        # Raised again below, once everything is left.
        failures.append(exc)
    await _leave(entered)
    failures += [
        tenant.failure
        for tenant in reversed(entered)
        if tenant.failure is not None and all(tenant.failure is not known for known in failures)
    ]
    for also in failures[1:]:
        logger.error("The lifespan failed in one more place", exc_info=also)
    if failures:
        raise failures[0]


async def _start(tenant: Tenant, limit: float | None, broke: Callable[[], Any]) -> None:
    begun = current_time()
    _spawn(tenant, broke)
    try:
        with move_on_after(limit):
            await tenant.settled.wait()
    except get_cancelled_exc_class():
        if not tenant.settled.is_set():
            logger.error("The life was cancelled while %s started", tenant.described)  # noqa: TRY400 - no error of ours
        raise
    if tenant.failure is not None:
        raise tenant.failure
    took = current_time() - begun
    if not tenant.started:
        late = StartupTimeout(
            f"{tenant.described} did not start within {limit:g} seconds; "
            "mend it, switch it off, or raise `startup_timeout`"
        )
        logger.error("%s", late)
        raise late
    if limit is not None and took > limit:
        logger.warning(
            "%s took %.3g seconds to start, and the limit of %g seconds could not end it, as the event loop was held "
            "up; make it await, or move its work to a thread",
            tenant.described,
            took,
            limit,
        )


async def _leave(entered: Sequence[Tenant]) -> None:
    try:
        with CancelScope(shield=True):
            for tenant in reversed(entered):
                await tenant.leave()
    finally:
        # asyncio's own cancellation goes through the shield; even then nobody is kept.
        for tenant in entered:
            tenant.stop.set()


def _spawn(tenant: Tenant, broke: Callable[[], Any]) -> None:
    """Hold the tenant in a task that nobody has to wait for; anyio knows none, but each loop does."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        from trio.lowlevel import spawn_system_task  # noqa: PLC0415  only where it runs

        spawn_system_task(tenant.hold, broke, name=tenant.described, context=copy_context())
    else:
        task = loop.create_task(tenant.hold(broke), name=tenant.described)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


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
    """What the server's log is told: refusals in plain words with their notes, anything else with its traceback."""
    if isinstance(exc, ConfigurationError | StartupTimeout):
        return "\n".join([str(exc), *getattr(exc, "__notes__", ())])
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
