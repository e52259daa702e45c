"""A compressed file beside the original answers in its place, where the scope says that the client takes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pegboard.file_siblings import PRECOMPRESSED
from pegboard.responses import FileResponse
from pegboard.staticfiles import StaticFiles

pytestmark = pytest.mark.anyio

BOTH = ((b"br", ".br"), (b"gzip", ".gz"))
TEXT = b"the original, which is a text " * 10


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(TEXT)
    os.utime(path, (1_000_000, 1_000_000))
    return path


def beside(page: Path, suffix: str, content: bytes = b"compressed", time: int = 1_000_001) -> Path:
    path = page.with_name(page.name + suffix)
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])
        self.coding = self.headers.get("content-encoding")


async def get(
    app: Any,
    path: str = "/page.html",
    offers: Sequence[tuple[bytes, str]] | None = BOTH,
    method: str = "GET",
    extensions: Sequence[str] = (),
    **headers: str,
) -> Answer:
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": raw,
        "extensions": {key: {} for key in extensions},
    }
    if offers is not None:
        scope[PRECOMPRESSED] = offers
    await app(scope, receive, send)
    return Answer(messages)


@pytest.fixture(params=["FileResponse", "StaticFiles"])
def app(request: Any, page: Path) -> Any:
    return FileResponse(page) if request.param == "FileResponse" else StaticFiles(directory=page.parent)


async def test_the_first_sibling_that_there_is_answers(app: Any, page: Path) -> None:
    beside(page, ".gz", b"by gzip")
    assert ((answer := await get(app)).coding, answer.body) == ("gzip", b"by gzip")
    beside(page, ".br", b"by brotli")
    answer = await get(app)
    assert (answer.status, answer.coding, answer.body) == (200, "br", b"by brotli")
    assert answer.headers["content-length"] == "9"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["last-modified"] == (await get(app, offers=())).headers["last-modified"]
    assert "accept-ranges" not in answer.headers


@pytest.mark.parametrize("offers", [BOTH, ()])
async def test_every_answer_says_that_it_depends_on_what_the_client_takes(app: Any, page: Path, offers: Any) -> None:
    plain = await get(app, offers=offers)
    assert (plain.body, plain.coding, plain.headers["vary"]) == (TEXT, None, "Accept-Encoding")
    assert plain.headers["accept-ranges"] == "bytes"
    beside(page, ".br")
    assert (await get(app, offers=offers)).headers["vary"] == "Accept-Encoding"


async def test_nobody_looks_for_siblings_that_nobody_asked_for(app: Any, page: Path) -> None:
    beside(page, ".br")
    answer = await get(app, offers=None)
    assert (answer.body, answer.coding, answer.headers.get("vary")) == (TEXT, None, None)


async def test_head_has_the_headers_of_get_and_no_body(app: Any, page: Path) -> None:
    beside(page, ".br")
    shown = await get(app, method="HEAD")
    assert shown.headers == (await get(app)).headers
    assert shown.body == b""


async def test_each_file_has_a_tag_of_its_own_and_is_asked_for_by_it(app: Any, page: Path) -> None:
    plain = (await get(app)).headers["etag"]
    beside(page, ".gz")
    gzip = (await get(app)).headers["etag"]
    beside(page, ".br")
    br = (await get(app)).headers["etag"]
    assert len({plain, gzip, br}) == 3
    unchanged = await get(app, if_none_match=br)
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert (unchanged.headers["etag"], unchanged.headers["vary"]) == (br, "Accept-Encoding")
    assert "content-encoding" not in unchanged.headers
    for other in (plain, gzip):
        assert (await get(app, if_none_match=other)).status == 200
        assert (await get(app, if_match=other)).status == 412
    assert (await get(app, if_match=br)).status == 200
    assert (await get(app, if_none_match=plain, offers=())).status == 304


async def test_a_sibling_made_anew_has_another_tag_and_the_same_date(app: Any, page: Path) -> None:
    beside(page, ".br", b"compressed")
    before = await get(app)
    beside(page, ".br", b"better", 1_000_009)
    after = await get(app)
    assert before.headers["etag"] != after.headers["etag"]
    assert before.headers["last-modified"] == after.headers["last-modified"]
    assert (await get(app, if_modified_since=before.headers["last-modified"])).status == 304


async def test_ranges_are_cut_from_the_original(app: Any, page: Path) -> None:
    beside(page, ".br")
    whole = await get(app)
    part = await get(app, range="bytes=4-11")
    assert (part.status, part.body, part.coding) == (206, b"original", None)
    assert part.headers["vary"] == "Accept-Encoding"
    assert part.headers["etag"] == (await get(app, offers=())).headers["etag"]
    other = await get(app, range="bytes=4-11", if_range=whole.headers["etag"])
    assert (other.status, other.body) == (200, TEXT), "the condition names other bytes, so that nothing is cut"


async def test_a_sibling_that_is_older_than_the_original_is_not_used(app: Any, page: Path) -> None:
    sibling = beside(page, ".br", time=999_999)
    assert (await get(app)).body == TEXT
    os.utime(sibling, (1_000_000, 1_000_000))
    assert (await get(app)).body == b"compressed"


async def test_what_is_no_regular_file_is_no_sibling(app: Any, page: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html.br").mkdir()
    outside = tmp_path.parent / "secret.br"
    outside.write_bytes(b"secret")
    (tmp_path / "page.html.gz").symlink_to(outside)
    assert (await get(app)).body == TEXT
    os.mkfifo(tmp_path / "page.html.zst")
    assert (await get(app, offers=((b"zstd", ".zst"),))).body == TEXT


async def test_a_sibling_that_cannot_be_read_is_passed_over(
    app: Any, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(page, ".br")
    beside(page, ".gz", b"by gzip")
    opened = os.open

    def open_except(path: Any, *arguments: Any, **more: Any) -> int:
        if str(path).endswith(".br"):
            raise PermissionError(13, "denied", path)
        return opened(path, *arguments, **more)

    monkeypatch.setattr(os, "open", open_except)
    assert (await get(app)).body == b"by gzip"


async def test_a_sibling_without_its_original_answers_nothing(page: Path) -> None:
    beside(page, ".br")
    os.unlink(page)  # noqa: PTH108
    assert (await get(FileResponse(page))).status == 404
    assert (await get(StaticFiles(directory=page.parent))).status == 404
    assert (await get(FileResponse(f"{page}\x00"))).status == 404


async def test_a_folder_with_a_sibling_is_still_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.br").write_bytes(b"compressed")
    with pytest.raises(RuntimeError, match="regular file"):
        await get(FileResponse(tmp_path / "folder"))
    assert (await get(StaticFiles(directory=tmp_path), "/folder")).status == 404


@pytest.mark.parametrize("path", ["/../page.html", "/%2e%2e/page.html", "/..", "//page.html/.."])
async def test_siblings_open_no_way_out_of_the_folder(page: Path, path: str) -> None:
    beside(page, ".br")
    (page.parent / "inner").mkdir()
    assert (await get(StaticFiles(directory=page.parent / "inner"), path)).status == 404


async def test_an_index_and_a_page_for_what_is_missing_have_siblings_too(tmp_path: Path) -> None:
    for name in ("index.html", "404.html"):
        (tmp_path / name).write_bytes(TEXT)
        beside(tmp_path / name, ".br", name.encode(), 2_000_000_000)
    app = StaticFiles(directory=tmp_path, html=True)
    assert (await get(app, "/")).body == b"index.html"
    missing = await get(app, "/nowhere")
    assert (missing.status, missing.body, missing.coding) == (404, b"404.html", "br")


async def test_headers_of_the_response_itself_are_kept_as_far_as_they_are_true(page: Path) -> None:
    beside(page, ".br")
    given = {"ETag": '"v1"', "Cache-Control": "max-age=60", "Repr-Digest": "sha-256=:x:", "Vary": "Cookie"}
    answer = await get(FileResponse(page, headers=given))
    assert answer.headers["etag"].startswith('"v1-br-')
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("max-age=60", "Cookie, Accept-Encoding")
    assert "repr-digest" not in answer.headers
    assert (await get(FileResponse(page, headers={"ETag": 'W/"v1"'}))).headers["etag"] == 'W/"v1"'


async def test_a_file_that_has_a_coding_already_has_no_siblings(page: Path) -> None:
    beside(page, ".br")
    answer = await get(FileResponse(page, headers={"Content-Encoding": "gzip"}))
    assert (answer.body, answer.coding, answer.headers.get("vary")) == (TEXT, "gzip", None)


@pytest.mark.parametrize("extension", ["http.response.pathsend", "http.response.zerocopysend"])
async def test_the_server_is_handed_the_sibling(app: Any, page: Path, extension: str) -> None:
    sibling = beside(page, ".br")
    answer = await get(app, extensions=[extension])
    message = answer.messages[1]
    assert (message["type"], answer.coding) == (extension, "br")
    if extension.endswith("pathsend"):
        assert message["path"] == str(sibling)
    else:
        assert message["count"] == len(b"compressed")
