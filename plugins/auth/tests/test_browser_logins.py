"""What a real browser makes of logins: Chromium, an application, a provider, and pages of other sites, on loopback.

``localhost`` and ``127.0.0.1`` are two sites; two ports of ``localhost`` are one site and two origins. Browsers send
SameSite cookies within a site, so that there only our own check stands between a page and the session.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider, listening, serving
from servers import free_port

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import HTMLResponse
from pegboard.routing import Route, WebSocketRoute
from pegboard.websockets import WebSocket
from pegboard_auth import Auth

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

POST = "url => fetch(url, {method: 'POST', credentials: 'include', mode: 'no-cors'}).then(() => 'sent')"
CONNECT = """url => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onmessage = event => done(event.data);
    socket.onerror = () => done('refused');
})"""


class Application:
    """An application with a login at the provider, and what has reached it."""

    def __init__(self, provider: OpenIDProvider) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.orders: list[str] = []
        oidc = {
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": f"{self.url}/login/callback",
        }
        self.board = Pegboard(
            routes=[Route("/", self.home), Route("/order", self.order, methods=["POST"]), WebSocketRoute("/ws", echo)],
            plugins=[Auth(sessions={"keys": ["k" * 32]}, oidc=oidc)],
            config={},
        )

    async def home(self, request: Request) -> Any:
        return HTMLResponse(f"<title>{request.user.display_name}</title>")

    async def order(self, request: Request) -> Any:
        self.orders.append(request.user.identity)
        return "ordered"


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.user.identity)
    await websocket.close()


async def elsewhere(request: Request) -> Any:
    return HTMLResponse("<title>elsewhere</title>")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    with serving(OpenIDProvider()) as provider:
        made = Application(provider)
        with listening(made.board, made.port):
            yield made


@pytest.fixture(scope="module")
def other_port() -> Iterator[int]:
    with listening(Pegboard(routes=[Route("/", elsewhere)], plugins=["none"], config={})) as port:
        yield port


@pytest.fixture
def page(browser: Any, application: Application) -> Iterator[Any]:
    """A page of a browser that has logged in."""
    application.orders.clear()
    context = browser.new_context()
    page = context.new_page()
    page.goto(application.url + "/?tab=1")
    yield page
    context.close()


def test_a_browser_goes_all_the_way_and_ends_where_it_wanted_to_be(page: Any, application: Application) -> None:
    assert (page.title(), page.url) == ("Ann", application.url + "/?tab=1")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert list(cookies) == ["__Host-session"], "the cookie of the login is gone"
    session = cookies["__Host-session"]
    assert (session["httpOnly"], session["secure"], session["sameSite"]) == (True, True, "Lax")
    assert page.evaluate("document.cookie") == ""


def test_ones_own_page_may_do_everything(page: Any, application: Application) -> None:
    assert page.evaluate("() => fetch('/order', {method: 'POST'}).then(answer => answer.status)") == 200
    assert application.orders == ["user-1"]
    assert page.evaluate(CONNECT, f"ws://localhost:{application.port}/ws") == "user-1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_another_page_may_do_nothing_be_it_of_the_same_site_or_not(
    page: Any, application: Application, other_port: int, host: str
) -> None:
    page.goto(f"http://{host}:{other_port}/")
    assert page.title() == "elsewhere"
    for path in ("/order", "/logout"):
        assert page.evaluate(POST, application.url + path) == "sent"
    assert page.evaluate(CONNECT, f"ws://localhost:{application.port}/ws") == "refused"
    assert application.orders == []
    page.goto(application.url + "/")
    assert page.title() == "Ann", "nobody was logged out"


def test_a_logout_of_ones_own_page_ends_the_session(page: Any, application: Application) -> None:
    answer = "() => fetch('/logout', {method: 'POST', redirect: 'manual'}).then(answer => answer.type)"
    assert page.evaluate(answer) == "opaqueredirect"
    assert page.context.cookies() == []
    assert page.evaluate("() => fetch('/').then(answer => answer.status)") == 401
