"""What a real browser makes of compressed answers: Chromium, a page and the API on one loopback origin.

The board is served by uvicorn in a thread of its own. The browser runs headless and reaches nothing but that port.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from pegboard.routing import BaseRoute, Mount, Route
from pegboard.staticfiles import StaticFiles
from pegboard_gzip import Gzip
from pegboard_gzip.codecs import CODINGS, make_codec
from pegboard_gzip.siblings import SUFFIXES

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

TEXT = "".join(f"line {number * 7919 % 10_007} of a text\n" for number in range(2000))
EVENTS = 5

PAGE = """<!doctype html><title>page</title><script>
function listen(url) {
    return new Promise((resolve, reject) => {
        const source = new EventSource(url), seen = [];
        source.onmessage = async event => {
            seen.push(event.data);
            if (seen.length == 5) source.close();
            await fetch("/seen", {method: "POST", body: event.data});
            if (seen.length == 5) resolve(seen);
        };
        source.onerror = () => { source.close(); reject("the stream failed after " + seen.length); };
    });
}
async function ask(url) {
    const response = await fetch(url, {cache: "no-store"});
    return {text: await response.text(), headers: Object.fromEntries(response.headers)};
}
async function post(url, text) {
    const gzipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(gzipped).blob();
    const response = await fetch(url, {method: "POST", body, headers: {"Content-Encoding": "gzip"}});
    return await response.text();
}
</script>"""


class Site:
    """The board behind the browser. Of each stream, an event is sent when the page has seen the one before it."""

    def __init__(self, folder: Path) -> None:
        self.seen: anyio.Event | None = None
        (folder / "app.js").write_text(TEXT)
        for coding, suffix in SUFFIXES.items():
            (folder / f"app.js{suffix}").write_bytes(make_codec(coding, 9).whole(TEXT.encode()))
        (folder / "dictionary.txt").write_text(TEXT)
        routes: list[BaseRoute] = [
            Route("/", self.page),
            Route("/seen", self.note, methods=["POST"]),
            Route("/echo", self.echo, methods=["POST"], plugins={"gzip": {"request_codings": ["gzip"]}}),
            Route("/dictionary", self.dictionary),
            Route("/leaning", self.text, plugins={"gzip": {"dictionaries": [str(folder / "dictionary.txt")]}}),
        ]
        for coding in CODINGS:
            only: dict[str, Any] = {"codings": [coding]}
            routes += [
                Route(f"/text/{coding}", self.text, plugins={"gzip": only}),
                Route(f"/padded/{coding}", self.text, plugins={"gzip": {**only, "padding": 200}}),
                Route(f"/events/{coding}", self.events, plugins={"gzip": only}),
                Route(f"/padded-events/{coding}", self.events, plugins={"gzip": {**only, "padding": 200}}),
            ]
            static = {"gzip": {"precompressed": [coding]}}
            routes.append(Mount(f"/static/{coding}", StaticFiles(directory=folder), plugins=static))
        self.board = Pegboard(routes=routes, plugins=[Gzip()], config={}, autoload=False)

    async def page(self, request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def text(self, request: Request) -> Response:
        return PlainTextResponse(TEXT)

    async def echo(self, request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def dictionary(self, request: Request) -> Response:
        headers = {"Use-As-Dictionary": 'match="/leaning"', "Cache-Control": "max-age=3600"}
        return PlainTextResponse(TEXT, headers=headers)

    async def note(self, request: Request) -> Response:
        if self.seen is not None:
            self.seen.set()
        return PlainTextResponse("noted")

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self.generate(), media_type="text/event-stream")

    async def generate(self) -> AsyncIterator[str]:
        for number in range(EVENTS):
            self.seen = anyio.Event()
            yield f"data: event {number}\n\n"
            with anyio.fail_after(10):
                await self.seen.wait()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    board = Site(tmp_path_factory.mktemp("site")).board
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(board, log_level="warning", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="module")
def page(url: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # Tests run as root in containers, where Chromium has no sandbox.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        yield page
        browser.close()


@pytest.mark.parametrize("path", ["text", "padded"])
@pytest.mark.parametrize("coding", CODINGS)
def test_the_browser_reads_every_coding_padded_or_not(page: Any, path: str, coding: str) -> None:
    answer = page.evaluate("url => ask(url)", f"/{path}/{coding}")
    assert answer["headers"]["content-encoding"] == coding
    assert answer["text"] == TEXT


@pytest.mark.parametrize("path", ["events", "padded-events"])
@pytest.mark.parametrize("coding", CODINGS)
def test_each_event_is_readable_before_the_next_is_sent(page: Any, path: str, coding: str) -> None:
    codings = []
    page.on("response", lambda response: codings.append(response.headers.get("content-encoding")))
    seen = page.evaluate("url => listen(url)", f"/{path}/{coding}")
    assert seen == [f"event {number}" for number in range(EVENTS)]
    assert coding in codings


@pytest.mark.parametrize("coding", CODINGS)
def test_the_browser_reads_files_that_stand_compressed_beside_the_original(page: Any, coding: str) -> None:
    answer = page.evaluate("url => ask(url)", f"/static/{coding}/app.js")
    assert answer["headers"]["content-encoding"] == coding
    assert answer["text"] == TEXT
    assert f"-{coding}-" in answer["headers"]["etag"]


def test_what_a_page_sends_compressed_arrives_as_it_was(page: Any) -> None:
    assert page.evaluate("text => post('/echo', text)", TEXT) == TEXT


def test_a_browser_that_has_the_dictionary_reads_what_leans_on_it(page: Any) -> None:
    page.evaluate("fetch('/dictionary').then(response => response.text())")
    answer = page.evaluate("url => ask(url)", "/leaning")
    # Storing a dictionary takes a moment, and nothing tells when it is done.
    for _ in range(50):
        if answer["headers"]["content-encoding"] == "dcz":
            break
        page.wait_for_timeout(100)
        answer = page.evaluate("url => ask(url)", "/leaning")
    assert answer["headers"]["content-encoding"] == "dcz"
    assert answer["text"] == TEXT
    assert int(answer["headers"]["content-length"]) < 100
