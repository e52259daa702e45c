"""Open WebSockets whose callers may lose what they were let in for: looked at again and again until they close.

A caller who has logged out, whose token was revoked or whose policy says no today is shown the door with 3000 (nobody
is known any more) or 3003 (somebody who may not), codes of the WebSocket registry that stand for 401 and 403. That
something cannot be told just now, as with a store that is down, closes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from pegboard.websockets import WebSocket

__all__ = ["CODES", "EXPIRED", "OpenSockets"]

EXPIRED = 3000
CODES = {401: EXPIRED, 403: 3003}
"""The close code for each status that a request of the same caller would be answered with."""

Look = Callable[[WebSocket], Awaitable[int]]
"""The status that a WebSocket would be refused with now, or 0."""


class OpenSockets:
    """The WebSockets to look at every ``seconds``."""

    def __init__(self, seconds: float = 60.0, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        self._seconds = seconds
        self._sleep = sleep
        self._open: dict[WebSocket, Look] = {}

    def enter(self, websocket: WebSocket, look: Look) -> None:
        """Look at ``websocket`` from now on."""
        self._open[websocket] = look

    def leave(self, websocket: WebSocket) -> None:
        """It is closed."""
        self._open.pop(websocket, None)

    async def run(self) -> None:
        """Look at all of them, for ever."""
        while True:
            await self._sleep(self._seconds)
            for websocket, look in list(self._open.items()):
                code = CODES.get(await look(websocket))
                if code is not None and websocket in self._open:
                    self.leave(websocket)
                    websocket.close_after(0, code, "no longer allowed")

    def __len__(self) -> int:
        return len(self._open)
