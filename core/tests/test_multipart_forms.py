"""Multipart bodies, whole and in pieces, honest and hostile."""

from __future__ import annotations

import logging
import sys
import threading
import tracemalloc
from types import FrameType
from typing import Any

import anyio
import pytest
from forms import SpoolWitness, field, file, multipart, part, pieces, request
from hypothesis import given
from hypothesis import strategies as st

from pegboard.form_limits import FormLimits, MultiPartException
from pegboard.formparsers import read_form
from pegboard.multidict import FormData
from pegboard.multipart_forms import BATCH, MultipartForm
from pegboard.uploads import UploadFile


async def contents(form: FormData) -> list[tuple[str, str | None, bytes | str]]:
    """Every pair as plain values: name, filename, content."""
    found: list[tuple[str, str | None, bytes | str]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            found.append((name, value.filename, await value.read()))
        else:
            found.append((name, None, value))
    return found


async def read(body: bytes, size: int | None = None, **more: Any) -> list[tuple[str, str | None, bytes | str]]:
    async with request(body if size is None else pieces(body, size), **more).form() as form:
        return await contents(form)


async def refusal(chunks: Any, limits: FormLimits | None = None, **more: Any) -> MultiPartException:
    with pytest.raises(MultiPartException) as caught:
        await read_form(request(chunks, **more), limits or FormLimits())
    return caught.value


MIXED = multipart(
    field("text", "häl\r\nlo".encode()),
    file("upload", b"\x00\xff\r\n--limi\r\n--limi", "ä.bin", b"Content-Type: image/png", b"X-Note: a b "),
    field("empty", b""),
    file("none", b"", ""),
    field("text", b"again"),
)
MIXED_READ = [
    ("text", None, "häl\r\nlo"),
    ("upload", "ä.bin", b"\x00\xff\r\n--limi\r\n--limi"),
    ("empty", None, ""),
    ("none", "", b""),
    ("text", None, "again"),
]


@pytest.mark.anyio
@pytest.mark.parametrize("size", [None, 1, 2, 3, 7, 64])
async def test_fields_and_files_are_read_in_order_however_they_arrive(size: int | None) -> None:
    """One body, cut into pieces of every kind of size, gives the same form."""
    assert await read(MIXED, size) == MIXED_READ


@pytest.mark.anyio
async def test_a_file_says_what_its_part_said() -> None:
    """Type, size, name, headers; and it stands at its start."""
    async with request(MIXED).form() as form:
        upload = form["upload"]
        assert isinstance(upload, UploadFile)
        assert (upload.content_type, upload.size, upload.filename) == ("image/png", 18, "ä.bin")
        assert upload.headers["x-note"] == "a b"
        assert upload.file.tell() == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"--limit--\r\n", []),
        (b"--limit--", []),
        (b"\r\n--limit--\r\n", []),
        (multipart(field("a", b"1")) + b"an epilogue", [("a", None, "1")]),
        (b"\r\n" + multipart(field("a", b"1")), [("a", None, "1")]),
        (multipart(field("a", b"\xff")), [("a", None, "\ufffd")]),
        (multipart(field("a", b"1", b"Content-Transfer-Encoding: binary")), [("a", None, "1")]),
        (multipart(part(b"form-data; name=a", b"1", b"CONTENT-TYPE:text/plain")), [("a", None, "1")]),
        # A part that is multipart itself is text: nothing within it is a part of this form.
        (
            multipart(field("a", b"--b\r\n\r\nx\r\n--b--", b"Content-Type: multipart/mixed; boundary=b")),
            [("a", None, "--b\r\n\r\nx\r\n--b--")],
        ),
    ],
)
@pytest.mark.parametrize("size", [None, 1])
async def test_unusual_bodies_are_read(body: bytes, expected: Any, size: int | None) -> None:
    """Empty forms, epilogues, leading line breaks, encodings that change nothing."""
    assert await read(body, size) == expected


HEAD = b'--limit\r\nContent-Disposition: form-data; name="a"\r\n'

