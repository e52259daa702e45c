"""Parts of files, read piece by piece or only measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pegboard.stories import files
from pegboard.stories.files import Span, path_size

pytestmark = pytest.mark.anyio

CONTENT = b"0123456789"

SPANS = {
    "all": (None, None, CONTENT),
    "from an offset": (4, None, CONTENT[4:]),
    "a count": (None, 3, CONTENT[:3]),
    "offset and count": (2, 5, CONTENT[2:7]),
    "nothing": (None, 0, b""),
    "behind the end": (20, None, b""),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    return path


async def read(span: Span) -> list[bytes]:
    pieces = []
    while piece := await span.read():
        pieces.append(piece)
    return pieces


@pytest.mark.parametrize(("offset", "count", "expected"), SPANS.values(), ids=SPANS)
async def test_a_span_is_read_and_measured(path: Path, offset: int | None, count: int | None, expected: bytes) -> None:
    """What is read is what was measured, and the file may be a descriptor or have one."""
    for unbuffered in (True, False):
        with path.open("rb", 0 if unbuffered else -1) as file:
            source = file.fileno() if unbuffered else file
            assert await Span(source, offset, count).size() == len(expected)
            assert b"".join(await read(Span(source, offset, count))) == expected


async def test_a_span_goes_on_where_the_file_stands(path: Path) -> None:
    """Without an offset, what was read before is not read again."""
    with path.open("rb", 0) as file:
        file.seek(7)
        assert await Span(file).size() == 3
        assert await read(Span(file)) == [b"789"]


async def test_pieces_have_a_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long file is never in memory as a whole."""
    monkeypatch.setattr(files, "CHUNK", 4)
    async with Span.of_path(str(path)) as span:
        assert await read(span) == [b"0123", b"4567", b"89"]


async def test_a_file_opened_here_is_closed_here(path: Path) -> None:
    """On every path."""
    opened: list[int] = []

    async def fails() -> None:
        async with Span.of_path(str(path)) as span:
            opened.append(span._descriptor)
            raise ValueError("on the way")

    with pytest.raises(ValueError, match="on the way"):
        await fails()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])


async def test_a_file_that_is_not_there_is_an_oserror(path: Path) -> None:
    """Where it is opened, and where it is measured."""
    assert await path_size(str(path)) == len(CONTENT)
    with pytest.raises(FileNotFoundError):
        await path_size(str(path) + ".gone")
    with pytest.raises(FileNotFoundError):
        async with Span.of_path(str(path) + ".gone"):
            pass
