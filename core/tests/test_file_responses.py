"""A file is answered with the bytes it has, whatever becomes of it, of the client, or of the hooks around it."""

from __future__ import annotations

import email
import email.policy
import email.utils
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from anyio import Event, sleep_forever
from board_harness import Answer, ask
from hypothesis import given
from hypothesis import strategies as st
from watched_files import WatchedFile, watch

from pegboard import Pegboard, Plugin, hookimpl, open_files
from pegboard.background import BackgroundTask
from pegboard.exceptions import HTTPException
from pegboard.filters import BodyFilter
from pegboard.ranges import parse_ranges
from pegboard.raw_headers import find
from pegboard.requests import Request
from pegboard.responses import FileResponse, PlainTextResponse
from pegboard.routing import Route
from pegboard.types import ASGIApp, Message

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 20
MODIFIED = 1_700_000_000


class Small(FileResponse):
    """Sends so little at a time that tests need no large files."""

    chunk_size = 1000


class Shout(BodyFilter):
    """Changes every byte and no length."""

    def feed(self, chunk: bytes, more: bool) -> bytes:
        return bytes(byte ^ 0xFF for byte in chunk)


class Shouting(Plugin):
    """Filters every body, and notes the heads that hooks saw."""

    name = "shouting"

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[tuple[int, bytes | None]] = []

    @hookimpl
    def response(self, response: Any) -> None:
        self.heads.append((response.status_code, find(response.raw_headers, b"content-range")))

    @hookimpl
    def body(self, response: Any) -> BodyFilter:
        return Shout()


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but that of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[WatchedFile]:
    """Every file that was opened."""
    return watch(monkeypatch)


def board_of(response: FileResponse, *plugins: Plugin) -> Pegboard:
    async def endpoint(request: Request) -> FileResponse:
        return response

    return Pegboard(routes=[Route("/", endpoint, methods=["GET", "POST"])], plugins=list(plugins))


def apps(response: FileResponse) -> dict[str, ASGIApp]:
    return {"alone": response, "board": board_of(response)}


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def stat_of(path: Path) -> os.stat_result:
    return path.stat()


# Head and bytes


@pytest.mark.parametrize("around", ["alone", "board"])
@pytest.mark.parametrize("kind", [FileResponse, Small])
async def test_a_file_is_sent_whole(
    path: Path, opened: list[WatchedFile], around: str, kind: type[FileResponse]
) -> None:
    answer = await ask(apps(kind(path))[around], "/")
    assert answer.body == CONTENT
    assert answer.status == 200
    assert dict(answer.headers) == {
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "etag": answer.header("etag"),
        "content-length": str(len(CONTENT)),
    }
    assert [each.closed for each in opened] == [True]


@pytest.mark.parametrize("around", ["alone", "board"])
async def test_head_has_the_same_headers_and_no_body(path: Path, around: str) -> None:
    app = apps(Small(path))[around]
    head = await ask(app, "/", "HEAD")
    assert head.headers == (await ask(app, "/")).headers
    assert head.body == b""
    assert len(head.messages) == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"content-type": "application/octet-stream", "content-disposition": None, "cache-control": None}),
        ({"media_type": "text/css"}, {"content-type": "text/css; charset=utf-8"}),
        (
            {"filename": "a.html"},
            {"content-disposition": 'attachment; filename="a.html"', "content-type": "text/html; charset=utf-8"},
        ),
        (
            {"filename": "a.html", "content_disposition_type": "inline"},
            {"content-disposition": 'inline; filename="a.html"'},
        ),
        ({"cache_control": "public, max-age=60"}, {"cache-control": "public, max-age=60"}),
        (
            {
                "headers": {
                    "Content-Type": "text/x",
                    "Cache-Control": "no-store",
                    "Content-Disposition": "inline",
                    "ETag": '"mine"',
                    "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT",
                    "Content-Length": "1",
                    "X-Other": "x",
                },
                "cache_control": "public",
                "filename": "a.html",
            },
            {
                "content-type": "text/x",
                "cache-control": "no-store",
                "content-disposition": "inline",
                "etag": '"mine"',
                "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT",
                "content-length": str(len(CONTENT)),
                "x-other": "x",
            },
        ),
    ],
)
async def test_arguments_make_headers(
    path: Path, arguments: Mapping[str, Any], expected: Mapping[str, str | None]
) -> None:
    answer = await ask(FileResponse(path, **arguments), "/")
    assert {name: answer.header(name) for name in expected} == expected
    names = [name for name, _ in answer.headers]
    assert len(names) == len(set(names))


