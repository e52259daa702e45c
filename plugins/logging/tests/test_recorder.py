"""One record for every request and WebSocket, whatever becomes of it; and its ids."""

import gc
import json
import logging
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

import anyio
import anyio.lowlevel
import httpx
import pytest

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.exceptions import HTTPException
from pegboard.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.testclient import ClientLeft, TestClient, WebSocketDenialResponse
from pegboard.websockets import WebSocketDisconnect
from pegboard_logging import Logging, log
from pegboard_logging.entries import Access

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"

Record = dict[str, Any]


class Served:
    """A client, and the records that were written once it is closed."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.client: TestClient

    @property
    def all(self) -> list[Record]:
        return [json.loads(line) for line in self.lines]

    @property
    def records(self) -> list[Record]:
        return [record for record in self.all if record["event"] in ("request", "websocket")]

    @property
    def record(self) -> Record:
        [record] = self.records
        return record


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture(params=["asyncio", "trio"])
def serve(request: pytest.FixtureRequest) -> Serve:
    @contextmanager
    def serve(*routes: Any, plugins: tuple[Any, ...] = (), **settings: Any) -> Iterator[Served]:
        served = Served()
        board = Pegboard(
            routes=routes, plugins=[Logging(write=served.lines.append, format="json", **settings), *plugins], config={}
        )
        backend: Literal["asyncio", "trio"] = request.param
        with TestClient(board, raise_server_exceptions=False, backend=backend) as served.client:
            yield served

    return serve


async def hello(request: Any) -> Any:
    return PlainTextResponse("hello")


# Exit paths


def test_an_answer_is_recorded_with_what_came_and_went(serve: Serve) -> None:
    async def echo(request: Any) -> Any:
        return PlainTextResponse(await request.body())

    with serve(Route("/echo/{name}", echo, methods=["POST"])) as served:
        response = served.client.post("/echo/ada?a=1", content=b"12345", headers={"user-agent": "me"})
    record = served.record
    assert record["request_id"] == response.headers["x-request-id"]
    expected = {
        "level": "info",
        "event": "request",
        "method": "POST",
        "path": "/echo/ada",
        "query": "a=1",
        "route": "/echo/{name}",
        "status": 200,
        "outcome": "sent",
        "bytes_in": 5,
        "bytes_out": 5,
        "client": "testclient",
        "scheme": "http",
        "http_version": "1.1",
        "user_agent": "me",
    }
    assert {name: record[name] for name in expected} == expected
    assert 0 <= record["first_byte"] <= record["duration"]


def test_an_early_answer_names_the_plugin(serve: Serve) -> None:
    class Gate(Plugin[Any]):
        name = "gate"
        phase = "guard"

        @hookimpl
        def request(self) -> Response:
            return PlainTextResponse("no", 403)

    with serve(Route("/", hello), plugins=(Gate(),)) as served:
        response = served.client.get("/")
    assert (served.record["status"], served.record["answered_by"]) == (403, "gate")
    assert response.headers["x-request-id"] == served.record["request_id"]


@pytest.mark.parametrize("protocol", ["http", "websocket"])
def test_the_word_that_plugins_left_is_in_the_record(serve: Serve, protocol: str) -> None:
    class Gate(Plugin[Any]):
        name = "gate"
        phase = "guard"

        @hookimpl
        def request(self, request: Any) -> None:
            request.note(self.name, "let in by its address")

        @hookimpl
        def websocket(self, websocket: Any) -> None:
            websocket.note(self.name, "let in by its address")

    async def accept(websocket: Any) -> None:
        await websocket.accept()

    with serve(Route("/", hello), WebSocketRoute("/ws", accept), plugins=(Gate(),)) as served:
        if protocol == "http":
            served.client.get("/")
        else:
            with served.client.websocket_connect("/ws"):
                pass
    assert served.record["notes"] == {"gate": "let in by its address"}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/", 405), ("OPTIONS", "/", 204)]
)
def test_what_no_route_answers_is_recorded_without_a_route(serve: Serve, method: str, path: str, status: int) -> None:
    with serve(Route("/", hello)) as served:
        served.client.request(method, path)
    assert served.record["status"] == status
    assert "route" not in served.record


def test_an_exception_is_a_500_with_its_type_and_nothing_of_its_text(serve: Serve) -> None:
    async def fail(request: Any) -> Any:
        raise KeyError("s3cret")

    with serve(Route("/", fail), capture=()) as served:
        response = served.client.get("/")
    assert response.headers["x-request-id"] == served.record["request_id"]
    record = served.record
    assert (record["status"], record["outcome"], record["error"], record["level"]) == (500, "sent", "KeyError", "error")
    assert b"s3cret" not in b"".join(served.lines)


def test_an_http_exception_is_no_error(serve: Serve) -> None:
    async def teapot(request: Any) -> Any:
        raise HTTPException(418)

    with serve(Route("/", teapot)) as served:
        served.client.get("/")
    assert (served.record["status"], served.record["level"]) == (418, "info")
    assert "error" not in served.record


def test_a_stream_that_fails_in_the_middle_is_a_200_with_the_outcome_error(serve: Serve) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError("in the middle")

    async def stream(request: Any) -> Any:
        return StreamingResponse(pieces())

    with serve(Route("/", stream)) as served, pytest.raises(httpx.RemoteProtocolError):
        served.client.get("/")
    record = served.record
    assert (record["status"], record["outcome"], record["error"], record["bytes_out"]) == (
        200,
        "error",
        "ValueError",
        3,
    )
    assert record["level"] == "error"


def test_a_client_that_leaves_is_no_error(serve: Serve) -> None:
    async def read(request: Any) -> Any:
        await request.body()
        raise NotImplementedError

    with serve(Route("/", read, methods=["POST"])) as served, pytest.raises(ClientLeft):
        served.client.post("/", content=b"x" * 100, extensions={"disconnect_after": 10})
    record = served.record
    assert (record["outcome"], record["status"], record["level"]) == ("client_disconnect", 0, "info")
    assert "error" not in record


@pytest.mark.parametrize("hook", ["rewrite", "request", "response"])
def test_a_failing_hook_is_recorded_with_its_plugin(serve: Serve, hook: str) -> None:
    class Broken(Plugin[Any]):
        name = "broken"

        def fail(self) -> None:
            raise RuntimeError("hook")

    setattr(Broken, hook, hookimpl(lambda self: self.fail()))
    with serve(Route("/", hello), plugins=(Broken(),)) as served:
        served.client.get("/")
    assert (served.record["status"], served.record["error"]) == (500, "RuntimeError")
    assert f"{hook!r} of" in served.record["error_in"]
    assert "broken" in served.record["error_in"]


def test_a_failing_complete_hook_of_another_plugin_is_an_event_with_the_same_id(serve: Serve) -> None:
    class Broken(Plugin[Any]):
        name = "broken"

        @hookimpl
        def complete(self) -> None:
            raise RuntimeError("after the end")

    with serve(Route("/", hello), plugins=(Broken(),)) as served:
        served.client.get("/")
    [event] = [record for record in served.all if record["event"] == "log"]
    assert event["request_id"] == served.record["request_id"]
    assert (event["logger"], event["error"]) == ("pegboard", "RuntimeError")
    assert "broken" in event["message"]


def test_a_background_task_that_fails_is_an_event_with_the_same_id(serve: Serve) -> None:
    async def later() -> None:
        raise OSError("too late")

    async def start(request: Any) -> Any:
        return JSONResponse({}, background=BackgroundTask(later))

    with serve(Route("/", start), capture=()) as served:
        served.client.get("/")
    assert served.record["status"] == 200
    [event] = [record for record in served.all if record["event"] == "background_failed"]
    assert event["request_id"] == served.record["request_id"]
    assert event["error"] == "OSError"
    assert "later" in event["message"]


def test_background_tasks_still_run(serve: Serve) -> None:
    done: list[str] = []

    async def start(request: Any) -> Any:
        tasks = BackgroundTasks()
        tasks.add_task(done.append, "one")
        tasks.add_task(done.append, "two")
        return JSONResponse({}, background=tasks)

    with serve(Route("/", start)) as served:
        served.client.get("/")
    assert done == ["one", "two"]


# Ids


def test_a_good_request_id_is_taken_over(serve: Serve) -> None:
    with serve(Route("/", hello)) as served:
        response = served.client.get("/", headers={"x-request-id": "From-Me_1.2"})
    assert response.headers["x-request-id"] == served.record["request_id"] == "From-Me_1.2"


def test_the_first_of_several_request_ids_counts(serve: Serve) -> None:
    with serve(Route("/", hello)) as served:
        served.client.get("/", headers=[("x-request-id", "one"), ("x-request-id", "two")])
    assert served.record["request_id"] == "one"


@pytest.mark.parametrize("value", ["", "a b", "x" * 129, "a/b", 'x","status":"1'])
def test_a_bad_request_id_is_replaced(serve: Serve, value: str) -> None:
    with serve(Route("/", hello)) as served:
        response = served.client.get("/", headers={"x-request-id": value})
    made = response.headers["x-request-id"]
    assert made == served.record["request_id"] != value
    assert len(made) == 32


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        ({"request_id_from": "nobody"}, False),
        ({"request_id_from": "trusted", "trusted_proxies": ("192.0.2.0/24",)}, False),
        ({"request_id_from": "anyone"}, True),
    ],
)
def test_request_ids_can_be_taken_from_some_only(serve: Serve, settings: dict[str, Any], accepted: bool) -> None:
    with serve(Route("/", hello), **settings) as served:
        served.client.get("/", headers={"x-request-id": "mine"})
    assert (served.record["request_id"] == "mine") is accepted


def test_a_trusted_proxy_may_name_the_request() -> None:
    lines: list[bytes] = []
    plugin = Logging(write=lines.append, format="json", request_id_from="trusted", trusted_proxies=["192.0.2.0/24"])
    board = Pegboard(routes=[Route("/", hello)], plugins=[plugin], config={})
    with TestClient(board, client=("192.0.2.1", 1)) as client:
        client.get("/", headers={"x-request-id": "mine", "x-forwarded-for": "203.0.113.5"})
    record = json.loads(lines[0])
    assert (record["request_id"], record["client"]) == ("mine", "203.0.113.5")


def test_the_header_of_the_request_id_can_be_another_one(serve: Serve) -> None:
    with serve(Route("/", hello), request_id_header="X-Correlation-ID") as served:
        response = served.client.get("/", headers={"x-correlation-id": "mine"})
    assert response.headers["x-correlation-id"] == "mine"
    assert "x-request-id" not in response.headers


@pytest.mark.parametrize("first", ["one", ""])
def test_of_equal_headers_the_first_is_recorded(serve: Serve, first: str) -> None:
    """An empty one counts; an empty id is none."""
    names = ("x-request-id", "user-agent", "referer")
    with serve(Route("/", hello)) as served:
        served.client.get("/", headers=[(name, value) for value in (first, "two") for name in names])
    assert (served.record["user_agent"], served.record["referer"]) == (first, first)
    assert (served.record["request_id"] == "one") is bool(first)
    assert served.record["request_id"] != "two"


def test_a_request_id_that_the_application_sets_is_replaced_by_the_true_one(serve: Serve) -> None:
    async def own(request: Any) -> Any:
        return PlainTextResponse("x", headers={"x-request-id": "own"})

    with serve(Route("/", own)) as served:
        response = served.client.get("/")
    assert response.headers.get_list("x-request-id") == [served.record["request_id"]]


def test_a_foreign_application_answers_with_the_request_id_too(serve: Serve) -> None:
    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"foreign"})

    with serve(Mount("/foreign", foreign)) as served:
        response = served.client.get("/foreign/x")
    assert response.headers["x-request-id"] == served.record["request_id"]
    assert (served.record["status"], served.record["bytes_out"], served.record["route"]) == (201, 7, "/foreign")


def test_a_trace_is_continued_and_can_be_handed_on(serve: Serve) -> None:
    handed_on: dict[str, str] = {}

    async def call(request: Any) -> Any:
        handed_on.update(log.trace_headers())
        return PlainTextResponse("x")

    with serve(Route("/", call)) as served:
        served.client.get("/", headers={"traceparent": TRACEPARENT, "tracestate": "foo=1"})
    record = served.record
    assert (record["trace_id"], record["parent_id"]) == (TRACE, PARENT)
    assert record["span_id"] not in (PARENT, "0" * 16)
    assert handed_on == {"traceparent": f"00-{TRACE}-{record['span_id']}-01", "tracestate": "foo=1"}


@pytest.mark.parametrize(
    ("trace", "traceparent", "has_trace"),
    [
        ("continue", None, False),
        ("continue", "00-nonsense", False),
        ("off", TRACEPARENT, False),
        ("start", None, True),
        ("start", "00-nonsense", True),
    ],
)
def test_whether_there_is_a_trace_is_up_to_the_settings(
    serve: Serve, trace: str, traceparent: str | None, has_trace: bool
) -> None:
    with serve(Route("/", hello), trace=trace) as served:
        served.client.get("/", headers={} if traceparent is None else {"traceparent": traceparent})
    assert ("trace_id" in served.record) is has_trace
    assert served.record.get("trace_id") != TRACE
    assert "parent_id" not in served.record


# Binding


def test_what_hooks_endpoints_and_threads_bind_reaches_the_record(serve: Serve) -> None:
    class Binder(Plugin[Any]):
        name = "binder"

        @hookimpl
        def request(self) -> None:
            log.bind(hook=1)

    def endpoint(request: Any) -> Any:
        log.bind(thread=2, user="ada")
        return PlainTextResponse("x")

    with serve(Route("/", endpoint), plugins=(Binder(),)) as served:
        served.client.get("/")
    assert (served.record["hook"], served.record["thread"], served.record["user"]) == (1, 2, "ada")


def test_application_log_lines_and_background_tasks_share_the_ids(serve: Serve) -> None:
    logger = logging.getLogger("test.recorder")

    def later() -> None:
        log.bind(late=True)
        logger.error("from the background")

    async def endpoint(request: Any) -> Any:
        logger.error("from the endpoint")
        return PlainTextResponse("x", background=BackgroundTask(later))

    with serve(Route("/", endpoint), capture=("test.recorder",)) as served:
        served.client.get("/")
    events = [record for record in served.all if record["event"] == "log"]
    assert [event["message"] for event in events] == ["from the endpoint", "from the background"]
    assert {event["request_id"] for event in events} == {served.record["request_id"]}
    assert events[1]["late"] is True
    assert "late" not in served.record


def test_requests_do_not_see_what_others_bound(serve: Serve) -> None:
    async def endpoint(request: Any) -> Any:
        seen = {**log.bound()}
        log.bind(mine=request.query_params["n"])
        return JSONResponse(sorted(seen))

    with serve(Route("/", endpoint)) as served:
        answers = [served.client.get(f"/?n={number}").json() for number in range(3)]
    assert answers == [["request_id"]] * 3
    assert [record["mine"] for record in served.records] == ["0", "1", "2"]


def test_who_called_is_what_the_identity_plugin_says(serve: Serve) -> None:
    class User:
        identity = "ada"

    class Identify(Plugin[Any]):
        name = "identify"
        phase = "identify"

        @hookimpl
        def request(self, request: Any) -> None:
            request.scope["user"] = User()

    with serve(Route("/", hello), plugins=(Identify(),)) as served:
        served.client.get("/")
    assert served.record["user"] == "ada"


def test_a_board_within_a_board_joins_the_conversation(serve: Serve) -> None:
    inner_lines: list[bytes] = []

    async def endpoint(request: Any) -> Any:
        log.bind(inner=True)
        return PlainTextResponse("x")

    inner = Pegboard(
        routes=[Route("/x", endpoint)], plugins=[Logging(write=inner_lines.append, format="json")], config={}
    )

    async def hidden(scope: Any, receive: Any, send: Any) -> None:
        """A board behind an ASGI application, so that its routes are not flattened into the outer board's."""
        await inner(scope, receive, send)

    with serve(Mount("/in", hidden)) as served:
        response = served.client.get("/in/x")
        plugin: Any = inner.plugins[0].plugin
        plugin._desk.stop()
    assert json.loads(inner_lines[0])["request_id"] == served.record["request_id"] == response.headers["x-request-id"]
    assert served.record["inner"] is True


