"""A folder is served file by file, and nothing around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from board_harness import Answer, ask
from watched_files import WatchedFile, watch

from pegboard import Pegboard, Plugin, hookimpl, open_files
from pegboard.exceptions import HTTPException
from pegboard.filters import BodyFilter
from pegboard.requests import Request
from pegboard.responses import FileResponse, PlainTextResponse, Response
from pegboard.routing import Mount
from pegboard.staticfiles import StaticFiles
from pegboard.types import ASGIApp, Message, Scope

pytestmark = pytest.mark.anyio

CSS = b"body { color: #123 }"


class Upper(Plugin):
    """Writes every body in capitals, and notes the heads that hooks saw."""

    name = "upper"

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []

    @hookimpl
    def response(self, response: Any) -> None:
        self.statuses.append(response.status_code)

    @hookimpl
    def body(self, response: Any) -> BodyFilter:
        class Capitals(BodyFilter):
            def feed(self, chunk: bytes, more: bool) -> bytes:
                return chunk.upper()

        return Capitals()


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but that of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "css").mkdir(parents=True)
    (folder / "pages" / "deep").mkdir(parents=True)
    (folder / "css" / "site.css").write_bytes(CSS)
    (folder / "a b ä.txt").write_text("umlaut")
    (folder / "pages" / "index.html").write_text("<p>pages")
    (folder / "index.html").write_text("<p>home")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WatchedFile]]:
    """Every file that was opened; all are closed in the end."""
    files = watch(monkeypatch)
    yield files
    assert all(each.closed for each in files)


def mounted(files: ASGIApp, *plugins: Plugin) -> Pegboard:
    return Pegboard(routes=[Mount("/static", files)], plugins=list(plugins))


def around(files: ASGIApp) -> list[tuple[ASGIApp, str]]:
    """The same folder served alone and by a board, each with what stands before its paths."""
    return [(files, ""), (mounted(files), "/static")]


async def both(files: ASGIApp, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    """The answer that the folder gives alone and in a board."""
    answers = [await ask(app, before + path, method, headers) for app, before in around(files)]
    alone, in_board = answers
    assert (alone.status, alone.body, alone.error) == (in_board.status, in_board.body, in_board.error)
    return alone


async def test_a_file_is_served(folder: Path, opened: list[WatchedFile]) -> None:
    answer = await both(StaticFiles(directory=folder), "/css/site.css")
    assert (answer.status, answer.body) == (200, CSS)
    assert answer.header("content-type") == "text/css; charset=utf-8"
    assert answer.header("content-length") == str(len(CSS))
    assert answer.header("accept-ranges") == "bytes"
    assert answer.header("etag") is not None
    assert len(opened) == 2


async def test_names_may_be_of_any_letters(folder: Path) -> None:
    assert (await both(StaticFiles(directory=folder), "/a b ä.txt")).body == b"umlaut"


async def test_head_has_no_body(folder: Path, opened: list[WatchedFile]) -> None:
    answer = await both(StaticFiles(directory=folder), "/css/site.css", "HEAD")
    assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", str(len(CSS)))


async def test_conditions_and_ranges_are_answered(folder: Path, opened: list[WatchedFile]) -> None:
    files = StaticFiles(directory=folder)
    etag = (await both(files, "/css/site.css")).header("etag") or ""
    assert (await both(files, "/css/site.css", headers={"if-none-match": etag})).status == 304
    part = await both(files, "/css/site.css", headers={"range": "bytes=5-", "if-range": etag})
    assert (part.status, part.body) == (206, CSS[5:])
    assert (await both(files, "/css/site.css", headers={"range": "bytes=99-"})).status == 416


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get"])
async def test_other_methods_are_refused_with_allow(folder: Path, method: str) -> None:
    for app, before in around(StaticFiles(directory=folder)):
        answer = await ask(app, f"{before}/css/site.css", method)
        assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, OPTIONS")


async def test_options_tells_the_methods(folder: Path) -> None:
    answer = await both(StaticFiles(directory=folder), "/css/site.css", "OPTIONS")
    assert (answer.status, answer.header("allow"), answer.body) == (204, "GET, HEAD, OPTIONS", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/no.css",
        "/css",
        "/css/",
        "/css/site.css/",
        "/css/site.css/more",
        "/",
        "/../secret.txt",
        "/css/../../secret.txt",
        "/..",
        "/..\\secret.txt",
        "/css\\site.css",
        "//etc/passwd",
        "///etc/passwd",
        "/\\\\server\\share",
        "/C:/windows/win.ini",
        "/c:secret.txt",
        "/css/site.css\0",
        "/\0",
        "/css/site.css\0.txt",
        "/" + "a" * 5000,
        "/" + "a/" * 2000,
        "/%2e%2e/secret.txt",
        "/~root",
        "/\ud800",
    ],
)
async def test_whatever_is_not_below_is_not_found(folder: Path, opened: list[WatchedFile], path: str) -> None:
    for html in (False, True):
        if html and path in ("/", "/../secret.txt"):
            continue
        app = StaticFiles(directory=folder, html=html)
        for served in (app, mounted(app)):
            answer = await ask(served, "/", path=path if served is app else "/static" + path)
            assert answer.status == 404
            assert b"secret" not in answer.body
    assert opened == []


async def test_an_absolute_path_is_relative_to_the_folder(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "passwd").write_text("ours")
    assert (await ask(StaticFiles(directory=folder), "//etc/passwd")).body == b"ours"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
async def test_links_lead_out_only_when_they_may(folder: Path, opened: list[WatchedFile]) -> None:
    (folder / "secret").symlink_to("../secret.txt")
    (folder / "css" / "latest.css").symlink_to("site.css")
    assert (await both(StaticFiles(directory=folder), "/secret")).status == 404
    assert (await both(StaticFiles(directory=folder, follow_symlink=True), "/secret")).body == b"secret"
    answer = await both(StaticFiles(directory=folder), "/css/latest.css")
    assert (answer.body, answer.header("content-type")) == (CSS, "text/css; charset=utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
async def test_what_is_no_file_is_not_found(folder: Path, opened: list[WatchedFile]) -> None:
    os.mkfifo(folder / "pipe")
    assert (await both(StaticFiles(directory=folder), "/pipe")).status == 404
    assert opened == []


async def test_what_this_process_may_not_read_is_forbidden(folder: Path) -> None:
    (folder / "css" / "site.css").chmod(0)
    if os.access(folder / "css" / "site.css", os.R_OK):
        pytest.skip("nothing is forbidden to this user")
    assert (await both(StaticFiles(directory=folder), "/css/site.css")).status == 403
    (folder / "css").chmod(0)
    try:
        assert (await both(StaticFiles(directory=folder), "/css/site.css")).status == 403
    finally:
        (folder / "css").chmod(0o700)


@pytest.mark.parametrize(
    ("error", "status"),
    [(PermissionError, 403), (FileNotFoundError, 404), (NotADirectoryError, 404), (IsADirectoryError, 404)],
)
async def test_a_file_that_changes_after_it_was_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError], status: int
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error(1, "just now")

    monkeypatch.setattr(open_files, "FileIO", fail)
    assert (await both(StaticFiles(directory=folder), "/css/site.css")).status == status


async def test_a_disk_that_fails_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither the client's fault nor a file that is not there."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(open_files, "FileIO", fail)
    answer = await ask(mounted(StaticFiles(directory=folder)), "/static/css/site.css")
    assert answer.status == 500
    assert "too many open files" in str(answer.error)


async def test_nothing_of_a_folder_blocks_the_loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asks the disk runs in one hop to a thread."""
    from pegboard import staticfiles

    hops: list[Any] = []
    original = open_files.in_file_thread

    async def counted(call: Any) -> Any:
        hops.append(call)
        return await original(call)

    monkeypatch.setattr(staticfiles, "in_file_thread", counted)
    monkeypatch.setattr(open_files, "in_file_thread", counted)
    files = StaticFiles(directory=folder, html=True)
    for number, path in enumerate(["/css/site.css", "/pages/", "/no"], 1):
        await ask(files, path)
        assert len(hops) == number


