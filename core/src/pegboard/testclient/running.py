"""One run of an application for one connection, with the limits and failures that HTTP and WebSockets share.

Rules that must not move:

- The application runs in a task of its own, in `Run.run`, which never raises what the application raised: that is kept
  for the client.
- A client that leaves is told to the application, which may then end by itself; one that does not is cancelled, and
  that is an error.
- What went wrong is raised once: a broken contract before what the application raised, and that before what made the
  client break off.
"""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from anyio import CancelScope, Event, current_effective_deadline, get_cancelled_exc_class

from pegboard.asgi_checks import ASGIViolation, HTTPChecker
from pegboard.testclient.server import Server
from pegboard.testclient.waiting import CLOSING_LIMIT, has_left, within
from pegboard.types import Message, Scope

__all__ = ["Run"]

logger = logging.getLogger("pegboard.testclient")


class Run(ABC):
    """An application at work on one connection.

    ``gone`` says that the client left before the end, ``complete`` that the application has sent all it has to.
    """

    def __init__(self, server: Server, checker: HTTPChecker) -> None:
        self.server = server
        self.scope: Scope = checker.scope
        self.checker = checker
        self.complete = False
        self.gone = False
        self.finished = Event()
        self.broke_off: BaseException | None = None
        self._violation: ASGIViolation | None = None
        self._error: BaseException | None = None
        self._running = CancelScope()

    @abstractmethod
    async def receive(self) -> Message:
        """The next message for the application."""

    @abstractmethod
    async def send(self, message: Message) -> None:
        """Take a message from the application."""

    @abstractmethod
    def hang_up(self) -> None:
        """Be gone for the application."""

    @abstractmethod
    async def wind_up(self) -> None:
        """Free what the application, which has ended, may have been using."""

    @abstractmethod
    def answer_500(self) -> None:
        """Answer for an application that failed before it did, as servers do."""

    async def run(self) -> None:
        """Run the application to its end."""
        try:
            with self._running:
                await self.server.app(self.scope, self.receive, self.send)
                if not self.gone:
                    self.check(self.checker.returned)
        except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - kept for the client
            self._keep(error)
        except BaseException as error:
            if isinstance(error, GeneratorExit) or current_effective_deadline() == -math.inf:
                self.hang_up()
                raise
            # Nobody has cancelled the application: it awaited something that was, or raised a group of exits.
            what = f"{self.described}: the application ended with {error!r}, and nobody had cancelled it"
            self._keep(RuntimeError(what) if isinstance(error, get_cancelled_exc_class()) else error)
        finally:
            with CancelScope(shield=True):
                await self.wind_up()
            self.finished.set()

    def check(self, check: Callable[..., None], *args: Any) -> None:
        """Run one of the checker's checks, and keep the violation: the application may catch what is raised."""
        try:
            check(*args)
        except ASGIViolation as violation:
            self._violation = self._violation or violation
            raise

    def cancel(self) -> None:
        """Stop the application where it stands."""
        self._running.cancel()

    async def finish(self) -> None:
        """Leave, and wait until the application has ended; cancel it if it does not. Raises what went wrong."""
        self.hang_up()
        try:
            await within(CLOSING_LIMIT, self.finished.wait, self._not_ended)
        except TimeoutError:
            self.cancel()
            await within(CLOSING_LIMIT, self.finished.wait, self._not_cancelled)
            raise
        self.raise_failure()

    def raise_failure(self) -> None:
        """Raise what went wrong, if anything did and was not raised before."""
        failures = [failure for failure in (self._violation, self._error, self.broke_off) if failure is not None]
        self._violation = self._error = self.broke_off = None
        if not failures:
            return
        first = failures[0]
        if len(failures) > 1 and first.__cause__ is None:
            first.__cause__ = failures[1]
        try:
            raise first
        finally:
            # The traceback holds this frame, and the frame would hold the exception: no cycle is left behind.
            del first, failures

    def _keep(self, error: BaseException) -> None:
        """Put what the application raised where it belongs."""
        if error is self._violation or (self.gone and has_left(error)):
            return
        if isinstance(error, Exception) and not self.server.raise_server_exceptions:
            logger.error("The application raised an exception", exc_info=error)
            self.answer_500()
        elif isinstance(error, Exception) and self.complete and self.server.background == "capture":
            self.server.background_errors.append(error)
        else:
            self._error = error

    @property
    def described(self) -> str:
        """The connection, for messages."""
        return f"{self.scope.get('method', 'WebSocket')} {self.scope['path']}"

    def _not_ended(self) -> Exception:
        end = "the response is complete" if self.complete else "the client has left"
        kind = "http.disconnect" if self.scope["type"] == "http" else "websocket.disconnect"
        advice = "" if self.server.raises_on_send else ', or, with `spec_version="2.4"`, when `send()` raises OSError'
        return TimeoutError(
            f"{self.described}: {end}, and {CLOSING_LIMIT:g} seconds later the application still runs; it was "
            f"cancelled. Expected it to end when `receive()` gives {kind!r}{advice}"
        )

    def _not_cancelled(self) -> Exception:
        return TimeoutError(f"{self.described}: the application was cancelled, and does not end")
