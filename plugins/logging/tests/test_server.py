"""The log of a real uvicorn, asked over raw sockets: what came, what went, and how it ended."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.slow

SOON = 20.0

APP = """
import anyio
from pegboard import Pegboard
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Route, WebSocketRoute

async def hello(request):
    return PlainTextResponse("hello")

async def forever():
    while True:
        yield b"x" * 1000
        await anyio.sleep(0.01)

async def endless(request):
    return StreamingResponse(forever())

async def large(request):
    async def pieces():
        for _ in range(40):
            yield b"x" * 50_000
    return StreamingResponse(pieces())

async def fail(request):
    raise KeyError("on purpose")

async def hang(request):
    await anyio.sleep(3600)

async def broken(request):
    async def pieces():
        yield b"one"
        raise ValueError("in the middle")
    return StreamingResponse(pieces())

async def upload(request):
    return PlainTextResponse(f"{len(await request.body())} bytes")

async def socket(websocket):
    if websocket.query_params:
        await websocket.send_denial_response(PlainTextResponse("no", 403))
        return
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.receive_text()

app = Pegboard(
    routes=[
        Route("/", hello),
        Route("/endless", endless),
        Route("/large", large),
        Route("/fail", fail),
        Route("/hang", hang),
        Route("/broken", broken),
        Route("/upload", upload, methods=["POST"]),
        WebSocketRoute("/ws", socket),
    ],
    plugins=["logging"],
)
"""


UVICORN = ("uvicorn", "main:app")
PEGBOARD = ("pegboard", "run", "main:app")


class Server:
    """A server that runs until the test ends; its output is read as it comes."""

    def __init__(self, folder: Path, command: Sequence[str], *options: str) -> None:
        (folder / "main.py").write_text(APP)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, "--port", "0", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.port = 0
        self.out: list[bytes] = []
        self.err: list[bytes] = []
        self.begun = 0
        self.readers = [
            threading.Thread(target=self._read, args=(stream, lines))
            for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self.readers:
            reader.start()

    def start(self) -> None:
        """Wait until the server listens."""
        running = self.wait_for(
            lambda: [
                found for line in [*self.err, *self.out] if (found := re.search(rb"http://127\.0\.0\.1:(\d+)", line))
            ]
        )
        self.port = int(running[0][1])

    @staticmethod
    def _read(stream: Any, lines: list[bytes]) -> None:
        for line in stream:
            lines.append(line.rstrip(b"\n"))  # noqa: PERF401  the list is looked at while it grows

    def wait_for(self, look: Callable[[], Any]) -> Any:
        """What ``look`` gives, once it gives something."""
        deadline = time.monotonic() + SOON
        while not (seen := look()):
            assert time.monotonic() < deadline, self.err
            assert self.process.poll() is None or look(), self.err
            time.sleep(0.01)
        return seen

    @property
    def records(self) -> list[dict[str, Any]]:
        """Those of the test that is running."""
        records = [json.loads(line) for line in self.err[self.begun :] if line.startswith(b"{")]
        return [record for record in records if record["event"] in ("request", "websocket")]

    def settled(self, count: int = 1) -> list[dict[str, Any]]:
        """The records when there are ``count``, and whatever else was written before that of one more request."""
        self.wait_for(lambda: len(self.records) >= count)
        self.get("/", "X-Request-ID: last")
        self.wait_for(lambda: any(record["request_id"] == "last" for record in self.records))
        return [record for record in self.records if record["request_id"] != "last"]

    def connect(self, target: str = "/", *lines: str, method: str = "GET") -> socket.socket:
        """A connection on which one request was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), SOON)
        request = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", *lines, "", ""])
        connection.sendall(request.encode("latin-1"))
        return connection

    def get(self, target: str = "/", *lines: str) -> bytes:
        """The whole answer to one request."""
        with self.connect(target, "Connection: close", *lines) as connection:
            answer = b""
            while data := connection.recv(65536):
                answer += data
            return answer

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the server and read what it said to the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(SOON)
        finally:
            self.process.kill()
            for reader in self.readers:
                reader.join(SOON)
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[Server] = []

    def serve(*options: str, command: Sequence[str] = UVICORN) -> Server:
        server = Server(tmp_path, command, *options)
        servers.append(server)
        server.start()
        return server

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), UVICORN)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shared(running: Server) -> Server:
    """A server that goes on, for tests that leave it as it was."""
    running.begun = len(running.err)
    return running


