"""Every way in which a request can end, as one application, and plugins that write down what they were told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.background import BackgroundTask
from pegboard.exceptions import HTTPException
from pegboard.filters import BodyFilter
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Mount, Route
from pegboard.types import Receive, Scope, Send

Entry = tuple[str, str, Any]
"""Hook, plugin, and what the hook was told."""


class Journal(list[Entry]):
    """What all plugins of one board were told, in order."""

    def of(self, hook: str) -> list[tuple[str, Any]]:
        return [(plugin, told) for each, plugin, told in self if each == hook]

    def who(self, hook: str) -> list[str]:
        return [plugin for plugin, _ in self.of(hook)]


class Noted(BodyFilter):
    """Passes everything on, and writes down its end."""

    def __init__(self, journal: Journal, name: str) -> None:
        self.journal = journal
        self.name = name
        journal.append(("opened", name, self))

    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk

    def close(self) -> None:
        self.journal.append(("closed", self.name, self))


class Recorder(Plugin):
    """Writes down every hook; its asynchronous twin is `AsyncRecorder`."""

    def __init__(self, name: str, phase: Any, journal: Journal, filtered: bool = False) -> None:
        super().__init__()
        self.name, self.phase, self.journal, self.filtered = name, phase, journal, filtered

    def note(self, hook: str, told: Any = None) -> None:
        self.journal.append((hook, self.name, told))

    @hookimpl
    def rewrite(self, scope: Scope) -> None:
        self.note("rewrite")

    @hookimpl
    def body(self, request: Request, response: Any) -> BodyFilter | None:
        self.note("body", response.status_code)
        return Noted(self.journal, self.name) if self.filtered else None


class SyncRecorder(Recorder):
    @hookimpl
    def request(self, request: Request) -> None:
        self.note("request")

    @hookimpl
    def error(self, request: Request, exc: Exception) -> None:
        self.note("error", exc)

    @hookimpl
    def response(self, request: Request, response: Any) -> None:
        self.note("response", response.status_code)

    @hookimpl
    def complete(self, request: Request, outcome: Any) -> None:
        self.note("complete", outcome)


class AsyncRecorder(Recorder):
    @hookimpl
    async def request(self, request: Request) -> None:
        await anyio.lowlevel.checkpoint()
        self.note("request")

    @hookimpl
    async def error(self, request: Request, exc: Exception) -> None:
        await anyio.lowlevel.checkpoint()
        self.note("error", exc)

    @hookimpl
    async def response(self, request: Request, response: Any) -> None:
        await anyio.lowlevel.checkpoint()
        self.note("response", response.status_code)

    @hookimpl
    async def complete(self, request: Request, outcome: Any) -> None:
        await anyio.lowlevel.checkpoint()
        self.note("complete", outcome)


RECORDERS: dict[str, type[Recorder]] = {"sync": SyncRecorder, "async": AsyncRecorder}

Act = Callable[[], Any]


def culprit(hook: str, act: Act, kind: str) -> Plugin:
    """A plugin between the recorders whose ``hook`` does ``act``, synchronous or not."""

    def sync(self: Any) -> Any:
        return act()

    async def asynchronous(self: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        return act()

    function = sync if kind == "sync" or hook in ("rewrite", "body") else asynchronous
    cls = type("Culprit", (Plugin,), {"name": "culprit", "phase": "identify", hook: hookimpl(specname=hook)(function)})
    plugin: Plugin = cls()
    return plugin


class Fails(Response):
    """Raises before it has started."""

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("the response failed")


class PathSend(Response):
    """Leaves a file to the server."""

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(self.start_message())
        await send({"type": "http.response.pathsend", "path": str(FILE)})


FILE = Path(__file__)
FILE_SIZE = FILE.stat().st_size


def raising(exc: Callable[[], BaseException]) -> Act:
    """Something that raises a new exception each time."""

    def act() -> None:
        raise exc()

    return act


# Endpoints


async def plain(request: Request) -> str:
    return "hello"


def in_thread(request: Request) -> str:
    return "hello"


async def reads(request: Request) -> bytes:
    return await request.body()


async def boom(request: Request) -> None:
    raise ValueError("the endpoint failed")


async def gone_file(request: Request) -> None:
    raise FileNotFoundError("the endpoint has lost its file")


async def teapot(request: Request) -> None:
    raise HTTPException(418)


async def empty(request: Request) -> None:
    return None


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            await anyio.lowlevel.checkpoint()
            yield piece

    return StreamingResponse(pieces())


async def sync_stream(request: Request) -> StreamingResponse:
    return StreamingResponse(iter([b"a", b"b", b"c"]))


async def midway(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        raise ValueError("the stream failed")

    return StreamingResponse(pieces())


async def endless(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            await anyio.lowlevel.checkpoint()
            yield b"a"

    return StreamingResponse(pieces())


async def silent(request: Request) -> StreamingResponse:
    """Sends one piece; then the client leaves while nothing is sent."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        request.scope["test.wire"].leave()
        await anyio.sleep_forever()

    return StreamingResponse(pieces())