# Pages


@pytest.mark.parametrize(("path", "body"), [("/", b"<p>home"), ("/pages/", b"<p>pages"), ("/pages//", b"<p>pages")])
async def test_folders_answer_with_their_page(folder: Path, path: str, body: bytes) -> None:
    answer = await both(StaticFiles(directory=folder, html=True), path)
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("content-type") == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/pages", "./pages/"),
        ("/pages?a=b", "./pages/?a=b"),
        ("/pages?a=#b", "./pages/?a=%23b"),
        ("/pages/.", None),
        ("/.", None),
        ("//evil.example/../pages", None),
        ("//pages", "./pages/"),
    ],
)
async def test_a_folder_without_its_slash_is_redirected_on_this_host(
    folder: Path, path: str, location: str | None
) -> None:
    """The reference is relative: neither path nor Host header decide where it leads."""
    answer = await both(StaticFiles(directory=folder, html=True), path, headers={"host": "evil.example"})
    assert answer.header("location") == location
    assert answer.status == (404 if location is None else 307)


async def test_the_mount_without_its_slash_is_redirected(folder: Path) -> None:
    answer = await ask(mounted(StaticFiles(directory=folder, html=True)), "/static")
    assert answer.status == 307
    assert (answer.header("location") or "").endswith("static/")


