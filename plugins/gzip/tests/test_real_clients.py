"""Clients as people have them, over a real socket: curl and httpx decode what uvicorn sends."""

from __future__ import annotations

import gzip
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn

from pegboard import Pegboard
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip

pytestmark = pytest.mark.slow

TEXT = "".join(f"line {number * 7919 % 1000} of a text\n" for number in range(40_000))
CURL = shutil.which("curl") or ""


async def whole(request: Any) -> PlainTextResponse:
    return PlainTextResponse(TEXT, headers={"etag": '"v1"'})


async def streamed(request: Any) -> StreamingResponse:
    pieces = (TEXT[start : start + 50_000] for start in range(0, len(TEXT), 50_000))
    return StreamingResponse(pieces, media_type="text/plain")


async def events(request: Any) -> StreamingResponse:
    return StreamingResponse((f"data: {number}\n\n" for number in range(20)), media_type="text/event-stream")


async def count(request: Any) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


CLOSED = threading.Event()


async def forever(request: Any) -> StreamingResponse:
    async def generate() -> AsyncIterator[str]:
        try:
            while True:
                yield TEXT[:10_000]
                await anyio.lowlevel.checkpoint()
        finally:
            CLOSED.set()

    return StreamingResponse(generate(), media_type="text/plain")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    padded = {"gzip": {"padding": 256}}
    routes = [
        Route("/whole", whole),
        Route("/streamed", streamed),
        Route("/events", events),
        Route("/padded", whole, plugins=padded),
        Route("/padded-events", events, plugins=padded),
        Route("/count", count, methods=["POST"], plugins={"gzip": {"request_codings": ["gzip"]}}),
        Route("/forever", forever),
    ]
    board = Pegboard(routes=routes, plugins=[Gzip()], config={}, autoload=False)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # From here on a client that comes before the server is ready waits instead of being refused.
    listening.listen()
    server = uvicorn.Server(uvicorn.Config(board, log_level="warning", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


EVENTS = "".join(f"data: {number}\n\n" for number in range(20))
EXPECTED = {"/whole": TEXT, "/streamed": TEXT, "/events": EVENTS, "/padded": TEXT, "/padded-events": EVENTS}


def curl_features() -> str:
    if not CURL:
        return ""
    return subprocess.run([CURL, "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("path", EXPECTED)
@pytest.mark.parametrize(("coding", "feature"), [("gzip", "libz"), ("br", "brotli"), ("zstd", "zstd")])
def test_curl_reads_every_coding(url: str, path: str, coding: str, feature: str) -> None:
    if feature not in curl_features():
        pytest.skip(f"this machine has no curl with {feature}")
    command = [CURL, "-sS", "--compressed", "-H", f"Accept-Encoding: {coding}", "-D", "-", url + path]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=60)
    head, _, body = ran.stdout.partition(b"\r\n\r\n")
    assert f"content-encoding: {coding}".encode() in head.lower()
    assert body.decode() == EXPECTED[path]


@pytest.mark.parametrize("path", EXPECTED)
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_httpx_reads_what_it_asks_for(url: str, path: str, coding: str) -> None:
    with httpx.Client() as client:
        response = client.get(url + path, headers={"accept-encoding": coding})
        assert response.headers["content-encoding"] == coding
        assert response.text == EXPECTED[path]
        head = client.head(url + path, headers={"accept-encoding": coding})
        assert head.headers["content-encoding"] == coding
        assert head.headers["vary"] == "Accept-Encoding"


def test_the_length_on_the_wire_is_the_one_that_was_told(url: str) -> None:
    headers = {"accept-encoding": "gzip, deflate, br, zstd"}
    with httpx.Client() as client, client.stream("GET", f"{url}/whole", headers=headers) as response:
        size = sum(map(len, response.iter_raw()))
        assert (response.headers["etag"], response.headers["content-length"]) == ('"v1--zstd"', str(size))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_stream_is_closed_when_its_client_goes_in_the_middle(url: str, coding: str) -> None:
    CLOSED.clear()
    headers = {"accept-encoding": coding}
    with httpx.Client() as client, client.stream("GET", f"{url}/forever", headers=headers) as response:
        assert response.headers["content-encoding"] == coding
        assert next(response.iter_raw())
        assert not CLOSED.is_set()
    assert CLOSED.wait(10)


def test_curl_sends_compressed_bodies_that_are_taken_or_refused(url: str, tmp_path: Path) -> None:
    if not CURL:
        pytest.skip("this machine has no curl")
    body = tmp_path / "body.gz"
    body.write_bytes(gzip.compress(TEXT.encode()))
    for coding, start, end in (("gzip", b"HTTP/1.1 200", str(len(TEXT)).encode()), ("br", b"HTTP/1.1 415", b"gzip")):
        command = [CURL, "-sS", "-i", "-H", f"Content-Encoding: {coding}", "--data-binary", f"@{body}", f"{url}/count"]
        ran = subprocess.run(command, capture_output=True, check=True, timeout=60)
        assert ran.stdout.startswith(start)
        assert ran.stdout.endswith(end)
