"""The server's side of a call: scopes, channels, lifespans, and what an application answered.

Scopes have the shape and the keys that uvicorn gives, headers included, and are made anew for each call, texts and
bytes too: what a server has just parsed has no hash yet, and is the same object as no constant of an application. A
client sends its body in one message, or in pieces where the case says so, and stays until the answer is complete;
whoever waits for it to leave is woken then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "App", "Ask", "Client", "Peer", "Socket", "ask_once", "running"]

Message = dict[str, Any]
App = Callable[..., Awaitable[Any]]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

COMMON_HEADERS = (
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"application/json, text/plain;q=0.9, */*;q=0.8"),
    (b"accept-language", b"en-GB,en;q=0.7"),
    (b"connection", b"keep-alive"),
)
"""What every request carries: a middle-sized client, neither a bare load generator nor a browser with ten cookies."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``texts`` makes it a WebSocket that sends so many messages of 64 bytes.

    The body comes in one message, or in messages of ``piece`` bytes.
    """

    path: str = "/"
    method: str = "GET"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    texts: int = 0
    piece: int = 0

    def scope(self, state: dict[str, Any]) -> dict[str, Any]:
        """A scope of its own for one call."""
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "root_path": "",
            "headers": [(fresh(name), fresh(value)) for name, value in (*COMMON_HEADERS, *self.headers)],
            "state": state.copy(),
            "method": self.method.encode().decode(),
            "path": self.path.encode().decode(),
            "raw_path": self.path.encode(),
            "query_string": fresh(self.query),
        }
        if self.texts:
            del scope["method"]
            scope.update(type="websocket", scheme="ws", subprotocols=[], extensions={"websocket.http.response": {}})
        return scope

    def channels(self) -> tuple[Receive, Send]:
        """``receive`` and ``send`` of their own for one call."""
        if self.texts:
            socket = Socket(self.texts)
            return socket.receive, socket.send
        client = Uploader(self.body, self.piece) if self.piece else Client(self.body)
        return client.receive, client.send


def fresh(value: bytes) -> bytes:
    """An equal object of its own."""
    return bytes(memoryview(value))


class Client:
    """Sends a request's body, and stays until the answer is complete."""

    __slots__ = ("_body", "_complete", "_given", "_waiting")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._given = False
        self._complete = False
        self._waiting: asyncio.Future[None] | None = None

    async def receive(self) -> Message:
        """The next message of this client."""
        if not self._given:
            self._given = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        if not self._complete:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message of the answer; the last one wakes whoever waits, as a server does."""
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(None)


class Uploader(Client):
    """Sends a request's body in pieces, as fast as they are taken."""

    __slots__ = ("_offset", "_piece")

    def __init__(self, body: bytes, piece: int) -> None:
        super().__init__(body)
        self._piece = piece
        self._offset = 0

    async def receive(self) -> Message:
        """The next message of this client."""
        if self._given:
            return await super().receive()
        start = self._offset
        self._offset = end = start + self._piece
        more = end < len(self._body)
        self._given = not more
        return {"type": "http.request", "body": self._body[start:end], "more_body": more}


class Socket:
    """The client of a WebSocket: sends the next text when it has heard the last one, and closes in the end."""

    __slots__ = ("_heard", "_said", "_texts", "_waiting")

    def __init__(self, texts: int) -> None:
        self._texts = texts
        self._said = -1
        self._heard = -1
        self._waiting: asyncio.Future[None] | None = None

    async def receive(self) -> Message:
        """The next message of this client."""
        said = self._said
        if self._heard < said:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._said = said + 1
        if said < 0:
            return {"type": "websocket.connect"}
        if said < self._texts:
            return {"type": "websocket.receive", "text": TEXT, "bytes": None}
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def send(self, message: Message) -> None:
        """Hear that the socket was accepted, or an echo."""
        self._heard += 1
        if self._waiting is not None:
            if not self._waiting.done():
                self._waiting.set_result(None)
            self._waiting = None


TEXT = "0123456789abcdef" * 4


@dataclass(slots=True)
class Answer:
    """What an application sent."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def ask_once(app: App, ask: Ask, state: dict[str, Any]) -> Answer:
    """Call an application once and gather what it sends; of a WebSocket the texts count as the body."""
    sent: list[Message] = []

    receive, heard = ask.channels()

    async def send(message: Message) -> None:
        sent.append(message)
        await heard(message)

    await app(ask.scope(state), receive, send)
    if ask.texts:
        texts = [message["text"] for message in sent if message["type"] == "websocket.send"]
        accepted = any(message["type"] == "websocket.accept" for message in sent)
        return Answer(101 if accepted else 0, {}, "".join(texts).encode())
    starts = [message for message in sent if message["type"] == "http.response.start"]
    if not starts:
        return Answer(0, {}, b"")
    headers = {bytes(name).lower(): bytes(value) for name, value in starts[0].get("headers", ())}
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(starts[0]["status"], headers, body)


@asynccontextmanager
async def running(app: App) -> AsyncIterator[dict[str, Any]]:
    """Run an application's lifespan around the block; gives the state for its scopes."""
    state: dict[str, Any] = {}
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    supported = await _step(task, inbox, outbox, "startup")
    try:
        yield state
    finally:
        if supported:
            await _step(task, inbox, outbox, "shutdown")
            await task


async def _step(
    task: asyncio.Future[Any], inbox: asyncio.Queue[Message], outbox: asyncio.Queue[Message], to: str
) -> bool:
    """Send one lifespan event. False when the application has no lifespan; RuntimeError when it refuses."""
    await inbox.put({"type": f"lifespan.{to}"})
    reply = asyncio.ensure_future(outbox.get())
    await asyncio.wait({task, reply}, return_when=asyncio.FIRST_COMPLETED)
    if not reply.done():
        # ASGI: an application that raises on the lifespan scope, or returns, does not support it.
        reply.cancel()
        await asyncio.wait({task})
        task.exception()
        return False
    if reply.result()["type"] == f"lifespan.{to}.failed":
        raise RuntimeError(f"lifespan {to} failed: {reply.result().get('message', 'without a message')}")
    return True


@dataclass(frozen=True, slots=True)
class Peer:
    """A framework as the benchmark knows it.

    ``apps`` makes an application for a case by the case's name; ``table`` makes one with many routes, each of which
    answers the index of its template in plain text. Templates are written ``/a/{name:int}``.
    """

    name: str
    distribution: str | None
    apps: dict[str, Callable[[], App]]
    table: Callable[[list[str]], App] | None = None