async def fails(request: Request) -> Fails:
    return Fails(b"never")


async def path_send(request: Request) -> PathSend:
    return PathSend(headers={"content-length": str(FILE_SIZE)})


async def wait(request: Request) -> None:
    request.scope["test.cancel"]()
    await anyio.sleep_forever()


async def waiting_stream(request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        request.scope["test.cancel"]()
        await anyio.sleep_forever()

    return StreamingResponse(pieces())


async def task(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello", background=BackgroundTask(anyio.lowlevel.checkpoint))


async def bad_task(request: Request) -> PlainTextResponse:
    async def fail() -> None:
        raise ValueError("the task failed")

    return PlainTextResponse("hello", background=BackgroundTask(fail))


# A foreign application: below /foreign, the last segment says what it does.


async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [[b"Content-Type", b"text/plain"]]}
    act = scope["path"].rpartition("/")[2]
    if act == "fails":
        raise ValueError("the application failed")
    if act == "returns":
        return
    if act == "echo":
        await _echo(start, receive, send)
        return
    await send(start)
    if act == "waits":
        scope["test.cancel"]()
        await anyio.sleep_forever()
    if act in ("whole", "late"):
        await send({"type": "http.response.body", "body": b"hello"})
        if act == "late":
            await send({"type": "http.response.body", "body": b"more"})
        return
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    if act == "midway":
        raise ValueError("the application failed")
    if act == "half":
        return
    await send({"type": "http.response.body", "body": b"bc", "more_body": True})
    await send({"type": "http.response.body"})


async def _echo(start: Any, receive: Receive, send: Send) -> None:
    """Answers with what it gets, and with 500 to whatever goes wrong, as other toolkits do."""
    body = b""
    try:
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
    except Exception:
        await send({**start, "status": 500})
        await send({"type": "http.response.body", "body": b"foreign error"})
        raise
    if message["type"] == "http.disconnect":
        return
    await send(start)
    await send({"type": "http.response.body", "body": body})


ENDPOINTS: tuple[Any, ...] = (
    plain,
    in_thread,
    boom,
    gone_file,
    teapot,
    empty,
    stream,
    sync_stream,
    midway,
    endless,
    silent,
    fails,
    path_send,
    wait,
    waiting_stream,
    task,
    bad_task,
)


def board_of(*plugins: Plugin, **options: Any) -> Pegboard:
    """The application, with these plugins and no others."""
    return Pegboard(
        routes=[
            *(Route(f"/{endpoint.__name__}", endpoint) for endpoint in ENDPOINTS),
            Route("/reads", reads, methods=["POST"], max_body_size=10),
            Route("/slash/", plain),
            Mount("/foreign", app=foreign, max_body_size=10),
            Mount("/board", app=Pegboard(routes=[Route("/plain", plain), Route("/boom", boom)], plugins=[])),
        ],
        plugins=list(plugins),
        **options,
    )