def mounted(target: list[bytes], inner_target: list[bytes], **outer: Any) -> Pegboard:
    """A board in a board, each with a log."""
    inner = Pegboard(
        routes=[Route("/x", hello)], plugins=[Logging(write=inner_target.append, format="json")], config={}
    )
    mount = Mount("/in", inner, plugins={"logging": outer} if outer else {})
    return Pegboard(routes=[mount], plugins=[Logging(write=target.append, format="json")], config={})


@pytest.mark.parametrize(
    ("outer", "routes"), [({}, ["/in"]), ({"record": False}, ["/x"])], ids=["both record", "the inner one records"]
)
def test_boards_that_write_to_the_same_place_write_one_record(outer: dict[str, Any], routes: list[str]) -> None:
    lines: list[bytes] = []
    with TestClient(mounted(lines, lines, **outer)) as client:
        client.get("/in/x")
    assert [json.loads(line)["route"] for line in lines] == routes


def test_boards_that_write_to_different_places_write_a_record_each() -> None:
    lines: list[bytes] = []
    inner_lines: list[bytes] = []
    with TestClient(mounted(lines, inner_lines)) as client:
        client.get("/in/x")
    ids = {json.loads(line)["request_id"] for line in (*lines, *inner_lines)}
    assert (len(lines), len(inner_lines), len(ids)) == (1, 1, 1)


