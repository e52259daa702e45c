"""Reading takes time and memory that grow no faster than what is read, counted without a clock.

Time is counted in executed instructions of the interpreter, which sees every loop and every call written in Python;
what a single call does in C is measured in `benchmarks/cases/growth.py` as time per byte. Memory is the peak.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest

from pegboard.conditional import Validators, conditional_fields, failed_precondition
from pegboard.cookies import parse_cookies, set_cookie_header
from pegboard.event_streams import encode_event
from pegboard.exceptions import HTTPException
from pegboard.form_parts import parse_form_disposition
from pegboard.headers import Headers, MutableHeaders
from pegboard.multidict import MultiDict, QueryParams, TooManyFields
from pegboard.ranges import UnsatisfiableRange, multipart, parse_ranges
from pegboard.requests import Request
from pegboard.text_values import CommaSeparatedStrings

SMALL = 40
TIMES = 2

Work = Callable[[], object]


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run what waits for nothing."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


def request(body: bytes, piece: int, content_type: str = "") -> Request:
    """A POST whose body comes in pieces of so many bytes."""
    starts = iter(range(0, len(body), piece))

    async def receive() -> dict[str, Any]:
        start = next(starts)
        more = start + piece < len(body)
        return {"type": "http.request", "body": body[start : start + piece], "more_body": more}

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def form(body: bytes, piece: int, content_type: str) -> Work:
    return lambda: finish(_form(request(body, piece, content_type)))


async def _form(made: Request) -> None:
    await made.form(max_fields=10_000)
    await made.close()


async def _stream(made: Request) -> int:
    return sum([len(piece) async for piece in made.stream()])


def query(size: int) -> Work:
    text = b"&".join(b"key%d=%%C3%%A4" % number for number in range(size))
    return lambda: QueryParams(text)


def tidy_cookies(size: int) -> Work:
    text = "; ".join(f"name{number}=value" for number in range(size))
    return lambda: parse_cookies(text)


def untidy_cookies(size: int) -> Work:
    text = " ;".join(f'name{number} = "a\\054b"' for number in range(size))
    return lambda: parse_cookies(text)


def one_cookie(size: int) -> Work:
    text = 'name="' + '\\054\\"' * size + '"'
    return lambda: parse_cookies(text)


def cookie_set(size: int) -> Work:
    return lambda: set_cookie_header("name", 'a,"\\' * size)


def headers_read(size: int) -> Work:
    raw = [(b"x-%d" % number, b"value") for number in range(size)]
    names = [f"x-{number}" for number in range(size)]

    def work() -> None:
        headers = Headers(raw=raw)
        for name in names:
            assert headers[name]
            headers.getlist(name)

    return work


def headers_made(size: int) -> Work:
    given = {f"x-{number}": "value" for number in range(size)}
    return lambda: MutableHeaders(given)


def repeated_headers(size: int) -> Work:
    raw = [(b"cookie", b"a=%d" % number) for number in range(size)]
    return lambda: Headers(raw=raw).getlist("cookie")


def form_fields(size: int) -> Work:
    body = b"&".join(b"key%d=%%C3%%A4" % number for number in range(size))
    return form(body, 1 << 16, "application/x-www-form-urlencoded")


def form_field_byte_by_byte(size: int) -> Work:
    return form(b"key=" + b"x" * size, 1, "application/x-www-form-urlencoded")


def form_parts(size: int) -> Work:
    part = b'--b\r\nContent-Disposition: form-data; name="a%d"; filename="f"\r\nX-A: 1\r\n\r\nvalue\r\n'
    body = b"".join(part % number for number in range(size)) + b"--b--\r\n"
    return form(body, 1 << 16, "multipart/form-data; boundary=b")


def form_part_byte_by_byte(size: int) -> Work:
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x\r\n-" * size + b"\r\n--b--\r\n"
    return form(body, 1, "multipart/form-data; boundary=b")


def part_header_byte_by_byte(size: int) -> Work:
    head = b'--b\r\nContent-Disposition: form-data; name="a"\r\nX-Long: ' + b"v" * size
    return form(head + b"\r\n\r\nx\r\n--b--\r\n", 1, "multipart/form-data; boundary=b")


def disposition(size: int) -> Work:
    text = b'form-data; name="a"' + b"".join(b'; p%d="\\"v"' % number for number in range(size))
    return lambda: parse_form_disposition(text)


def body_byte_by_byte(size: int) -> Work:
    return lambda: finish(request(b"x" * size, 1).body())


def stream_byte_by_byte(size: int) -> Work:
    return lambda: finish(_stream(request(b"x" * size, 1)))


def range_header(size: int) -> Work:
    text = b"bytes=" + b",".join(b"%d-%d" % (3 * number, 3 * number) for number in reversed(range(size)))

    def work() -> None:
        ranges = parse_ranges(text, 1_000)
        assert ranges is not None
        multipart(ranges, 1_000, b"text/plain", b"b")

    return work


def if_none_match(size: int) -> Work:
    fields = conditional_fields([(b"if-none-match", b", ".join(b'W/"%d"' % number for number in range(size)))])
    return lambda: failed_precondition("GET", fields, Validators(b'"no"', None))


def multidict_update(size: int) -> Work:
    pairs = [(f"key{number}", number) for number in range(size)]
    return lambda: MultiDict(pairs).update(pairs)


def comma_separated(size: int) -> Work:
    text = ",".join(f'"a\\"{number}"' for number in range(size))
    return lambda: CommaSeparatedStrings(text)


def event_lines(size: int) -> Work:
    return lambda: encode_event("line\r\n" * size)


READERS = [
    query,
    tidy_cookies,
    untidy_cookies,
    one_cookie,
    cookie_set,
    headers_read,
    headers_made,
    repeated_headers,
    form_fields,
    form_field_byte_by_byte,
    form_parts,
    form_part_byte_by_byte,
    part_header_byte_by_byte,
    disposition,
    body_byte_by_byte,
    stream_byte_by_byte,
    range_header,
    if_none_match,
    multidict_update,
    comma_separated,
    event_lines,
]


def operations(work: Work) -> int:
    """How many instructions the interpreter executes for ``work``."""
    count = 0

    def counted(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "opcode"
        return counted

    def entered(frame: FrameType, event: str, arg: Any) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return counted

    previous = sys.gettrace()
    sys.settrace(entered)
    try:
        work()
    finally:
        sys.settrace(previous)
    return count


def peak(work: Work) -> int:
    """The most memory in use at a time, in bytes, beyond what was before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("reader", READERS, ids=[reader.__name__ for reader in READERS])