async def test_folders_without_a_page_are_not_found(folder: Path) -> None:
    assert (await both(StaticFiles(directory=folder, html=True), "/css/")).status == 404
    assert (await both(StaticFiles(directory=folder), "/pages/")).status == 404


async def test_what_is_not_found_has_a_page(folder: Path) -> None:
    (folder / "404.html").write_text("<p>lost")
    files = StaticFiles(directory=folder, html=True, cache_control="max-age=60")
    for headers in ({}, {"range": "bytes=0-1"}, {"if-none-match": "*"}):
        answer = await both(files, "/no", headers=headers)
        assert (answer.status, answer.body) == (404, b"<p>lost")
        assert answer.header("cache-control") is None
    assert (await both(files, "/no", "HEAD")).status == 404
    assert (await both(files, "/no", "POST")).status == 405
    assert (await both(StaticFiles(directory=folder), "/no")).body != b"<p>lost"


# Options


async def test_cache_control_is_sent_with_files(folder: Path) -> None:
    files = StaticFiles(directory=folder, cache_control="public, max-age=60")
    answer = await both(files, "/css/site.css")
    assert answer.header("cache-control") == "public, max-age=60"
    not_modified = await both(files, "/css/site.css", headers={"if-none-match": answer.header("etag") or ""})
    assert not_modified.header("cache-control") == "public, max-age=60"
    assert (await both(files, "/no")).header("cache-control") is None


async def test_cache_control_may_depend_on_the_path(folder: Path) -> None:
    seen: list[str] = []

    def forever(path: str) -> str | None:
        seen.append(path)
        return "immutable" if path.endswith(".css") else None

    files = StaticFiles(directory=folder, cache_control=forever)
    assert (await both(files, "/css/site.css")).header("cache-control") == "immutable"
    assert (await both(files, "/index.html")).header("cache-control") is None
    assert seen == ["css/site.css", "css/site.css", "index.html", "index.html"]


async def test_files_of_packages_are_served(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, inner in (("pegs", "statics"), ("boards", "assets")):
        (tmp_path / name / inner).mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / inner / f"{name}.txt").write_text(name)
        (tmp_path / name / inner / "index.html").write_text(name)
    monkeypatch.syspath_prepend(tmp_path)
    files = StaticFiles(directory=folder, packages=["pegs", ("boards", "assets")])
    assert (await both(files, "/pegs.txt")).body == b"pegs"
    assert (await both(files, "/boards.txt")).body == b"boards"
    assert (await both(files, "/index.html")).body == b"<p>home"
    only = StaticFiles(packages=[("boards", "assets"), "pegs"])
    assert (await both(only, "/index.html")).body == b"boards"


def test_packages_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="there is no package 'no_such_package'"):
        StaticFiles(packages=["no_such_package"])
    with pytest.raises(RuntimeError, match="package 'email' has no folder 'statics'"):
        StaticFiles(packages=["email"])
    with pytest.raises(RuntimeError, match="package 'string' has no folder 'x'"):
        StaticFiles(packages=[("string", "x")])


def test_without_any_folder_it_is_refused() -> None:
    with pytest.raises(ValueError, match="expected `directory`, `packages` or both"):
        StaticFiles()


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path, folder: Path) -> None:
    for directory in (tmp_path / "no", folder / "index.html"):
        with pytest.raises(RuntimeError, match="is no folder; create it"):
            StaticFiles(directory=directory)


