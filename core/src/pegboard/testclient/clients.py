"""The synchronous test client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, Self

from pegboard.testclient.library import httpx
from pegboard.testclient.lifespans import LIFESPAN_LIMIT, Lifespan
from pegboard.testclient.portals import Portal
from pegboard.testclient.server import Background, LifespanMode, Server
from pegboard.testclient.serving import Serving, with_user_agent
from pegboard.testclient.sessions import WebSocketTestSession
from pegboard.testclient.transports import SyncTransport
from pegboard.types import ASGIApp

__all__ = ["TestClient"]


class TestClient(Serving, httpx.Client):
    """An HTTP client that calls an ASGI application directly, without a network.

    Everything else is as in the HTTP library's own client. In a ``with`` block the application's lifespan runs, and
    all connections share one event loop.

    - ``raise_server_exceptions``: what the application raises comes out of the call, once its response is complete.
      Without it, the client sees what a server would send.
    - ``background``: what becomes of an application that runs on after its response. ``wait``: the call waits for it.
      ``detach``: the call does not; the client waits when it closes, and raises then what was raised. ``capture``: the
      call waits, and exceptions are collected in ``background_errors``.
    - ``root_path``, ``client``, ``extensions`` and ``spec_version``: what the application finds in its scope. The path
      is put under ``root_path``; an extension given as None is not offered.
    - ``backend``: ``asyncio`` or ``trio``.
    - ``lifespan``: ``auto`` serves applications without one as well, ``on`` insists, ``off`` runs none.
    - ``timeout``: seconds for each wait for the application; that of a call is stronger, and None means no limit.

    A request with ``extensions={"disconnect_after": n}`` comes from a client that leaves after ``n`` bytes of its
    content, and raises ClientLeft. A response's ``extensions`` hold ``early_hints`` and ``trailers``. A message that
    breaks the ASGI standard raises ASGIViolation.
    """

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        backend: Literal["asyncio", "trio"] = "asyncio",
        backend_options: dict[str, Any] | None = None,
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
        self._portal = Portal(backend, backend_options)
        self._sync_transport = SyncTransport(self._server, self._portal)
        self._app_transport = self._sync_transport.inner
        self._exit: ExitStack | None = None
        super().__init__(
            base_url=base_url,
            headers=with_user_agent(headers),
            transport=self._sync_transport,
            follow_redirects=follow_redirects,
            cookies=cookies,
            timeout=timeout,
            **options,
        )

    def __enter__(self) -> Self:
        if self._exit is not None:
            raise RuntimeError("the client is in use: expected one `with` at a time")
        with ExitStack() as stack:
            stack.enter_context(self._portal)
            if self._server.lifespan != "off":
                lifespan = self._portal.call(self._startup, limit=2 * LIFESPAN_LIMIT)
                stack.callback(self._portal.call, lifespan.shutdown, limit=2 * LIFESPAN_LIMIT)
            stack.callback(self._sync_transport.close)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        stack, self._exit = self._exit, None
        if stack is not None:
            stack.close()

    async def _startup(self) -> Lifespan:
        lifespan = Lifespan(self._server)
        self._portal.group.start_soon(lifespan.run)
        await lifespan.startup()
        return lifespan

    def websocket_connect(
        self,
        url: str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: Any = None,
        timeout: float | None = 5.0,
        **options: Any,
    ) -> WebSocketTestSession:
        """A WebSocket to ``url``, opened by ``with``; ``timeout`` is in seconds for each wait.

        ``options`` are those of a request: ``params``, ``cookies``. Opening raises WebSocketDenialResponse when the
        application refuses with an HTTP response, and WebSocketDisconnect when it refuses with a close.
        """
        return WebSocketTestSession(self._portal, self._session(url, subprotocols, headers, timeout, options))
