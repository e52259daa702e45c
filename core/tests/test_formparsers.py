"""Forms as endpoints ask for them: read once, kept, closed, and within limits."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from board_harness import ask
from forms import MULTIPART, URLENCODED, SpoolWitness, field, file, multipart, pieces, request
from hypothesis import given
from hypothesis import strategies as st

from pegboard.applications import Pegboard
from pegboard.exceptions import HTTPException
from pegboard.form_limits import FormLimits
from pegboard.formparsers import MultiPartException, UrlencodedForm, read_form
from pegboard.multidict import parse_fields
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.uploads import UploadFile

anyio_test = pytest.mark.anyio


@anyio_test
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
async def test_a_urlencoded_form_is_read_however_it_arrives(size: int) -> None:
    """Escapes and separators may be cut anywhere."""
    form = await request(pieces(b"a=1&b=%C3%A4+%26&&a=2&c", size), URLENCODED).form()
    assert form.multi_items() == [("a", "1"), ("b", "ä &"), ("a", "2"), ("c", "")]
    assert (form["a"], form.getlist("a"), form.get("x")) == ("2", ["1", "2"], None)


@anyio_test
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    ],
)
async def test_the_type_is_recognised_in_any_spelling(content_type: str) -> None:
    """Media types are case-insensitive, and may have parameters."""
    assert (await request(b"a=1", content_type).form())["a"] == "1"


@anyio_test
@pytest.mark.parametrize("content_type", [None, "application/json", "multipart/mixed; boundary=limit", "text/plain"])
async def test_another_kind_of_body_is_an_empty_form_and_is_left_unread(content_type: str | None) -> None:
    """Whoever wants the body has it still."""
    seen = request(b'{"a": 1}', content_type)
    assert len(await seen.form()) == 0
    assert await seen.body() == b'{"a": 1}'


@anyio_test
async def test_a_content_type_that_cannot_be_read_is_400() -> None:
    """It is not passed over."""
    with pytest.raises(MultiPartException, match="Content-Type") as caught:
        await request(b"", "nonsense").form()
    assert caught.value.status_code == 400


@anyio_test
async def test_a_form_is_read_once_and_kept() -> None:
    """Hooks and endpoints get one object."""
    seen = request(b"a=1", URLENCODED)
    assert await seen.form() is await seen.form()
    with pytest.raises(RuntimeError, match="stream was read before"):
        await seen.body()


@anyio_test
async def test_a_form_can_be_read_from_a_body_that_was_kept() -> None:
    """The other order: body first."""
    seen = request(multipart(field("a", b"1")))
    body = await seen.body()
    assert (await seen.form())["a"] == "1"
    assert await seen.body() == body


@anyio_test
async def test_the_context_closes_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its end, and when its body fails."""
    spools = SpoolWitness(monkeypatch)
    async with request(multipart(file("a", b"1"))).form() as form:
        upload = form["a"]
        assert isinstance(upload, UploadFile)
        assert await upload.read() == b"1"
    assert spools.all_closed
    with pytest.raises(KeyError):
        async with request(multipart(file("a", b"1"))).form() as form:
            form["missing"]
    assert len(spools.files) == 2
    assert spools.all_closed


