"""Plugins hang around applications of other frameworks, which go on as if nothing were around them."""

import logging
from typing import Any

import anyio
import pytest
from board_harness import Answer, ask
from foreign_apps import APPS

import pegboard
from pegboard import BodyFilter, Pegboard, Plugin, hookimpl
from pegboard.routing import Mount

pytestmark = [
    pytest.mark.anyio,
    # Of the frameworks' own making, in whichever release is installed.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def anyio_backend() -> str:
    """Most of these frameworks run on asyncio only."""
    return "asyncio"


BEYOND_HTTP = sorted(set(APPS) - {"django"})
"""Django has no lifespan, WebSockets or background tasks of its own."""


class Watcher(Plugin):
    """Hooks everywhere: marks responses, shouts text, and remembers outcomes."""

    name = "watcher"

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Any] = []

    @hookimpl
    def response(self, response: Any) -> None:
        response.headers["x-watched"] = str(response.status_code)

    @hookimpl
    def body(self, request: Any, response: Any) -> BodyFilter | None:
        return Shout() if request.headers.get("x-shout") else None

    @hookimpl
    def complete(self, outcome: Any) -> None:
        self.outcomes.append((outcome.kind, outcome.status_code, outcome.bytes_out, type(outcome.error).__name__))

    @hookimpl
    def websocket(self, websocket: Any) -> None:
        websocket.accept_headers.append((b"x-watched", b"ws"))

    @hookimpl
    def websocket_complete(self, outcome: Any) -> None:
        self.outcomes.append((outcome.kind, outcome.close_code, outcome.messages_in, outcome.messages_out))


class Shout(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk.upper()


@pytest.fixture(params=APPS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Marks(list[str]):
    """What an application has done, and the news of it."""

    def __init__(self) -> None:
        super().__init__()
        self.made = anyio.Event()

    def append(self, mark: str) -> None:
        super().append(mark)
        self.made.set()


def body_of(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


def lower(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers with lower-case names, as ASGI demands and Django does not send them."""
    return [(name.lower(), value) for name, value in headers]


@pytest.mark.parametrize(
    ("path", "method", "sent"),
    [("/plain", "GET", b""), ("/json", "GET", b""), ("/echo", "POST", b"x" * 1000), ("/stream", "GET", b"")],
)
async def test_a_wrapped_application_answers_as_it_does_alone(
    framework: str, path: str, method: str, sent: bytes
) -> None:
    watcher = Watcher()
    bare = await ask(APPS[framework]([]), path, method, body=sent)
    wrapped = await ask(pegboard.wrap(APPS[framework]([]), plugins=[watcher]), path, method, body=sent)
    assert bare.status == 200
    assert body_of(wrapped) == body_of(bare)
    assert wrapped.header("x-watched") == "200"
    assert [pair for pair in wrapped.headers if pair[0] != "x-watched"] == lower(bare.headers)
    assert watcher.outcomes == [("sent", 200, len(bare.body), "NoneType")]


async def test_without_plugins_nothing_is_changed(framework: str) -> None:
    for path in ("/plain", "/stream", "/nowhere", "/plain/"):
        bare = await ask(APPS[framework]([]), path)
        wrapped = await ask(pegboard.wrap(APPS[framework]([]), plugins=[]), path)
        assert (wrapped.status, wrapped.headers, wrapped.body) == (bare.status, lower(bare.headers), bare.body), path


async def test_bodies_go_through_filters(framework: str) -> None:
    app = pegboard.wrap(APPS[framework]([]), plugins=[Watcher()])
    for path, body in (("/plain", b"PLAIN"), ("/stream", b"ONE TWO THREE")):
        answer = await ask(app, path, headers={"x-shout": "yes"})
        assert body_of(answer) == (200, body)
        length = answer.header("content-length")
        assert length is None or int(length) == len(body)


async def test_their_own_errors_stay_theirs(framework: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    watcher = Watcher()
    bare = await ask(APPS[framework]([]), "/fail")
    wrapped = await ask(pegboard.wrap(APPS[framework]([]), plugins=[watcher]), "/fail")
    assert (wrapped.status, wrapped.body) == (bare.status, bare.body)
    assert wrapped.status == 500
    assert wrapped.header("x-watched") == "500"
    assert type(wrapped.error) is type(bare.error)
    assert [outcome[1] for outcome in watcher.outcomes] == [500]


@pytest.mark.parametrize("framework", BEYOND_HTTP)
async def test_background_tasks_run(framework: str) -> None:
    marks = Marks()
    assert (await ask(pegboard.wrap(APPS[framework](marks), plugins=[Watcher()]), "/background")).status == 200
    with anyio.fail_after(5):
        await marks.made.wait()
    assert marks == ["background"]


async def test_a_mounted_application_sees_its_place(framework: str) -> None:
    app = Pegboard(routes=[Mount("/deep/inside", app=APPS[framework]([]))], plugins=[])
    assert (await ask(app, "/deep/inside/where")).body == b"/deep/inside /deep/inside/where"


@pytest.mark.parametrize("framework", BEYOND_HTTP)
async def test_lifespans_run(framework: str) -> None:
    marks: list[str] = []
    app = Pegboard(routes=[Mount("/a", app=APPS[framework](marks))], plugins=[])
    sent = await live(app)
    assert marks == ["started", "stopped"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_an_application_without_a_lifespan_is_left_alone() -> None:
    assert await live(pegboard.wrap(APPS["django"]([]), plugins=[])) == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


@pytest.mark.parametrize("framework", BEYOND_HTTP)
async def test_websockets_go_through(framework: str) -> None:
    watcher = Watcher()
    incoming = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hi"}]
    sent: list[Any] = []
    closed = anyio.Event()

    async def receive() -> Any:
        if incoming:
            return incoming.pop(0)
        await closed.wait()
        return {"type": "websocket.disconnect", "code": 4000}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "websocket.close":
            closed.set()

    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
        "subprotocols": [],
        "state": {},
        "extensions": {},
    }
    with anyio.fail_after(10):
        await pegboard.wrap(APPS[framework]([]), plugins=[watcher])(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert (b"x-watched", b"ws") in list(sent[0]["headers"])
    assert sent[1]["text"] == "echo hi"
    assert sent[2]["code"] == 4000
    assert watcher.outcomes == [("closed", 4000, 1, 1)]


async def live(app: Any) -> list[str]:
    """Take an application through its lifespan; gives the kinds of the messages it sent."""
    sent: list[str] = []
    started = anyio.Event()
    asked: list[str] = []

    async def receive() -> Any:
        if not asked:
            asked.append("startup")
            return {"type": "lifespan.startup"}
        await started.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        started.set()

    with anyio.fail_after(10):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return sent
