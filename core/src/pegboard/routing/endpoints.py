"""Adapting what users write as endpoints to what pipelines call, once, when a route is added.

- what takes one argument is called with the request: an async function, method, partial or object at once, a
  synchronous one in a thread;
- what takes three is an ASGI application, called with scope, receive and send; so is every class, which is awaited
  then. Of what takes one or three, a function is called with the request, and an object is an application;
- anything else is refused when the route is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any, Protocol, cast

from pegboard.concurrency import is_async, run_in_threadpool
from pegboard.requests import Request
from pegboard.responses import AppResponse, to_response
from pegboard.types import ASGIApp, Message, Receive, Scope, Send
from pegboard.websockets import WebSocket

__all__ = [
    "AppEndpoint",
    "MiddlewareFactory",
    "adapt",
    "adapt_websocket",
    "as_app",
    "endpoint_name",
    "is_function",
    "needs_of",
    "wrap_in_middleware",
]

NEEDS = "__pegboard_needs__"

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
        return AppEndpoint(endpoint)
    if is_async(endpoint):
        call: HTTPEndpointCall = endpoint
        return call

    async def call_in_thread(request: Request) -> Any:
        return await run_in_threadpool(endpoint, request)

    return call_in_thread


class AppEndpoint:
    """The endpoint that lets an ASGI application answer: its ``response`` is the same for all requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.response = AppResponse(app)

    async def __call__(self, request: Request) -> AppResponse:
        """Answer with the application."""
        return self.response


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
        request = Request(scope, receive, send, max_body_size)
        response = to_response(await call(request))

        async def left() -> Message:
            # A stream that waits for the client's leaving takes nothing of the body away: it may be made of it.
            await request.inbox().watch()
            return {"type": "http.disconnect"}

        await response(scope, request.read_message if response.is_app else left, send)

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
    """Whether ``endpoint`` is called with a request, and not an ASGI application. TypeError when it can be neither."""
    inner = endpoint
    while isinstance(inner, partial):
        inner = inner.func
    if isinstance(inner, type):
        return False
    order = (1, 3) if inspect.isroutine(inner) else (3, 1)
    for count in order:
        if _takes(endpoint, count):
            return count == 1
    raise TypeError(
        f"endpoint {endpoint_name(endpoint)!r} cannot be called with one argument, the request or WebSocket, nor with "
        f"the three of an ASGI application; write `async def {endpoint_name(endpoint)}(request)`, and find path "
        "parameters in `request.path_params`"
    )


def _takes(endpoint: Any, count: int) -> bool:
    """Whether ``endpoint`` can be called with so many arguments; True where that cannot be seen.

    What it wraps (``__wrapped__``) does not count: a decorator may give more arguments to it.
    """
    code = getattr(endpoint, "__code__", None)
    if code is not None and code.co_argcount == count and not code.co_kwonlyargcount and inspect.isfunction(endpoint):
        return True
    try:
        signature = inspect.signature(endpoint, follow_wrapped=False)
    except (ValueError, TypeError):
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def needs_of(endpoint: Any) -> tuple[str, ...]:
    """The capabilities without which an endpoint must not be served: ``__pegboard_needs__`` on it or a part of it.

    A class needs what it, its bases and their methods need; partials, methods and what decorators have made need what
    they are of.
    """
    parts: dict[int, Any] = {}
    waiting = [endpoint]
    while waiting:
        part = waiting.pop()
        if id(part) not in parts:
            parts[id(part)] = part
            waiting += _parts_of(part)
    # Looked up among what is their own: proxies and mocks have every attribute.
    owned = [getattr(part, "__dict__", None) for part in parts.values()]
    return tuple(dict.fromkeys(need for own in owned if isinstance(own, Mapping) for need in own.get(NEEDS, ())))


def _parts_of(endpoint: Any) -> list[Any]:
    """What an endpoint calls, as far as that can be seen: decorators keep it in ``__wrapped__`` or a variable."""
    if isinstance(endpoint, partial):
        return [endpoint.func]
    if isinstance(endpoint, MethodType):
        return [endpoint.__func__]
    if inspect.isclass(endpoint):
        return [
            getattr(member, "__func__", member)
            for cls in endpoint.__mro__
            for member in (cls, *vars(cls).values())
            if not inspect.isclass(member) or member is cls
        ]
    if not isinstance(endpoint, FunctionType):
        return []
    held = [vars(endpoint).get("__wrapped__"), *map(_content, endpoint.__closure__ or ())]
    return [value for value in held if isinstance(value, FunctionType | MethodType | partial)]


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        # Its variable has no value yet.
        return None