@pytest.mark.parametrize("command", [UVICORN, PEGBOARD], ids=["uvicorn", "pegboard"])
def test_every_request_is_one_json_line_and_the_server_writes_none_of_its_own(
    serve: Serve, command: Sequence[str]
) -> None:
    server = serve(command=command)
    for target in ("/", "/nowhere", "/fail"):
        server.get(target)
    server.stop()
    assert [(record["path"], record["status"]) for record in server.records] == [
        ("/", 200),
        ("/nowhere", 404),
        ("/fail", 500),
    ]
    # Its error log is kept.
    assert any(b"KeyError: 'on purpose'" in line for line in server.err)
    others = [line for line in [*server.err, *server.out] if not line.startswith(b"{")]
    assert not any(b"GET /" in line for line in others)


def test_a_server_without_a_lifespan_logs_the_same(serve: Serve) -> None:
    server = serve("--lifespan", "off")
    server.get("/")
    server.get("/nowhere")
    server.wait_for(lambda: len(server.records) == 2)
    assert server.out == []


def test_a_forged_line_stays_a_path(shared: Server) -> None:
    shared.get("/a%0d%0aFAKE%1b[31m", "X-Request-ID: \x9b31m", "User-Agent: \x9b31m\x85")
    [record] = shared.settled()
    assert record["path"] == "/a\r\nFAKE\x1b[31m"
    assert record["user_agent"] == "\x9b31m\x85"
    assert len(record["request_id"]) == 32
    assert not any(
        b"\x1b" in line or b"\xc2" in line or line.startswith(b"FAKE") for line in shared.err[shared.begun :]
    )


def test_a_client_that_breaks_off_is_one_record(shared: Server) -> None:
    with shared.connect("/endless") as connection:
        connection.recv(100)
    [record] = shared.settled()
    assert (record["path"], record["status"], record["outcome"]) == ("/endless", 200, "client_disconnect")


def test_a_client_that_is_reset_in_the_middle_is_one_record(shared: Server) -> None:
    with shared.connect("/endless") as connection:
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    records = shared.settled()
    assert [(record["status"], record["outcome"]) for record in records] == [(200, "client_disconnect")]


def test_a_client_that_leaves_before_its_body_was_read_is_one_record(shared: Server) -> None:
    with shared.connect("/upload", "Content-Length: 100", method="POST") as connection:
        connection.sendall(b"x" * 10)
        # What was sent is there, and read, before the connection ends.
        assert shared.get("/").endswith(b"hello")
    records = shared.settled(2)
    [record] = [record for record in records if record["path"] == "/upload"]
    assert (record["outcome"], record["status"], record["bytes_in"]) == ("client_disconnect", 0, 10)


def test_an_answer_that_breaks_off_is_one_record_of_an_error(shared: Server) -> None:
    assert shared.get("/broken").count(b"one") == 1
    [record] = shared.settled()
    assert (record["status"], record["outcome"], record["error"]) == (200, "error", "ValueError")


def test_websockets_are_one_record_each_and_their_handshakes_are_answered_with_the_id(shared: Server) -> None:
    url = f"ws://127.0.0.1:{shared.port}/ws"
    with connect(url, additional_headers={"X-Request-ID": "accepted"}) as accepted:
        assert accepted.recv() == "hello"
        accepted.send("bye")
    with pytest.raises(InvalidStatus) as denied, connect(f"{url}?no", additional_headers={"X-Request-ID": "denied"}):
        pass
    records = shared.settled(2)
    assert accepted.response is not None
    assert accepted.response.headers.get_all("x-request-id") == ["accepted"]
    assert denied.value.response.headers.get_all("x-request-id") == ["denied"]
    assert [
        (record["request_id"], record["status"], record["outcome"], record.get("close_code")) for record in records
    ] == [("accepted", 101, "closed", 1000), ("denied", 403, "denied", None)]
    assert not any(b"/ws" in line for line in shared.err[shared.begun :] if not line.startswith(b"{"))