async def test_a_name_that_is_no_header_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="cache-control"):
        FileResponse(path, cache_control="public\r\nx: y")


async def test_what_is_known_of_a_file_shows_before_it_is_opened(path: Path) -> None:
    response = FileResponse(path, stat_result=stat_of(path))
    before = dict(response.headers)
    answer = await ask(response, "/")
    assert {**dict(answer.headers), "content-length": str(len(CONTENT))} == before


async def test_what_was_known_of_a_file_gives_way_to_what_it_is(path: Path) -> None:
    response = FileResponse(path, stat_result=stat_of(path))
    response.headers["last-modified"] = "Sun, 06 Nov 1994 08:49:37 GMT"
    before = dict(response.headers)
    write(path, b"longer" + CONTENT)
    answer = await ask(response, "/")
    assert answer.body == b"longer" + CONTENT
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("etag") != before["etag"]
    assert answer.header("last-modified") == before["last-modified"]


async def test_a_file_from_the_future_was_modified_now(path: Path) -> None:
    """RFC 9110 section 8.8.2.1."""
    later = time.time() + 10_000
    os.utime(path, (later, later))
    answer = await ask(FileResponse(path), "/")
    modified = email.utils.parsedate_to_datetime(answer.header("last-modified") or "").timestamp()
    assert modified < later - 5_000


async def test_one_response_answers_many_requests(path: Path) -> None:
    response = Small(path)
    app = board_of(response, Shouting())
    first = await ask(app, "/", headers={"range": "bytes=0-9"})
    second = await ask(app, "/")
    third = await ask(app, "/", headers={"if-none-match": second.header("etag") or ""})
    assert [first.status, second.status, third.status] == [206, 200, 304]
    assert response.status_code == 200
    assert [name for name, _ in response.raw_headers] == [b"content-type"]


async def test_an_empty_file_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    answer = await ask(FileResponse(tmp_path / "empty"), "/")
    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", "0")
    assert len(answer.messages) == 2