BROKEN = {
    "nothing at all": b"",
    "no boundary": b"just text",
    "another boundary": MIXED.replace(b"limit", b"other"),
    "a boundary without line break": b"--limit",
    "cut off within the headers": HEAD,
    "cut off within a header": HEAD[:-9],
    "cut off within the content": HEAD + b"\r\nsome",
    "cut off within the last boundary": HEAD + b"\r\nsome\r\n--limit",
    "cut off behind a dash": HEAD + b"\r\nsome\r\n--limit-",
    "no disposition": multipart(b"--limit\r\nContent-Type: text/plain\r\n\r\n1\r\n"),
    "no headers": multipart(b"--limit\r\n\r\n1\r\n"),
    "two dispositions": multipart(field("a", b"1", b'Content-Disposition: form-data; name="b"')),
    "another disposition": multipart(part(b'attachment; name="a"', b"1")),
    "no name": multipart(part(b"form-data", b"1")),
    "two names": multipart(part(b'form-data; name="a"; name="b"', b"1")),
    "an encoded name only": multipart(part(b"form-data; name=\"a\"; filename*=UTF-8''b", b"1")),
    "a header without a name": multipart(b"--limit\r\n: x\r\n\r\n1\r\n"),
    "a header without a colon": multipart(b"--limit\r\nnonsense\r\n\r\n1\r\n"),
    "a blank in a header's name": multipart(b"--limit\r\nContent Disposition: x\r\n\r\n1\r\n"),
    "a folded header": multipart(b"--limit\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n"),
    "a bare line feed in a header": multipart(part(b'form-data; name="a\nX: y"', b"1")),
    "a bare carriage return in a header": multipart(part(b'form-data; name="a\rX: y"', b"1")),
    "a NUL in a header": multipart(part(b'form-data; name="a"; filename="a\x00.txt"', b"1")),
    "line feeds only": MIXED.replace(b"\r\n", b"\n"),
    "carriage returns only": MIXED.replace(b"\r\n", b"\r"),
    "base64": multipart(file("a", b"MQ==", "b", b"Content-Transfer-Encoding: base64")),
    "quoted-printable": multipart(field("a", b"=31", b"content-transfer-encoding: Quoted-Printable")),
}