def test_a_client_that_closes_its_half_is_one_record(shared: Server) -> None:
    with shared.connect("/") as connection:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass
    records = shared.settled()
    assert [record["path"] for record in records] == ["/"]


def test_a_slow_reader_gets_all_of_it_and_is_one_record(shared: Server) -> None:
    received = 0
    with shared.connect("/large", "Connection: close") as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        while data := connection.recv(50_000):
            received += len(data)
            time.sleep(0.001)
    [record] = shared.settled()
    assert (record["outcome"], record["bytes_out"]) == ("sent", 2_000_000)
    assert received > 2_000_000


def test_a_request_that_a_shutdown_cuts_off_is_recorded(serve: Serve) -> None:
    server = serve("--timeout-graceful-shutdown", "1")
    with server.connect("/endless") as stream, server.connect("/hang"):
        stream.recv(100)
        server.stop()
    assert {(record["path"], record["outcome"]) for record in server.records} == {
        ("/endless", "cancelled"),
        ("/hang", "cancelled"),
    }
    assert len(server.records) == 2


def test_a_websocket_that_a_shutdown_closes_is_recorded(serve: Serve) -> None:
    server = serve()
    with connect(f"ws://127.0.0.1:{server.port}/ws") as client:
        assert client.recv() == "hello"
        server.stop()
    assert [(record["outcome"], record["close_code"]) for record in server.records] == [("closed", 1012)]


def test_ten_thousand_requests_are_ten_thousand_records(serve: Serve) -> None:
    server = serve()

    def ask() -> None:
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), SOON) as connection:
            for _ in range(250):
                connection.sendall(request * 10)
                answers = b""
                while answers.count(b"hello") < 10:
                    answers += connection.recv(65536)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    server.stop()
    assert len(server.records) == 10_000
    assert len({record["request_id"] for record in server.records}) == 10_000


@pytest.mark.parametrize("hangup", [False, True])
def test_a_file_can_be_rotated_under_a_running_server(serve: Serve, tmp_path: Path, hangup: bool) -> None:
    if hangup and not hasattr(signal, "SIGHUP"):
        pytest.skip("needs SIGHUP")
    (tmp_path / "pegboard.toml").write_text('[logging]\ntarget = "file"\nfile = "access.log"\nformat = "common"\n')
    server = serve()
    file = tmp_path / "access.log"
    server.get("/one")
    server.wait_for(file.read_bytes)
    file.rename(tmp_path / "access.log.1")
    if hangup:
        server.process.send_signal(signal.SIGHUP)
    server.get("/two")
    server.wait_for(file.exists)
    server.stop()
    assert b'"GET /one HTTP/1.1" 404' in (tmp_path / "access.log.1").read_bytes()
    assert b'"GET /two HTTP/1.1" 404' in file.read_bytes()
    assert not [line for line in server.err if b"Traceback" in line]


def test_a_full_disk_costs_no_request(serve: Serve, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / "pegboard.toml").write_text('[logging]\ntarget = "file"\nfile = "/dev/full"\n')
    server = serve()
    for _ in range(3):
        assert server.get("/").endswith(b"hello")
    server.stop()
    complaints = [line for line in server.err if b"cannot write to /dev/full" in line]
    assert len(complaints) == 1


def test_a_crash_of_the_application_loses_no_record() -> None:
    script = """
        import asyncio
        from pegboard import Pegboard
        from pegboard.routing import Route
        from pegboard_logging import Logging

        async def hello(request):
            return "hello"

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            pass

        board = Pegboard(routes=[Route("/", hello)], plugins=[Logging(flush_interval=60.0)], config={})
        scope = {
            "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
            "scheme": "http", "http_version": "1.1", "client": None, "server": None, "root_path": "",
        }
        asyncio.run(board(scope, receive, send))
        raise SystemError("crash")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        check=False,
        timeout=SOON,
        env={**os.environ},
    )
    assert b"SystemError: crash" in done.stderr
    assert b'"path":"/"' in done.stderr
