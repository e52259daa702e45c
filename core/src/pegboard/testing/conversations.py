"""One conversation with an ASGI application, seen from the server's side, with faults on demand.

There is no network, no thread and no HTTP library here, and no waiting for the clock but by a slow client, and until an
application that hangs is given up. What the application sends and raises is kept; a test looks at it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio import CancelScope, Event, move_on_after
from anyio.lowlevel import checkpoint

from pegboard.testing.faults import NO_FAULTS, Faults
from pegboard.testing.scopes import Headers, http_scope, websocket_scope
from pegboard.types import ASGIApp, Message, RawHeaders, Scope

__all__ = ["Conversation", "converse", "converse_websocket"]

LIMIT = 10.0
"""Seconds that an application may take for one conversation; by a `VirtualClock`, they may pass in no time."""

_ENDS = frozenset(
    (
        "http.response.body",
        "http.response.zerocopysend",
        "http.response.pathsend",
        "websocket.http.response.body",
    )
)


@dataclass
class Conversation:
    """What a server saw of one connection.

    - ``messages``: what was sent and arrived, in order.
    - ``raised``: the exception that the application left to the server. ``cancelled``: whether it was stopped.
    - ``leaked``: names of the tasks that it left running.
    """

    scope: Scope
    messages: list[Message] = field(default_factory=list)
    raised: BaseException | None = None
    cancelled: bool = False
    leaked: list[str] = field(default_factory=list)

    @property
    def start(self) -> Message | None:
        """The message that began a response, or the denial of a WebSocket."""
        return next((each for each in self.messages if each["type"].endswith("http.response.start")), None)

    @property
    def status(self) -> int:
        """The status of the response, 0 when none was begun."""
        return 0 if self.start is None else int(self.start["status"])

    @property
    def headers(self) -> RawHeaders:
        """The headers of the response, as they travelled."""
        return [] if self.start is None else list(self.start.get("headers", ()))

    def header(self, name: str) -> str | None:
        """The value of one header of the response; several are joined by a comma, None when there is none."""
        values = [value.decode("latin-1") for key, value in self.headers if key == name.lower().encode("latin-1")]
        return ", ".join(values) if values else None

    @property
    def body(self) -> bytes:
        """The body that was sent, without what the server itself reads from files."""
        return b"".join(each.get("body", b"") for each in self.messages)

    @property
    def types(self) -> list[str]:
        """The types of the messages."""
        return [str(each["type"]) for each in self.messages]

    @property
    def is_complete(self) -> bool:
        """Whether the last byte of the response went out."""
        return any(each["type"] in _ENDS and not each.get("more_body", False) for each in self.messages)


async def converse(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    *,
    headers: Headers = (),
    chunks: Sequence[bytes] = (b"",),
    faults: Faults = NO_FAULTS,
    extensions: Sequence[str] = (),
    limit: float | None = LIMIT,
    **scope: Any,
) -> Conversation:
    """Send one request in pieces, and give what became of it.

    ``path`` may carry a query. ``extensions`` are names of ASGI extensions that the server offers; further keyword
    arguments are put into the scope. Raises TimeoutError when the application has not ended after ``limit`` seconds.
    """
    more = [faults.incomplete] * len(chunks) if faults.incomplete else [True] * (len(chunks) - 1) + [False]
    incoming = [
        {"type": "http.request", "body": chunk, "more_body": follows}
        for chunk, follows in zip(chunks, more, strict=True)
    ]
    asked = http_scope(path, method, headers, extensions, scope)
    return await _hold(app, asked, incoming, {"type": "http.disconnect"}, faults, limit)


async def converse_websocket(
    app: ASGIApp,
    path: str = "/ws",
    incoming: Sequence[str | bytes] = (),
    *,
    code: int = 1000,
    headers: Headers = (),
    subprotocols: Sequence[str] = (),
    faults: Faults = NO_FAULTS,
    extensions: Sequence[str] = (),
    limit: float | None = LIMIT,
    **scope: Any,
) -> Conversation:
    """Open a WebSocket, send ``incoming``, and leave with ``code`` when the application has received it all.

    Raises TimeoutError when the application has not ended after ``limit`` seconds.
    """
    messages: list[Message] = [{"type": "websocket.connect"}]
    messages += [
        {"type": "websocket.receive", "text": each}
        if isinstance(each, str)
        else {"type": "websocket.receive", "bytes": each}
        for each in incoming
    ]
    asked = websocket_scope(path, headers, subprotocols, extensions, scope)
    last: Message = {"type": "websocket.disconnect", "code": code, "reason": ""}
    return await _hold(app, asked, messages, last, faults, limit, leaves_when_received=True)


async def _hold(
    app: ASGIApp,
    scope: Scope,
    incoming: Sequence[Message],
    last: Message,
    faults: Faults,
    limit: float | None,
    leaves_when_received: bool = False,
) -> Conversation:
    conversation = Conversation(scope)
    before = {task.id for task in anyio.get_running_tasks()}
    with move_on_after(limit) as patience, CancelScope() as cancel:
        wire = _Wire(conversation, list(incoming), last, faults, cancel.cancel)
        wire.leaves_when_received = leaves_when_received
        try:
            await app(scope, wire.receive, wire.send)
        except Exception as error:  # noqa: BLE001  whatever is raised is what is asked for
            conversation.raised = error
    if patience.cancelled_caught:
        raise TimeoutError(f"the application has not ended after {limit:g} seconds, having sent {conversation.types}")
    conversation.cancelled = cancel.cancelled_caught
    conversation.leaked = [str(task.name) for task in anyio.get_running_tasks() if task.id not in before]
    return conversation


class _Wire:
    """The server's ends of one connection."""

    def __init__(
        self,
        conversation: Conversation,
        incoming: list[Message],
        last: Message,
        faults: Faults,
        cancel: Callable[[], None],
    ) -> None:
        self.conversation = conversation
        self.incoming = incoming
        self.last = last
        self.faults = faults
        self.cancel = cancel
        self.leaves_when_received = False
        self.tries = 0
        self.left = Event()
        if faults.leave_after == 0:
            self.left.set()

    async def receive(self) -> Message:
        """Give the next message, and the disconnect once the client has left or the conversation is over."""
        await checkpoint()
        if self.incoming:
            return self.incoming.pop(0)
        if self.faults.cancel_at == 0:
            self.cancel()
        if self.leaves_when_received:
            self.left.set()
        await self.left.wait()
        return self.last

    async def send(self, message: Message) -> None:
        """Take a message, unless the faults say otherwise."""
        self.tries += 1
        if self.tries == self.faults.cancel_at:
            self.cancel()
        if self.faults.pace:
            await anyio.sleep(self.faults.pace)
        await checkpoint()
        if self.faults.fail_send is not None and self.tries >= self.faults.fail_send:
            raise self.faults.error()
        if self.left.is_set() and not self.conversation.is_complete:
            if self.faults.polite:
                return
            raise BrokenPipeError("the client has left")
        self.conversation.messages.append(_kept(message))
        if len(self.conversation.messages) == self.faults.leave_after or self.conversation.is_complete:
            self.left.set()


def _kept(message: Message) -> Message:
    """A copy: what the application does with its message later is not what arrived."""
    copy = dict(message)
    if "headers" in copy:
        copy["headers"] = list(copy["headers"])
    return copy