def test_a_request_within_a_request_leaves_the_context_as_it_was(serve: Serve) -> None:
    called: list[bytes] = []

    async def later() -> None:
        log.bind(late=True)
        await anyio.lowlevel.checkpoint()
        seen.append(log.bound())

    async def answer(request: Any) -> Any:
        log.bind(inner=True)
        return PlainTextResponse("x", background=BackgroundTask(later))

    seen: list[dict[str, Any]] = []
    inner = Pegboard(routes=[Route("/x", answer)], plugins=[Logging(write=called.append, format="json")], config={})

    async def call(request: Any) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(inner), base_url="http://inner") as client:
            response = await client.get("/x")
        log.bind(called=response.headers["x-request-id"])
        return PlainTextResponse(log.bound()["request_id"])

    with serve(Route("/", call)) as served:
        response = served.client.get("/")
        plugin: Any = inner.plugins[0].plugin
        plugin._desk.stop()
    [record] = map(json.loads, called)
    assert served.record["request_id"] == response.text != record["request_id"]
    assert served.record["called"] == record["request_id"] == seen[0]["request_id"]
    assert (record["inner"], seen[0]["late"]) == (True, True)
    assert "inner" not in served.record


def test_what_servers_may_leave_out_of_a_scope_is_recorded_as_the_specification_says() -> None:
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "headers": []}

    async def receive() -> Any:
        raise NotImplementedError

    async def send(message: Any) -> None:
        pass

    lines: list[bytes] = []
    board = Pegboard(routes=[Route("/", hello)], plugins=[Logging(write=lines.append, format="json")], config={})
    anyio.run(board, scope, receive, send)
    plugin: Any = board.plugins[0].plugin
    plugin._desk.stop()
    assert json.loads(lines[0])["scheme"] == "http"


