"""What stands under the synchronous client: its event loop in a thread."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Literal

import anyio
import anyio.lowlevel
import pytest

from pegboard.testclient import TestClient
from pegboard.testclient.portals import Portal
from pegboard.types import Receive, Scope, Send

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend: Backend = request.param
    return backend


async def ident() -> int:
    return threading.get_ident()


async def fail(error: BaseException) -> None:
    raise error


def test_the_loop_runs_while_somebody_needs_it(backend: Backend) -> None:
    """The first to enter starts the loop, the last to leave stops it; it can be started again."""
    portal = Portal(backend, None)
    for _ in range(2):
        with portal:
            with portal:
                inner = portal.call(ident)
            assert portal.call(ident) == inner
            assert inner != threading.get_ident()
        with pytest.raises(RuntimeError, match="the client's event loop has stopped"):
            portal.call(ident)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(f"{backend}-portal")]


@pytest.mark.parametrize(
    "error", [ValueError(), SystemExit(1), KeyboardInterrupt(), BaseExceptionGroup("", [SystemExit()])]
)
def test_what_a_call_raises_does_not_stop_the_loop(backend: Backend, error: BaseException) -> None:
    """Exceptions come out of the call as they are, exits included, and the next call works."""
    with Portal(backend, None) as portal:
        with pytest.raises(type(error)) as caught:
            portal.call(fail, error)
        assert caught.value is error
        assert portal.call(ident)


def test_a_limit_of_the_caller_is_no_limit_of_the_call(backend: Backend) -> None:
    """A TimeoutError that the function raises itself is the caller's, not taken for a blocked loop."""
    with Portal(backend, None) as portal, pytest.raises(TimeoutError, match=r"^mine$"):
        portal.call(fail, TimeoutError("mine"), limit=None)


def test_options_reach_the_backend() -> None:
    """`backend_options` are those of the event loop."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        import asyncio

        debug = asyncio.get_running_loop().get_debug()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": str(debug).encode()})

    assert TestClient(app, backend_options={"debug": True}).get("/").text == "True"


def test_a_client_may_be_used_by_threads(backend: Backend) -> None:
    """Threads that share a client outside of `with` share its loop while they need it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.lowlevel.checkpoint()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    client = TestClient(app, backend=backend)
    texts: list[str] = []
    paths = [f"/{number}" for number in range(20)]
    threads = [threading.Thread(target=lambda path=path: texts.append(client.get(path).text)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(texts) == sorted(paths)


UNCLOSED = """
import anyio
import anyio.lowlevel
from pegboard.testclient import TestClient

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await anyio.sleep_forever()

client = TestClient(app, backend="%s")
response = client.send(client.build_request("GET", "/"), stream=True)
print(response.status_code)
"""


def test_what_is_never_closed_does_not_hang_the_interpreter(backend: Backend) -> None:
    """A response that is open when the program ends is cancelled, without a word."""
    command = [sys.executable, "-W", "error", "-c", UNCLOSED % backend]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")
