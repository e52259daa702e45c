"""Over the wire: real servers on one core, wrk on another, and what comes through.

Each case is a server with a number of connections. One process per application is started, all of them before anything
is measured; in each round wrk loads one after the other, in an order shuffled anew. Servers that wait for connections
use no time, so they do not disturb each other. The request is the same for all, and carries what gives every plugin
something to do.

Idle connections are counted in memory: what a server process has grown by when a thousand clients have each had an
answer and stay connected.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.content import PLAIN
from benchmarks.harness import FLOOR, takes_part
from benchmarks.rows import Row, Skipped
from benchmarks.stacks import STEPS, ask_headers
from benchmarks.wire_server import CORE

__all__ = ["CASES", "WireCase", "measure", "problem"]

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
SECONDS = 1
MOST_ROUNDS = 7
START_SECONDS = 20
IDLE = 1_000

ENTRANTS = {
    "raw": ("raw ASGI", ""),
    "pegboard": ("Pegboard", ""),
    "pegboard-four": ("Pegboard", "all four"),
    "starlette": ("Starlette", ""),
    "starlette-four": ("Starlette", "its four"),
}
"""Applications of the server's module, with the peer and variant of their rows."""

FLOORS = {
    "least-framework": (FLOOR, "the least framework"),
    "least-of-pegboard": (FLOOR, "the least framework, Pegboard's request and response"),
    "raw-headers": (FLOOR, "raw ASGI, the headers of all four"),
    "four-by-hand": (FLOOR, "the four by hand"),
    "four-as-hooks": (FLOOR, "the four by hand, as hooks"),
    **{f"pegboard-{len(real)}": ("Pegboard", step) for step, real in STEPS.items()},
}
"""Likewise, in the cases that targets are about: floors, and the steps between none and all four."""

