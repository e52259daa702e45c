"""Adapting what users write as endpoints to what pipelines call, once, when a route is added.

- an async function, method or partial is called with the request;
- a synchronous one is run in a thread;
- anything else that can be called is an ASGI application: a class (called with scope, receive and send, then
  awaited), or an object with an async ``__call__``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, cast

from pegboard.concurrency import is_async, run_in_threadpool
from pegboard.requests import Request
from pegboard.responses import AppResponse, to_response
from pegboard.types import ASGIApp, Receive, Scope, Send
from pegboard.websockets import WebSocket

__all__ = [
    "MiddlewareFactory",
    "adapt",
    "adapt_websocket",
    "as_app",
    "endpoint_name",
    "is_function",
    "wrap_in_middleware",
]

HTTPEndpointCall = Callable[[Request], Awaitable[Any]]
WebSocketCall = Callable[[WebSocket], Awaitable[None]]


class MiddlewareFactory(Protocol):
    """What ``middleware=[...]`` holds: something that makes an ASGI application from one."""

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """Wrap ``app``."""
        ...


def adapt(endpoint: Any) -> HTTPEndpointCall:
    """The async callable that serves a request with ``endpoint``. Raises TypeError for what cannot."""
    answer: HTTPEndpointCall | None = getattr(endpoint, "answer_request", None)
    if answer is not None:
        return answer
    if hasattr(endpoint, "answer_websocket"):
        raise TypeError(f"endpoint {endpoint_name(endpoint)!r} serves WebSockets; give it to a WebSocketRoute")
    _check_callable(endpoint)
    if not is_function(endpoint):
        return as_app_call(endpoint)
    if is_async(endpoint):
        call: HTTPEndpointCall = endpoint
        return call

    async def call_in_thread(request: Request) -> Any:
        return await run_in_threadpool(endpoint, request)

    return call_in_thread


def as_app_call(app: ASGIApp) -> HTTPEndpointCall:
    """The endpoint that lets an ASGI application answer."""
    response = AppResponse(app)

    async def answer(request: Request) -> AppResponse:
        return response

    return answer


def adapt_websocket(endpoint: Any) -> WebSocketCall:
    """The async callable that serves a WebSocket with ``endpoint``. Raises TypeError for a plain function."""
    answer: WebSocketCall | None = getattr(endpoint, "answer_websocket", None)
    if answer is not None:
        return answer
    if hasattr(endpoint, "answer_request"):
        raise TypeError(f"endpoint {endpoint_name(endpoint)!r} serves HTTP requests; give it to a Route")
    _check_callable(endpoint)
    if is_function(endpoint):
        if not is_async(endpoint):
            raise TypeError(
                f"WebSocket endpoint {endpoint_name(endpoint)!r} is a plain function; expected `async def`: "
                "a WebSocket cannot be served from a thread"
            )
        call: WebSocketCall = endpoint
        return call

    async def run(websocket: WebSocket) -> None:
        await endpoint(websocket.scope, websocket.receive, websocket.send)

    return run


def _check_callable(endpoint: Any) -> None:
    if not callable(endpoint):
        raise TypeError(f"endpoint {endpoint!r} cannot be called; expected a function, a class or an ASGI application")


def as_app(call: HTTPEndpointCall, max_body_size: int | None) -> ASGIApp:
    """An ASGI application around an adapted endpoint, for middleware to wrap."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = to_response(await call(Request(scope, receive, send, max_body_size)))
        await response(scope, receive, send)

    return app


def wrap_in_middleware(app: ASGIApp, middleware: Sequence[Any], where: str, problems: list[str]) -> ASGIApp:
    """Put middleware around ``app``, the first outermost; what is wrong with it is left out and told as a problem."""
    for factory in reversed(middleware):
        name = f"{where}: middleware {factory!r}"
        if not callable(factory):
            problems.append(f"{name} cannot be called; expected a function of an application, or {_MIDDLEWARE}")
            continue
        try:
            wrapped = factory(app)
        except Exception as error:  # noqa: BLE001  it is told with all other problems
            problems.append(f"{name} failed: {type(error).__name__}: {error}")
            continue
        if callable(wrapped):
            app = cast("ASGIApp", wrapped)
        else:
            problems.append(f"{name} returned {wrapped!r}; expected an ASGI application")
    return app


_MIDDLEWARE = "pegboard.middleware.Middleware(cls, ...)"


def endpoint_name(endpoint: Any) -> str:
    """The name a route gets from its endpoint."""
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    name: str = getattr(endpoint, "__name__", type(endpoint).__name__)
    return name


def is_function(endpoint: Any) -> bool:
    """Whether ``endpoint`` is called with a request, and not an ASGI application."""
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    return inspect.isfunction(endpoint) or inspect.ismethod(endpoint) or inspect.isbuiltin(endpoint)