def test_two_boards_that_log_through_the_standard_library_do_not_log_each_other() -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign,assignment]
    logger = logging.getLogger("pegboard.access")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    boards = [
        Pegboard(routes=[Route("/", hello)], plugins=[Logging(target="logger", format="json")], config={})
        for _ in range(2)
    ]
    try:
        with TestClient(boards[0]) as client, TestClient(boards[1]):
            client.get("/")
            plugin: Any = boards[0].plugins[0].plugin
            assert plugin._desk.writer.flush(10.0)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert len(records) == 1


def test_what_a_client_calls_itself_is_cut(serve: Serve) -> None:
    with serve(Route("/", hello), max_length=16) as served:
        served.client.get("/", headers={"user-agent": "u" * 99})
    assert served.record["user_agent"] == "u" * 16 + "..."


# Volume


def test_a_route_can_do_without_a_record_and_keep_its_id(serve: Serve) -> None:
    with serve(Route("/", hello, plugins={"logging": {"record": False}})) as served:
        response = served.client.get("/")
    assert served.records == []
    assert "x-request-id" in response.headers


def test_a_route_can_do_without_the_plugin(serve: Serve) -> None:
    with serve(Route("/", hello, plugins={"logging": False})) as served:
        response = served.client.get("/")
    assert served.records == []
    assert "x-request-id" not in response.headers


