"""Compressed request bodies: opt-in, after authentication, and within limits."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import brotli
import pytest

from pegboard import Pegboard
from pegboard.plugin import Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import JSONResponse, PlainTextResponse
from pegboard.routing import Mount, Route
from pegboard_gzip import Gzip
from pegboard_gzip.request_bodies import read_codings

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

pytestmark = pytest.mark.anyio

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.compress,
    "br": brotli.compress,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
}
ALL = ("gzip", "zstd", "br")


async def count(request: Request) -> JSONResponse:
    body = await request.body()
    return JSONResponse({"size": len(body), "text": body[:40].decode("latin-1"), "headers": list(request.headers)})


async def json(request: Request) -> Any:
    return {"json": await request.json()}


async def form(request: Request) -> Any:
    return {"form": (await request.form()).multi_items()}


async def stream(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(sum([len(piece) async for piece in request.stream()])))


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


def board(plugins: Iterable[Any] = (), max_body_size: int | None = None, **settings: Any) -> Pegboard:
    routes = [
        Route("/count", count, methods=["POST"], max_body_size=max_body_size),
        Route("/json", json, methods=["POST"]),
        Route("/form", form, methods=["POST"]),
        Route("/stream", stream, methods=["POST"]),
        Route("/off", count, methods=["POST"], plugins={"gzip": {"request_codings": []}}),
        Mount("/foreign", foreign),
    ]
    settings = {"request_codings": ALL, **settings}
    return Pegboard(routes=routes, plugins=[Gzip(**settings), *plugins], config={}, autoload=False)


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])
        self.text = self.body.decode()


async def post(app: Any, path: str, body: bytes | list[bytes], coding: str | None, *more: tuple[str, str]) -> Answer:
    chunks = body if isinstance(body, list) else [body]
    incoming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    incoming[-1]["more_body"] = False
    headers = [("host", "testserver"), ("content-length", str(sum(map(len, chunks)))), *more]
    if coding is not None:
        headers.append(("content-encoding", coding))
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    with anyio.fail_after(30):
        await app(scope, receive, send)
    return Answer(messages)


@pytest.mark.parametrize("coding", ENCODERS)
async def test_every_way_to_read_a_body_gives_what_was_meant(coding: str) -> None:
    encode = ENCODERS[coding]
    app = board()
    urlencoded = ("content-type", "application/x-www-form-urlencoded")
    multipart = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    assert (await post(app, "/json", encode(b'{"a": [1]}'), coding)).text == '{"json":{"a":[1]}}'
    assert (await post(app, "/form", encode(b"a=1&b=2"), coding, urlencoded)).text == '{"form":[["a","1"],["b","2"]]}'
    kind = ("content-type", "multipart/form-data; boundary=b")
    assert (await post(app, "/form", encode(multipart), coding, kind)).text == '{"form":[["a","1"]]}'
    data = b"0123456789" * 50_000
    coded = encode(data)
    for path in ("/stream", "/foreign/"):
        assert (await post(app, path, [coded[:20], coded[20:]], coding)).text == "500000"


async def test_the_endpoint_sees_no_trace_of_the_coding() -> None:
    answer = await post(board(), "/count", gzip.compress(b"text"), "gzip")
    assert answer.text == '{"size":4,"text":"text","headers":["host"]}'


async def test_without_the_setting_a_body_is_what_was_sent() -> None:
    coded = gzip.compress(b"text")
    for app, path in ((board(request_codings=()), "/count"), (board(), "/off")):
        answer = await post(app, path, coded, "gzip")
        assert f'"size":{len(coded)}' in answer.text
        assert "content-encoding" in answer.text
    assert '"size":4' in (await post(board(), "/count", b"text", None)).text


@pytest.mark.parametrize("coding", ["", "identity", " Identity , identity", ","])
async def test_no_coding_by_any_name_changes_nothing(coding: str) -> None:
    assert '"size":4' in (await post(board(), "/count", b"text", coding)).text


async def test_no_body_is_no_mistake() -> None:
    assert '"size":0' in (await post(board(), "/count", b"", "gzip")).text


@pytest.mark.parametrize(
    ("coding", "problem"),
    [
        ("deflate", "The coding deflate is not taken"),
        ("br", "The coding br is not taken"),
        ("gzip, gzip", "2 codings, one over the other; at most 1"),
        ("gzip, deflate", "2 codings"),
        ("g zip", "no list of codings"),
        ("x" * 300, "no list of codings"),
        ("gz\u00efp", "no list of codings"),
    ],
)
async def test_a_coding_that_is_not_taken_is_refused_with_those_that_are(coding: str, problem: str) -> None:
    answer = await post(board(request_codings=("zstd", "gzip")), "/count", b"whatever", coding)
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "zstd, gzip")
    assert problem in answer.text


async def test_codings_one_over_the_other_are_undone_from_the_last_to_the_first() -> None:
    app = board(max_request_codings=3)
    body = b"a text " * 1000
    coded = zstd.compress(brotli.compress(gzip.compress(body)))
    assert '"size":7000' in (await post(app, "/count", coded, "gzip, br, zstd")).text
    headers = [("content-encoding", "gzip, br")]
    assert '"size":7000' in (await post(app, "/count", coded, "zstd", *headers)).text
    assert (await post(app, "/count", coded, "gzip, br, zstd, gzip")).status == 415
    assert (await post(app, "/count", coded, "zstd, br, gzip")).status == 400


@pytest.mark.parametrize("coding", ALL)
@pytest.mark.parametrize("path", ["/count", "/stream", "/foreign/"])
async def test_what_is_malformed_is_the_clients_mistake(coding: str, path: str) -> None:
    coded = ENCODERS[coding](b"a text that is long enough")
    for body in (b"no coding at all", coded[:-1], coded + b"more", [coded, b"more"]):
        answer = await post(board(), path, body, coding)
        assert (answer.status, f"not valid {coding}" in answer.text) == (400, True)
        assert "accept-encoding" not in answer.headers


@pytest.mark.parametrize("coding", ALL)
async def test_the_bytes_that_come_out_are_limited(coding: str) -> None:
    coded = ENCODERS[coding](bytes(range(256)) * 40)
    app = board(max_decoded_size=10_240)
    assert (await post(app, "/count", coded, coding)).status == 200
    answer = await post(board(max_decoded_size=10_239), "/count", coded, coding)
    assert (answer.status, answer.headers["accept-encoding"]) == (413, "gzip, zstd, br")
    assert "decodes to more than 10239 bytes" in answer.text
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("coding", ALL)
async def test_the_ratio_is_limited_beyond_the_first_mebibyte(coding: str) -> None:
    app = board(max_ratio=50)
    assert (await post(app, "/count", ENCODERS[coding](bytes(1024 * 1024)), coding)).status == 200
    answer = await post(app, "/count", ENCODERS[coding](bytes(2 * 1024 * 1024)), coding)
    assert (answer.status, "more than 50 times" in answer.text) == (413, True)
    assert answer.headers["accept-encoding"] == "gzip, zstd, br"


async def test_the_limits_hold_between_codings_as_well() -> None:
    """What is between is large, and what comes out at the end is nothing."""
    coded = gzip.compress(gzip.compress(b"") * 60)
    app = board(max_request_codings=2)
    assert '"size":0' in (await post(app, "/count", coded, "gzip, gzip")).text
    app = board(max_request_codings=2, max_decoded_size=1000)
    assert (await post(app, "/count", coded, "gzip, gzip")).status == 413


async def test_the_boards_own_limit_holds_for_decoded_bytes_and_for_those_that_are_sent() -> None:
    app = board(max_body_size=5000)
    assert (await post(app, "/count", gzip.compress(bytes(5000)), "gzip")).status == 200
    assert (await post(app, "/count", gzip.compress(bytes(5001)), "gzip")).status == 413
    assert (await post(app, "/count", gzip.compress(b"") * 300, "gzip")).status == 413


class Guard(Plugin[Any]):
    name = "guard"
    phase = "identify"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes | None] = []

    @hookimpl
    async def request(self, request: Request) -> PlainTextResponse | None:
        self.seen.append(request.header(b"content-encoding"))
        if request.header(b"x-signed") is not None:
            self.seen.append(await request.body())
        return None if request.header(b"x-token") else PlainTextResponse("who are you?", 401)


async def test_nothing_is_decoded_before_the_caller_is_known() -> None:
    guard = Guard()
    app = board([guard], max_decoded_size=10)
    bomb = gzip.compress(bytes(100_000))
    assert (await post(app, "/count", bomb, "gzip")).status == 401
    assert (await post(app, "/count", b"", "unknown")).status == 401
    assert (await post(app, "/count", bomb, "gzip", ("x-token", "1"))).status == 413
    assert guard.seen == [b"gzip", b"unknown", b"gzip"]


async def test_a_plugin_further_outside_reads_the_bytes_that_were_sent_and_the_endpoint_the_decoded() -> None:
    guard = Guard()
    coded = gzip.compress(b"text")
    answer = await post(board([guard]), "/count", coded, "gzip", ("x-token", "1"), ("x-signed", "1"))
    assert '"size":4' in answer.text
    assert guard.seen == [b"gzip", coded]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"gzip", ["gzip"]),
        (b" X-GZIP ,\tBr", ["gzip", "br"]),
        (b"", []),
        (b",, identity", []),
        (b"a b", None),
        (b"\x00", None),
        (b"a" * 257, None),
    ],
)
def test_content_encoding_is_a_list_of_names(header: bytes, expected: list[str] | None) -> None:
    assert read_codings(header) == expected


BOMBS = """
import resource
import sys
import zlib

