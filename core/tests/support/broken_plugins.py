"""Plugins that break the contract, each in one way, and one that keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, ClassVar

import anyio
import anyio.lowlevel
from msgspec import Meta

from pegboard import BodyFilter, Plugin, Settings, hookimpl
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse
from pegboard.types import ASGIApp, Message, Receive, Scope, Send


class KeptSettings(Settings, frozen=True, kw_only=True):
    """Settings as they should be."""

    value: Annotated[str, Meta(description="The header's value")] = "1"


class Keeps(Plugin[KeptSettings]):
    """Keeps the contract."""

    name = "subject"
    Settings = KeptSettings

    @hookimpl
    def response(self, response: Head) -> None:
        response.headers["x-kept"] = self.settings.value


class Bare(Plugin):
    name = "subject"


class FailsAtTheEnd(Bare):
    @hookimpl
    def complete(self, outcome: Any) -> None:
        raise ValueError("at the end")

    @hookimpl
    def websocket_complete(self, outcome: Any) -> None:
        raise ValueError("at the end")


class Refuses(Bare):
    @hookimpl
    def request(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("no", 403)


class BadName(Bare):
    name = "two words"


Wrapper = Callable[[ASGIApp, Scope, Receive, Send], Any]


def wrapping(wrapper: Wrapper) -> type[Plugin]:
    """A plugin that wraps the board."""

    class Wraps(Bare):
        @hookimpl
        def asgi(self, app: ASGIApp) -> ASGIApp:
            async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
                await wrapper(app, scope, receive, send)

            return wrapped

    return Wraps


def sending(change: Callable[[Message], Message | None]) -> type[Plugin]:
    """A plugin that changes, or with None swallows, what is sent."""

    async def wrapper(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def changed(message: Message) -> None:
            other = change(dict(message))
            if other is not None:
                await send(other)

        await app(scope, receive, changed)

    return wrapping(wrapper)


def _shout(message: Message) -> Message:
    return {**message, "body": message["body"].upper()} if "body" in message else message


def _capitals(message: Message) -> Message:
    return {**message, "headers": [(b"X-Loud", b"1")]} if "headers" in message else message


def _teapot(message: Message) -> Message:
    return {**message, "status": 418} if "status" in message else message


def _without_cookies(message: Message) -> Message:
    headers = [pair for pair in message.get("headers", ()) if pair[0] != b"set-cookie"]
    return {**message, "headers": headers} if "headers" in message else message


async def _swallow_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    with contextlib.suppress(Exception):
        await app(scope, receive, send)


async def _swallow_cancellation(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await app(scope, receive, send)


async def _buffer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    await app(scope, receive, keep)
    for message in sent:
        await send(message)


async def _merge(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    bodies: list[bytes] = []

    async def merged(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        bodies.append(message.get("body", b""))
        if not message.get("more_body"):
            await send({"type": "http.response.body", "body": b"".join(bodies)})

    await app(scope, receive, merged)


async def _twice(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(dict(scope), receive, send)
    if scope["type"] == "http":

        async def nowhere(message: Message) -> None:
            pass

        await app(dict(scope), receive, nowhere)


async def _silent(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await app(scope, receive, send)


async def _always_up(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "lifespan":
        await app(scope, receive, send)
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _other_path(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, "query_string": b""} if scope["type"] == "http" else scope, receive, send)


async def _no_extensions(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, "extensions": {}} if scope["type"] == "http" else scope, receive, send)


async def _one_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def loud() -> Message:
        message = dict(await receive())
        return {**message, "body": message["body"].upper()} if message.get("body") else message

    await app(scope, loud, send)


class BadFilter(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk

    def close(self) -> None:
        raise ValueError("cannot close")


class FilterFailsToClose(Bare):
    @hookimpl
    def body(self) -> BodyFilter:
        return BadFilter()


class LivesOnce(Bare):
    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        if hasattr(self, "lived"):
            raise RuntimeError("a second life")
        self.lived = True
        yield


class Blocks(Bare):
    @hookimpl
    def request(self) -> None:
        time.sleep(0.0001)


class BlocksAtTheHead(Bare):
    @hookimpl
    async def response(self) -> None:
        time.sleep(0.0001)  # noqa: ASYNC251  that is what is wrong


class BlocksAndHidesIt(Bare):
    @hookimpl
    def request(self) -> None:
        with contextlib.suppress(Exception):
            time.sleep(0.0001)


class KeepsRequests(Bare):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []

    @hookimpl
    def request(self, request: Request) -> None:
        self.kept.append(request)


class KeepsTasks(KeepsRequests):
    @hookimpl
    def request(self, request: Request) -> None:
        self.kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(60)))


class KeepsContexts(KeepsRequests):
    @hookimpl
    def request(self, request: Request) -> None:
        self.kept.append(asyncio.get_running_loop().call_later(60, lambda: None))


class KeepsFiles(KeepsRequests):
    @hookimpl
    def request(self, request: Request) -> None:
        OPENED.append(os.open(os.devnull, os.O_RDONLY))


class KeepsThreads(KeepsRequests):
    @hookimpl
    def request(self, request: Request) -> None:
        threading.Thread(target=RELEASED.wait, daemon=True).start()


RELEASED = threading.Event()
"""Set at the end of a test, for threads to end."""

OPENED: list[int] = []
"""Descriptors that were left open, for a test to close."""


class LeavesThread(Bare):
    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        threading.Thread(target=RELEASED.wait, name="left", daemon=True).start()
        yield


class LeavesFile(Bare):
    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        OPENED.append(os.open(os.devnull, os.O_RDONLY))
        yield


class LeavesTask(Bare):
    tasks: ClassVar[list[Any]] = []

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(asyncio.sleep(60), name="left"))
        yield


class HidesItsSettings(Bare):
    @property
    def given_settings(self) -> Any:
        raise ValueError("not yours")

    @given_settings.setter
    def given_settings(self, given: Any) -> None:
        pass


class LooseSettings(Settings, frozen=True, kw_only=True):
    value: Annotated[Any, Meta(description="Whatever")] = ""


class TakesAnything(Plugin[LooseSettings]):
    name = "subject"
    Settings = LooseSettings


class SilentSettings(Settings, frozen=True, kw_only=True):
    value: str = ""


class ExplainsNothing(Plugin[SilentSettings]):
    name = "subject"
    Settings = SilentSettings


class Untyped(Bare):
    @hookimpl
    def response(self, response):  # type: ignore[no-untyped-def]
        response.headers["x-kept"] = "1"


class FailsAtTheHead(Bare):
    @hookimpl
    def response(self) -> None:
        raise ValueError("at the head")


class Expensive(Bare):
    @hookimpl
    def request(self) -> None:
        for number in range(100):
            abs(number)


async def _hang(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await anyio.sleep_forever()
    await app(scope, receive, send)


SHOUTS = sending(_shout)
CAPITALS = sending(_capitals)
TEAPOT = sending(_teapot)
NO_COOKIES = sending(_without_cookies)
SWALLOWS_ERRORS = wrapping(_swallow_errors)
SWALLOWS_CANCELLATION = wrapping(_swallow_cancellation)
BUFFERS = wrapping(_buffer)
MERGES = wrapping(_merge)
ASKS_TWICE = wrapping(_twice)
SILENT = wrapping(_silent)
ALWAYS_UP = wrapping(_always_up)
OTHER_QUERY = wrapping(_other_path)
NO_EXTENSIONS = wrapping(_no_extensions)
LOUD_REQUESTS = wrapping(_one_body)
HANGS = wrapping(_hang)
