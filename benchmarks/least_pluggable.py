"""The four as the plainest of plugins: their jobs by hand, each in hooks of its own, called in loops.

It tells apart what the jobs take, what it takes that they are plugins, and what Pegboard adds to both. Here nothing is
validated, negotiated, escaped or bounded, nothing is caught, and nothing may be awaited. As in `floors`, there are no
helpers on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.asgi import App
from benchmarks.content import PLAIN
from benchmarks.floors import BATCH, ORIGINS, VARY, Line, Request, Response, write_lines
from benchmarks.stacks import KNOWN, MINIMUM_SIZE

from pegboard.outcome import Outcome

__all__ = ["least_framework_with_four", "least_wrapper_with_four"]


class Four:
    """The jobs of the four plugins, in the order and at the points where these do them.

    ``write`` is given the lines of many requests at once. Only where ``preflights`` may come are they looked for: a
    route with methods has none.
    """

    def __init__(self, write: Callable[[list[Line]], None], preflights: bool = False) -> None:
        self._write = write
        self._lines: list[Line] = []
        looks = (self.answer_preflight,) if preflights else ()
        self.request = (self.take_id, *looks, self.identify, self.look_for_conditions)
        self.response = (self.allow_origin, self.give_id)
        self.body = (self.compress,)
        self.complete = (self.record,)

    def take_id(self, request: Request) -> None:
        """Logging: the id that was sent."""
        for name, value in request.scope["headers"]:
            if name == b"x-request-id":
                request.scope["id"] = value
                return

    def identify(self, request: Request) -> None:
        """Auth: the caller of a token."""
        for name, value in request.scope["headers"]:
            if name == b"authorization":
                request.scope["user"] = KNOWN.get(value[7:])
                return

    def look_for_conditions(self, request: Request) -> None:
        """Gzip: whether a request is conditional."""
        for name, _ in request.scope["headers"]:
            if name == b"if-none-match":
                raise NotImplementedError

    def answer_preflight(self, request: Request) -> None:
        """CORS: whether it is a preflight."""
        if request.scope["method"] == "OPTIONS":
            raise NotImplementedError

    def allow_origin(self, request: Request, response: Any) -> None:
        """CORS: the headers for an origin."""
        allowed = VARY
        for name, value in request.scope["headers"]:
            if name == b"origin":
                allowed = ORIGINS.get(value, VARY)
                break
        response.headers.extend(allowed)

    def give_id(self, request: Request, response: Any) -> None:
        """Logging: the id as a header."""
        response.headers.append((b"x-request-id", request.scope["id"]))

    def compress(self, request: Request, response: Any) -> None:
        """Gzip: whether the body is too small."""
        for name, value in response.headers:
            if name == b"content-length":
                if int(value) >= MINIMUM_SIZE:
                    raise NotImplementedError
                return

    def record(self, request: Request, outcome: Outcome) -> None:
        """Logging: what a line is made of."""
        scope = request.scope
        lines = self._lines
        lines.append(
            (scope["method"], scope["path"], outcome.status_code, outcome.bytes_out, outcome.duration, scope["id"])
        )
        if len(lines) == BATCH:
            self._write(lines)
            lines.clear()


def least_framework_with_four() -> App:  # noqa: C901  in one function on purpose
    """`least_framework_with_hooks` with the jobs of the four in its hooks."""
    four = Four(write_lines)

    async def endpoint(request: Request) -> Response:
        return Response(PLAIN)

    table: dict[str, Callable[[Request], Any]] = {"/": endpoint}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        started = perf_counter()
        request = Request(scope, receive)
        for hook in four.request:
            if hook(request) is not None:
                return
        response = await table[scope["path"]](request)
        response.kept = (response.status, response.headers.copy(), response.body)
        for change in four.response:
            if change(request, response) is not None:
                return
        for change in four.body:
            if change(request, response) is not None:
                return
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        first = perf_counter() - started
        await send({"type": "http.response.body", "body": response.body})
        size, took = len(response.body), perf_counter() - started
        outcome = Outcome(None, "sent", response.status, None, None, 0, size, started, first, took)
        for tell in four.complete:
            if tell(request, outcome) is not None:
                raise TypeError

    return app


class Head:
    """The start of an application's answer, as hooks see it."""

    __slots__ = ("headers", "status")

    def __init__(self, status: int, headers: Any) -> None:
        self.status = status
        self.headers = list(headers)


def least_wrapper_with_four(app: App) -> App:  # noqa: C901  as above
    """Likewise around an application, which has a scope of its own; lines are left to somebody else."""
    four = Four(lambda lines: None, preflights=True)

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:  # noqa: C901
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = perf_counter()
        request = Request(scope, receive)
        for hook in four.request:
            if hook(request) is not None:
                return
        status, size, first = 0, 0, None

        async def watch(message: Any) -> None:
            nonlocal status, size, first
            if message["type"] == "http.response.start":
                head = Head(message["status"], message["headers"])
                for change in four.response:
                    if change(request, head) is not None:
                        return
                for change in four.body:
                    if change(request, head) is not None:
                        return
                status = head.status
                await send({**message, "status": status, "headers": head.headers})
                first = perf_counter() - started
            else:
                await send(message)
                size += len(message.get("body", b""))

        await app(dict(scope), receive, watch)
        took = perf_counter() - started
        outcome = Outcome(None, "sent", status, None, None, 0, size, started, first, took)
        for tell in four.complete:
            if tell(request, outcome) is not None:
                raise TypeError

    return wrapper
