"""Server-sent events (WHATWG HTML, section "Server-sent events"): a response that tells what happens, when it happens.

    async def prices(request):
        last = request.headers.get("last-event-id")

        async def events():
            async for number, price in feed(after=last):
                yield ServerSentEvent({"price": price}, id=number)

        return EventSourceResponse(events())

A client that lost the connection comes back by itself and sends the id of the last event that it got as
``Last-Event-ID``. One that should not come back is answered with 204.

Rules that must not move:

- One message is sent at a time, whether it is an event or a keep-alive.
- The iterator is closed on every path: at its end, when it fails, when the client leaves, when the server stops.
- Only LF, CR and CRLF end a line here; whatever else Unicode calls a line break is part of the text.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from anyio import CancelScope, Event, create_task_group, current_time, sleep_until
from anyio.abc import TaskGroup

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.headers import MutableHeaders
from pegboard.presence import cancel_on_disconnect
from pegboard.shutdown_signals import shutdown_event
from pegboard.streaming_responses import StreamingResponse
from pegboard.typed_json import encode_json
from pegboard.types import Message, Receive, Scope, Send

__all__ = ["EventSourceResponse", "ServerSentEvent", "encode_event"]

_KEEP_ALIVE = b":\n\n"
_END: Any = object()


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event. ``data`` is text, or anything that JSON can say; without it nothing is dispatched to listeners.

    ``event`` is its name ("message" where there is none), ``id`` what comes back as ``Last-Event-ID``, ``retry`` how
    many milliseconds clients wait before they come back, and ``comment`` a text that they do not see.
    Raises ValueError for what cannot travel.
    """

    data: Any = None
    event: str | None = None
    id: str | int | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name, value, forbidden in (("event", self.event, "\r\n"), ("id", self.id, "\r\n\0")):
            if value is not None and any(char in str(value) for char in forbidden):
                raise ValueError(f"ServerSentEvent({name}={value!a}): expected one line of text without NUL")
        if self.retry is not None and (type(self.retry) is not int or self.retry < 0):
            raise ValueError(f"ServerSentEvent(retry={self.retry!r}): expected whole milliseconds, 0 or more")


class EventSourceResponse(StreamingResponse):
    """A stream of events from an iterable, asynchronous or not (run in threads; let endless ones be asynchronous).

    Items are `ServerSentEvent`, a dict of its fields, or the data alone: text, or anything else JSON can say.
    ``keep_alive`` is after how many seconds of silence a comment is sent, so that nobody on the way gives up the
    connection; 0 sends none. When the client leaves, or the server is told to stop, the iterator is closed where it
    stands.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        content: Iterable[Any] | AsyncIterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
        *,
        keep_alive: float = 15,
    ) -> None:
        if isinstance(content, str | bytes | Mapping):
            raise TypeError(f"EventSourceResponse: expected an iterable of events, got {type(content).__name__}")
        if keep_alive < 0:
            raise ValueError(f"EventSourceResponse(keep_alive={keep_alive!r}): expected seconds, or 0 for none")
        self.keep_alive = keep_alive
        super().__init__(content, status_code, headers, None, background)

    def init_headers(self, headers: Mapping[str, str] | None) -> None:
        """Fill ``raw_headers``: the given ones, and those that keep anybody from holding events back."""
        self.raw_headers = MutableHeaders(headers).raw
        names = {name for name, _ in self.raw_headers}
        self.raw_headers.extend(pair for pair in _HEADERS if pair[0] not in names)

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Push events until they end, the client leaves, or the server is told to stop."""
        line = _Line(send)
        try:
            if scope["method"] == "HEAD":
                await line.send(self.start_message())
                await line.finish()
                return
            with shutdown_event() as stopping:
                async with create_task_group() as group:
                    group.start_soon(cancel_on_disconnect, receive, group.cancel_scope)
                    group.start_soon(line.stop_at, stopping)
                    if self.keep_alive:
                        group.start_soon(line.keep_alive, self.keep_alive, group)
                    await self._run(line)
                    group.cancel_scope.cancel()
        finally:
            await self.discard()
        if line.failure is not None:
            try:
                raise line.failure
            finally:
                # The traceback holds this frame, which must not hold the failure.
                del line

    async def _run(self, line: _Line) -> None:
        # Raised again outside, so that the task group does not wrap it.
        try:
            await line.send(self.start_message())
            events = aiter(self.body_iterator)
            while (event := await line.next(events)) is not _END:
                await line.put(encode_event(event))
            await line.finish()
        except Exception as error:
            line.failure = error


class _Line:
    """The way to one client: one message at a time, and the time of the last one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.failure: Exception | None = None
        self._sent_at = current_time()
        self._sending: Event | None = None
        self._waiting: CancelScope | None = None
        self._is_stopping = False

    async def next(self, events: AsyncIterator[Any]) -> Any:
        """The next event, or ``_END`` when there is none or the server stops."""
        if self._is_stopping:
            return _END
        with CancelScope() as self._waiting:
            return await anext(events, _END)
        return _END

    async def put(self, data: bytes, more: bool = True) -> None:
        """Send a piece of the body when its turn comes."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def send(self, message: Message) -> None:
        """Send ``message`` when its turn comes."""
        while self._sending is not None:
            await self._sending.wait()
        self._sending = done = Event()
        try:
            await self._send(message)
        finally:
            self._sent_at = current_time()
            self._sending = None
            done.set()

    async def finish(self) -> None:
        """Say that this was all."""
        await self.put(b"", False)

    async def keep_alive(self, seconds: float, group: TaskGroup) -> None:
        """Send a comment after so many seconds of silence, again and again."""
        try:
            while True:
                await sleep_until(self._sent_at + seconds)
                if self._sending is not None:
                    # What is on its way is no silence, and may be the end.
                    await self._sending.wait()
                elif current_time() >= self._sent_at + seconds:
                    await self.put(_KEEP_ALIVE)
        except Exception as error:
            self.failure = error
            group.cancel_scope.cancel()

    async def stop_at(self, stopping: Event) -> None:
        """End the stream when the server is told to stop; what is being sent is sent to its end."""
        await stopping.wait()
        self._is_stopping = True
        if self._waiting is not None:
            self._waiting.cancel()


def encode_event(event: Any) -> bytes:
    """An event as it travels. Raises TypeError for what is none, or holds what JSON cannot say."""
    if not isinstance(event, ServerSentEvent):
        event = _event_of(event)
    lines: list[str] = []
    if event.comment is not None:
        lines += [f": {line}" for line in _lines(event.comment)]
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    if event.data is not None:
        lines += [f"data: {line}" for line in _lines(_text(event.data))]
    return "\n".join([*lines, "", ""]).encode()


def _event_of(value: Any) -> ServerSentEvent:
    if value is None:
        raise TypeError("EventSourceResponse: an event is None; expected its data, a dict or a ServerSentEvent")
    if not isinstance(value, dict):
        return ServerSentEvent(value)
    unknown = [key for key in value if key not in _FIELDS]
    if unknown:
        raise TypeError(
            f"EventSourceResponse: an event is a dict with {unknown[0]!r}; expected {', '.join(_FIELDS)}, "
            "or ServerSentEvent(data={...}) to send a dict as data"
        )
    return ServerSentEvent(**value)


def _text(data: Any) -> str:
    return data if isinstance(data, str) else (data if isinstance(data, bytes) else encode_json(data)).decode()


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


_FIELDS = tuple(field.name for field in fields(ServerSentEvent))

_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