def test_excluded_paths_are_not_recorded_and_others_of_that_ending_are(serve: Serve) -> None:
    routes = (Route("/health", hello), Mount("/api", routes=[Route("/health", hello), Route("/ready", hello)]))
    with serve(*routes, exclude=("/health", "/api/ready")) as served:
        for path in ("/health", "/api/health", "/api/ready"):
            assert served.client.get(path).status_code == 200
    assert [record["route"] for record in served.records] == ["/api/health"]


def test_a_route_has_its_own_level_and_the_minimum_holds(serve: Serve) -> None:
    routes = (Route("/", hello), Route("/quiet", hello, plugins={"logging": {"level": "debug"}}))
    with serve(*routes, minimum_level="info") as served:
        served.client.get("/")
        served.client.get("/quiet")
    assert [record["path"] for record in served.records] == ["/"]


def test_a_slow_request_is_a_warning(serve: Serve) -> None:
    with serve(Route("/", hello), slow=1e-9) as served:
        served.client.get("/")
    assert served.record["level"] == "warning"


def test_sampled_records_say_how_many_are_kept_and_failures_are_all_kept(serve: Serve) -> None:
    async def fail(request: Any) -> Any:
        raise ValueError

    with serve(Route("/", hello), Route("/fail", fail), sample=0.5) as served:
        for number in range(40):
            served.client.get("/", headers={"x-request-id": f"id-{number}"})
        for _ in range(3):
            served.client.get("/fail")
    kept = [record for record in served.records if record["path"] == "/"]
    assert 5 < len(kept) < 35
    assert {record["sampled"] for record in kept} == {0.5}
    assert sum(record["path"] == "/fail" for record in served.records) == 3