def test_instructions_grow_no_faster_than_the_input(reader: Callable[[int], Work]) -> None:
    """Twice the input takes at most twice as many more: the second difference of a quadratic one would show."""
    for size in (SMALL, SMALL * TIMES):
        reader(size)()
    none, small, large = (operations(reader(size)) for size in (1, SMALL, SMALL * TIMES))
    assert large - none <= 1.05 * (small - none) * (SMALL * TIMES - 1) / (SMALL - 1)


@pytest.mark.parametrize("reader", READERS, ids=[reader.__name__ for reader in READERS])
def test_memory_grows_no_faster_than_the_input(reader: Callable[[int], Work]) -> None:
    for size in (10 * SMALL, SMALL):
        _tolerant(reader(size))()
    small, large = (peak(_tolerant(reader(size))) for size in (SMALL, 10 * SMALL))
    # Tables and lists grow in steps, of which the largest doubles.
    assert large <= 20 * small + 4096


@pytest.mark.parametrize(
    ("work", "refusal"),
    [
        (query, TooManyFields),
        (tidy_cookies, TooManyFields),
        (untidy_cookies, TooManyFields),
        (range_header, UnsatisfiableRange),
    ],
    ids=["query", "tidy cookies", "untidy cookies", "ranges"],
)
def test_what_is_over_a_limit_is_counted_and_not_read(work: Callable[[int], Work], refusal: type[Exception]) -> None:
    """Ten times more of what is refused costs not one instruction more."""

    def refused(size: int) -> Work:
        def call() -> None:
            with pytest.raises(refusal):
                work_of_size()

        work_of_size = work(size)
        return call

    refused(2_000)()
    assert operations(refused(20_000)) == operations(refused(2_000))


def _tolerant(work: Work) -> Work:
    """The same, where the larger of two inputs is over a limit and refused."""

    def call() -> None:
        with suppress(HTTPException, ValueError):
            work()

    return call
