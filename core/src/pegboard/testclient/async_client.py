"""The asynchronous test client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from anyio import CancelScope, create_task_group
from anyio.abc import TaskGroup

from pegboard.testclient.library import httpx
from pegboard.testclient.lifespans import Lifespan
from pegboard.testclient.server import Background, LifespanMode, Server
from pegboard.testclient.serving import Serving, with_user_agent
from pegboard.testclient.sessions import AsyncWebSocketTestSession
from pegboard.testclient.transports import AsyncTransport
from pegboard.types import ASGIApp

__all__ = ["AsyncTestClient"]


class AsyncTestClient(Serving, httpx.AsyncClient):
    """An HTTP client that calls an ASGI application directly, in the test's own event loop, asyncio or trio.

    Used in ``async with``, where the application's lifespan runs, and the application itself in the client's task
    group. The arguments are those of `TestClient`, without the choice of a loop.
    """

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        cookies: Any = None,
        headers: Any = None,
        follow_redirects: bool = True,
        client: tuple[str, int] | None = ("testclient", 50000),
        *,
        background: Background = "wait",
        extensions: Mapping[str, Any] | None = None,
        spec_version: str = "2.3",
        lifespan: LifespanMode = "auto",
        timeout: Any = 5.0,
        **options: Any,
    ) -> None:
        self._server = Server(
            app, raise_server_exceptions, root_path, client, background, extensions, spec_version, lifespan
        )
        self._app_transport = AsyncTransport(self._server, self._running_group)
        self._lifespan: Lifespan | None = None
        self._group: TaskGroup | None = None
        super().__init__(
            base_url=base_url,
            headers=with_user_agent(headers),
            transport=self._app_transport,
            follow_redirects=follow_redirects,
            cookies=cookies,
            timeout=timeout,
            **options,
        )

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise RuntimeError("the client is in use: expected one `async with` at a time")
        # A task group that is left with an exception wraps it in a group; this one is always left without.
        self._group = group = create_task_group()
        await group.__aenter__()
        try:
            if self._server.lifespan != "off":
                self._lifespan = Lifespan(self._server)
                group.start_soon(self._lifespan.run)
                await self._lifespan.startup()
        except BaseException:
            self._lifespan = None
            group.cancel_scope.cancel()
            await self.__aexit__()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        group, lifespan = self._running_group(), self._lifespan
        try:
            with CancelScope(shield=True):
                try:
                    await self._app_transport.aclose()
                finally:
                    if lifespan is not None:
                        await lifespan.shutdown()
        finally:
            await group.__aexit__(None, None, None)
            self._group = self._lifespan = None

    def websocket_connect(
        self,
        url: str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: Any = None,
        timeout: float | None = 5.0,
        **options: Any,
    ) -> AsyncWebSocketTestSession:
        """A WebSocket to ``url``, opened by ``async with``; ``timeout`` is in seconds for each wait.

        ``options`` are those of a request: ``params``, ``cookies``. Opening raises WebSocketDenialResponse when the
        application refuses with an HTTP response, and WebSocketDisconnect when it refuses with a close.
        """
        return self._session(url, subprotocols, headers, timeout, options)

    def _running_group(self) -> TaskGroup:
        if self._group is None:
            raise RuntimeError("the application runs in the client's task group: use `async with AsyncTestClient(...)`")
        return self._group
