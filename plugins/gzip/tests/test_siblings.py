"""Files that stand compressed beside the original are sent to those who take them, and to nobody else."""

from __future__ import annotations

import os
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

from pegboard import Pegboard
from pegboard.responses import FileResponse
from pegboard.routing import Mount, Route
from pegboard.staticfiles import StaticFiles
from pegboard_gzip import Gzip
from pegboard_gzip.codecs import CODINGS
from pegboard_gzip.siblings import SUFFIXES

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from backports import zstd

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[Any]]
SCRIPT = b"function again(and) { return again; }\n" * 100
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda data: zstd.compress(data, 19),
    "br": brotli.compress,
    "gzip": lambda data: zlib.compress(data, 9, 31),
}
ON: dict[str, Any] = {"precompressed": ["br", "zstd", "gzip"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.js").write_bytes(SCRIPT)
    (tmp_path / "alone.js").write_bytes(SCRIPT)
    for coding, suffix in SUFFIXES.items():
        (tmp_path / f"app.js{suffix}").write_bytes(ENCODERS[coding](SCRIPT))
    return tmp_path


def board(folder: Path, **settings: Any) -> Pegboard:
    async def file(request: Any) -> FileResponse:
        return FileResponse(folder / "app.js")

    routes = [
        Mount("/static", StaticFiles(directory=folder)),
        Route("/file", file),
        Mount("/off", StaticFiles(directory=folder), plugins={"gzip": False}),
        Mount("/gz", StaticFiles(directory=folder), plugins={"gzip": {"precompressed": ["gzip"]}}),
    ]
    return Pegboard(routes=routes, plugins=[Gzip(**{**ON, **settings})], config={}, autoload=False)


@pytest.mark.parametrize("path", ["/static/app.js", "/file"])
@pytest.mark.parametrize("coding", CODINGS)
async def test_the_file_with_the_coding_that_is_taken_is_sent(ask: Ask, folder: Path, path: str, coding: str) -> None:
    answer = await ask(board(folder), path, coding)
    assert (answer.status, answer.coding, answer.decoded) == (200, coding, SCRIPT)
    assert answer.body == (folder / f"app.js{SUFFIXES[coding]}").read_bytes()
    assert answer.headers["vary"] == "Accept-Encoding"
    head = await ask(board(folder), path, coding, method="HEAD")
    assert (head.headers, head.body) == (answer.headers, b"")


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("*", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("X-GZIP", "gzip"),
        ("br;q=0, *", "zstd"),
        ("br;q=0.5, identity", None),
        ("identity", None),
        ("", None),
        (None, None),
        ("gzip;q=0", None),
        ("nonsense", None),
        ("br" + " " * 2000, None),
    ],
)
async def test_weights_decide_and_then_the_order_of_the_setting(
    ask: Ask, folder: Path, accept: str | None, coding: str | None
) -> None:
    for path in ("/static/app.js", "/file"):
        answer = await ask(board(folder), path, accept)
        assert (answer.coding, answer.decoded, answer.headers["vary"]) == (coding, SCRIPT, "Accept-Encoding")


async def test_conditions_hold_for_the_file_that_would_be_sent(ask: Ask, folder: Path) -> None:
    app = board(folder)
    tags = {coding: (await ask(app, "/static/app.js", coding)).headers["etag"] for coding in (*CODINGS, None)}
    assert len(set(tags.values())) == 4
    for coding, tag in tags.items():
        answers = {
            other: await ask(app, "/static/app.js", coding, [("if-none-match", held)]) for other, held in tags.items()
        }
        assert {other: answer.status for other, answer in answers.items()} == dict.fromkeys(tags, 200) | {coding: 304}
        assert (answers[coding].headers["etag"], answers[coding].headers["vary"]) == (tag, "Accept-Encoding")


async def test_a_range_is_cut_from_the_original(ask: Ask, folder: Path) -> None:
    answer = await ask(board(folder), "/static/app.js", "br", [("range", "bytes=0-7")])
    assert (answer.status, answer.body, answer.coding) == (206, b"function", None)
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_without_a_fresh_sibling_the_original_is_compressed_on_the_way(ask: Ask, folder: Path) -> None:
    os.utime(folder / "app.js.br", (1, 1))
    for name in ("app.js", "alone.js"):
        answer = await ask(board(folder), f"/static/{name}", "br")
        assert (answer.coding, answer.decoded) == ("br", SCRIPT)
        assert answer.headers["etag"].endswith('--br"')


async def test_it_is_a_setting_of_its_own_and_off_by_default(ask: Ask, folder: Path) -> None:
    (folder / "app.js.br").write_bytes(brotli.compress(b"something else"))
    assert (await ask(board(folder), "/static/app.js", "br")).decoded == b"something else"
    assert (await ask(board(folder), "/off/app.js", "br")).body == SCRIPT
    assert (await ask(board(folder), "/gz/app.js", "br")).decoded == SCRIPT
    assert (await ask(board(folder, precompressed=[]), "/static/app.js", "br")).decoded == SCRIPT
    app = Pegboard(
        routes=[Mount("/static", StaticFiles(directory=folder))], plugins=[Gzip()], config={}, autoload=False
    )
    assert (await ask(app, "/static/app.js", "br")).decoded == SCRIPT