async def test_a_small_file_takes_one_hop_to_a_thread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hops: list[Any] = []
    original = open_files.in_file_thread

    async def counted(call: Any) -> Any:
        hops.append(call)
        return await original(call)

    monkeypatch.setattr(open_files, "in_file_thread", counted)
    await ask(FileResponse(path), "/")
    assert len(hops) == 1
    await ask(Small(path), "/")
    assert len(hops) == 1 + -(-len(CONTENT) // 1000)


# Conditions and ranges


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_the_file_gets_304(path: Path, opened: list[WatchedFile], method: str) -> None:
    app = board_of(FileResponse(path, cache_control="max-age=60"))
    full = await ask(app, "/")
    for headers in (
        {"if-none-match": full.header("etag") or ""},
        {"if-modified-since": full.header("last-modified") or ""},
    ):
        answer = await ask(app, "/", method, headers)
        assert (answer.status, answer.body) == (304, b"")
        assert (answer.header("etag"), answer.header("cache-control")) == (full.header("etag"), "max-age=60")
        assert answer.header("content-length") is None
    assert all(each.closed for each in opened)


async def test_a_changed_file_is_sent_again(path: Path) -> None:
    app = board_of(FileResponse(path))
    full = await ask(app, "/")
    write(path, CONTENT[::-1])
    answer = await ask(app, "/", headers={"if-none-match": full.header("etag") or ""})
    assert (answer.status, answer.body) == (200, CONTENT[::-1])


async def test_a_download_goes_on_only_in_the_same_file(path: Path) -> None:
    app = board_of(FileResponse(path))
    headers = {"if-range": (await ask(app, "/")).header("etag") or "", "range": "bytes=100-"}
    assert (await ask(app, "/", headers=headers)).body == CONTENT[100:]
    write(path, b"new" + CONTENT)
    answer = await ask(app, "/", headers=headers)
    assert (answer.status, answer.body) == (200, b"new" + CONTENT)


@pytest.mark.parametrize("kind", [FileResponse, Small])
@pytest.mark.parametrize(
    ("value", "start", "stop"), [("0-0", 0, 1), ("10-2999", 10, 3000), ("5000-", 5000, 5120), ("-7", 5113, 5120)]
)
async def test_a_range_is_sent(path: Path, kind: type[FileResponse], value: str, start: int, stop: int) -> None:
    for app in apps(kind(path)).values():
        answer = await ask(app, "/", headers={"range": f"bytes={value}"})
        assert (answer.status, answer.body) == (206, CONTENT[start:stop])
        assert answer.header("content-range") == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
        assert answer.header("content-length") == str(stop - start)


def parts_of(answer: Answer) -> list[tuple[str, str, Any]]:
    """The parts of a multipart answer, read by another implementation than ours."""
    head = f"Content-Type: {answer.header('content-type')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.body, policy=email.policy.HTTP)
    assert answer.header("content-length") == str(len(answer.body))
    return [
        (part.get_content_type(), part["content-range"], part.get_payload(decode=True)) for part in message.iter_parts()
    ]


@pytest.mark.parametrize("kind", [FileResponse, Small])
async def test_several_ranges_are_parts(path: Path, kind: type[FileResponse]) -> None:
    write(path, b"abcdefghij" * 512)
    for app in apps(kind(path, media_type="text/plain")).values():
        answer = await ask(app, "/", headers={"range": "bytes=1000-3999,0-4,-3"})
        assert answer.status == 206
        assert parts_of(answer) == [
            ("text/plain", "bytes 1000-3999/5120", b"abcdefghij" * 300),
            ("text/plain", "bytes 0-4/5120", b"abcde"),
            ("text/plain", "bytes 5117-5119/5120", b"hij"),
        ]


@pytest.mark.parametrize("around", ["alone", "board"])
@pytest.mark.parametrize(("value", "status"), [("bytes=9999-", 416), ("bytes=" + "0-0," * 100, 416), ("bytes=x-", 400)])
async def test_ranges_that_cannot_be_answered(
    path: Path, opened: list[WatchedFile], around: str, value: str, status: int
) -> None:
    answer = await ask(apps(FileResponse(path))[around], "/", headers={"range": value})
    assert answer.status == status
    assert answer.body.startswith(b"Range ")
    assert answer.header("content-range") == (f"bytes */{len(CONTENT)}" if status == 416 else None)
    assert all(each.closed for each in opened)


async def test_other_methods_get_the_whole_file(path: Path) -> None:
    answer = await ask(board_of(FileResponse(path)), "/", "POST", {"range": "bytes=0-1", "if-none-match": "*"})
    assert (answer.status, answer.body) == (200, CONTENT)


@given(
    st.lists(st.tuples(st.integers(0, 5200), st.integers(0, 3000)), min_size=1, max_size=8),
    st.sampled_from([1, 7, 1000, 100_000]),
)
def test_what_is_read_of_a_file_is_what_was_asked_for(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], chunk: int
) -> None:
    """Whatever the ranges and the portions are, the pieces hold the bytes of the file and the announced length."""
    path = tmp_path_factory.getbasetemp() / "shared.bin"
    if not path.exists():
        path.write_bytes(CONTENT)
    value = "bytes=" + ",".join(f"{start}-{start + more}" for start, more in [(0, 0), *pairs])
    response = FileResponse(path)
    response.chunk_size = chunk
    response.prepare({"type": "http", "method": "GET", "headers": [(b"range", value.encode())]})
    ready = response._ready
    assert ready is not None
    body = ready.first or b""
    while not ready.pieces.are_read:
        body += ready.pieces.read(chunk)
    ranges = parse_ranges(value.encode(), len(CONTENT)) or []
    assert find(ready.answer.headers, b"content-length") == b"%d" % len(body)
    if len(ranges) == 1:
        assert body == CONTENT[slice(*ranges[0])]
    else:
        for start, stop in ranges:
            part = b"Content-Range: bytes %d-%d/5120\r\n\r\n%b\r\n--" % (start, stop - 1, CONTENT[start:stop])
            assert part in body


# Files that are not there, or change


@pytest.mark.parametrize("around", ["alone", "board"])
@pytest.mark.parametrize("name", ["gone", "a.bin/b", "a\0b"])
async def test_no_file_is_404(path: Path, around: str, name: str) -> None:
    answer = await ask(apps(FileResponse(f"{path.parent}/{name}"))[around], "/")
    assert (answer.status, answer.error) == (404, None)


async def test_a_missing_file_is_the_exception_handlers_to_answer(tmp_path: Path) -> None:
    app = board_of(FileResponse(tmp_path / "gone"))

    async def lost(request: Request, exc: HTTPException) -> PlainTextResponse:
        return PlainTextResponse("lost", 404)

    app.add_exception_handler(404, lost)
    assert (await ask(app, "/")).body == b"lost"


async def test_a_folder_is_an_error_of_the_application(tmp_path: Path) -> None:
    answer = await ask(board_of(FileResponse(tmp_path)), "/")
    assert answer.status == 500
    assert isinstance(answer.error, RuntimeError)
    assert "expected a regular file" in str(answer.error)


