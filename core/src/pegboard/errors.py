"""What an exception becomes: the exception handlers, and the last answers when nobody has one.

Order: the user's handlers, then `error` hooks (called by the story), then the defaults: an HTTPException answers for
itself, anything else is a plain 500, or a page with the traceback in debug mode.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from pegboard.concurrency import is_async, run_in_threadpool
from pegboard.exceptions import HTTPException
from pegboard.responses import AppResponse, PlainTextResponse, Response
from pegboard.types import Scope

__all__ = [
    "OUTER_BOARDS",
    "ExceptionHandlers",
    "default_answer",
    "find_handler",
    "find_last_resort",
    "server_error",
]

OUTER_BOARDS = "pegboard.outer_boards"
"""The key in the scope of a mounted application: the boards around it, the nearest first."""

Handler = Callable[[Any, Any], Any]


class ExceptionHandlers:
    """Handlers by exception class (the nearest class wins) or by the status of an HTTPException."""

    def __init__(self, handlers: Mapping[int | type[Exception], Handler] | None = None) -> None:
        self._by_status: dict[int, Callable[..., Awaitable[Any]]] = {}
        self._by_class: dict[type[Exception], Callable[..., Awaitable[Any]]] = {}
        for key, handler in (handlers or {}).items():
            self.add(key, handler)

    def add(self, key: int | type[Exception], handler: Handler) -> None:
        """Handle ``key``, a status or an exception class, with ``handler(request, exc)``, sync or async."""
        given: object = handler
        if not callable(given):
            got = type(given).__name__
            raise TypeError(f"exception handler for {key!r} is given as {got}; expected a function of (request, exc)")
        call: Callable[..., Awaitable[Any]] = handler if is_async(handler) else _in_thread(handler)
        if isinstance(key, int):
            self._by_status[key] = call
        elif isinstance(key, type) and issubclass(key, Exception):  # type: ignore[redundant-expr]
            self._by_class[key] = call
        else:
            raise TypeError(f"exception handler for {key!r}; expected a status such as 404, or an exception class")

    def entries(self) -> dict[int | type[Exception], Callable[..., Awaitable[Any]]]:
        """What handles each status and each exception class."""
        of_status: Iterable[tuple[int | type[Exception], Callable[..., Awaitable[Any]]]] = self._by_status.items()
        return dict([*of_status, *self._by_class.items()])

    def copy(self) -> ExceptionHandlers:
        """The same handlers, to which others can be added."""
        copied = ExceptionHandlers()
        copied._by_status, copied._by_class = dict(self._by_status), dict(self._by_class)
        return copied

    def find(self, error: Exception) -> Callable[..., Awaitable[Any]] | None:
        """The handler for ``error``, or None. Those for 500 and ``Exception`` are last resorts, see ``last_resort``."""
        if isinstance(error, HTTPException):
            handler = self._by_status.get(error.status_code)
            if handler is not None:
                return handler
        for cls in type(error).__mro__[:-2]:
            handler = self._by_class.get(cls)
            if handler is not None and cls is not Exception:
                return handler
        return None

    @property
    def last_resort(self) -> Callable[..., Awaitable[Any]] | None:
        """The handler for whatever nobody handled: it answers, and the exception is raised to the server as well."""
        return self._by_status.get(500) or self._by_class.get(Exception)


def find_handler(own: ExceptionHandlers, scope: Scope, error: Exception) -> Callable[..., Awaitable[Any]] | None:
    """The handler for ``error``: a board's own, or that of the nearest board that it is mounted on."""
    found = (handlers.find(error) for handlers in _around(own, scope))
    return next((handler for handler in found if handler is not None), None)


def find_last_resort(own: ExceptionHandlers, scope: Scope) -> Callable[..., Awaitable[Any]] | None:
    """The handler for whatever nobody handled, likewise."""
    found = (handlers.last_resort for handlers in _around(own, scope))
    return next((handler for handler in found if handler is not None), None)


def _around(own: ExceptionHandlers, scope: Scope) -> Iterator[ExceptionHandlers]:
    yield own
    for board in scope.get(OUTER_BOARDS, ()):
        yield board.exception_handlers


def _in_thread(handler: Handler) -> Callable[..., Awaitable[Any]]:
    async def call(request: Any, error: Any) -> Any:
        return await run_in_threadpool(handler, request, error)

    return call


def default_answer(error: Exception) -> Response | AppResponse | None:
    """The answer of an exception that speaks for itself, or None."""
    if not isinstance(error, HTTPException):
        return None
    if error.status_code in (204, 304):
        return Response(None, error.status_code, error.headers)
    return PlainTextResponse(error.detail, error.status_code, error.headers)


def server_error(error: BaseException, debug: bool, accept: bytes = b"") -> Response:
    """The plain 500 that tells nothing, or in debug mode the traceback, as HTML where the client accepts it."""
    if not debug:
        return PlainTextResponse("Internal Server Error", 500)
    # Loaded where it is shown: a board that serves does without.
    from pegboard.debug_page import debug_page  # noqa: PLC0415

    return debug_page(error, accept)
