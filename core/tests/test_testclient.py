"""The synchronous test client over HTTP: what the application is given, and what the test sees of its answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from anyio.to_thread import run_sync

from pegboard.testclient import ASGIViolation, TestClient
from pegboard.testclient.library import httpx
from pegboard.types import Message, Receive, Scope, Send

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


async def answer(
    send: Send, body: bytes = b"", status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or []})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    messages = await read(receive)
    await answer(send, b"".join(message["body"] for message in messages))


# What the application is given


def test_the_scope_is_a_strict_servers() -> None:
    """The scope has all the keys of the standard, in the standard's types, and nothing undecided."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await answer(send)

    client = TestClient(app, headers={"X-Case": "Kept"}, cookies={"a": "b"})
    client.request("report", "https://example.org:8443/caf%C3%A9/a%2Fb?x=%20&y", headers=[("x-raw", b"\xe9")])  # type: ignore[arg-type]
    (scope,) = seen
    headers = scope.pop("headers")
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "REPORT",
        "scheme": "https",
        "path": "/café/a/b",
        "raw_path": b"/caf%C3%A9/a%2Fb",
        "query_string": b"x=%20&y",
        "root_path": "",
        "client": ("testclient", 50000),
        "server": ("example.org", 8443),
        "extensions": {"http.response.debug": {}, "http.response.early_hint": {}, "http.response.trailers": {}},
        "state": {},
    }
    assert headers[0] == (b"host", b"example.org:8443")
    assert {(b"x-case", b"Kept"), (b"x-raw", b"\xe9"), (b"cookie", b"a=b")} <= set(headers)
    assert (b"user-agent", b"testclient") in headers
    assert all(name == name.lower() for name, _ in headers)