@pytest.mark.parametrize("around", ["alone", "board"])
async def test_a_file_that_shrinks_cuts_the_answer_off(path: Path, opened: list[WatchedFile], around: str) -> None:
    app = apps(Small(path))[around]
    answer = await sent(app, lambda body: os.truncate(path, 2500) if body else None)
    assert isinstance(answer.error, RuntimeError)
    assert "became shorter" in str(answer.error)
    assert answer.messages[-1]["more_body"] is True
    assert CONTENT.startswith(answer.body)
    assert len(answer.body) <= 2500
    assert [each.closed for each in opened] == [True]


async def test_a_part_that_shrinks_cuts_the_answer_off(path: Path, opened: list[WatchedFile]) -> None:
    headers = {"range": "bytes=0-9,2000-4999"}
    answer = await sent(Small(path), lambda body: os.truncate(path, 2500) if body else None, headers)
    assert "became shorter" in str(answer.error)
    assert answer.messages[-1]["more_body"] is True
    assert [each.closed for each in opened] == [True]


async def test_a_file_that_grows_is_sent_as_long_as_it_was(path: Path) -> None:
    def grow(body: bytes) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    answer = await sent(Small(path), grow)
    assert answer.body == CONTENT


async def test_a_file_that_is_replaced_or_removed_is_sent_to_its_end(path: Path) -> None:
    def replace(body: bytes) -> None:
        other = path.with_suffix(".new")
        other.write_bytes(b"another")
        other.replace(path)

    assert (await sent(Small(path), replace)).body == CONTENT
    write(path, CONTENT)
    assert (await sent(Small(path), lambda body: path.unlink(missing_ok=True))).body == CONTENT


