"""Floors: hand-written applications that do the least that a job can be done with, and nothing else.

They are no frameworks and no plugins: they check nothing, handle no error and offer nothing. What a target asks for is
compared with them, in the same run: what is below its floor is out of reach of any pure Python that does the job.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

from benchmarks.asgi import App
from benchmarks.content import PLAIN
from benchmarks.peers.raw import TEXT, answer
from benchmarks.stacks import KNOWN, ORIGIN, REQUEST_ID, drop, line

from pegboard.outcome import Outcome
from pegboard.requests import Request as PegboardRequest
from pegboard.responses import PlainTextResponse

__all__ = [
    "ADDED_HEADERS",
    "calls_in_loops",
    "calls_written_out",
    "four_by_hand",
    "least_framework",
    "least_framework_of_pegboard",
    "least_framework_with_hooks",
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

BATCH = 256
"""Lines that are written at once."""


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

    __slots__ = ("body", "headers", "kept", "status")

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


def least_framework_of_pegboard() -> App:
    """The same with Pegboard's own request and response, which can do what users need of them."""

    async def endpoint(request: PegboardRequest) -> PlainTextResponse:
        return PlainTextResponse(PLAIN)

    table: dict[str, Callable[[PegboardRequest], Any]] = {"/": endpoint}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        response = await table[scope["path"]](PegboardRequest(scope, receive, send))
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body})

    return app


def least_framework_with_hooks() -> App:  # noqa: C901  in one function on purpose
    """The least framework with four empty hooks at each of five points, and what the contract says of them.

    What a hook returns is looked at, an answer is kept as it was before hooks saw it, and at the end they are told its
    status, its size and two times. Nothing is caught, and nothing may be awaited.
    """

    async def endpoint(request: Request) -> Response:
        return Response(PLAIN)

    table: dict[str, Callable[[Request], Any]] = {"/": endpoint}
    ones = tuple(Empty().one for _ in range(4))
    twos = tuple(Empty().two for _ in range(4))

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: C901, PLR0912
        if scope["type"] != "http":
            return
        started = perf_counter()
        for rewrite in ones:
            if rewrite(scope) is not None:
                raise TypeError
        request = Request(scope, receive)
        for hook in ones:
            if hook(request) is not None:
                return
        response = await table[scope["path"]](request)
        response.kept = (response.status, response.headers.copy(), response.body)
        for change in twos:
            if change(request, response) is not None:
                return
        for change in twos:
            if change(request, response) is not None:
                return
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        first = perf_counter() - started
        await send({"type": "http.response.body", "body": response.body})
        size, took = len(response.body), perf_counter() - started
        outcome = Outcome(None, "sent", response.status, None, None, 0, size, started, first, took)
        for tell in twos:
            if tell(request, outcome) is not None:
                raise TypeError

    return app


def four_by_hand(app: App) -> App:
    """The jobs of the four plugins in one function around an application, for nothing but the request of `stacks`.

    An id, an origin in a dict, a token in a dict, the headers of the answer, and a line for each request, made and
    written for many at once. Nothing is validated, negotiated, escaped or bounded, and no failure is seen.
    """
    lines: list[tuple[Any, ...]] = []
    origins: dict[Any, tuple[tuple[bytes, bytes], ...]] = {ORIGIN: ADDED_HEADERS[:3]}
    vary = (ADDED_HEADERS[2],)

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = perf_counter()
        sent = dict(scope["headers"])
        request_id = sent.get(b"x-request-id") or uuid4().hex.encode()
        allowed = origins.get(sent.get(b"origin"), vary)
        inner = dict(scope)
        inner["user"] = KNOWN.get(sent.get(b"authorization", b"")[7:])
        status, size = 0, 0

        async def watch(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], *allowed, (b"x-request-id", request_id)]
                message = {"type": "http.response.start", "status": status, "headers": headers}
            else:
                size += len(message["body"])
            await send(message)

        await app(inner, receive, watch)
        lines.append((scope["method"], scope["path"], status, size, perf_counter() - started, request_id))
        if len(lines) == BATCH:
            for method, path, code, count, took, name in lines:
                drop(line(method, path, code, count, took, name.decode()))
            lines.clear()

    return wrapper


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