def test_records_over_the_cap_are_counted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pegboard_logging.lines.wall_time", lambda counter: 1_700_000_000.0)
    with serve(Route("/", hello), max_per_second=2) as served:
        for _ in range(5):
            served.client.get("/")
    assert len(served.records) == 2
    lost = [record for record in served.all if record["event"] == "records_lost"]
    assert sum(record["count"] for record in lost) == 3
    assert {record["reason"] for record in lost} == {"max_per_second"}


def test_a_request_can_wait_for_room_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    free, entered = threading.Event(), threading.Event()
    lines: list[bytes] = []
    waited: list[float] = []

    def write(line: bytes) -> None:
        entered.set()
        free.wait(10.0)
        lines.append(line)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        free.set()
        await anyio.sleep(seconds)

    monkeypatch.setattr("pegboard_logging.recorder.sleep", sleep)
    plugin = Logging(write=write, format="json", when_full="wait", queue_size=1, flush_interval=0.0)
    with TestClient(Pegboard(routes=[Route("/", hello)], plugins=[plugin], config={})) as client:
        client.get("/")
        assert entered.wait(10.0)
        for _ in range(20):
            client.get("/")
    assert waited
    assert len(lines) == 21


@pytest.mark.anyio
async def test_a_request_that_is_cancelled_while_it_waits_for_room_is_counted(access: Any) -> None:
    plugin = Logging(write=print, format="json", when_full="wait", queue_size=1, flush_interval=60.0)
    board = Pegboard(routes=[Route("/", hello)], plugins=[plugin], config={})
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "headers": []}

    async def receive() -> Any:
        raise NotImplementedError

    async def send(message: Any) -> None:
        pass

    await board(dict(scope), receive, send)
    writer = plugin._desk.writer
    with anyio.move_on_after(0.01) as waited:
        await board(dict(scope), receive, send)
    assert waited.cancelled_caught
    assert writer.lost == {"queue_full": 1}
    writer.entries.clear()
    plugin._desk.stop()