async def test_a_folder_that_may_come_later_is_looked_for_when_it_is_asked(tmp_path: Path) -> None:
    files = StaticFiles(directory=tmp_path / "later", check_dir=False)
    answer = await ask(mounted(files), "/static/a.txt")
    assert answer.status == 500
    assert "is no folder; create it" in str(answer.error)
    (tmp_path / "later").mkdir()
    assert (await both(files, "/a.txt")).status == 404
    (tmp_path / "later" / "a.txt").write_text("here")
    assert (await both(files, "/a.txt")).body == b"here"


async def test_a_relative_folder_is_that_of_the_process(folder: Path) -> None:
    assert (await both(StaticFiles(directory="files"), "/css/site.css")).body == CSS


# Around it


async def test_hooks_see_what_goes_out(folder: Path) -> None:
    plugin = Upper()
    app = mounted(StaticFiles(directory=folder), plugin)
    answer = await ask(app, "/static/css/site.css")
    assert answer.body == CSS.upper()
    headers = {"range": "bytes=0-3"}
    offers: list[dict[str, Any]] = [{}, {"http.response.pathsend": {}}, {"http.response.zerocopysend": {}}]
    for extensions in offers:
        assert (await ask(app, "/static/css/site.css", extensions=extensions)).body == CSS.upper()
        assert (await ask(app, "/static/css/site.css", headers=headers, extensions=extensions)).body == b"BODY"
    await ask(app, "/static/css/site.css", headers={"if-none-match": answer.header("etag") or ""})
    await ask(app, "/static/no")
    assert plugin.statuses == [200, *[200, 206] * 3, 304, 404]


async def test_a_server_that_reads_files_gets_the_path(folder: Path) -> None:
    for app, before in around(StaticFiles(directory=folder)):
        answer = await ask(app, f"{before}/css/site.css", extensions={"http.response.pathsend": {}})
        assert answer.messages[1] == {"type": "http.response.pathsend", "path": str(folder / "css" / "site.css")}


async def test_misses_are_the_boards_exception_handlers_to_answer(folder: Path) -> None:
    async def lost(request: Request, exc: HTTPException) -> Response:
        return PlainTextResponse("lost", exc.status_code)

    app = Pegboard(routes=[Mount("/static", StaticFiles(directory=folder))], plugins=[], exception_handlers={404: lost})
    assert (await ask(app, "/static/no")).body == b"lost"


async def test_a_subclass_may_answer_what_is_not_found(folder: Path) -> None:
    class SinglePage(StaticFiles):
        async def get_response(self, path: str, scope: Scope) -> Response:
            try:
                return await super().get_response(path, scope)
            except HTTPException as error:
                if error.status_code != 404:
                    raise
                return await super().get_response("index.html", scope)

    files = SinglePage(directory=folder)
    assert (await both(files, "/any/where")).body == b"<p>home"
    assert (await both(files, "/css/site.css")).body == CSS
    assert (await both(files, "/../secret.txt")).body == b"<p>home"


async def test_a_subclass_may_choose_the_response(folder: Path) -> None:
    class Tagged(StaticFiles):
        def file_response(
            self, full_path: str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
        ) -> Response:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers["x-size"] = str(stat_result.st_size)
            return response

    assert (await both(Tagged(directory=folder), "/css/site.css")).header("x-size") == str(len(CSS))


async def test_large_files_go_out_in_portions(folder: Path, opened: list[WatchedFile]) -> None:
    content = os.urandom(3 * FileResponse.chunk_size + 17)
    (folder / "large").write_bytes(content)
    for app, before in around(StaticFiles(directory=folder)):
        messages: list[Message] = []

        async def send(message: Message, messages: list[Message] = messages) -> None:
            messages.append(message)

        await app({**SCOPE, "path": f"{before}/large"}, Silent().receive, send)
        assert b"".join(message["body"] for message in messages[1:]) == content
        assert len(messages) == 5


class Silent:
    """A client that stays and says nothing."""

    async def receive(self) -> Message:
        from anyio import sleep_forever

        await sleep_forever()
        raise AssertionError


SCOPE: dict[str, Any] = {"type": "http", "method": "GET", "query_string": b"", "headers": [], "root_path": ""}


async def test_a_websocket_is_refused(folder: Path) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await StaticFiles(directory=folder)({"type": "websocket", "path": "/a"}, Silent().receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_it_has_no_lifespan(folder: Path) -> None:
    answer = await ask(StaticFiles(directory=folder), "/", type="lifespan")
    assert str(answer.error) == "StaticFiles answers HTTP, it has no 'lifespan'"
