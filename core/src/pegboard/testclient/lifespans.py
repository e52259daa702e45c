"""The application's life as the server leads it: startup, then requests, then shutdown.

As servers do in their automatic mode, an application that fails or returns before it has answered
``lifespan.startup`` is taken to know no lifespan, and is served all the same; in mode ``"on"`` that is an error.
"""

from __future__ import annotations

import logging

from anyio import CancelScope, Event
from anyio.lowlevel import checkpoint

from pegboard.asgi_checks import ASGIViolation, LifespanChecker
from pegboard.testclient.server import Server
from pegboard.testclient.waiting import within
from pegboard.types import Message

__all__ = ["LIFESPAN_LIMIT", "Lifespan", "LifespanFailed"]

logger = logging.getLogger("pegboard.testclient")

LIFESPAN_LIMIT = 60.0
"""Seconds that startup and shutdown may take each."""


class LifespanFailed(RuntimeError):
    """The application has said that its startup or its shutdown failed, and why."""


class Lifespan:
    """One life of an application; ``run`` is a task of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.checker = LifespanChecker(server.lifespan_scope())
        self.error: BaseException | None = None
        self._asked = False
        self._said: str | None = None
        self._started = Event()
        self._stop = Event()
        self._ended = Event()
        self._cancel_scope = CancelScope()

    async def run(self) -> None:
        """Run the application's lifespan. What it raises is kept."""
        try:
            with self._cancel_scope:
                await self.server.app(self.checker.scope, self._receive, self._send)
        except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - raised to the client
            self.error = error
        finally:
            self._started.set()
            self._ended.set()

    async def startup(self) -> None:
        """Wait until the application has started. Raises what it raised, or LifespanFailed with its message."""
        try:
            await within(LIFESPAN_LIMIT, self._started.wait, lambda: _too_long("startup"))
        except TimeoutError:
            self._cancel_scope.cancel()
            raise
        if self.checker.state == "complete":
            await self._end()
            self._raise("startup")
        elif self.checker.state == "starting":
            self._no_lifespan()

    async def shutdown(self) -> None:
        """Tell the application to stop, and wait for it. Raises what it raised, or LifespanFailed with its message."""
        self.checker.stopping = True
        self._stop.set()
        await self._end()
        self._raise("shutdown")

    def _no_lifespan(self) -> None:
        if isinstance(self.error, ASGIViolation) or (self.error is not None and not isinstance(self.error, Exception)):
            raise self.error
        if self.server.lifespan == "on":
            raise LifespanFailed(
                "the application did not answer 'lifespan.startup': expected 'lifespan.startup.complete' or "
                f"'lifespan.startup.failed', got {self.error!r}. Use `lifespan=\"auto\"` for one that knows no lifespan"
            ) from self.error
        logger.info("the application knows no lifespan", exc_info=self.error)
        self.error = None

    async def _end(self) -> None:
        try:
            await within(LIFESPAN_LIMIT, self._ended.wait, lambda: _too_long("shutdown"))
        except TimeoutError:
            self._cancel_scope.cancel()
            raise

    def _raise(self, phase: str) -> None:
        if self.error is not None:
            raise self.error
        if self._said is not None:
            raise LifespanFailed(f"the application's {phase} failed: {self._said}")

    async def _receive(self) -> Message:
        await checkpoint()
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self._stop.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        self.checker.sent(message)
        await checkpoint()
        if message["type"].endswith(".failed"):
            self._said = message.get("message") or "it gave no reason"
        self._started.set()


def _too_long(phase: str) -> TimeoutError:
    return TimeoutError(f"the application's {phase} took longer than {LIFESPAN_LIMIT:g} seconds; it was cancelled")
