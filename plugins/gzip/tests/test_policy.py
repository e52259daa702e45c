"""Every rule of compression, asked of a board."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from pegboard.routing import Route
from pegboard_gzip import Gzip, Levels

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[Any]]
CODINGS = ("zstd", "br", "gzip")
TEXT = "".join(f"line {number * 7919 % 1000} of a text\n" for number in range(400))
NOISE = random.Random(7).randbytes(5000)
LARGE_NOISE = random.Random(8).randbytes(300_000)


def board(make: Callable[[Request], Any], **settings: Any) -> Pegboard:
    async def endpoint(request: Request) -> Any:
        return make(request)

    route = Route("/", endpoint, methods=["GET", "HEAD", "POST", "PUT"])
    return Pegboard(routes=[route], plugins=[Gzip(**settings)], config={}, autoload=False)


def text(headers: dict[str, str] | None = None, status: int = 200, size: int = len(TEXT)) -> Response:
    return PlainTextResponse((TEXT * (size // len(TEXT) + 1))[:size], status, headers)


def always(make: Callable[..., Response], *args: Any, **kwargs: Any) -> Callable[[Request], Response]:
    return lambda request: make(*args, **kwargs)


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_whole_body_is_compressed_as_asked(ask: Ask, coding: str) -> None:
    answer = await ask(board(lambda request: text()), accept=coding)
    assert (answer.coding, answer.decoded) == (coding, TEXT.encode())
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert len(answer.body) < len(TEXT) / 3


@pytest.mark.parametrize("accept", [None, "", "identity", "deflate", "gzip;q=0"])
async def test_whoever_asks_for_no_coding_gets_the_plain_body_and_vary(ask: Ask, accept: str | None) -> None:
    answer = await ask(board(lambda request: text()), accept=accept)
    assert (answer.coding, answer.body) == (None, TEXT.encode())
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(TEXT))


async def test_the_lines_of_accept_encoding_count_together(ask: Ask) -> None:
    lines = [("accept-encoding", "zstd;q=0"), ("accept-encoding", "br;q=0.1"), ("accept-encoding", "gzip;q=0.2")]
    assert (await ask(board(lambda request: text()), headers=lines)).coding == "gzip"


async def test_a_body_below_the_minimum_is_not_touched(ask: Ask) -> None:
    answer = await ask(board(lambda request: text(size=1023)), accept="gzip")
    assert (answer.coding, answer.headers.get("vary")) == (None, None)
    assert (await ask(board(lambda request: text(size=1024)), accept="gzip")).coding == "gzip"
    assert (await ask(board(lambda request: text(size=90), minimum_size=80), accept="zstd")).coding == "zstd"


@pytest.mark.parametrize(
    "response",
    [
        lambda: text({"content-encoding": "br"}),
        lambda: text({"cache-control": "no-transform"}),
        lambda: text({"content-range": "bytes 0-9/10"}),
        lambda: Response(TEXT, media_type="image/png"),
        lambda: Response(TEXT, media_type="application/grpc"),
        lambda: Response(TEXT, media_type="application/octet-stream"),
        lambda: Response(TEXT),
        lambda: Response(None, 204),
        lambda: Response(None, 205),
    ],
)
async def test_what_must_stay_as_it_is(ask: Ask, response: Callable[[], Response]) -> None:
    answer = await ask(board(lambda request: response()), accept="gzip")
    expected = response()
    assert (answer.status, answer.body) == (expected.status_code, expected.body)
    assert answer.messages[0]["headers"] == expected.raw_headers


async def test_a_request_may_forbid_the_change(ask: Ask) -> None:
    answer = await ask(board(lambda request: text()), accept="gzip", headers=[("cache-control", "no-transform")])
    assert (answer.coding, answer.headers["vary"]) == (None, "Accept-Encoding")


async def test_a_part_is_sent_as_it_is_and_varies_as_the_whole_does(ask: Ask) -> None:
    answer = await ask(board(lambda request: text({"content-range": "bytes 0-9/10"}, 206)), accept="gzip")
    assert (answer.coding, answer.headers["vary"]) == (None, "Accept-Encoding")
    answer = await ask(
        board(lambda request: Response(NOISE, 206, {"content-range": "bytes 0-9/10"}, "image/png")), accept="gzip"
    )
    assert "vary" not in answer.headers


async def test_a_body_that_would_grow_is_sent_as_it_is(ask: Ask) -> None:
    def make(request: Request) -> Response:
        return Response(NOISE, headers={"etag": '"v1"'}, media_type="text/plain")

    for coding in CODINGS:
        answer = await ask(board(make), accept=coding)
        assert (answer.coding, answer.body) == (None, NOISE)
        assert answer.headers["content-length"] == "5000"
        assert (answer.headers["vary"], answer.headers["etag"]) == ("Accept-Encoding", '"v1"')


@pytest.mark.parametrize("status", [200, 201, 400, 404, 422, 500, 503])
async def test_errors_are_compressed_as_well(ask: Ask, status: int) -> None:
    answer = await ask(board(lambda request: text(status=status)), accept="br")
    assert (answer.status, answer.coding) == (status, "br")


async def test_vary_is_merged_with_what_stands_there(ask: Ask) -> None:
    for before, after in (("Cookie", "Cookie, Accept-Encoding"), ("accept-encoding", "accept-encoding"), ("*", "*")):
        answer = await ask(board(always(text, {"vary": before})), accept="gzip")
        assert answer.headers["vary"] == after


async def test_what_speaks_of_the_plain_bytes_is_taken_away(ask: Ask) -> None:
    headers = {"accept-ranges": "bytes", "repr-digest": "sha-256=:x:", "content-digest": "sha-256=:x:", "x-kept": "1"}
    answer = await ask(board(lambda request: text(headers)), accept="gzip")
    assert set(answer.headers) == {"content-type", "content-length", "content-encoding", "vary", "x-kept"}
    assert set(headers) <= set((await ask(board(lambda request: text(headers)), accept="identity")).headers)


@pytest.mark.parametrize("accept", [*CODINGS, None])
@pytest.mark.parametrize("kind", ["text", "small", "noise", "image", "large", "large noise"])
async def test_the_head_of_head_is_that_of_get(ask: Ask, accept: str | None, kind: str) -> None:
    responses: dict[str, Callable[[Request], Response]] = {
        "text": lambda request: text({"etag": '"v1"'}),
        "small": lambda request: text(size=10),
        "noise": lambda request: Response(NOISE, media_type="text/plain"),
        "image": lambda request: Response(NOISE, media_type="image/png"),
        "large": lambda request: text(size=len(TEXT) * 40),
        "large noise": lambda request: Response(LARGE_NOISE, media_type="text/plain"),
    }
    make = responses[kind]
    get, head = await ask(board(make), accept=accept), await ask(board(make), accept=accept, method="HEAD")
    assert head.headers == get.headers
    assert head.body == b""


async def test_the_head_of_a_stream_is_the_same_but_for_the_length(ask: Ask) -> None:
    def make(request: Request) -> Response:
        return StreamingResponse(iter([TEXT]), headers={"content-length": str(len(TEXT))}, media_type="text/plain")

    get, head = await ask(board(make), accept="br"), await ask(board(make), accept="br", method="HEAD")
    assert get.headers.pop("content-length")
    assert {**get.headers, "content-length": ""} == {**head.headers, "content-length": ""}
    assert (head.coding, head.body, "content-length" in head.headers) == ("br", b"", False)


def versioned(request: Request) -> Response:
    """An endpoint that compares tags as simply as can be."""
    if request.headers.get("if-none-match") == '"v1"':
        return Response(None, 304, {"etag": '"v1"'})
    return text({"etag": '"v1"'})


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_tag_of_a_compressed_response_gives_304(ask: Ask, coding: str, method: str) -> None:
    first = await ask(board(versioned), accept=coding, method=method)
    assert first.headers["etag"] == f'"v1--{coding}"'
    headers = [("if-none-match", first.headers["etag"])]
    again = await ask(board(versioned), accept=coding, headers=headers, method=method)
    assert (again.status, again.body) == (304, b"")
    assert (again.headers["etag"], again.headers["vary"]) == (first.headers["etag"], "Accept-Encoding")


async def test_the_plain_tag_gives_304_with_the_plain_tag(ask: Ask) -> None:
    for accept in (None, "gzip"):
        answer = await ask(board(versioned), accept=accept, headers=[("if-none-match", '"v1"')])
        assert (answer.status, answer.headers["etag"], answer.headers["vary"]) == (304, '"v1"', "Accept-Encoding")


async def test_the_tag_of_a_coding_that_the_client_would_not_get_now_gives_the_body(ask: Ask) -> None:
    for accept in ("gzip", None, "br;q=0, gzip"):
        answer = await ask(board(versioned), accept=accept, headers=[("if-none-match", '"v1--br"')])
        assert answer.status == 200


async def test_a_change_on_condition_may_name_the_compressed_response(ask: Ask) -> None:
    def put(request: Request) -> Response:
        return JSONResponse(request.headers.getlist("if-match") + request.headers.getlist("if-range"))

    headers = [("if-match", '"v1--zstd", "v2--br", "v3"'), ("if-range", '"v1--br"')]
    answer = await ask(board(put), headers=headers, method="PUT")
    assert answer.body == b'["\\"v1\\", \\"v2\\", \\"v3\\"","\\"v1--br\\""]'


async def test_a_range_on_condition_of_compressed_bytes_does_not_match(ask: Ask) -> None:
    seen = []

    def make(request: Request) -> Response:
        seen.append(request.headers.get("if-range"))
        return text()

    await ask(board(make), accept="gzip", headers=[("if-range", '"v1--gzip"'), ("range", "bytes=0-9")])
    assert seen == ['"v1--gzip"']


async def test_several_parts_in_one_answer_vary_as_the_whole_does(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    app = board(lambda request: FileResponse(tmp_path / "text.txt"))
    answer = await ask(app, accept="gzip", headers=[("range", "bytes=0-9,200-299")])
    assert (answer.status, answer.coding, answer.headers["vary"]) == (206, None, "Accept-Encoding")
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert TEXT[200:300].encode() in answer.body


async def test_one_response_that_answers_many_requests_is_compressed_for_each_of_them_alone(ask: Ask) -> None:
    constant = text({"etag": '"v1"'}, size=len(TEXT) * 40)
    app = board(lambda request: constant)

    async def check(coding: str | None) -> None:
        answer = await ask(app, accept=coding)
        assert (answer.coding, answer.decoded) == (coding, (TEXT * 40).encode())
        assert answer.headers["etag"] == ('"v1"' if coding is None else f'"v1--{coding}"')
        assert (answer.headers["content-length"], answer.headers["vary"]) == (str(len(answer.body)), "Accept-Encoding")

    # The body is so large that it goes through threads: the requests overlap.
    async with anyio.create_task_group() as group:
        for coding in (*CODINGS, None) * 4:
            group.start_soon(check, coding)


async def test_types_may_be_added_left_out_and_have_levels_of_their_own(ask: Ask) -> None:
    settings: dict[str, Any] = {
        "by_type": {
            "image/png": True,
            "text/plain": False,
            "text/html": Levels(gzip_level=1),
            "text/css": {"gzip_level": 9},
        }
    }
    sizes = {}
    for media_type, coding in (
        ("image/png", "gzip"),
        ("text/plain", None),
        ("text/html", "gzip"),
        ("text/css", "gzip"),
    ):
        answer = await ask(board(always(Response, TEXT, media_type=media_type), **settings), accept="gzip")
        assert answer.coding == coding
        sizes[media_type] = len(answer.body)
    assert sizes["text/css"] < sizes["text/html"]


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "deflate, *;q=0"])
async def test_a_client_that_accepts_nothing_is_refused_where_the_owner_wants_it(ask: Ask, accept: str) -> None:
    assert (await ask(board(lambda request: text()), accept=accept)).status == 200
    called: list[Request] = []
    answer = await ask(board(called.append, refuse_unacceptable=True), accept=accept)
    assert (answer.status, answer.headers["vary"], called) == (406, "Accept-Encoding", [])
    assert b"zstd, br, gzip, identity" in answer.body
    assert (await ask(board(lambda request: text(), refuse_unacceptable=True), accept="identity")).status == 200


def chunks() -> Iterator[str]:
    yield TEXT[:2000]
    yield TEXT[2000:]


@pytest.mark.parametrize("length", [None, len(TEXT)])
async def test_a_stream_is_compressed_and_told_a_new_length_only_where_it_is_known(
    ask: Ask, length: int | None
) -> None:
    headers = {} if length is None else {"content-length": str(length)}

    def make(request: Request) -> Response:
        return StreamingResponse(chunks(), headers=headers, media_type="text/plain")

    for coding in CODINGS:
        answer = await ask(board(make), accept=coding)
        assert (answer.coding, answer.decoded) == (coding, TEXT.encode())
        told = answer.headers.get("content-length")
        assert told == (None if length is None else str(len(answer.body)))
