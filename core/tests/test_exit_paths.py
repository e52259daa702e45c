"""Every exit path of a request against every hook: one table, and the same promises for each of its rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

import pytest
from asgi_harness import Seen, Wire, ask
from exit_paths import FILE_SIZE, RECORDERS, Act, Journal, board_of, culprit, foreign, raising

from pegboard.exceptions import HookError, HTTPException
from pegboard.filters import BodyFilter
from pegboard.responses import PlainTextResponse, StreamingResponse

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Exit:
    """One way in which a request ends, and what has to be seen of it.

    ``status``, ``kind``, ``error``, ``answered_by`` and ``sent`` (body bytes) are the outcome; ``raised`` is what the
    server gets. ``heads`` is which recorder sees which status in `response`; None means both see the one that is sent.
    """

    name: str
    path: str = "/plain"
    method: str = "GET"
    acts: Mapping[str, Act] = field(default_factory=dict)
    wire: Mapping[str, Any] = field(default_factory=dict)
    chunks: Sequence[bytes] = (b"",)
    status: int = 200
    kind: str = "sent"
    error: type[BaseException] | None = None
    raised: type[BaseException] | None = None
    answered_by: str | None = None
    sent: int = 5
    heads: Sequence[tuple[str, int]] | None = None

    @property
    def expected_heads(self) -> list[tuple[str, int]]:
        return list(both(self.status) if self.heads is None else self.heads)


def both(*statuses: int) -> list[tuple[str, int]]:
    return [(name, status) for status in statuses if status for name in ("inner", "outer")]


def failing(hook: str, exc: type[BaseException] = ValueError) -> dict[str, Act]:
    return {hook: raising(lambda: exc("a hook failed"))}


def refusing(hook: str) -> dict[str, Act]:
    return {hook: raising(lambda: HTTPException(401))}


class BadFeed(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        raise ValueError("a filter failed")


class BadClose(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk

    def close(self) -> None:
        raise ValueError("a filter failed to close")


async def pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


ERROR: Any = {"status": 500, "error": ValueError, "raised": ValueError, "sent": 21}
LEFT: Any = {"kind": "client_disconnect", "status": 0, "sent": 0}
CUT: Any = {"kind": "error", "error": ValueError, "raised": ValueError, "sent": 1}
STOPPED: Any = {"kind": "cancelled", "status": 0, "sent": 0}

# Answers of the endpoint, of the router, and of foreign applications
ANSWERS = [
    Exit("whole"),
    Exit("from a thread", "/in_thread"),
    Exit("body read", "/reads", "POST", chunks=[b"he", b"llo"]),
    Exit("empty", "/empty", status=204, sent=0),
    Exit("streamed", "/stream", sent=3),
    Exit("streamed from threads", "/sync_stream", sent=3),
    Exit("file by path", "/path_send", sent=FILE_SIZE),
    Exit("HEAD", method="HEAD", sent=0),
    Exit("HEAD of a stream", "/stream", "HEAD", sent=0),
    Exit("HEAD of a file", "/path_send", "HEAD", sent=0),
    Exit("not found", "/nowhere", status=404, sent=9),
    Exit("not found below a mount", "/board/nowhere", status=404, sent=9),
    Exit("method not allowed", method="DELETE", status=405, sent=18),
    Exit("OPTIONS", method="OPTIONS", status=204, sent=0),
    Exit("redirect", "/slash", status=307, sent=0),
    Exit("mounted board", "/board/plain"),
    Exit("background task", "/task"),
    Exit("background task fails", "/bad_task", raised=ValueError),
    Exit("application, whole", "/foreign/whole"),
    Exit("application, streamed", "/foreign/stream", sent=3),
    Exit("application, HEAD", "/foreign/stream", "HEAD", sent=0),
    Exit("application reads the body", "/foreign/echo", "POST", chunks=[b"he", b"llo"]),
]

EXCEPTIONS = [
    Exit("too large", "/reads", "POST", chunks=[b"x" * 6, b"x" * 6], status=413, sent=32),
    Exit("too large for an application", "/foreign/echo", "POST", chunks=[b"x" * 6, b"x" * 6], status=413, sent=32),
    Exit("HTTPException", "/teapot", status=418, sent=12),
    Exit("endpoint fails", "/boom", **ERROR),
    Exit("endpoint of a mounted board fails", "/board/boom", **ERROR),
    Exit("endpoint fails with an OSError", "/gone_file", **{**ERROR, "error": OSError, "raised": OSError}),
    Exit("response fails before it starts", "/fails", **ERROR, heads=both(200, 500)),
    Exit("stream fails midway", "/midway", **CUT),
    Exit("application fails before it starts", "/foreign/fails", **ERROR),
    Exit("application fails midway", "/foreign/midway", **CUT),
    Exit(
        "application returns without an answer",
        "/foreign/returns",
        **{**ERROR, "error": RuntimeError, "raised": RuntimeError},
    ),
    Exit("application returns midway", "/foreign/half", **{**CUT, "error": RuntimeError, "raised": RuntimeError}),
    Exit("application goes on after the end", "/foreign/late", error=RuntimeError, raised=RuntimeError),
]

# What a plugin between the recorders does
HOOKS = [
    Exit("answer", acts={"request": lambda: PlainTextResponse("no", 403)}, status=403, answered_by="culprit", sent=2),
    Exit("answer that streams", acts={"request": lambda: StreamingResponse(pieces())}, answered_by="culprit", sent=6),
    Exit("answer of an application", "/foreign/whole", acts={"request": lambda: foreign}, answered_by="culprit"),
    Exit(
        "error answered",
        "/boom",
        acts={"error": lambda: PlainTextResponse("no", 503)},
        status=503,
        answered_by="culprit",
        sent=2,
    ),
    Exit(
        "response replaced",
        acts={"response": lambda: PlainTextResponse("new", 202)},
        status=202,
        answered_by="culprit",
        sent=3,
        heads=[("inner", 200), ("outer", 202)],
    ),
    Exit(
        "stream replaced",
        "/stream",
        acts={"response": lambda: PlainTextResponse("new", 202)},
        status=202,
        answered_by="culprit",
        sent=3,
        heads=[("inner", 200), ("outer", 202)],
    ),
    Exit(
        "application replaced",
        "/foreign/stream",
        acts={"response": lambda: PlainTextResponse("new", 202)},
        status=202,
        answered_by="culprit",
        sent=3,
        heads=[("inner", 200), ("outer", 202)],
    ),
    Exit(
        "application replaced by a stream",
        "/foreign/stream",
        acts={"response": lambda: StreamingResponse(pieces(), 202)},
        status=202,
        answered_by="culprit",
        sent=6,
        heads=[("inner", 200), ("outer", 202)],
    ),
    Exit("rewrite fails", acts=failing("rewrite"), **ERROR, answered_by="culprit"),
    Exit("rewrite refuses", acts=refusing("rewrite"), status=401, sent=12, answered_by="culprit"),
    Exit("request fails", acts=failing("request"), **ERROR, answered_by="culprit"),
    Exit("request refuses", acts=refusing("request"), status=401, sent=12, answered_by="culprit"),
    Exit("error fails", "/teapot", acts=failing("error"), **ERROR, answered_by="culprit"),
    Exit("error refuses", "/boom", acts=refusing("error"), status=401, sent=12, answered_by="culprit"),
    Exit("response fails", acts=failing("response"), **ERROR, answered_by="culprit", heads=[("inner", 200)]),
    Exit(
        "response refuses",
        acts=refusing("response"),
        **{**ERROR, "error": HTTPException, "raised": HTTPException},
        answered_by="culprit",
        heads=[("inner", 200)],
    ),
    Exit(
        "response fails on a stream",
        "/stream",
        acts=failing("response"),
        **ERROR,
        answered_by="culprit",
        heads=[("inner", 200)],
    ),
    Exit(
        "response fails on an application",
        "/foreign/whole",
        acts=failing("response"),
        **ERROR,
        answered_by="culprit",
        heads=[("inner", 200)],
    ),
    Exit("body fails", acts=failing("body"), **ERROR, answered_by="culprit", heads=both(200)),
    Exit("body fails on a stream", "/stream", acts=failing("body"), **ERROR, answered_by="culprit", heads=both(200)),
    Exit(
        "body fails on an application",
        "/foreign/whole",
        acts=failing("body"),
        **ERROR,
        answered_by="culprit",
        heads=both(200),
    ),
    Exit("complete fails", acts=failing("complete")),
    Exit("filter fails", acts={"body": BadFeed}, **ERROR, heads=both(200, 500)),
    Exit("filter fails on a stream", "/stream", acts={"body": BadFeed}, **{**CUT, "sent": 0}),
    Exit("filter fails on an application", "/foreign/whole", acts={"body": BadFeed}, **{**CUT, "sent": 0}),
    Exit("filter fails to close", acts={"body": BadClose}),
    Exit("filter fails to close on a stream", "/stream", acts={"body": BadClose}, sent=3),
    # Hooks that return what they must not
    *(
        Exit(
            f"{hook} returns a str",
            acts={hook: lambda: "text"},
            **{**ERROR, "error": HookError, "raised": HookError},
            answered_by="culprit",
            heads=heads,
        )
        for hook, heads in (
            ("rewrite", both(500)),
            ("request", both(500)),
            ("response", [("inner", 200)]),
            ("body", both(200)),
        )
    ),
    Exit("complete returns a str", acts={"complete": lambda: "text"}),
    Exit(
        "response becomes an application",
        acts={"response": lambda: foreign},
        **{**ERROR, "error": HookError, "raised": HookError},
        answered_by="culprit",
        heads=[("inner", 200)],
    ),
]

LEAVING = [
    Exit("gone before its body", "/reads", "POST", wire={"incomplete": True, "leave_after": 0}, **LEFT),
    Exit("gone before the answer", wire={"leave_after": 0}, **LEFT, heads=both(200)),
    Exit("gone before a stream", "/stream", wire={"leave_after": 0}, **LEFT, heads=both(200)),
    Exit("gone before an application answers", "/foreign/stream", wire={"leave_after": 0}, **LEFT, heads=both(200)),
    Exit(
        "gone before an application has its body",
        "/foreign/echo",
        "POST",
        wire={"incomplete": True, "leave_after": 0},
        **LEFT,
    ),
    Exit("gone after the head", wire={"leave_after": 1}, kind="client_disconnect", sent=0),
    Exit("gone while streaming", "/endless", wire={"leave_after": 2}, kind="client_disconnect", sent=1),
    Exit(
        "gone while streaming to a polite server",
        "/endless",
        wire={"leave_after": 2, "polite": True},
        kind="client_disconnect",
        sent=ANY,
    ),
    Exit("gone while the stream is silent", "/silent", kind="client_disconnect", sent=1),
    Exit(
        "gone while an application streams",
        "/foreign/stream",
        wire={"leave_after": 2},
        kind="client_disconnect",
        sent=1,
    ),
    Exit("gone after the response", wire={"leave_after": 2}),
    Exit("gone after the stream", "/stream", wire={"leave_after": 5}, sent=3),
    Exit(
        "gone, and the endpoint failed",
        "/boom",
        wire={"leave_after": 0},
        **LEFT,
        error=ValueError,
        raised=ValueError,
        heads=both(500),
    ),
]

CANCELLED = [
    Exit("endpoint", "/wait", **STOPPED),
    Exit("stream", "/waiting_stream", kind="cancelled", sent=1),
    Exit("application", "/foreign/waits", kind="cancelled", sent=0),
]


@pytest.fixture(params=["bare", "filtered"])
def filtered(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "filtered")


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def play(row: Exit, kind: str, filtered: bool) -> tuple[Seen, Journal]:
    """Ask a board with two recorders, and between them what the row wants."""
    journal = Journal()
    recorder = RECORDERS[kind]
    board = board_of(
        recorder("outer", "observe", journal, filtered),
        *(culprit(hook, act, kind) for hook, act in row.acts.items()),
        recorder("inner", "app", journal, filtered),
    )
    seen = await ask(board, row.path, row.method, Wire(row.chunks, **row.wire))
    return seen, journal


def ids(row: Exit) -> str:
    return row.name


def check(row: Exit, seen: Seen, journal: Journal) -> None:
    """What is promised for every exit path."""
    check_outcome(row, seen, journal)
    assert journal.of("response") == row.expected_heads
    opened = [told for _, told in journal.of("opened")]
    closed = [told for _, told in journal.of("closed")]
    assert sorted(map(id, closed)) == sorted(map(id, opened))
    assert seen.faults == []
    assert seen.is_complete is (row.kind == "sent")
    assert seen.status == row.status
    assert type(seen.raised) in (row.raised, *(row.raised.__subclasses__() if row.raised else ())) or (
        seen.raised is None and row.raised is None
    )
    assert seen.leaked == []


def check_outcome(row: Exit, seen: Seen, journal: Journal) -> None:
    assert journal.who("complete") == ["inner", "outer"]
    outcomes = [told for _, told in journal.of("complete")]
    assert outcomes[0] is outcomes[1]
    outcome = outcomes[0]
    assert (outcome.kind, outcome.status_code) == (row.kind, row.status)
    assert outcome.answered_by == row.answered_by
    assert outcome.bytes_out == row.sent
    assert (outcome.first_byte is None) is (row.status == 0)
    assert outcome.route is not None
    if row.kind != "cancelled":
        assert isinstance(outcome.error, row.error or type(None))


@pytest.mark.parametrize("row", ANSWERS + EXCEPTIONS, ids=ids)
async def test_answers_and_exceptions(row: Exit, kind: str, filtered: bool) -> None:
    """Whatever answers or fails, every plugin sees one response at a time, and one end."""
    check(row, *await play(row, kind, filtered))


@pytest.mark.parametrize("row", HOOKS, ids=ids)
async def test_hooks(row: Exit, kind: str, filtered: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a plugin does, the other plugins keep what is promised to them."""
    with caplog.at_level(logging.CRITICAL, "pegboard"):
        check(row, *await play(row, kind, filtered))


@pytest.mark.parametrize("row", LEAVING, ids=ids)
async def test_leaving(row: Exit, kind: str, filtered: bool) -> None:
    """A client that leaves is no error, and everybody is told."""
    check(row, *await play(row, kind, filtered))


@pytest.mark.parametrize("row", CANCELLED, ids=ids)
async def test_cancellation(row: Exit, kind: str, filtered: bool) -> None:
    """A cancelled request still tells every plugin, to the end, and is cancelled then."""
    seen, journal = await play(row, kind, filtered)
    check(row, seen, journal)
    assert seen.cancelled