# WebSockets


def test_a_websocket_is_one_record_with_both_directions(serve: Serve) -> None:
    async def echo(websocket: Any) -> None:
        await websocket.accept()
        log.bind(room="a")
        async for text in websocket.iter_text():
            await websocket.send_text(text + text)

    with serve(WebSocketRoute("/ws/{room}", echo)) as served, served.client.websocket_connect("/ws/a") as socket:
        headers = dict(socket.extra_headers)
        for text in ("one", "grün"):
            socket.send_text(text)
            socket.receive_text()
        socket.close(4001)
    record = served.record
    assert headers[b"x-request-id"].decode() == record["request_id"]
    expected = {
        "event": "websocket",
        "route": "/ws/{room}",
        "status": 101,
        "outcome": "closed",
        "close_code": 4001,
        "messages_in": 2,
        "messages_out": 2,
        "bytes_in": 8,
        "bytes_out": 16,
        "room": "a",
    }
    assert {name: record[name] for name in expected} == expected


def test_a_websocket_that_fails_is_an_error(serve: Serve) -> None:
    async def fail(websocket: Any) -> None:
        await websocket.accept()
        raise KeyError("x")

    with (
        serve(WebSocketRoute("/", fail)) as served,
        served.client.websocket_connect("/") as socket,
        pytest.raises(WebSocketDisconnect),
    ):
        socket.receive_text()
    record = served.record
    assert (record["outcome"], record["error"], record["close_code"], record["level"]) == (
        "error",
        "KeyError",
        1011,
        "error",
    )


def test_a_denied_websocket_has_the_status_of_its_denial(serve: Serve) -> None:
    async def deny(websocket: Any) -> None:
        raise HTTPException(403)

    with (
        serve(WebSocketRoute("/", deny)) as served,
        pytest.raises(WebSocketDisconnect),
        served.client.websocket_connect("/"),
    ):
        pass
    assert (served.record["outcome"], served.record["status"]) == ("denied", 403)
    assert "close_code" not in served.record


@pytest.mark.parametrize("by", ["endpoint", "hook", "exception"])
def test_the_response_that_denies_a_websocket_has_the_request_id(serve: Serve, by: str) -> None:
    class Gate(Plugin[Any]):
        name = "gate"
        phase = "guard"

        @hookimpl
        def websocket(self) -> Response | None:
            return PlainTextResponse("no", 403) if by == "hook" else None

    async def deny(websocket: Any) -> None:
        if by == "exception":
            raise HTTPException(403)
        await websocket.send_denial_response(PlainTextResponse("no", 403))

    with (
        serve(WebSocketRoute("/", deny), plugins=(Gate(),)) as served,
        pytest.raises(WebSocketDenialResponse) as denied,
        served.client.websocket_connect("/", headers={"x-request-id": "mine"}),
    ):
        pass
    response: Any = denied.value
    assert response.headers.get_list("x-request-id") == ["mine"]
    assert (served.record["request_id"], served.record["status"]) == ("mine", 403)


def test_websockets_are_sampled_too(serve: Serve) -> None:
    async def accept(websocket: Any) -> None:
        await websocket.accept()

    with serve(WebSocketRoute("/", accept), sample=0.0) as served, served.client.websocket_connect("/"):
        pass
    assert served.records == []


# Secrets and lifetimes