COMMON = ((b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"), (b"accept", b"*/*"))
HEADERS = [f"{name.decode()}: {value.decode()}" for name, value in (*COMMON, *ask_headers(b"gzip"))]


@dataclass(frozen=True, slots=True)
class WireCase:
    """A server under so many connections, each kept for many requests or closed after one."""

    name: str
    title: str
    server: str
    connections: int
    keep_alive: bool = True
    floors: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether the connections are counted in memory, and not loaded."""
        return self.connections == 0

    @property
    def entrants(self) -> dict[str, tuple[str, str]]:
        """Who takes part."""
        return ENTRANTS | FLOORS if self.floors else ENTRANTS


CASES = [
    WireCase("wire-uvicorn-1", "Over the wire: uvicorn, 1 connection kept alive", "uvicorn", 1),
    WireCase("wire-uvicorn-64", "Over the wire: uvicorn, 64 connections kept alive", "uvicorn", 64, floors=True),
    WireCase("wire-uvicorn-512", "Over the wire: uvicorn, 512 connections kept alive", "uvicorn", 512),
    WireCase("wire-uvicorn-close", "Over the wire: uvicorn, 64 clients, a connection each time", "uvicorn", 64, False),
    WireCase("wire-granian-64", "Over the wire: granian, 64 connections kept alive", "granian", 64),
    WireCase("wire-hypercorn-64", "Over the wire: hypercorn, 64 connections kept alive", "hypercorn", 64),
    WireCase("wire-idle", f"Memory per idle connection, of {IDLE:,}, uvicorn", "uvicorn", 0),
]


def problem() -> str | None:
    """Why nothing can be measured here, or None."""
    if shutil.which("wrk") is None:
        return "wrk is not installed (Debian's package: wrk)"
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return "it takes a system that gives processes their core, and two cores"
    return None


def measure(case: WireCase, rounds: int, peers: frozenset[str] | None) -> tuple[list[Row], list[Skipped]]:
    """A row for each application that answers as expected, and a reason for each that does not."""
    entrants = {app: key for app, key in case.entrants.items() if takes_part(key[0], peers)}
    why = problem()
    if why:
        return [], [Skipped(case.name, *key, why) for key in entrants.values()]
    skipped: list[Skipped] = []
    with ExitStack() as stack:
        running: dict[str, tuple[int, int]] = {}
        for app, key in entrants.items():
            try:
                running[app] = stack.enter_context(serving(case.server, app))
            except RuntimeError as error:
                skipped.append(Skipped(case.name, *key, str(error)))
        if case.is_idle:
            rows = [
                Row.of(case.name, *ENTRANTS[app], [memory_per_connection(port, pid)], "KB")
                for app, (port, pid) in running.items()
            ]
        else:
            rows = loaded(case, {app: port for app, (port, _) in running.items()}, min(rounds, MOST_ROUNDS))
    return rows, skipped


def loaded(case: WireCase, ports: dict[str, int], rounds: int) -> list[Row]:
    """Load one application after the other, round by round."""
    samples: dict[str, list[Load]] = {app: [] for app in ports}
    order = list(ports)
    shuffle = random.Random(11).shuffle
    # The first round warms up.
    for turn in range(rounds + 1):
        shuffle(order)
        for app in order:
            load = run_wrk(case, ports[app])
            if turn:
                samples[app].append(load)
    return [row_of(case, app, loads) for app, loads in samples.items()]


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def row_of(case: WireCase, app: str, loads: Sequence[Load]) -> Row:
    """The row of one application, with the middle of its latencies."""
    row = Row.of(case.name, *case.entrants[app], [load.rate for load in loads], "requests/s")
    row.p50 = sorted(load.p50 for load in loads)[len(loads) // 2]
    row.p99 = sorted(load.p99 for load in loads)[len(loads) // 2]
    return row


# Servers


@contextmanager
def serving(server: str, app: str) -> Iterator[tuple[int, int]]:
    """A server process; gives its port and its process. Raises RuntimeError when it does not answer as expected."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.wire_server", server, app, str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(port: int, process: subprocess.Popen[str]) -> None:
    """Ask until the expected answer comes. Raises RuntimeError when it does not."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            last = (process.stderr.read() if process.stderr else "").strip().splitlines()[-1:] or ["no message"]
            raise RuntimeError(f"does not start: {last[0][:200]}")
        try:
            status, body = ask(port)
        except OSError:
            time.sleep(0.05)
            continue
        if (status, body) != (200, PLAIN.encode()):
            raise RuntimeError(f"answers wrongly: {status} {body[:60]!r}")
        return
    raise RuntimeError(f"does not answer within {START_SECONDS} seconds")


def ask(port: int) -> tuple[int, bytes]:
    """One request, with the headers that all have."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/", headers=dict(line.split(": ", 1) for line in HEADERS))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


# Load


def run_wrk(case: WireCase, port: int) -> Load:
    """Load a server for some seconds. Raises RuntimeError when anything but good answers came."""
    headers = [part for line in HEADERS for part in ("-H", line)]
    if not case.keep_alive:
        headers += ["-H", "connection: close"]
    count = str(case.connections)
    done = subprocess.run(
        ["wrk", "-t1", "-c", count, "-d", f"{SECONDS}s", "--latency", *headers, f"http://{HOST}:{port}/"],
        capture_output=True,
        text=True,
        timeout=SECONDS + 20,
        check=True,
        preexec_fn=partial(os.sched_setaffinity, 0, {CORE + 1}),
    )
    return read_load(done.stdout)


def read_load(text: str) -> Load:
    """Read what wrk printed. Raises RuntimeError when it tells of answers other than 2xx, or of timeouts."""
    timeouts = re.search(r"Socket errors: .*timeout (\d+)", text)
    if "Non-2xx" in text or (timeouts and int(timeouts[1])):
        raise RuntimeError(f"wrk met errors: {text}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    latency = {found[1]: milliseconds(*found.group(2, 3)) for found in re.finditer(LATENCY, text)}
    if rate is None or not {"50", "99"} <= latency.keys():
        raise RuntimeError(f"wrk printed something else than expected: {text}")
    return Load(float(rate[1]), latency["50"], latency["99"])


LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)


def milliseconds(value: str, unit: str) -> float:
    """A time as wrk prints it."""
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


# Memory


def memory_per_connection(port: int, pid: int) -> float:
    """Kilobytes that a server grows by for each client that has had an answer and stays."""
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connected(port))
        before = resident(pid)
        for _ in range(IDLE):
            stack.enter_context(connected(port))
        return (resident(pid) - before) / IDLE


@contextmanager
def connected(port: int) -> Iterator[None]:
    """A client that has had its answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/", headers=dict(line.split(": ", 1) for line in HEADERS))
        connection.getresponse().read()
        yield
    finally:
        connection.close()


def resident(pid: int) -> int:
    """The kilobytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("the system does not tell how much memory a process holds")
