"""The server's side of ASGI conversations, explicit enough to be early, late, rude or gone.

Nothing here waits for the clock. What an application sends is judged by `faults`, the rules of ASGI 3 as a server has
them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
from anyio import CancelScope, Event

from pegboard.types import ASGIApp, Message, Scope

Headers = Sequence[tuple[bytes, bytes]]


class Wire:
    """One HTTP request as its server sees it.

    ``chunks`` are the pieces of the request's body; ``incomplete`` says that they are not all of it. The client leaves
    when `leave` is called, or by itself once ``leave_after`` messages were sent; from then on sending raises OSError,
    or is without effect when the server is ``polite``.
    """

    def __init__(
        self,
        chunks: Sequence[bytes] = (b"",),
        *,
        incomplete: bool = False,
        leave_after: int | None = None,
        polite: bool = False,
    ) -> None:
        last = len(chunks) - 1
        self.pending: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": incomplete or index < last}
            for index, chunk in enumerate(chunks)
        ]
        self.sent: list[Message] = []
        self.leave_after = leave_after
        self.polite = polite
        self.received = 0
        self._left = Event()
        self._arrived = Event()
        self._waiting = False
        if leave_after == 0:
            self.leave()

    def leave(self) -> None:
        """The client closes the connection."""
        self._left.set()
        self._arrived.set()

    def arrive(self, chunk: bytes, more: bool) -> None:
        """One more piece of the body."""
        self.pending.append({"type": "http.request", "body": chunk, "more_body": more})
        self._arrived.set()

    async def receive(self) -> Message:
        assert not self._waiting, "two callers wait on one `receive`"
        self.received += 1
        while not self.pending:
            if self._left.is_set():
                return {"type": "http.disconnect"}
            self._waiting = True
            self._arrived = Event()
            try:
                await self._arrived.wait()
            finally:
                self._waiting = False
        return self.pending.pop(0)

    async def send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        if self._left.is_set():
            if self.polite:
                return
            raise BrokenPipeError("the client has left")
        self.sent.append({**message, "headers": list(message["headers"])} if "headers" in message else dict(message))
        if len(self.sent) == self.leave_after:
            self.leave()


@dataclass
class Seen:
    """What a server saw of one request."""

    wire: Wire
    method: str
    raised: BaseException | None = None
    cancelled: bool = False
    leaked: list[str] = field(default_factory=list)

    @property
    def start(self) -> Message | None:
        return next((message for message in self.wire.sent if message["type"] == "http.response.start"), None)

    @property
    def status(self) -> int:
        return 0 if self.start is None else self.start["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return {} if self.start is None else dict(self.start["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(bytes(message.get("body", b"")) for message in self.wire.sent)

    @property
    def types(self) -> list[str]:
        return [message["type"].rpartition(".")[2] for message in self.wire.sent]

    @property
    def is_complete(self) -> bool:
        return any(_ends(message) for message in self.wire.sent)

    @property
    def faults(self) -> list[str]:
        return list(faults(self.wire.sent, self.method))


def scope_of(
    path: str = "/", method: str = "GET", headers: Headers = (), extensions: Sequence[str] = (), **more: Any
) -> Scope:
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("192.0.2.1", 50000),
        "server": ("testserver", 80),
        "extensions": {name: {} for name in extensions},
        **more,
    }


async def ask(
    app: ASGIApp, path: str = "/", method: str = "GET", wire: Wire | None = None, body: bytes = b"", **scope: Any
) -> Seen:
    """Serve one request with ``app``; what it raises is kept. ``scope["test.cancel"]()`` cancels it."""
    wire = wire or Wire([body])
    seen = Seen(wire, method)
    before = {task.id for task in anyio.get_running_tasks()}
    with CancelScope() as cancel:
        try:
            asked = scope_of(path, method, **scope)
            asked.update({"test.cancel": cancel.cancel, "test.wire": wire})
            await app(asked, wire.receive, wire.send)
        except Exception as exc:  # noqa: BLE001  whatever the application raises is what is asked for
            seen.raised = exc
    seen.cancelled = cancel.cancelled_caught
    seen.leaked = [str(task.name) for task in anyio.get_running_tasks() if task.id not in before]
    return seen


def faults(messages: Sequence[Message], method: str = "GET") -> Iterator[str]:
    """What is wrong with the messages of one response, as a server sees it (ASGI 3, HTTP; RFC 9110)."""
    stage, length, size, status = "before", None, 0, 0
    for message in messages:
        kind = message["type"]
        if kind in ("http.response.early_hint", "http.response.push"):
            if stage != "before":
                yield f"{kind} after the start"
        elif kind == "http.response.start":
            if stage != "before":
                yield "two starts"
            stage, status = "open", message["status"]
            yield from _head_faults(message)
            length = dict(message["headers"]).get(b"content-length")
        elif kind == "http.response.trailers":
            if stage != "done":
                yield "trailers before the end of the body"
        else:
            if stage != "open":
                yield f"{kind} {stage}"
            size += len(message.get("body", b""))
            if not isinstance(message.get("body", b""), bytes | bytearray | memoryview):
                yield "a body that is no bytes"
            stage = "done" if _ends(message) else stage
    yield from _body_faults(messages, stage, length, size, status, method)


def _head_faults(message: Message) -> Iterator[str]:
    if not isinstance(message["status"], int) or not 200 <= message["status"] < 600:
        yield f"status {message['status']!r}"
    names = [name for name, _ in message["headers"]]
    for name, value in message["headers"]:
        if not isinstance(name, bytes) or not isinstance(value, bytes) or name != name.lower():
            yield f"header {name!r}: {value!r}"
    if names.count(b"content-length") > 1:
        yield "two lengths"
    if message["status"] == 204 and b"content-length" in names:
        yield "a length in a 204"


def _body_faults(
    messages: Sequence[Message], stage: str, length: bytes | None, size: int, status: int, method: str
) -> Iterator[str]:
    if size and (method == "HEAD" or status in (204, 304)):
        yield f"{size} bytes of content in the answer to {method} with {status}"
    by_server = any(message["type"].endswith(("pathsend", "zerocopysend")) for message in messages)
    if by_server or stage != "done" or length is None or method == "HEAD" or status == 304:
        return
    if size != int(length):
        yield f"{size} bytes of content, announced were {length!r}"


def _ends(message: Message) -> bool:
    kind = message["type"]
    return kind == "http.response.pathsend" or (
        kind in ("http.response.body", "http.response.zerocopysend") and not message.get("more_body", False)
    )


class Socket:
    """One WebSocket as its server sees it; ``incoming`` are the client's messages after the handshake.

    The client leaves with ``code`` when they are all received.
    """

    def __init__(self, incoming: Sequence[Message | str | bytes] = (), code: int | None = 1000) -> None:
        self.incoming: list[Message] = [{"type": "websocket.connect"}, *map(_incoming, incoming)]
        if code is not None:
            self.incoming.append({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.sent: list[Message] = []
        self.raised: BaseException | None = None
        self.cancelled = False
        self.gone = False

    async def receive(self) -> Message:
        await anyio.lowlevel.checkpoint()
        if not self.incoming:
            await anyio.sleep_forever()
        message = self.incoming.pop(0)
        self.gone = self.gone or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        if self.gone:
            raise BrokenPipeError("the client has left")
        self.sent.append(message)

    @property
    def types(self) -> list[str]:
        return [message["type"].removeprefix("websocket.") for message in self.sent]

    async def open(self, app: ASGIApp, path: str = "/", extensions: Sequence[str] = (), **scope: Any) -> Socket:
        """Serve this WebSocket with ``app``; what it raises is kept."""
        asked = scope_of(path, extensions=extensions, **scope)
        del asked["method"]
        asked.update({"type": "websocket", "scheme": "ws", "subprotocols": []})
        with CancelScope() as cancel:
            asked["test.cancel"] = cancel.cancel
            try:
                await app(asked, self.receive, self.send)
            except Exception as exc:  # noqa: BLE001  whatever the application raises is what is asked for
                self.raised = exc
        self.cancelled = cancel.cancelled_caught
        return self


def _incoming(message: Message | str | bytes) -> Message:
    if isinstance(message, str):
        return {"type": "websocket.receive", "text": message}
    if isinstance(message, bytes):
        return {"type": "websocket.receive", "bytes": message}
    return message


class Lifespan:
    """One life of an application as its server leads it; ``during`` runs between start-up and shutdown."""

    def __init__(self, state: dict[str, Any] | None = None, offers_state: bool = True) -> None:
        self.state: dict[str, Any] = {} if state is None else state
        self.offers_state = offers_state
        self.sent: list[Message] = []
        self._asked = False
        self._during: Callable[[], Any] | None = None

    async def run(self, app: ASGIApp, during: Callable[[], Any] | None = None) -> Lifespan:
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        if self.offers_state:
            scope["state"] = self.state
        self._during = during
        await app(scope, self._receive, self._send)
        return self

    @property
    def types(self) -> list[str]:
        return [message["type"].removeprefix("lifespan.") for message in self.sent]

    @property
    def message(self) -> str:
        """What the server was told about a failure."""
        return "\n".join(message.get("message", "") for message in self.sent)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        if self._during is not None:
            during, self._during = self._during, None
            await during()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        self.sent.append(message)


@contextmanager
def no_collector() -> Iterator[None]:
    """Nothing but counted references frees objects here."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