def test_no_secret_is_in_the_events_and_tracebacks_of_a_request(serve: Serve) -> None:
    logger = logging.getLogger("test.recorder")

    async def later() -> None:
        raise KeyError("bad session s3cret-sid")

    async def endpoint(request: Any) -> Any:
        logger.error("no user for %s with %r", request.headers["authorization"], dict(request.headers))
        try:
            raise ValueError(f"{request.url} is no good")
        except ValueError:
            logger.exception("failed")
        return PlainTextResponse("x", background=BackgroundTask(later))

    with serve(Route("/", endpoint), capture=("test.recorder",)) as served:
        served.client.get(
            "/?token=s3cret-parameter",
            headers={"authorization": "Bearer s3cret-token", "cookie": "sid=s3cret-sid", "x-api-key": "s3cret-key"},
        )
    assert len(served.all) == 4
    assert b"s3cret" not in b"".join(served.lines)
    assert b"KeyError: 'bad session [redacted]'" in b"".join(served.lines)


def test_no_secret_is_anywhere_in_the_output(serve: Serve) -> None:
    async def endpoint(request: Any) -> Any:
        log.bind(password="s3cret", deep={"token": "s3cret"})
        return PlainTextResponse("x", headers={"set-cookie": "sid=s3cret", "x-shown": "shown"})

    secret = ("authorization", "cookie", "x-api-key", "proxy-authorization", "x-mine")
    names = (*secret, "x-shown")
    with serve(
        Route("/", endpoint),
        request_headers=names,
        response_headers=("set-cookie", "x-shown"),
        redact_headers=("x-mine",),
        redact_names=("pin",),
    ) as served:
        served.client.get(
            "/?access_token=s3cret&pin=s3cret&p%61ssword=s3cret",
            headers={
                **dict.fromkeys(secret, "s3cret"),
                "referer": "https://a:s3cret@x/?token=s3cret",
                "x-shown": "shown",
            },
        )
    assert b"s3cret" not in b"".join(served.lines)
    assert served.record["request_headers"]["x-shown"] == "shown"
    assert served.record["response_headers"] == {"set-cookie": "[redacted]", "x-shown": "shown"}


@pytest.mark.parametrize(
    ("given", "headers", "kept"),
    [
        ({}, {}, False),
        ({}, {"traceparent": TRACEPARENT}, True),
        ({"trace": "off"}, {"traceparent": TRACEPARENT}, False),
        ({"trace": "start"}, {}, True),
        ({"request_headers": ("x-a",)}, {}, True),
        ({"response_headers": ("x-a",)}, {}, True),
        ({"trusted_proxies": ("10.0.0.0/8",)}, {}, True),
    ],
    ids=["plain", "trace", "no-trace", "new-trace", "request-headers", "response-headers", "proxies"],
)
def test_a_waiting_entry_keeps_the_headers_only_where_something_of_them_is_wanted(
    given: dict[str, Any], headers: dict[str, str], kept: bool
) -> None:
    plugin = Logging(write=lambda line: None, format="json", flush_interval=60.0, **given)
    with TestClient(Pegboard(routes=[Route("/", hello)], plugins=[plugin], config={})) as client:
        client.get("/", headers=headers)
        [entry] = plugin._desk.writer.entries
        assert isinstance(entry, Access)
        assert (entry.conversation is not None) is kept


@pytest.mark.anyio
async def test_a_waiting_entry_keeps_no_request_or_exception_alive() -> None:
    kept: list[weakref.ref[Any]] = []

    class Marker(Exception):
        pass

    async def fail(request: Any) -> Any:
        error, held = Marker(), Marker()
        request.scope["held"] = held
        kept.extend((weakref.ref(held), weakref.ref(error)))
        raise error

    async def receive() -> Any:
        raise NotImplementedError

    async def send(message: Any) -> None:
        pass

    lines: list[bytes] = []
    board = Pegboard(routes=[Route("/", fail)], plugins=[Logging(write=lines.append, flush_interval=60.0)], config={})
    # The test client keeps exceptions and scopes itself, so that it cannot be asked here.
    with pytest.raises(Marker):
        await board(
            {
                "type": "http",
                "method": "GET",
                "path": "/",
                "query_string": b"",
                "headers": [],
                "scheme": "http",
                "http_version": "1.1",
            },
            receive,
            send,
        )
    gc.collect()
    assert [ref() for ref in kept] == [None, None]
    assert lines == []
    plugin: Any = board.plugins[0].plugin
    plugin._desk.stop()
    assert len(lines) == 1
