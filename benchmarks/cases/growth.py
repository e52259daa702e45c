"""Time for each byte of input, as inputs grow: what is quadratic shows as a row that rises with its size.

Pegboard alone, and each endpoint reads everything there is. The largest inputs are at most what the limits let through;
the work that does not depend on the size (routing, the answer) makes the figures fall, never rise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.asgi import App, Ask
from benchmarks.content import big_file
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers.pegboard_ import board

from pegboard.requests import Request
from pegboard.responses import FileResponse, PlainTextResponse
from pegboard.routing import Route

__all__ = ["CASES", "PAIRS"]

TIMES = 10
"""How much larger the second input of each case is."""

NO_LIMIT = 1 << 30


async def query(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(request.query_params)))


async def cookies(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(request.cookies)))


async def headers(request: Request) -> PlainTextResponse:
    found = request.headers
    return PlainTextResponse(str(len([found[name] for name in found])))


async def body(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def form(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.form(max_fields=NO_LIMIT))))


async def file(request: Request) -> FileResponse:
    return FileResponse(big_file())


def serving(endpoint: Callable[[Request], object]) -> App:
    """A board with one endpoint."""
    return board(Route("/", endpoint, methods=["GET", "POST"]))


URLENCODED = (b"content-type", b"application/x-www-form-urlencoded")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=b")
PART = b'--b\r\nContent-Disposition: form-data; name="field%d"\r\n\r\nvalue\r\n'


def of_query(size: int) -> tuple[Ask, int, str]:
    text = b"&".join(b"key%d=%%C3%%A4" % number for number in range(size))
    return Ask(query=text), len(text), str(size)


def of_cookies(size: int) -> tuple[Ask, int, str]:
    text = b"; ".join(b"name%d=value" % number for number in range(size))
    return Ask(headers=((b"cookie", text),)), len(text), str(size)


def of_long_cookie(size: int) -> tuple[Ask, int, str]:
    text = b'name="' + b"\\054\\\\ " * size + b'"'
    return Ask(headers=((b"cookie", text),)), len(text), "1"


def of_headers(size: int) -> tuple[Ask, int, str]:
    fields = tuple((b"x-%d" % number, b"value") for number in range(size))
    return Ask(headers=fields), sum(len(name) + len(value) for name, value in fields), str(size + 5)


def of_pieces(size: int) -> tuple[Ask, int, str]:
    data = b"x" * size
    return Ask(method="POST", body=data, piece=1), size, str(size)


def of_form(size: int) -> tuple[Ask, int, str]:
    data = b"&".join(b"key%d=%%C3%%A4" % number for number in range(size))
    return Ask(method="POST", headers=(URLENCODED,), body=data, piece=1 << 16), len(data), str(size)


def of_form_pieces(size: int) -> tuple[Ask, int, str]:
    data = b"field=" + b"x" * size
    return Ask(method="POST", headers=(URLENCODED,), body=data, piece=1), len(data), "1"


def of_parts(size: int) -> tuple[Ask, int, str]:
    data = b"".join(PART % number for number in range(size)) + b"--b--\r\n"
    return Ask(method="POST", headers=(MULTIPART,), body=data, piece=1 << 16), len(data), str(size)


def of_part_pieces(size: int) -> tuple[Ask, int, str]:
    data = PART.replace(b"value", b"x" * size) % 1 + b"--b--\r\n"
    return Ask(method="POST", headers=(MULTIPART,), body=data, piece=1), len(data), "1"


@dataclass(frozen=True, slots=True)
class Growth:
    """One kind of input: the smaller size, what asks for it, and who reads it."""

    name: str
    title: str
    size: int
    ask: Callable[[int], tuple[Ask, int, str]]
    endpoint: Callable[[Request], object]


GROWN = (
    Growth("grown-query", "fields of a query", 100, of_query, query),
    Growth("grown-cookies", "cookies", 50, of_cookies, cookies),
    Growth("grown-cookie", "escapes in one cookie", 100, of_long_cookie, cookies),
    Growth("grown-headers", "headers, each read", 100, of_headers, headers),
    Growth("grown-body", "bytes of a body, one by one", 1_000, of_pieces, body),
    Growth("grown-form", "fields of a urlencoded form", 1_000, of_form, form),
    Growth("grown-form-bytes", "bytes of one field of a urlencoded form, one by one", 1_000, of_form_pieces, form),
    Growth("grown-parts", "parts of a multipart form", 100, of_parts, form),
    Growth("grown-part-bytes", "bytes of one part of a multipart form, one by one", 1_000, of_part_pieces, form),
)


def entrants(growth: Growth) -> Sequence[Entrant]:
    """The smaller input and the larger one."""
    made = []
    for size in (growth.size, growth.size * TIMES):
        ask, count, text = growth.ask(size)
        build = partial(serving, growth.endpoint)
        made.append(Entrant("Pegboard", build, ask, Expected(200, text.encode()), f"{size:,}", count))
    return made


def ranges() -> Sequence[Entrant]:
    """Ten ranges of a file, and the most that are answered; each is one byte."""
    made = []
    for size in (10, 10 * TIMES):
        wanted = b"bytes=" + b",".join(b"%d-%d" % (2 * number, 2 * number) for number in reversed(range(size)))
        ask = Ask(headers=((b"range", wanted),))
        made.append(Entrant("Pegboard", partial(serving, file), ask, Expected(206), f"{size:,}", len(wanted)))
    return made


PAIRS = [
    *((growth.name, growth.title, f"{growth.size:,}", f"{growth.size * TIMES:,}", TIMES) for growth in GROWN),
    ("grown-ranges", "ranges of a file", "10", f"{10 * TIMES:,}", TIMES),
]
"""For each case: its name, what grows, the smaller and the larger variant, and how many times larger that is."""

CASES = [
    *(Case(growth.name, f"Growing: {growth.title}", partial(entrants, growth)) for growth in GROWN),
    Case("grown-ranges", "Growing: ranges of a file", ranges),
]