@anyio_test
async def test_closing_the_request_closes_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, twice, or without a form."""
    spools = SpoolWitness(monkeypatch)
    seen = request(multipart(file("a", b"1")))
    await seen.close()
    await seen.form()
    assert not spools.all_closed
    await seen.close()
    await seen.close()
    assert spools.all_closed


ROWS = [
    ("max_fields", FormLimits(fields=3), b"a&b&c", b"a&b&c&d"),
    ("max_fields", FormLimits(fields=3), b"&&", b"&&&"),
    ("max_fields", FormLimits(fields=0), b"", b"a"),
    ("max_part_size", FormLimits(part_size=5), b"a=345&b=345&12345", b"a=345&b=3456&1"),
    ("max_part_size", FormLimits(part_size=5), b"12345", b"123456"),
    ("max_part_size", FormLimits(part_size=5), b"1&12345", b"1&123456"),
    ("max_total_size", FormLimits(total_size=5), b"a=345", b"a=3456"),
]


@anyio_test
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(("what", "limits", "within", "beyond"), ROWS)
async def test_each_limit_of_a_urlencoded_form(
    what: str, limits: FormLimits, within: bytes, beyond: bytes, size: int
) -> None:
    """One table: exactly at the limit is fine, one more is 413."""
    await read_form(request(pieces(within, size), URLENCODED), limits)
    with pytest.raises(MultiPartException) as caught:
        await read_form(request(pieces(beyond, size), URLENCODED), limits)
    assert (caught.value.status_code, caught.value.headers) == (413, {"Connection": "close"})
    assert what in caught.value.message


@anyio_test
@pytest.mark.parametrize("chunk", [b"x" * 1000, b"&" * 100])
async def test_an_endless_urlencoded_form_is_refused_before_it_ends(chunk: bytes) -> None:
    """The refusal comes while the body still arrives."""
    with pytest.raises(MultiPartException):
        await read_form(request([chunk] * 100, URLENCODED, incomplete=True), FormLimits(fields=1000, part_size=5000))


@anyio_test
async def test_over_http2_a_413_leaves_the_connection_open() -> None:
    """A stream ends by itself there."""
    with pytest.raises(MultiPartException) as caught:
        await request(b"a&b", URLENCODED, http_version="2").form(max_fields=1)
    assert caught.value.headers is None


@anyio_test
async def test_max_body_size_holds() -> None:
    """The request's own limit counts as well."""
    with pytest.raises(HTTPException, match="413"):
        await request([b"a" * 10, b"a" * 10], URLENCODED, max_body_size=15).form()


@given(st.binary(max_size=200), st.integers(1, 20))
def test_pieces_make_no_difference(body: bytes, size: int) -> None:
    """Fed in pieces, a form has the fields that its whole text has."""
    form = UrlencodedForm(FormLimits())
    for piece in pieces(body, size):
        form.feed(piece)
    with pytest.raises(StopIteration) as done:
        form.finish().send(None)
    assert done.value.value == parse_fields(body)


@given(st.lists(st.binary(max_size=12), max_size=12), st.integers(1, 15), st.integers(1, 12))
def test_a_field_over_the_limit_never_passes(chunks: list[bytes], part_size: int, fields: int) -> None:
    """However a body is cut, the limits decide by the body alone."""
    body = b"".join(chunks)
    raw = body.split(b"&")
    broken = (bool(body) and len(raw) > fields) or max(map(len, raw)) > part_size
    form = UrlencodedForm(FormLimits(fields=fields, part_size=part_size))
    try:
        for chunk in chunks:
            form.feed(chunk)
    except MultiPartException:
        assert broken
    else:
        assert not broken


def calls_for(body: bytes, size: int) -> int:
    calls = 0

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    form = UrlencodedForm(FormLimits(fields=1e9))
    chunks = pieces(body, size)
    sys.setprofile(watch)
    try:
        for chunk in chunks:
            form.feed(chunk)
        with suppress(StopIteration):
            form.finish().send(None)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(("unit", "size"), [(b"a=%41&", 1000), (b"a=1&", 1), (b"x", 1)])
def test_the_work_per_byte_stays_flat(unit: bytes, size: int) -> None:
    """Four times the body makes four times the calls."""
    few, many = calls_for(unit * 500, size), calls_for(unit * 2000, size)
    assert many <= 4.4 * few


# On a board


async def upload(request: Request) -> PlainTextResponse:
    async with request.form(max_files=1) as form:
        value = form["f"]
        text = value if isinstance(value, str) else (await value.read()).decode()
        return PlainTextResponse(text)


@anyio_test
@pytest.mark.parametrize(
    ("content_type", "body", "status", "text"),
    [
        (MULTIPART, multipart(file("f", b"hello")), 200, "hello"),
        (URLENCODED, b"f=hello", 200, "hello"),
        (MULTIPART, b"nonsense", 400, "malformed"),
        (MULTIPART, multipart(file("f", b""), file("f", b"")), 413, "at most 1 files are accepted (max_files)"),
    ],
)
async def test_a_board_answers_forms_good_and_bad(content_type: str, body: bytes, status: int, text: str) -> None:
    """What is wrong with a form is told to its client."""
    board = Pegboard(routes=[Route("/", upload, methods=["POST"])], plugins=[], config={})
    answer = await ask(board, "/", "POST", {"content-type": content_type}, body)
    assert (answer.status, answer.error) == (status, None)
    assert text in answer.body.decode()