def test_the_scope_can_be_told() -> None:
    """Client address, root path, version and extensions are what the test says."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await answer(send)

    offered: dict[str, Any] = {"http.response.pathsend": {}, "http.response.debug": None}
    client = TestClient(
        app,
        "http://test/",
        root_path="/api",
        client=None,
        spec_version="2.4",
        extensions=offered,
        headers={"user-agent": "me"},
    )
    client.get("/users")
    client.get("/api/users")
    assert [scope["path"] for scope in seen] == ["/api/users", "/api/users"]
    assert [scope["raw_path"] for scope in seen] == [b"/api/users", b"/api/users"]
    scope = seen[0]
    assert (scope["root_path"], scope["client"], scope["server"]) == ("/api", None, ("test", 80))
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert scope["extensions"] == {
        "http.response.early_hint": {},
        "http.response.pathsend": {},
        "http.response.trailers": {},
    }
    assert (b"user-agent", b"me") in scope["headers"]


def test_a_body_comes_in_pieces(backend: Backend) -> None:
    """A large body comes in pieces of 64 KiB as from a socket, a small one whole, a generator's as it gives them."""
    sizes: list[list[int]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sizes.append([len(message["body"]) for message in await read(receive)])
        await answer(send)

    client = TestClient(app, backend=backend)
    client.get("/")
    client.post("/", content=b"x" * 10)
    client.post("/", content=b"x" * 150_000)
    client.post("/", content=iter([b"ab", b"", b"c"]))
    assert sizes == [[0], [10], [65536, 65536, 18928], [2, 1, 0]]


def test_content_is_asked_for_as_it_is_read(backend: Backend) -> None:
    """A generator's content is not read ahead of the application."""
    log: list[str] = []

    def content() -> Iterator[bytes]:
        for part in ("a", "b"):
            log.append(f"gave {part}")
            yield part.encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["more_body"]:
            log.append(f"got {message['body'].decode()}")
        await answer(send)

    TestClient(app, backend=backend).post("/", content=content())
    assert log == ["gave a", "got a", "gave b", "got b"]


def test_forms_and_files_are_sent(backend: Backend) -> None:
    """Whatever the HTTP library can encode reaches the application."""
    client = TestClient(echo, backend=backend)
    assert client.post("/", data={"a": "b c"}).text == "a=b+c"
    assert client.post("/", json={"a": [1]}).json() == {"a": [1]}
    assert b"filename=" in client.post("/", files={"f": b"data"}).content


# What the test sees


def test_a_response_is_seen_whole(backend: Backend) -> None:
    """Status, headers with their repetitions, and body arrive; cookies are kept for the next request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        cookie = dict(scope["headers"]).get(b"cookie", b"none")
        await answer(send, cookie, 201, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-latin", b"\xe9")])

    client = TestClient(app, backend=backend)
    first, second = client.get("/"), client.get("/")
    assert (first.status_code, first.text, second.text) == (201, "none", "a=1; b=2")
    assert first.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert first.headers["x-latin"] == "é"


def test_redirects_are_followed_unless_told_otherwise() -> None:
    """A redirect is followed by default, as browsers do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/old":
            await answer(send, b"moved", 302, [(b"location", b"/new")])
        else:
            await answer(send, scope["path"].encode())

    assert TestClient(app).get("/old").text == "/new"
    assert TestClient(app, follow_redirects=False).get("/old").status_code == 302


def test_head_shows_no_body(backend: Backend) -> None:
    """The body of an answer to HEAD is dropped, as servers drop it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"hello", headers=[(b"content-length", b"5")])

    response = TestClient(app, backend=backend).head("/")
    assert (response.content, response.headers["content-length"]) == (b"", "5")


def test_a_stream_is_seen_as_it_is_sent(backend: Backend) -> None:
    """The first piece is read before the application goes on to the second."""
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        assert await run_sync(go_on.wait, 5)
        await send({"type": "http.response.body", "body": b"two"})

    with TestClient(app, backend=backend).stream("GET", "/") as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"one"
        go_on.set()
        assert list(pieces) == [b"two"]


def test_an_application_waits_for_its_reader(backend: Backend) -> None:
    """The application is at most two pieces ahead: one that is kept, and one that it waits to send."""
    begun: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        for number in range(10):
            begun.append(number)
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
        await send({"type": "http.response.body"})

    with TestClient(app, backend=backend).stream("GET", "/") as response:
        for number, piece in enumerate(response.iter_raw()):
            assert piece == b"%d" % number
            assert len(begun) <= number + 3


def test_what_comes_beside_the_body_is_seen(backend: Backend) -> None:
    """Early hints, trailers, pushes and debug information are in the response's extensions."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.debug", "info": {"template": "page.html", "context": {"a": 1}}})
        await send({"type": "http.response.early_hint", "links": [b"</a.css>", b"</b.css>"]})
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.push", "path": "/c.css", "headers": []})
        await send({"type": "http.response.body", "body": b"x"})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-end", b"2")]})

    response: Any = TestClient(app, backend=backend, extensions={"http.response.push": {}}).get("/")
    assert response.extensions["early_hints"] == [b"</a.css>", b"</b.css>"]
    assert response.extensions["trailers"] == [(b"x-sum", b"1"), (b"x-end", b"2")]
    assert response.extensions["pushes"] == [{"type": "http.response.push", "path": "/c.css", "headers": []}]
    assert response.extensions["http.response.debug"]["context"] == {"a": 1}
    assert (response.template, response.context, response.text) == ("page.html", {"a": 1}, "x")


def test_files_can_be_named_instead_of_sent(backend: Backend, tmp_path: Path) -> None:
    """Where the extensions are offered, the client reads files by path and by descriptor, as a server would."""
    file = tmp_path / "file"
    file.write_bytes(b"0123456789" * 10_000)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        if scope["path"] == "/path":
            await send({"type": "http.response.pathsend", "path": str(file)})
            return
        with file.open("rb") as opened:
            kind = "http.response.zerocopysend"
            await send({"type": kind, "file": opened, "offset": 4, "count": 3, "more_body": True})
            await send({"type": kind, "file": opened.fileno(), "offset": 99_995})

    offered: dict[str, Any] = {"http.response.pathsend": {}, "http.response.zerocopysend": {}}
    client = TestClient(app, backend=backend, extensions=offered)
    assert client.get("/path").content == file.read_bytes()
    assert client.get("/copy").content == b"45656789"


def test_requests_in_a_with_share_one_loop(backend: Backend) -> None:
    """Inside `with`, all requests are served by one event loop; the client can be used again after it."""
    threads: list[threading.Thread] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        threads.append(threading.current_thread())
        await answer(send)

    client = TestClient(app, backend=backend)
    for _ in range(2):
        with client:
            client.get("/")
            client.get("/")
    client.get("/")
    assert [threads.index(thread) for thread in threads] == [0, 0, 2, 2, 4]
    assert not any(thread.is_alive() for thread in threads)


def test_open_responses_share_one_loop(backend: Backend) -> None:
    """A request made while a response is being read is served by the loop of that response."""
    client = TestClient(echo, backend=backend)
    with client.stream("POST", "/", content=b"a" * 100) as response:
        assert client.post("/", content=b"b").text == "b"
        assert response.read() == b"a" * 100
        assert client.post("/", content=b"c").text == "c"


# Broken contracts


def test_a_violation_comes_out_of_the_call(backend: Backend) -> None:
    """A message that breaks ASGI is raised in the application, and out of the call."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(ASGIViolation):
            await send({"type": "http.response.body", "body": b""})
        await answer(send, b"as if nothing had happened")

    with pytest.raises(ASGIViolation, match=r"'http\.response\.body' before the response has started"):
        TestClient(app, backend=backend, raise_server_exceptions=False).get("/")


def test_an_incomplete_response_is_a_violation(backend: Backend) -> None:
    """An application that returns early is told what it has left out."""

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    with pytest.raises(ASGIViolation, match=r"expected 'http\.response\.start' before it returns"):
        TestClient(nothing, backend=backend).get("/")
    with pytest.raises(ASGIViolation, match=r"expected 'http\.response\.body' before it returns"):
        TestClient(half, backend=backend).get("/")


@pytest.mark.parametrize("wrong", [{"background": "later"}, {"lifespan": "maybe"}, {"spec_version": "3"}])
def test_a_wrong_choice_is_refused(wrong: Any) -> None:
    """A misspelt mode is refused when the client is made, with what it may be."""
    with pytest.raises(ValueError, match=r"expected (one of \w+, |a version of ASGI such as)"):
        TestClient(echo, **wrong)


def test_a_with_is_entered_once_at_a_time() -> None:
    """A client that is entered inside of its own block says so, and the block goes on."""
    with TestClient(echo, lifespan="off") as client:
        with pytest.raises(RuntimeError, match="one `with` at a time"):
            client.__enter__()
        assert client.get("/").status_code == 200


def test_two_readers_get_the_request_in_order(backend: Backend) -> None:
    """An application may receive in several tasks at once: each message goes to one of them."""
    got: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def take() -> None:
            got.append((await receive())["body"])

        async with anyio.create_task_group() as group:
            group.start_soon(take)
            group.start_soon(take)
        await answer(send)

    TestClient(app, backend=backend).post("/", content=iter([b"a", b"b"]))
    assert sorted(got) == [b"a", b"b"]


def test_the_library_says_what_it_is(backend: Backend) -> None:
    """Responses are the HTTP library's own, with everything that they can do."""
    response = TestClient(echo, backend=backend).post("/", content=b"x")
    assert isinstance(response, httpx.Response)
    assert (response.http_version, response.reason_phrase, response.is_success) == ("HTTP/1.1", "OK", True)
