"""``pegboard run`` and ``pegboard dev`` as users start and stop them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from command_line import pegboard, project
from servers import QUICKSTART, environment, serving

pytestmark = pytest.mark.slow

STREAM = """
import asyncio
from pegboard import Pegboard
from pegboard.responses import StreamingResponse

app = Pegboard(plugins=[])


@app.get("/")
async def hello(request):
    return "hello"


@app.get("/fail")
async def fail(request):
    raise RuntimeError("on purpose")


@app.get("/endless")
async def endless(request):
    async def ticks():
        while True:
            yield b"tick\\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(ticks())
"""

FOREIGN = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"foreign " * 100})
    else:
        raise RuntimeError("no lifespan here")
"""


class Running:
    """A command that serves, and what it has printed so far, both streams in one file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def url(self) -> str:
        return str(re.findall(r"http://[\w.:\[\]]+:\d+", self.output)[-1])

    def wait(self, said: str | Callable[[str], bool]) -> None:
        deadline = time.monotonic() + 60
        while not (said in self.output if isinstance(said, str) else said(self.output)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it did not come to this ({said}):\n{self.output}")
            time.sleep(0.05)

    def stop(self, sign: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(sign)
        return self.process.wait(30)


@contextmanager
def started(folder: Path, log: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A command in ``folder``, until the block ends; it serves once its banner is there."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pegboard", *arguments, "--port", "0"],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment(env),
        )
        running = Running(process, log)
        try:
            running.wait("Ctrl-C stops" if "--json" not in arguments else '"url"')
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "output"


def test_run_serves_the_quickstart_with_one_banner_and_stops_quietly(log: Path) -> None:
    with started(QUICKSTART, log, "run") as running:
        assert httpx.get(running.url + "/greet/Ada").text == "Hello, Ada!"
        assert running.stop() == 0
    banner, access = running.output.splitlines()[:3], running.output.splitlines()[3:]
    assert re.fullmatch(r"Pegboard \S+ serves main:app on http://127\.0\.0\.1:\d+ \(Ctrl-C stops\)", banner[0])
    assert re.sub(r" \d\S+", "", banner[1]) == "  plugins  logging > cors > auth > gzip"
    assert banner[2] == "  config   pegboard.toml"
    # The logging plugin writes the access log, and the server does not write a second one.
    assert [json.loads(line)["path"] for line in access] == ["/greet/Ada"]


def test_the_server_writes_an_access_log_when_no_plugin_does(tmp_path: Path, log: Path) -> None:
    with started(project(tmp_path, {"main.py": STREAM}), log, "run") as running:
        httpx.get(running.url + "/")
        running.wait('"GET / HTTP/1.1" 200')
        assert "plugins  none" in running.output
        assert f"config   none: there is no pegboard.toml in {tmp_path}" in running.output


def test_an_open_stream_does_not_hold_the_stop(tmp_path: Path, log: Path) -> None:
    folder = project(tmp_path, {"main.py": STREAM})
    with (
        started(folder, log, "run", "--graceful-timeout", "1") as running,
        httpx.stream("GET", running.url + "/endless") as answer,
    ):
        assert next(answer.iter_bytes())
        assert running.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    assert "Traceback" not in running.output


def test_the_banner_is_json_where_json_is_asked_for(tmp_path: Path, log: Path) -> None:
    with started(project(tmp_path, {"main.py": STREAM}), log, "run", "--json") as running:
        running.wait("}")
        said = json.loads(running.output)
    assert (said["application"], said["plugins"], said["debug"]) == ("main:app", [], False)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--workers", "2"], ["dev"], ["dev", "--no-reload"]], ids=" ".join
)
@pytest.mark.parametrize("is_starting", [True, False], ids=["while it starts", "while it serves"])
def test_an_interrupt_of_the_terminal_is_quiet(
    arguments: list[str], is_starting: bool, tmp_path: Path, log: Path
) -> None:
    """A terminal interrupts all processes at once, also those that are still importing."""
    slow = "from pathlib import Path\nimport time\nPath('importing').touch()\ntime.sleep(0.3)\n"
    folder = project(tmp_path, {"main.py": slow + STREAM})
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pegboard", *arguments, "--port", "0"],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
        running = Running(process, log)
        if is_starting:
            running.wait(lambda _: (folder / "importing").exists())
        else:
            running.wait("Ctrl-C stops")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) in (0, 130)
    assert all(line.startswith(("Pegboard ", "  ")) for line in running.output.splitlines() if line)


def test_workers_serve_together_and_stop_together(tmp_path: Path, log: Path) -> None:
    with started(project(tmp_path, {"main.py": STREAM}), log, "run", "--workers", "2") as running:
        assert httpx.get(running.url + "/", timeout=30).text == "hello"
        assert running.stop() == 0
    assert running.output.count("Ctrl-C stops") == 1
    assert "workers  2" in running.output
    assert "Traceback" not in running.output


def test_a_file_stands_for_the_application_in_every_process(tmp_path: Path, log: Path) -> None:
    folder = project(tmp_path, {"a site/board.py": STREAM, "elsewhere/empty.txt": ""}) / "elsewhere"
    for arguments in (["run", "--workers", "2"], ["dev"]):
        with started(folder, log, arguments[0], "../a site/board.py", *arguments[1:]) as running:
            assert httpx.get(running.url + "/", timeout=30).text == "hello"
            if arguments == ["dev"]:
                time.sleep(1)
                (tmp_path / "a site" / "board.py").write_text(STREAM.replace('"hello"', '"changed"'))
                running.wait(lambda output: output.count("Ctrl-C stops") == 2)
                assert httpx.get(running.url + "/", timeout=30).text == "changed"


def test_a_plain_server_says_which_configuration_it_has(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop", {"main.py": STREAM, "pegboard.toml": ""})
    with serving(folder, tmp_path / "one.log") as running:
        assert "INFO:     Pegboard: plugins none; configuration pegboard.toml" in running.output()
    with serving(tmp_path, tmp_path / "other.log", app="shop.main:app") as running:
        output = running.output()
    assert f"Pegboard: plugins none; configuration none: there is no pegboard.toml in {tmp_path}" in output
    assert f"{folder / 'pegboard.toml'} is not read, as the current folder is {tmp_path}" in output


def test_wrap_puts_the_plugins_around_a_foreign_application(tmp_path: Path, log: Path) -> None:
    folder = project(tmp_path, {"site.py": FOREIGN, "pegboard.toml": "[gzip]\nminimum_size = 10\n"})
    # `site` is a module of the standard library, so the file is named otherwise.
    (folder / "site.py").rename(folder / "mysite.py")
    with started(folder, log, "run", "--wrap", "mysite:app") as running:
        answer = httpx.get(running.url + "/anything", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == "foreign " * 100


def test_dev_shows_the_debug_page_and_reloads(tmp_path: Path, log: Path) -> None:
    folder = project(tmp_path, {"main.py": STREAM})
    with started(folder, log, "dev") as running:
        assert "RuntimeError: on purpose" in httpx.get(running.url + "/fail", timeout=30).text
        time.sleep(1)
        (folder / "main.py").write_text(STREAM.replace('"hello"', '"changed"'))
        running.wait(lambda output: output.count("Ctrl-C stops") == 2)
        assert httpx.get(running.url + "/", timeout=30).text == "changed"
        assert running.stop() == 0
    assert "debug    on" in running.output


def test_dev_outlives_a_broken_application(tmp_path: Path, log: Path) -> None:
    folder = project(tmp_path, {"main.py": STREAM})
    with started(folder, log, "dev") as running:
        httpx.get(running.url + "/", timeout=30)
        time.sleep(1)
        (folder / "main.py").write_text("raise ValueError('half an edit')\n")
        running.wait("ValueError: half an edit")
        time.sleep(1)
        (folder / "main.py").write_text(STREAM)
        running.wait(lambda output: output.count("Ctrl-C stops") == 2)
        assert httpx.get(running.url + "/", timeout=30).text == "hello"
    assert "pegboard/cli" not in running.output


def test_run_does_not_show_errors_to_clients(tmp_path: Path, log: Path) -> None:
    with started(project(tmp_path, {"main.py": STREAM}), log, "run") as running:
        assert httpx.get(running.url + "/fail").text == "Internal Server Error"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_lifespan_that_fails_ends_the_command_with_findings(workers: str, tmp_path: Path) -> None:
    code = """
from contextlib import asynccontextmanager
from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError

@asynccontextmanager
async def lifespan(board):
    raise ConfigurationError(["the database is not there"])
    yield

app = Pegboard(plugins=[], lifespan=lifespan)
"""
    done = pegboard(project(tmp_path, {"main.py": code}), "run", "--port", "0", "--workers", workers)
    assert "the database is not there" in done.err
    assert "Traceback" not in done.err
    assert done.status == 1


def test_a_port_that_is_taken_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = pegboard(project(tmp_path, {"main.py": STREAM}), "run", "--port", port)
    assert re.fullmatch(
        rf"pegboard: cannot listen on 127\.0\.0\.1:{port}: address already in use; .* --port 0 .*\n", done.err
    )
    assert done.status == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_worker_is_not_started_for_a_broken_application(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": "raise ValueError('no')\n"}), "run", "--workers", "2", "--port", "0")
    assert (done.status, done.out) == (1, "")
    assert done.err.count("ValueError: no") == 1