import anyio
import brotli

from pegboard import Pegboard
from pegboard.routing import Route
from pegboard_gzip import Gzip
from pegboard_gzip.codecs import zstd

MB = 1 << 20


def make(coding):
    "512 MB of nothing."
    if coding == "br":
        compressor = brotli.Compressor(quality=5, lgwin=24)
        return b"".join(compressor.process(bytes(MB)) for _ in range(512)) + compressor.finish()
    if coding == "zstd":
        compressor = zstd.ZstdCompressor(3)
        return b"".join(compressor.compress(bytes(MB)) for _ in range(512)) + compressor.flush()
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = compressor.compress(b"") + compressor.flush(zlib.Z_FULL_FLUSH)
    # Nothing is remembered behind a full flush, so that the same bytes can follow again and again.
    return head + (compressor.compress(bytes(MB)) + compressor.flush(zlib.Z_FULL_FLUSH)) * 512


async def endpoint(request):
    return str(len(await request.body()))


async def stream(request):
    return str(sum([len(piece) async for piece in request.stream()]))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def ask(body, coding, path, **settings):
    routes = [Route("/body", endpoint, methods=["POST"]), Route("/stream", stream, methods=["POST"])]
    plugin = Gzip(request_codings=["br", "zstd", "gzip"], **settings)
    board = Pegboard(routes=routes, plugins=[plugin], config={}, autoload=False)
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"content-encoding", coding.encode())]
    await board(
        {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "query_string": b"",
         "root_path": "", "headers": headers, "path": path, "raw_path": path.encode()}, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


async def main(coding):
    body = make(coding)
    await ask(b"", "", "/body")
    before = peak()
    print(len(body))
    print(*await ask(body, coding, "/body", max_decoded_size=5_000_000))
    print(*await ask(body, coding, "/body", max_decoded_size=5_000_000, max_ratio=10**6))
    print(*await ask(body, coding, "/stream", max_ratio=10**6, max_decoded_size=1 << 30))
    print(peak() - before)


anyio.run(main, sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked for in the way of POSIX")
@pytest.mark.parametrize(("coding", "at_most"), [("br", 500), ("zstd", 20_000), ("gzip", 600_000)])
def test_bombs_of_512_megabytes_are_stopped_in_bounded_memory(coding: str, at_most: int) -> None:
    """By the ratio, by the size, and where both are set high by the board's own limit."""
    command = [sys.executable, "-c", BOMBS, coding]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    size, *answers, grown = done.stdout.splitlines()
    assert int(size) <= at_most
    assert [answer[:4] for answer in answers] == ["413 "] * 3
    first = "5000000 bytes" if coding == "gzip" else "200 times"
    assert [first in answers[0], "5000000 bytes" in answers[1]] == [True, True]
    assert int(grown) <= 64, "megabytes"
