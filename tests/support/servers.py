"""Real servers for tests: started as a user would start them, asked over real sockets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(port: int, python: str = sys.executable, app: str = "main:app") -> list[str]:
    """What a user types to serve an application."""
    return [
        python,
        "-m",
        "uvicorn",
        app,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--timeout-graceful-shutdown",
        "3",
    ]


class Server:
    """A running server, its address and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    def output(self) -> str:
        """Everything that was printed, both streams."""
        return self._log.read_text()

    def stop(self) -> int:
        """Ask it to stop, and give its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=30)


@contextmanager
def serving(
    folder: Path,
    log: Path,
    *,
    python: str = sys.executable,
    app: str = "main:app",
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve the application in ``folder`` with uvicorn, until the block ends."""
    port = free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port, python, app), cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=environment(env)
        )
        server = Server(process, port, log)
        try:
            _wait_until_it_listens(server)
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a user who has configured nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PEGBOARD_", "PYTHONPATH", "COV_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **(more or {})}


def _wait_until_it_listens(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server stopped with {server.process.returncode}:\n{server.output()}")
        try:
            httpx.get(server.url + "/greet/start", timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not answer within a minute:\n{server.output()}")
