"""What requests bring and responses carry away: queries, cookies, headers, forms, uploads, files, streams, sockets.

Every endpoint answers a line made of what it has read, so that nobody is measured who has not read it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.asgi import TEXT, App, Ask
from benchmarks.content import CHUNK, big_file, dumped, records
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.roster import peer
from benchmarks.toolkit_content import (
    COOKIES,
    FILE_SIZE,
    HEADERS,
    LONG_STREAM,
    QUERY,
    READ_TEXT,
    UPLOAD,
    UPLOAD_TYPE,
    WANTED_HEADERS,
    form_body,
    form_text,
    upload_text,
)

__all__ = ["CASES"]

APPS = {
    "raw ASGI": ("raw_toolkit", "APPS"),
    "Pegboard": ("pegboard_toolkit", "APPS"),
    "Starlette": ("starlette_toolkit", "APPS"),
    "Starlette with msgspec": ("starlette_toolkit", "WITH_MSGSPEC"),
    "Litestar": ("litestar_toolkit", "APPS"),
    "BlackSheep": ("blacksheep_toolkit", "APPS"),
    "Falcon": ("falcon_toolkit", "APPS"),
}
"""Where each peer's applications are."""

NETWORK_PIECE = 64 * 1024
TEXTS = 1_000


def apps(name: str) -> dict[str, Callable[[], App]]:
    """The applications of a peer, by case; none when its packages are not installed."""
    if peer(name) is None:
        return {}
    module, attribute = APPS[name]
    found: dict[str, Callable[[], App]] = getattr(importlib.import_module(f"benchmarks.peers.{module}"), attribute)
    return found


def entrants(app: str, ask: Ask, expected: Expected) -> Sequence[Entrant]:
    """Every peer that has this application."""
    return [Entrant(name, builds[app], ask, expected) for name in APPS if app in (builds := apps(name))]


def file_entrants() -> Sequence[Entrant]:
    """Every peer as it comes; and the two that let one choose, with the other's size of pieces."""
    path = big_file(100)
    expected = Expected(200, path.read_bytes())
    # Falcon serves folders, not single files.
    asks = {"Falcon": Ask(f"/{path.name}")}
    made = [
        Entrant(name, builds["file-100m"], asks.get(name, Ask()), expected, "as it comes")
        for name in APPS
        if "file-100m" in (builds := apps(name))
    ]
    for name in ("Pegboard", "Starlette"):
        build: Callable[[int], App] = apps(name)["file-100m"]  # type: ignore[assignment]
        made += [
            Entrant(name, partial(build, size * 1024), Ask(), expected, f"pieces of {size} KB") for size in (64, 256)
        ]
    return made


def text(value: str) -> Expected:
    """An answer with this text."""
    return Expected(200, value.encode(), media_type=b"text/plain")


def case(name: str, title: str, ask: Ask, expected: Expected, app: str = "") -> Case:
    """A case whose application has its name, or another one."""
    return Case(name, title, partial(entrants, app or name, ask, expected))


def json_case(name: str, title: str, size: int) -> Case:
    """Records as JSON."""
    expected = Expected(200, dumped(records(size)), is_json=True, media_type=b"application/json")
    return case(name, title, Ask(), expected)


def form_case(fields: int) -> Case:
    """A urlencoded form."""
    body = form_body(fields)
    headers = ((b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"%d" % len(body)))
    ask = Ask(method="POST", headers=headers, body=body, piece=NETWORK_PIECE)
    title = f"Urlencoded form of {fields:,} fields, {len(body):,} bytes"
    return case(f"form-{fields}", title, ask, text(form_text(fields)), "form")


UPLOADING = Ask(
    method="POST",
    headers=((b"content-type", UPLOAD_TYPE), (b"content-length", b"%d" % len(UPLOAD))),
    body=UPLOAD,
    piece=NETWORK_PIECE,
)

CASES = [
    json_case("json-1k", "JSON of 1 KB", 1_000),
    json_case("json-100k", "JSON of 100 KB", 100_000),
    case(
        "query-cookies",
        "Six fields of a query and eight cookies read",
        Ask(query=QUERY, headers=((b"cookie", COOKIES),)),
        text(READ_TEXT),
    ),
    case(
        "headers-50",
        "50 headers read, each by its name",
        Ask(headers=HEADERS),
        text(",".join(f"value of {number}" for number in range(len(WANTED_HEADERS)))),
    ),
    form_case(20),
    form_case(10_000),
    case(
        "upload-10m",
        "Multipart upload of 10 MB, the file read in whole",
        UPLOADING,
        text(upload_text("A board", bytes(range(256)) * (FILE_SIZE // 256))),
    ),
    Case("file-100m", "File of 100 MB", file_entrants),
    case(
        "stream-1000",
        f"Stream of {LONG_STREAM:,} chunks of 1 KB",
        Ask(),
        Expected(200, CHUNK * LONG_STREAM, media_type=b"text/plain"),
    ),
    case(
        "websocket-1000",
        f"WebSocket: accept, echo {TEXTS:,} texts of 64 bytes, close",
        Ask(texts=TEXTS),
        Expected(101, (TEXT * TEXTS).encode()),
    ),
]