@pytest.mark.anyio
@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_bodies_are_400(body: bytes, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One table: whatever is broken is told to the client, and no file stays open."""
    spools = SpoolWitness(monkeypatch)
    prefixed = body if body[:7] != b"--limit" else file("before", b"x") + body
    for chosen in (body, prefixed):
        error = await refusal(chosen if size is None else pieces(chosen, size))
        assert error.status_code == 400
        assert error.headers is None
        assert error.message
    assert spools.all_closed


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        ("multipart/form-data", "0 bytes"),
        ('multipart/form-data; boundary=""', "0 bytes"),
        ("multipart/form-data; boundary=" + "x" * 71, "71 bytes"),
        ("multipart/form-data; boundary=a b", "malformed"),
        ("multipart/form-data; boundary", "malformed"),
        ("multipart/form-data; boundary=" + "x" * 2000, "at most"),
    ],
)
async def test_a_content_type_without_a_good_boundary_is_400(content_type: str, found: str) -> None:
    """What cannot be looked for is refused before anything is read."""
    error = await refusal(MIXED, content_type=content_type)
    assert error.status_code == 400
    assert found in error.message


LIMITS = [
    ("max_files", FormLimits(files=2), multipart(*[file("f", b"1")] * 2), multipart(*[file("f", b"1")] * 3)),
    ("max_fields", FormLimits(fields=2), multipart(*[field("f", b"1")] * 2), multipart(*[field("f", b"1")] * 3)),
    ("max_part_size", FormLimits(part_size=5), multipart(field("f", b"12345")), multipart(field("f", b"123456"))),
    ("max_total_size", FormLimits(total_size=len(MIXED)), MIXED, MIXED + b"x"),
    (
        "too many headers",
        FormLimits(part_headers=3),
        multipart(field("f", b"", *[b"X-A: 1"] * 2)),
        multipart(field("f", b"", *[b"X-A: 1"] * 3)),
    ),
    (
        "headers are too long",
        FormLimits(part_header_size=100),
        multipart(field("f", b"", b"X-A: " + b"x" * 59)),
        multipart(field("f", b"", b"X-A: " + b"x" * 60)),
    ),
    (
        "headers are too long",
        FormLimits(part_header_size=100),
        multipart(field("f", b"", b"X" * 59 + b": 123")),
        multipart(field("f", b"", b"X" * 60 + b": 123")),
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize("size", [None, 1, 10])
@pytest.mark.parametrize(("what", "limits", "within", "beyond"), LIMITS, ids=[row[0] for row in LIMITS])
async def test_each_limit_holds_to_the_last_one_and_is_413_beyond(
    what: str, limits: FormLimits, within: bytes, beyond: bytes, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One table: exactly at the limit is fine, one more is refused, in one piece or in many."""
    spools = SpoolWitness(monkeypatch)
    await (await read_form(request(within if size is None else pieces(within, size)), limits)).close()
    error = await refusal(beyond if size is None else pieces(beyond, size), limits)
    assert (error.status_code, error.headers) == (413, {"Connection": "close"})
    assert what in error.message
    assert spools.all_closed


@pytest.mark.anyio
@pytest.mark.parametrize("what", ["field", "header value", "header name", "blanks"])
async def test_an_endless_piece_of_text_is_refused_before_it_ends(what: str) -> None:
    """What never ends is not kept: the refusal comes while the body still arrives."""
    start = {
        "field": HEAD + b"\r\n",
        "header value": HEAD + b"X: a",
        "header name": HEAD + b"X",
        "blanks": HEAD + b"X:",
    }[what]
    filler = b" " * 1000 if what == "blanks" else b"x" * 1000
    limits = FormLimits(part_size=5000, part_header_size=5000)
    error = await refusal([start, *[filler] * 1000], limits, incomplete=True)
    assert error.status_code == 413 if what != "blanks" else 400


@pytest.mark.anyio
async def test_limits_are_enforced_inside_one_chunk() -> None:
    """A million small parts in one piece cost no more than those that are accepted."""
    body = multipart(*[file("f", b"")] * 20_000)
    form = MultipartForm(b"limit", FormLimits(files=10))
    with pytest.raises(MultiPartException):
        form.feed(body)
    assert len(form.files) == 10
    for upload in form.files:
        await upload.close()


@pytest.mark.anyio
async def test_a_file_may_be_larger_than_a_field_may() -> None:
    """The limit of a part's size is for what is kept in memory."""
    body = multipart(file("f", b"x" * 3000))
    async with request(body).form(max_part_size=1000) as form:
        assert (await contents(form))[0][2] == b"x" * 3000


@pytest.mark.anyio
@pytest.mark.parametrize("size", [None, 1000, 64 * 1024])
async def test_a_file_moves_to_the_disk_in_a_thread(size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop's thread never rolls a file over, and what was written is what was sent."""
    spools = SpoolWitness(monkeypatch)
    content = bytes(range(256)) * 2000
    limits = FormLimits(spool_size=100_000)
    body = multipart(file("large", content), file("small", b"1"), file("other", content))
    form = await read_form(request(body if size is None else pieces(body, size)), limits)
    assert await contents(form) == [("large", "a.bin", content), ("small", "a.bin", b"1"), ("other", "a.bin", content)]
    assert len(spools.rolled_over_on) == 2
    assert threading.get_ident() not in spools.rolled_over_on
    await form.close()
    assert spools.all_closed


@pytest.mark.anyio
async def test_writes_to_the_disk_are_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that arrives in small pieces is written in large ones, a hop to a thread each."""
    sizes: list[int] = []
    write = UploadFile.write

    async def counted(self: UploadFile, data: bytes) -> None:
        sizes.append(len(data))
        await write(self, data)

    monkeypatch.setattr(UploadFile, "write", counted)
    content = b"x" * (3 * BATCH)
    async with request(pieces(multipart(file("f", content)), 1000)).form() as form:
        assert (await contents(form))[0][2] == content
    assert len(sizes) <= 4


@pytest.mark.anyio
async def test_files_are_closed_when_the_client_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stops because its client has gone leaves nothing open, on disk or in memory."""
    spools = SpoolWitness(monkeypatch)
    body = file("small", b"1") + file("large", b"x" * 2 * BATCH)
    with pytest.raises(OSError, match="client left"):
        await read_form(request(pieces(body, 10_000), leaves=True), FormLimits(spool_size=1000))
    assert len(spools.files) == 2
    assert spools.all_closed


@pytest.mark.anyio
async def test_files_are_closed_when_the_request_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also files on the disk, whose closing has to wait for a thread."""
    spools = SpoolWitness(monkeypatch)
    body = file("small", b"1") + file("large", b"x" * 2 * BATCH)
    waiting = anyio.Event()
    seen = request(pieces(body, 10_000), incomplete=True, waiting=waiting)
    async with anyio.create_task_group() as group:
        group.start_soon(read_form, seen, FormLimits(spool_size=1000))
        with anyio.fail_after(5):
            await waiting.wait()
        group.cancel_scope.cancel()
    assert len(spools.files) == 2
    assert spools.rolled_over_on
    assert spools.all_closed


@pytest.mark.anyio
async def test_files_are_closed_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong first is raised, and nothing stays open."""
    spools = SpoolWitness(monkeypatch)

    async def full(self: UploadFile, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(UploadFile, "write", full)
    with pytest.raises(OSError, match="No space"):
        await read_form(request(multipart(file("a", b"1"), file("b", b"2"))), FormLimits())
    assert len(spools.files) == 2
    assert spools.all_closed


@pytest.mark.anyio
async def test_max_body_size_holds_for_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request's own limit is seen while the form arrives, and files are closed."""
    spools = SpoolWitness(monkeypatch)
    with pytest.raises(Exception, match="larger than 5000 bytes") as caught:
        await request(pieces(multipart(file("f", b"x" * 10_000)), 1000), max_body_size=5000).form()
    assert getattr(caught.value, "status_code", None) == 413
    assert spools.all_closed


@pytest.mark.anyio
async def test_a_broken_form_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The client is told, and nobody else."""
    with caplog.at_level(logging.DEBUG):
        await refusal(b"--limit\r\nnonsense\r\n\r\n")
    assert not [record for record in caplog.records if "multipart" in record.name or "forms" in record.name]


@pytest.mark.anyio
async def test_without_the_parser_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A multipart form without python-multipart says what to install."""
    monkeypatch.setitem(sys.modules, "python_multipart.multipart", None)
    with pytest.raises(RuntimeError, match=r"pegboard\[forms\]"):
        MultipartForm(b"limit", FormLimits())


NAMES = st.text(st.characters(exclude_characters='"\\', exclude_categories=("Cs", "Cc")), max_size=20)
# Made of what boundaries are made of, so that near misses are common.
CONTENT = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"--lim", b"--limi", b"x", b"\x00", b"it"])
).map(b"".join)


