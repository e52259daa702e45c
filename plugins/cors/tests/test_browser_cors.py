"""What a real browser makes of the answers: Chromium, a page on one loopback origin, the API on another.

The API is a board served by uvicorn in a process of its own; pages are served on two more ports, so that they have an
origin that the policy allows and one that it does not. Every test runs JavaScript in a page and looks at what the page
may see, or at what reached the API. The browser runs headless and reaches nothing but these three ports.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

API = '''
"""The API: counts what reaches it, and has one route for everything that a page may try."""

import os

from pegboard import Pegboard
from pegboard.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard_cors import CORS

seen = []
PAGE = os.environ["PAGE_ORIGIN"]


def note(request):
    if request.headers.get("origin"):
        seen.append(f"{request.method} {request.url.path}")


async def answer(request):
    note(request)
    return JSONResponse({"cookie": request.cookies.get("who"), "method": request.method})


async def login(request):
    response = PlainTextResponse("welcome")
    response.set_cookie("who", "me", samesite="lax")
    return response


async def total(request):
    return PlainTextResponse("listed", headers={"X-Total": "42", "X-Secret": "43"})


async def stream(request):
    return StreamingResponse([b"piece by ", b"piece"])


async def fail(request):
    raise RuntimeError("broken on purpose")


async def moved(request):
    return RedirectResponse("/simple")


async def away(request):
    return RedirectResponse(os.environ["OTHER_ORIGIN"] + "/simple")


async def echo(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


async def log(request):
    return JSONResponse(seen)


async def forget(request):
    seen.clear()
    return PlainTextResponse("forgotten")


class Counting(CORS):
    def answer_preflight(self, request):
        response = super().answer_preflight(request)
        if response is not None:
            seen.append(f"OPTIONS {request.url.path}")
        return response


def cors(**settings):
    return {"cors": settings}


ANY = ["GET", "POST", "PUT", "DELETE"]

app = Pegboard(
    routes=[
        Route("/simple", answer),
        Route("/item", answer, methods=ANY),
        Route("/fresh", answer, methods=ANY, plugins=cors(max_age=0)),
        Route("/other", answer, methods=ANY, plugins=cors(allow_origins=["https://elsewhere.example"])),
        Route("/off", answer, methods=ANY, plugins={"cors": False}),
        Route("/public", answer, methods=ANY, plugins=cors(allow_origins=["*"], allow_credentials=False)),
        Route("/star", answer, methods=ANY, plugins=cors(allow_headers=["*"], allow_credentials=False)),
        Route("/star-with-credentials", answer, methods=ANY, plugins=cors(allow_headers=["*"])),
        Route("/login", login),
        Route("/total", total),
        Route("/stream", stream),
        Route("/fail", fail),
        Route("/moved", moved),
        Route("/away", away),
        Route("/log", log),
        Route("/forget", forget),
        WebSocketRoute("/echo", echo),
    ],
    plugins=[
        Counting(
            allow_origins=[PAGE],
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["X-Token", "Content-Type"],
            allow_credentials=True,
            expose_headers=["X-Total"],
            websocket_check_origin=True,
        )
    ],
)
'''

HELPERS = """
async function ask(url, options) {
    try {
        const response = await fetch(url, options);
        return {status: response.status, text: await response.text(), headers: Object.fromEntries(response.headers)};
    } catch (error) {
        return {blocked: true};
    }
}
function askXhr(url, {method = "GET", headers = {}, withCredentials = false} = {}) {
    return new Promise(resolve => {
        const request = new XMLHttpRequest();
        request.open(method, url);
        request.withCredentials = withCredentials;
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        request.onload = () => resolve({
            status: request.status, text: request.responseText, total: request.getResponseHeader("X-Total")});
        request.onerror = () => resolve({blocked: true});
        request.send();
    });
}
function open(url) {
    return new Promise(resolve => {
        const socket = new WebSocket(url);
        socket.onmessage = event => resolve(event.data);
        socket.onerror = () => resolve("refused");
    });
}
"""


class Pages(BaseHTTPRequestHandler):
    """Serves the same page at every path."""

    def do_GET(self) -> None:
        body = f"<!doctype html><title>page</title><script>{HELPERS}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def origins() -> Iterator[list[str]]:
    """Two origins of pages: one that the policy allows, one that it does not."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Pages) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def api(origins: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the API, served by uvicorn."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "browser_api.py").write_text(API)
    # The socket stays open here and is handed over, so that nobody takes its port in between.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.set_inheritable(True)
        port = listening.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "browser_api:app", "--fd", str(listening.fileno())]
        environment = {**os.environ, "PAGE_ORIGIN": origins[0], "OTHER_ORIGIN": origins[1]}
        log = folder / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*command, "--log-level", "warning"],
                cwd=folder,
                env=environment,
                pass_fds=[listening.fileno()],
                stdout=output,
                stderr=output,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, server, log)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """The socket listens already, so the first request is answered as soon as the API is up."""
    for _ in range(30):
        try:
            if httpx.get(f"{url}/log", timeout=1, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            if server.poll() is not None:
                break
    server.kill()
    raise AssertionError(f"the API did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    with sync_api.sync_playwright() as playwright:
        # Tests run as root in containers, where Chromium has no sandbox.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, origins: list[str], api: str) -> Iterator[Any]:
    """A page of the allowed origin, with nothing remembered: no cookies, no preflights."""
    httpx.get(f"{api}/forget", trust_env=False)
    context = browser.new_context()
    page = context.new_page()
    page.goto(origins[0])
    yield page
    context.close()


def ask(page: Any, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate("([url, options]) => ask(url, options)", [url, options])
    return answer


def ask_xhr(page: Any, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate("([url, options]) => askXhr(url, options)", [url, options])
    return answer


def log_of(api: str) -> list[str]:
    seen: list[str] = httpx.get(f"{api}/log", trust_env=False).json()
    return seen


BLOCKED = {"blocked": True}
TOKEN = {"X-Token": "1"}


def test_a_simple_request_is_readable_without_a_preflight(page: Any, api: str) -> None:
    """GET needs no leave to be sent, and the answer may be read, by fetch and by XHR."""
    assert ask(page, f"{api}/simple")["status"] == 200
    assert ask_xhr(page, f"{api}/simple")["status"] == 200
    assert log_of(api) == ["GET /simple", "GET /simple"]


def test_a_page_of_another_origin_reads_nothing(page: Any, api: str, origins: list[str]) -> None:
    """A simple request is served, its answer is hidden; a preflighted one is not even sent."""
    page.goto(origins[1])
    assert ask(page, f"{api}/simple") == BLOCKED
    assert ask_xhr(page, f"{api}/simple") == BLOCKED
    assert ask(page, f"{api}/item", method="PUT") == BLOCKED
    assert log_of(api) == ["GET /simple", "GET /simple", "OPTIONS /item"]


def test_a_preflighted_request_is_sent_when_allowed(page: Any, api: str) -> None:
    """Method and headers that the policy names, by fetch and by XHR."""
    answer = ask(page, f"{api}/item", method="PUT", headers={**TOKEN, "Content-Type": "application/json"}, body="{}")
    assert answer["status"] == 200
    assert ask_xhr(page, f"{api}/fresh", method="PUT", headers=TOKEN)["status"] == 200
    assert log_of(api) == ["OPTIONS /item", "PUT /item", "OPTIONS /fresh", "PUT /fresh"]


def test_a_preflighted_request_is_not_sent_when_denied(page: Any, api: str) -> None:
    """A method or a header that the policy does not name never reaches the endpoint."""
    assert ask(page, f"{api}/item", method="DELETE") == BLOCKED
    assert ask(page, f"{api}/item", method="PUT", headers={"X-Other": "1"}) == BLOCKED
    assert ask_xhr(page, f"{api}/item", method="DELETE") == BLOCKED
    assert {line.partition(" ")[0] for line in log_of(api)} == {"OPTIONS"}


def test_methods_are_compared_as_they_are_sent(page: Any, api: str) -> None:
    """Browsers put "put" into upper case and leave "patch" as it is."""
    assert ask(page, f"{api}/item", method="put")["status"] == 200
    assert ask(page, f"{api}/item", method="patch") == BLOCKED


@pytest.mark.parametrize(("path", "preflights"), [("/item", 1), ("/fresh", 3)])
def test_a_preflight_is_kept_as_long_as_it_says(page: Any, api: str, path: str, preflights: int) -> None:
    """One OPTIONS serves for several requests, and a max age of 0 asks each time."""
    for _ in range(3):
        assert ask(page, f"{api}{path}", method="PUT", headers=TOKEN)["status"] == 200
    assert log_of(api).count(f"OPTIONS {path}") == preflights
    assert log_of(api).count(f"PUT {path}") == 3


def test_one_preflight_serves_for_every_method_and_header_of_the_policy(page: Any, api: str) -> None:
    """All that is allowed is named at once, so another combination needs no second preflight."""
    assert ask(page, f"{api}/item", method="PUT", headers={**TOKEN})["status"] == 200
    assert (
        ask(page, f"{api}/item", method="POST", headers={"Content-Type": "application/json"}, body="{}")["status"]
        == 200
    )
    assert log_of(api) == ["OPTIONS /item", "PUT /item", "POST /item"]


def test_credentials_are_sent_and_answers_readable(page: Any, api: str) -> None:
    """A cookie of the API comes with requests that include credentials, preflighted or not."""
    assert ask(page, f"{api}/login", credentials="include")["text"] == "welcome"
    assert '"me"' in ask(page, f"{api}/simple", credentials="include")["text"]
    assert '"me"' in ask(page, f"{api}/item", method="PUT", headers=TOKEN, credentials="include")["text"]
    assert '"me"' in ask_xhr(page, f"{api}/simple", withCredentials=True)["text"]
    assert "null" in ask(page, f"{api}/simple", credentials="omit")["text"]


def test_a_star_is_readable_without_credentials_only(page: Any, api: str, origins: list[str]) -> None:
    """Public answers are for every page, and never for cookies."""
    for origin in origins:
        page.goto(origin)
        assert ask(page, f"{api}/public")["status"] == 200
        assert ask(page, f"{api}/public", credentials="include") == BLOCKED


def test_a_star_for_headers_never_stands_for_authorization(page: Any, api: str) -> None:
    """With and without credentials, any header but this one."""
    for path, options in [("/star", {}), ("/star-with-credentials", {"credentials": "include"})]:
        assert ask(page, api + path, method="PUT", headers={"X-Any": "1", "X-More": "2"}, **options)["status"] == 200
        assert ask(page, api + path, method="PUT", headers={"Authorization": "x"}, **options) == BLOCKED


def test_only_exposed_headers_are_shown(page: Any, api: str) -> None:
    """A page sees the headers that the policy names, and not the others."""
    headers = ask(page, f"{api}/total")["headers"]
    assert headers["x-total"] == "42"
    assert "x-secret" not in headers
    assert ask_xhr(page, f"{api}/total")["total"] == "42"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/fail", 500, "Internal Server Error"),
        ("/missing", 404, "Not Found"),
        ("/stream", 200, "piece by piece"),
        ("/moved", 200, '"GET"'),
    ],
)
def test_whatever_is_answered_can_be_read(page: Any, api: str, path: str, status: int, text: str) -> None:
    """Errors, streams and redirects carry the headers, so that a page knows what happened."""
    answer = ask(page, api + path)
    assert answer["status"] == status
    assert text in answer["text"]
    assert ask_xhr(page, api + path)["status"] == status


def test_a_redirect_leads_to_what_allows_it_only(page: Any, api: str, origins: list[str]) -> None:
    """A preflighted request follows one within the API; what another origin answers without leave stays hidden."""
    assert ask(page, f"{api}/moved", headers=TOKEN)["text"] == ask(page, f"{api}/simple", headers=TOKEN)["text"]
    assert ask(page, f"{api}/away") == BLOCKED
    assert ask(page, f"{api}/away", redirect="manual")["status"] == 0


def test_a_method_that_is_not_there_can_be_told(page: Any, api: str) -> None:
    """A preflight is allowed where the method is, so that the page can read the 405."""
    assert ask(page, f"{api}/simple", method="PUT", headers=TOKEN)["status"] == 405


def test_the_policy_of_a_route_is_the_one_that_counts(page: Any, api: str) -> None:
    """Another policy and no policy both keep this page out, preflights included."""
    for path in ("/other", "/off"):
        assert ask(page, api + path) == BLOCKED
        assert ask(page, api + path, method="PUT") == BLOCKED
    assert not [line for line in log_of(api) if line.startswith("PUT")]


def test_a_sandboxed_page_is_nobody(page: Any, api: str) -> None:
    """The origin null is not allowed by the policy, so a sandboxed frame reads nothing."""
    script = f"fetch('{api}/simple').then(() => 'read', () => 'blocked').then(say => parent.postMessage(say, '*'))"
    result = page.evaluate(
        """script => new Promise(resolve => {
            addEventListener("message", event => resolve(event.data));
            const frame = document.createElement("iframe");
            frame.sandbox = "allow-scripts";
            frame.srcdoc = `<script>${script}</script` + ">";
            document.body.append(frame);
        })""",
        script,
    )
    assert result == "blocked"


def test_websockets_open_from_allowed_origins_only(page: Any, api: str, origins: list[str]) -> None:
    """A handshake from a stranger is refused before the application accepts."""
    url = api.replace("http://", "ws://") + "/echo"
    assert page.evaluate("url => open(url)", url) == "hello"
    page.goto(origins[1])
    assert page.evaluate("url => open(url)", url) == "refused"
