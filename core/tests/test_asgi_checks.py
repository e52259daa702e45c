"""The ASGI checker: what it lets pass, and how it names what it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.asgi_checks import ASGIViolation, Checker, HTTPChecker, LifespanChecker, checker_for

ALL = (
    "http.response.debug",
    "http.response.early_hint",
    "http.response.pathsend",
    "http.response.push",
    "http.response.trailers",
    "http.response.zerocopysend",
    "websocket.http.response",
)


def scope(kind: str = "http", **more: Any) -> dict[str, Any]:
    """A scope that offers every extension."""
    return {"type": kind, "extensions": {name: {} for name in ALL}, **more}


def start(status: Any = 200, headers: Any = (), **more: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(data: Any = b"", more_body: Any = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more_body}


def trailers(headers: Any = (), more_trailers: Any = False) -> dict[str, Any]:
    return {"type": "http.response.trailers", "headers": headers, "more_trailers": more_trailers}


def message(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


def run(messages: Sequence[Any], in_scope: dict[str, Any] | None = None) -> Checker:
    """Have a checker for ``in_scope`` check ``messages`` and the return."""
    checker = checker_for(scope() if in_scope is None else in_scope)
    for each in messages:
        checker.sent(each)
    checker.returned()
    return checker


LENGTH_5 = [(b"content-length", b"5")]
HEAD = {"method": "HEAD"}
HINT = message("http.response.early_hint", links=[b"</a.css>; rel=preload"])
PATH = message("http.response.pathsend", path="/srv/file")
COPY = message("http.response.zerocopysend", file=3, count=5)


@pytest.mark.parametrize(
    "messages",
    [
        [start(), body()],
        [start(HTTPStatus.CREATED), body(b"made")],
        [message("http.response.start", status=200), message("http.response.body")],
        [start(headers=LENGTH_5), body(b"he", True), body(b"", True), body(b"llo")],
        [start(headers=(*LENGTH_5, *LENGTH_5)), body(b"hello")],
        [start(headers=[[b"x-a", b"\xe9"]]), body()],
        [start(204), body()],
        [start(304, LENGTH_5), body()],
        [start(103), body()],
        [start(trailers=True), body(b"x"), trailers([(b"x-sum", b"1")])],
        [start(trailers=True), body(b"x"), trailers(more_trailers=True), trailers()],
        [HINT, start(), HINT, body(b"a", True), HINT, body()],
        [message("http.response.debug", info={"template": None}), start(), body()],
        [start(), message("http.response.push", path="/a.css", headers=[]), body()],
        [start(headers=LENGTH_5), PATH],
        [start(headers=LENGTH_5), COPY],
        [start(headers=LENGTH_5), body(b"", True), {**COPY, "count": 3, "more_body": True}, body(b"lo")],
        [start(headers=LENGTH_5), message("http.response.zerocopysend", file=3, offset=1)],
    ],
)
def test_right_responses_pass(messages: list[Any]) -> None:
    """Every order and shape that the standard allows is complete in the end."""
    assert run(messages).complete


def test_head_need_not_send_what_it_declares() -> None:
    """The answer to HEAD has the length of a body that is not sent (RFC 9110 section 9.3.2)."""
    assert run([start(headers=LENGTH_5), body()], scope(**HEAD)).complete
    assert run([start(headers=LENGTH_5), body(b"hello")], scope(**HEAD)).complete


def pairs() -> Iterator[tuple[bytes, bytes]]:
    yield (b"a", b"b")


WRONG = [
    # order
    ([body()], "'http.response.body' before the response has started", "'http.response.start'"),
    ([start(), start()], "'http.response.start' after the response has started", "'http.response.body'"),
    ([start(), body(), body()], "'http.response.body' after the end", "no more messages"),
    ([start(), body(b"", True), PATH], "'http.response.pathsend' in the middle of the response's body", "or"),
    ([start(), trailers()], "'http.response.trailers' after the response has started", "'http.response.body'"),
    ([start(), body(), trailers()], "'http.response.trailers' after the end", "no more messages"),
    ([start(trailers=True), body(), body()], "after the body of a response that has announced", "trailers'"),
    ([start(), body(), HINT], "'http.response.early_hint' after the end", "no more"),
    # an early return
    ([], "the application returned before the response has started", "'http.response.start' before it returns"),
    ([start()], "the application returned after the response has started", "'http.response.body' before it returns"),
    ([start(), body(b"", True)], "returned in the middle of the response's body", "'http.response.body'"),
    ([start(trailers=True), body()], "returned after the body", "'http.response.trailers' before it returns"),
    # types of messages
    ([None], "a message", "a dict whose 'type' is a str"),
    ([{}], "a message", "a dict whose 'type' is a str"),
    ([{"type": []}], "a message", "a dict whose 'type' is a str"),
    ([message("http.response.begin")], "'http.response.begin'", "'http.response.start'"),
    ([message("websocket.accept")], "a message of type 'websocket.accept'", "one of a scope of type 'http'"),
    # status
    ([message("http.response.start")], "'status' of 'http.response.start'", "an int of three digits, got NoneType"),
    ([start("200")], "'status'", "an int of three digits, got str '200'"),
    ([start(True)], "'status'", "got bool True"),
    ([start(99)], "'status'", "got int 99"),
    ([start(1000)], "'status'", "got int 1000"),
    # headers
    ([start(headers={b"a": b"b"})], "'headers' of 'http.response.start'", "a list of (name, value) pairs, got dict"),
    ([start(headers=None)], "'headers'", "got NoneType"),
    ([start(headers=pairs())], "'headers'", "got generator"),
    ([start(headers=[b"ab"])], "a header of 'http.response.start'", "a (name, value) pair of bytes, got bytes"),
    ([start(headers=[(b"a", b"b", b"c")])], "a header of", "got tuple"),
    ([start(headers=[("a", b"b")])], "a header's name in 'http.response.start'", "got str 'a'"),
    ([start(headers=[(b"Content-Type", b"b")])], "a header's name", "in lower case (RFC 9110 section 5.6.2)"),
    ([start(headers=[(b"", b"b")])], "a header's name", "a token"),
    ([start(headers=[(b"a b", b"b")])], "a header's name", "a token"),
    ([start(headers=[(b":status", b"200")])], "a header's name", "a token"),
    ([start(headers=[(b"a", "b")])], "header 'a' of 'http.response.start'", "bytes, got str 'b'"),
    ([start(headers=[(b"a", b"b\r\nc: d")])], "header 'a'", "no CR, LF or NUL"),
    ([start(headers=[(b"a", b"b\0")])], "header 'a'", "no CR, LF or NUL"),
    ([start(trailers=True), body(), trailers([(b"A", b"")])], "name in 'http.response.trailers'", "lower case"),
    ([start(trailers=1)], "'trailers' of 'http.response.start'", "a bool, got int 1"),
    # the length
    ([start(headers=[(b"content-length", b"five")])], "content-length of 'http.response.start'", "one number"),
    ([start(headers=[(b"content-length", b"-1")])], "content-length", "one number in ASCII digits"),
    ([start(headers=[*LENGTH_5, (b"content-length", b"6")])], "content-length", "one number"),
    ([start(headers=[*LENGTH_5, (b"transfer-encoding", b"chunked")])], "headers of", "RFC 9112 section 6.2"),
    ([start(204, [(b"content-length", b"0")])], "'http.response.start' with status 204", "no content-length"),
    ([start(headers=LENGTH_5), body(b"hell")], "the last 'http.response.body'", "5 bytes in all, as content-length"),
    ([start(headers=LENGTH_5), body(b"hello!", True)], "'http.response.body'", "5 bytes in all, as content-length"),
    ([start(headers=LENGTH_5), body(b"hel", True), body(b"lo!")], "'http.response.body'", "got 6"),
    ([start(headers=LENGTH_5), body(b"hel", True), body()], "the last 'http.response.body'", "got 3"),
    ([start(headers=LENGTH_5), {**COPY, "count": 4}], "the last 'http.response.zerocopysend'", "got 4"),
    # the body
    ([start(), body("text")], "'body' of 'http.response.body'", "bytes, got str 'text'"),
    ([start(), body(bytearray(b"x"))], "'body'", "bytes, got bytearray"),
    ([start(), body(None)], "'body'", "bytes, got NoneType None"),
    ([start(), body(b"", 1)], "'more_body' of 'http.response.body'", "a bool, got int 1"),
    ([start(204), body(b"x")], "'http.response.body' after status 204", "no bytes in the body"),
    ([start(304), body(b"x")], "'http.response.body' after status 304", "no bytes in the body"),
    ([start(100), body(b"x")], "'http.response.body' after status 100", "no bytes in the body"),
    # extension messages
    ([start(), message("http.response.pathsend", path="file")], "'path' of 'http.response.pathsend'", "begins with"),
    ([start(), message("http.response.pathsend", path=b"/f")], "'path'", "a str that begins with '/', got bytes"),
    ([start(), message("http.response.push", path="a")], "'path' of 'http.response.push'", "begins with '/'"),
    ([start(), {**COPY, "file": "/f"}], "'file' of 'http.response.zerocopysend'", "a file descriptor, got str"),
    ([start(), {**COPY, "count": -1}], "'count' of 'http.response.zerocopysend'", "an int of at least 0, or None"),
    ([start(), {**COPY, "offset": 1.5}], "'offset' of", "an int of at least 0, or None, got float 1.5"),
    ([{**HINT, "links": b"</a>"}], "'links' of 'http.response.early_hint'", "a list of bytes"),
    ([{**HINT, "links": ["</a>"]}], "a link of 'http.response.early_hint'", "bytes, got str"),
    ([message("http.response.debug", info=None)], "'info' of 'http.response.debug'", "a dict"),
]


@pytest.mark.parametrize(("messages", "what", "expected"), WRONG)
def test_wrong_responses_are_named(messages: list[Any], what: str, expected: str) -> None:
    """A violation says which message it is, and what was expected."""
    with pytest.raises(ASGIViolation) as caught:
        run(messages)
    assert what in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize("each", [HINT, COPY, PATH, message("http.response.push", path="/a")])
def test_an_extension_must_be_offered(each: dict[str, Any]) -> None:
    """A message of an extension that the scope does not offer is named with the extension."""
    with pytest.raises(ASGIViolation, match=r"expected the extension '.*' in scope\['extensions'\] first, got \[\]"):
        run([start(), each], {"type": "http"})


def test_trailers_must_be_offered_before_they_are_announced() -> None:
    """The start may not announce trailers where the server cannot send them."""
    with pytest.raises(ASGIViolation, match=r"'trailers' of 'http\.response\.start'"):
        run([start(trailers=True)], {"type": "http", "extensions": None})


def test_a_refused_message_changes_nothing() -> None:
    """After a violation, the checker stands where it stood, and the right message passes."""
    checker = HTTPChecker(scope())
    checker.sent(start(headers=LENGTH_5))
    for wrong in (start(), body("hello"), body(b"hello!"), message("nothing")):
        with pytest.raises(ASGIViolation):
            checker.sent(wrong)
        assert (checker.state, checker.size) == ("started", 0)
    checker.sent(body(b"hello"))
    assert (checker.status, checker.headers, checker.size, checker.complete) == (200, LENGTH_5, 5, True)


def accept(**fields: Any) -> dict[str, Any]:
    return message("websocket.accept", **fields)


def close(**fields: Any) -> dict[str, Any]:
    return message("websocket.close", **fields)


def data(**fields: Any) -> dict[str, Any]:
    return message("websocket.send", **fields)


DENY = message("websocket.http.response.start", status=401, headers=[])
DENIAL = message("websocket.http.response.body", body=b"no")


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ([accept()], "open"),
        ([accept(subprotocol=None, headers=[(b"a", b"b")]), data(text="x"), data(bytes=b"")], "open"),
        ([accept(subprotocol="chat"), data(text="", bytes=None), close(code=4000, reason="r" * 123)], "complete"),
        ([close()], "complete"),
        ([close(code=1008, reason=None)], "complete"),
        ([DENY, {**DENIAL, "more_body": True}, DENIAL], "complete"),
    ],
)
def test_right_websockets_pass(messages: list[Any], state: str) -> None:
    """An application may leave a WebSocket open, close it, or refuse it."""
    assert run(messages, scope("websocket", subprotocols=["chat"])).state == state


@pytest.mark.parametrize(
    ("messages", "what", "expected"),
    [
        ([data(text="x")], "'websocket.send' before the handshake is answered", "'websocket.accept' or"),
        ([accept(), accept()], "'websocket.accept' while the WebSocket is open", "'websocket.send'"),
        ([accept(), DENY], "'websocket.http.response.start' while the WebSocket is open", "'websocket.close'"),
        ([close(), data(text="x")], "'websocket.send' after the end", "no more messages"),
        ([close(), close()], "'websocket.close' after the end", "no more messages"),
        ([DENY, accept()], "'websocket.accept' after the response has started", "'websocket.http.response.body'"),
        ([], "the application returned before the handshake is answered", "'websocket.accept'"),
        ([DENY], "the application returned after the response has started", "'websocket.http.response.body'"),
        ([start()], "a message of type 'http.response.start'", "one of a scope of type 'websocket'"),
        ([accept(subprotocol="other")], "'subprotocol' of 'websocket.accept'", "['chat'] (RFC 6455 section 4.2.2)"),
        ([accept(headers=[(b"sec-websocket-protocol", b"chat")])], "header 'sec-websocket-protocol'", "'subprotocol'"),
        ([accept(headers=[(b"A", b"")])], "a header's name in 'websocket.accept'", "lower case"),
        ([accept(), data()], "'websocket.send'", "exactly one of 'bytes' and 'text', got neither"),
        ([accept(), data(text="a", bytes=b"a")], "'websocket.send'", "exactly one of 'bytes' and 'text', got both"),
        ([accept(), data(text=b"a")], "'text' of 'websocket.send'", "a str, got bytes"),
        ([accept(), data(bytes="a")], "'bytes' of 'websocket.send'", "bytes, got str"),
        ([close(code=1005)], "'code' of 'websocket.close'", "that may be sent (RFC 6455 section 7.4), got int 1005"),
        ([close(code=5000)], "'code'", "got int 5000"),
        ([close(code="1000")], "'code'", "got str '1000'"),
        ([close(reason=b"r")], "'reason' of 'websocket.close'", "got bytes"),
        ([close(reason="é" * 62)], "'reason'", "a str of at most 123 bytes"),
        ([{**DENY, "status": "401"}], "'status' of 'websocket.http.response.start'", "an int of three digits"),
        ([DENY, {**DENIAL, "body": "no"}], "'body' of 'websocket.http.response.body'", "bytes, got str"),
    ],
)
def test_wrong_websockets_are_named(messages: list[Any], what: str, expected: str) -> None:
    """A violation says which message it is, and what was expected."""
    with pytest.raises(ASGIViolation) as caught:
        run(messages, scope("websocket", subprotocols=["chat"]))
    assert what in str(caught.value)
    assert expected in str(caught.value)


def test_a_denial_must_be_offered() -> None:
    """Without the extension, a handshake cannot be refused with a response, and the error does not suggest it."""
    with pytest.raises(ASGIViolation, match=r"the extension 'websocket\.http\.response'"):
        run([DENY], {"type": "websocket"})
    with pytest.raises(ASGIViolation, match=r"expected 'websocket.accept' or 'websocket.close', got"):
        run([data(text="x")], {"type": "websocket"})


LIFE = {"type": "lifespan"}
STARTED = message("lifespan.startup.complete")
STOPPED = message("lifespan.shutdown.complete")


def test_a_life_passes() -> None:
    """Startup, then shutdown when the server has asked for it; a failure of either may say why."""
    checker = LifespanChecker(LIFE)
    checker.sent(STARTED)
    checker.stopping = True
    checker.sent(STOPPED)
    assert checker.complete
    assert run([message("lifespan.startup.failed", message="no")], LIFE).complete
    assert run([STARTED, message("lifespan.shutdown.failed")], LIFE).complete


@pytest.mark.parametrize(
    ("messages", "what", "expected"),
    [
        ([STOPPED], "'lifespan.shutdown.complete' during startup", "'lifespan.startup.complete'"),
        ([STARTED, STARTED], "'lifespan.startup.complete' after startup", "'lifespan.shutdown.complete'"),
        ([STARTED, STOPPED], "'lifespan.shutdown.complete' after startup", "no message before 'lifespan.shutdown'"),
        ([message("lifespan.startup.failed", message=b"no")], "'message' of 'lifespan.startup.failed'", "got bytes"),
        ([message("lifespan.started")], "a message of type 'lifespan.started'", "one of a scope of type 'lifespan'"),
    ],
)
def test_wrong_lives_are_named(messages: list[Any], what: str, expected: str) -> None:
    """A violation says which message it is, and what was expected."""
    with pytest.raises(ASGIViolation) as caught:
        run(messages, LIFE)
    assert what in str(caught.value)
    assert expected in str(caught.value)


def test_other_scopes_have_no_checker() -> None:
    """A checker exists for the three kinds of scope of the standard."""
    with pytest.raises(KeyError):
        checker_for({"type": "tls"})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=4) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
KINDS = st.sampled_from([kind for table in HTTPChecker.steps.values() for kind in table])
FIELDS = st.sampled_from(["status", "headers", "body", "more_body", "trailers", "path", "links", "file", "info"])


@given(st.lists(st.builds(lambda kind, fields: {**fields, "type": kind}, KINDS, st.dictionaries(FIELDS, ANY))))
def test_nothing_but_violations_comes_out(messages: list[dict[str, Any]]) -> None:
    """Whatever is sent passes or is a violation; the checker itself never fails, and never changes a message."""
    checker = HTTPChecker(scope())
    for each in messages:
        before = repr(each)
        with suppress(ASGIViolation):
            checker.sent(each)
        assert repr(each) == before