@given(
    st.lists(st.tuples(NAMES, st.none() | NAMES, CONTENT), max_size=6),
    st.integers(1, 60) | st.none(),
)
def test_what_was_sent_comes_back(parts: list[tuple[str, str | None, bytes]], size: int | None) -> None:
    """Names, filenames and contents full of near-boundaries survive any cut into pieces."""
    sent = [(name, filename, content) for name, filename, content in parts if b"--limit" not in content]
    body = multipart(
        *(
            field(name, content) if filename is None else file(name, content, filename)
            for name, filename, content in sent
        )
    )
    found = anyio.run(read, body, size)
    assert found == [
        (name, filename, content.decode("utf-8", "replace") if filename is None else content)
        for name, filename, content in sent
    ]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_bytes_are_a_form_or_a_clear_refusal(noise: bytes, size: int) -> None:
    """Whatever comes, in front of, within or behind a part, there is no other way out."""

    async def attempt(body: bytes) -> None:
        try:
            await (await request(pieces(body, size)).form()).close()
        except MultiPartException as error:
            assert error.status_code == 400  # noqa: PT017

    for body in (noise, HEAD + noise, HEAD + b"\r\n" + noise + b"\r\n--limit--", multipart(field("a", b"1")) + noise):
        anyio.run(attempt, body)