async def sent(app: ASGIApp, act: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to a request during which ``act`` is called with each piece of the body that was sent."""

    async def acting(scope: Any, receive: Any, send: Any) -> None:
        async def send_and_act(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body":
                act(message["body"])

        async def wait() -> Message:
            await sleep_forever()
            raise AssertionError

        await app(scope, wait, send_and_act)

    return await ask(acting, "/", headers=dict(headers or {}))


# Clients that leave


class Client:
    """A client that leaves after so many messages; with ``raises`` the server says so when something is sent."""

    def __init__(self, stays_for: int, raises: bool = False) -> None:
        self.stays_for = stays_for
        self.raises = raises
        self.left = Event()
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.left.is_set() and self.raises:
            raise BrokenPipeError("the client has left")
        self.sent.append(message)
        if len(self.sent) == self.stays_for:
            self.left.set()


def scope(method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": [], **more}


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("around", ["alone", "board"])
async def test_nothing_is_read_for_a_client_that_left(
    path: Path, opened: list[WatchedFile], around: str, raises: bool
) -> None:
    write(path, CONTENT * 100)
    client = Client(3, raises)
    try:
        await apps(Small(path))[around](scope(), client.receive, client.send)
    except BrokenPipeError:
        assert around == "alone"
    assert len(client.sent) < 10
    assert [each.closed for each in opened] == [True]


async def test_background_tasks_run_after_the_file_was_sent(path: Path) -> None:
    for around in ("alone", "board"):
        done: list[str] = []
        response = Small(path, background=BackgroundTask(done.append, "done"))
        await ask(apps(response)[around], "/")
        assert done == ["done"]


# Within a board


@pytest.mark.parametrize("kind", [FileResponse, Small])
async def test_hooks_see_what_goes_out(path: Path, kind: type[FileResponse]) -> None:
    """A filter that knows what must not be changed needs the status and the headers that are sent."""
    plugin = Shouting()
    app = board_of(kind(path), plugin)
    etag = (await ask(app, "/")).header("etag") or ""
    await ask(app, "/", headers={"range": "bytes=0-9"})
    await ask(app, "/", headers={"if-none-match": etag})
    await ask(app, "/", headers={"range": "bytes=9999-"})
    assert plugin.heads == [(200, None), (206, b"bytes 0-9/5120"), (304, None), (416, b"bytes */5120")]


@pytest.mark.parametrize("extensions", [(), ("pathsend",), ("zerocopysend",), ("pathsend", "zerocopysend")])
@pytest.mark.parametrize("kind", [FileResponse, Small])
async def test_filters_see_every_byte(path: Path, kind: type[FileResponse], extensions: tuple[str, ...]) -> None:
    app = board_of(kind(path), Shouting())
    offered: dict[str, Any] = {f"http.response.{name}": {} for name in extensions}
    answer = await ask(app, "/", extensions=offered)
    assert answer.body == bytes(byte ^ 0xFF for byte in CONTENT)
    answer = await ask(app, "/", headers={"range": "bytes=100-4099"}, extensions=offered)
    assert answer.body == bytes(byte ^ 0xFF for byte in CONTENT[100:4100])


async def test_cookies_go_with_the_file(path: Path) -> None:
    response = FileResponse(path)
    response.set_cookie("a", "b")
    for headers in ({}, {"range": "bytes=0-1"}, {"range": "bytes=x"}):
        assert "set-cookie" in dict((await ask(board_of(response), "/", headers=headers)).headers)


async def test_an_endpoint_may_set_the_status(path: Path) -> None:
    async def endpoint(request: Request) -> Any:
        return FileResponse(path), 404

    answer = await ask(Pegboard(routes=[Route("/", endpoint)], plugins=[]), "/", headers={"range": "bytes=0-1"})
    assert (answer.status, answer.body) == (404, CONTENT)
    assert answer.header("etag") is None


# Servers that read files themselves

PATH: dict[str, Any] = {"http.response.pathsend": {}}
ZERO_COPY: dict[str, Any] = {"http.response.zerocopysend": {}}


@pytest.mark.parametrize("around", ["alone", "board"])
async def test_a_whole_file_is_handed_over_by_path(path: Path, opened: list[WatchedFile], around: str) -> None:
    answer = await ask(apps(FileResponse(path))[around], "/", extensions={**PATH, **ZERO_COPY})
    assert [message["type"] for message in answer.messages] == ["http.response.start", "http.response.pathsend"]
    assert answer.messages[1]["path"] == str(path)
    assert answer.header("content-length") == str(len(CONTENT))
    assert [each.closed for each in opened] == [True]


async def test_a_relative_path_is_handed_over_as_absolute(path: Path) -> None:
    answer = await ask(FileResponse("a.bin"), "/", extensions=PATH)
    assert answer.messages[1]["path"] == str(path)


async def test_only_whole_files_are_handed_over_by_path(path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    requests: list[tuple[FileResponse, str, dict[str, str]]] = [
        (FileResponse(path), "GET", {"range": "bytes=0-9"}),
        (FileResponse(path), "GET", {"range": "bytes=x"}),
        (FileResponse(path), "GET", {"if-none-match": "*"}),
        (FileResponse(path), "HEAD", {}),
        (FileResponse(tmp_path / "empty"), "GET", {}),
    ]
    for response, method, headers in requests:
        answer = await ask(response, "/", method, headers, extensions=PATH)
        assert [message["type"] for message in answer.messages[1:]] == ["http.response.body"]


def copied(message: Message) -> bytes:
    """What a server would send of a message."""
    if message["type"] == "http.response.body":
        body: bytes = message["body"]
        return body
    return os.pread(message["file"].fileno(), message["count"], message["offset"])


@pytest.mark.skipif(not hasattr(os, "pread"), reason="reads as servers with sendfile do")
@pytest.mark.parametrize("around", ["alone", "board"])
@pytest.mark.parametrize("value", [None, "bytes=10-99", "bytes=10-99,200-299"])
async def test_ranges_are_handed_over_by_descriptor(
    path: Path, opened: list[WatchedFile], around: str, value: str | None
) -> None:
    pieces: list[bytes] = []
    kinds: list[str] = []

    async def send(message: Message) -> None:
        if message["type"] != "http.response.start":
            kinds.append(message["type"].rpartition(".")[2])
            pieces.append(copied(message))
            assert message["more_body"] is not (len(pieces) == (5 if value and "," in value else 1))

    async def receive() -> Message:
        await sleep_forever()
        raise AssertionError

    headers = [] if value is None else [(b"range", value.encode())]
    await apps(FileResponse(path))[around](scope(headers=headers, extensions=ZERO_COPY), receive, send)
    expected = await ask(FileResponse(path), "/", headers={} if value is None else {"range": value})
    if value is not None and "," in value:
        assert kinds == ["body", "zerocopysend", "body", "zerocopysend", "body"]
        assert (pieces[1], pieces[3]) == (CONTENT[10:100], CONTENT[200:300])
    else:
        assert (kinds, pieces) == (["zerocopysend"], [expected.body])
    assert all(each.closed for each in opened)


async def test_a_file_may_refuse_a_websocket(path: Path) -> None:
    """Denial responses have messages of their own, among them none for files."""
    answer = await ask(FileResponse(path), "/", type="websocket", extensions={**PATH, **ZERO_COPY})
    assert answer.body == CONTENT
