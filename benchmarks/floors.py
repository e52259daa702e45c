"""Floors: hand-written applications that do the least that a job can be done with, and nothing else.

They are no frameworks and no plugins: they check nothing, handle no error and offer nothing. What a target asks for is
compared with them, in the same run: what is below its floor is out of reach of any pure Python that does the job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import PLAIN
from benchmarks.peers.raw import TEXT, answer
from benchmarks.stacks import ORIGIN, REQUEST_ID

__all__ = [
    "ADDED_HEADERS",
    "calls_in_loops",
    "calls_written_out",
    "least_framework",
    "least_wrapper",
    "with_headers",
]

ADDED_HEADERS = (
    (b"access-control-allow-origin", ORIGIN),
    (b"access-control-allow-credentials", b"true"),
    (b"vary", b"Origin"),
    (b"x-request-id", REQUEST_ID),
)
"""What the four plugins of `stacks` add to an answer of 13 bytes."""


class Empty:
    """Something with a method that does nothing, as hooks of a no-op plugin do."""

    def one(self, first: Any) -> None:
        """Take one argument."""

    def two(self, first: Any, second: Any) -> None:
        """Take two."""


def calls_in_loops() -> App:
    """Plain text, and twenty calls of empty bound methods in five loops: four plugins, five hooks in a request."""
    ones = tuple(Empty().one for _ in range(4))
    twos = tuple(Empty().two for _ in range(4))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for hook in ones:
            hook(scope)
        for hook in ones:
            hook(scope)
        for change in twos:
            change(scope, receive)
        for change in twos:
            change(scope, receive)
        await answer(send, PLAIN.encode(), TEXT)
        for change in twos:
            change(scope, receive)

    return app


def calls_written_out() -> App:
    """The same twenty calls without a loop."""
    a, b, c, d = (Empty().one for _ in range(4))
    p, q, r, s = (Empty().two for _ in range(4))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        a(scope), b(scope), c(scope), d(scope)
        a(scope), b(scope), c(scope), d(scope)
        p(scope, receive), q(scope, receive), r(scope, receive), s(scope, receive)
        p(scope, receive), q(scope, receive), r(scope, receive), s(scope, receive)
        await answer(send, PLAIN.encode(), TEXT)
        p(scope, receive), q(scope, receive), r(scope, receive), s(scope, receive)

    return app


class Request:
    """What an endpoint is given."""

    __slots__ = ("receive", "scope")

    def __init__(self, scope: Any, receive: Any) -> None:
        self.scope = scope
        self.receive = receive


class Response:
    """What an endpoint gives back."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, text: str) -> None:
        self.body = text.encode()
        self.headers = [(b"content-length", b"%d" % len(self.body)), TEXT]
        self.status = 200


def least_framework() -> App:
    """The least that may be called a framework: a table of paths, a request, an endpoint, a response."""

    async def endpoint(request: Request) -> Response:
        return Response(PLAIN)

    table: dict[str, Callable[[Request], Any]] = {"/": endpoint}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        response = await table[scope["path"]](Request(scope, receive))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})

    return app


def least_wrapper(app: App, headers: tuple[tuple[bytes, bytes], ...] = ()) -> App:
    """The least wrapper around an application that may look at an answer: the scope copied, the start intercepted.

    With ``headers`` it adds them to the start.
    """

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        async def watch(message: Any) -> None:
            if message["type"] == "http.response.start" and headers:
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await app(dict(scope), receive, watch)

    return wrapper


def with_headers() -> App:
    """Plain text with the headers that the four plugins add, which are always the same."""
    headers = [(b"content-length", b"13"), TEXT, *ADDED_HEADERS]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"Hello, world!"})

    return app