def calls_for(body: bytes, size: int) -> int:
    """How many functions, Python's and C's, are called to read ``body`` in pieces of ``size`` bytes."""
    calls = 0

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    limits = FormLimits(files=1e9, fields=1e9, part_size=1e9)
    chunks = pieces(body, size)

    def feed() -> None:
        form = MultipartForm(b"limit", limits)
        for chunk in chunks:
            form.feed(chunk)
        form.release()
        for upload in form.files:
            upload.file.close()

    sys.setprofile(watch)
    try:
        feed()
    finally:
        sys.setprofile(None)
    return calls


GROWING = {
    "fields": (lambda n: multipart(*[field("f", b"1")] * n), 1 << 30),
    "files": (lambda n: multipart(*[file("f", b"1")] * n), 1 << 30),
    "one-byte pieces": (lambda n: multipart(field("f", b"x" * 10 * n)), 1),
    "near boundaries": (lambda n: multipart(file("f", b"\r\n--limi" * n)), 100),
    "line breaks": (lambda n: multipart(file("f", b"\r\n" * n)), 7),
}


@pytest.mark.parametrize(("make", "size"), GROWING.values(), ids=GROWING.keys())
def test_the_work_per_byte_stays_flat(make: Any, size: int) -> None:
    """Four times the body makes four times the calls, and the memory that it takes grows no faster."""
    small, large = make(200), make(800)
    calls_for(small, size)
    assert calls_for(large, size) / len(large) <= 1.1 * calls_for(small, size) / len(small)
    peaks = []
    for body in (small, large):
        chunks = pieces(body, size)
        tracemalloc.start()
        form = MultipartForm(b"limit", FormLimits())
        for chunk in chunks:
            form.feed(chunk)
        peaks.append(tracemalloc.get_traced_memory()[1] / len(body))
        tracemalloc.stop()
        form.release()
        for upload in form.files:
            upload.file.close()
    assert peaks[1] <= 1.5 * peaks[0]


@pytest.mark.anyio
@pytest.mark.parametrize("before", [b"", b"\r", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("size", [1, 3, None])
async def test_line_breaks_may_stand_before_the_first_boundary(before: bytes, size: int | None) -> None:
    assert await read(before + MIXED, size) == MIXED_READ


@pytest.mark.anyio
@pytest.mark.parametrize("before", [b"x", b"\rx", b"\r\npreamble\r\n"])
@pytest.mark.parametrize("size", [1, 3, None])
async def test_any_other_text_before_the_first_boundary_is_refused(before: bytes, size: int | None) -> None:
    body = before + MIXED
    assert (await refusal(body if size is None else pieces(body, size))).status_code == 400


damages = st.lists(
    st.tuples(st.integers(0, len(MIXED)), st.sampled_from([b"\r", b"\n", b"--", b'"', b";", b"\x00", b"--limit\r\n"])),
    max_size=3,
)


@given(damages, st.integers(1, 20))
def test_a_form_never_depends_on_how_it_was_cut(damaged: list[tuple[int, bytes]], size: int) -> None:
    body = MIXED
    for place, text in damaged:
        body = body[:place] + text + body[place:]

    async def outcome(chunks: list[bytes]) -> object:
        try:
            async with request(chunks).form() as form:
                return await contents(form)
        except MultiPartException as error:
            return error.status_code

    async def both() -> None:
        assert await outcome(pieces(body, size)) == await outcome([body])

    anyio.run(both)
