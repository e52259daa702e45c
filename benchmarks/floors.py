"""Floors: hand-written applications that do the least that a job can be done with, and nothing else.

They are no frameworks and no plugins: they check nothing, handle no error and offer nothing. What a target asks for is
compared with them, in the same run. Each says what it does; what is below it asks for less than that. They share no
helpers on their way, since a call would be a part of what they measure.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

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
    "four_by_hand_around",
    "least_framework",
    "least_framework_of_pegboard",
    "least_framework_with_hooks",
    "least_wrapper",
    "with_headers",
]

ADDED_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", ORIGIN),
    (b"access-control-allow-credentials", b"true"),
    (b"vary", b"Origin"),
    (b"x-request-id", REQUEST_ID),
)
"""What the four plugins of `stacks` add to an answer of 13 bytes."""

ORIGINS = {ORIGIN: ADDED_HEADERS[:3]}
VARY = ADDED_HEADERS[2:3]

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


Line = tuple[str, str, int, int, float, bytes]


def write_lines(lines: list[Line]) -> None:
    """Write a line for each request, all at once."""
    drop(b"".join([line(*entry[:5], entry[5].decode()) for entry in lines]))


def four_by_hand() -> App:
    """The jobs of the four plugins and the answer in one function, for nothing but the request of `stacks`.

    An id, an origin in a dict, a token in a dict, the headers of the answer, and a line for each request, made for many
    at once. Nothing is validated, negotiated, escaped or bounded, and no failure is seen.
    """
    lines: list[Line] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        started = perf_counter()
        request_id, allowed = b"", VARY
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value
            elif name == b"origin":
                allowed = ORIGINS.get(value, VARY)
            elif name == b"authorization":
                scope["user"] = KNOWN.get(value[7:])
        body = PLAIN.encode()
        headers = [(b"content-length", b"%d" % len(body)), TEXT, *allowed, (b"x-request-id", request_id)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        lines.append((scope["method"], scope["path"], 200, len(body), perf_counter() - started, request_id))
        if len(lines) == BATCH:
            write_lines(lines)
            lines.clear()

    return app


def four_by_hand_around(app: App) -> App:
    """Likewise around an application; the lines are left to somebody else, as plugins leave them to a thread."""
    lines: list[Line] = []

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = perf_counter()
        request_id, allowed = b"", VARY
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value
            elif name == b"origin":
                allowed = ORIGINS.get(value, VARY)
            elif name == b"authorization":
                scope["user"] = KNOWN.get(value[7:])
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

        await app(scope, receive, watch)
        lines.append((scope["method"], scope["path"], status, size, perf_counter() - started, request_id))
        if len(lines) == BATCH:
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
    """Raw ASGI's plain text, made in the same way, with the headers that the four plugins add."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await answer_with_headers(send, PLAIN.encode())

    return app


async def answer_with_headers(send: Any, body: bytes) -> None:
    """Send a whole answer, as `raw.answer` does, with the headers of all four."""
    headers = [(b"content-length", b"%d" % len(body)), TEXT, *ADDED_HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
