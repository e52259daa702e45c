"""Logging in and out from endpoints, over a whole board."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, RedirectResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.testclient import AsyncTestClient
from pegboard.websockets import WebSocket
from pegboard_auth import Auth, public, requires
from pegboard_auth.logins import end_sessions, log_in, log_out
from pegboard_auth.session_stores import MemorySessions

pytestmark = pytest.mark.anyio

KEYS = ["k" * 32]


@public
async def enter(request: Request) -> Any:
    response = PlainTextResponse("welcome")
    name = request.query_params.get("name", "ann")
    await log_in(request, response, name, display_name=name.title(), scopes=["write"], claims={"locale": "de"})
    return response


@requires("write")
async def leave(request: Request) -> Any:
    response = RedirectResponse("/", 303)
    await log_out(request, response, everywhere="everywhere" in request.query_params)
    return response


async def block(request: Request) -> Any:
    return await end_sessions(request, request.query_params["name"]), 200


async def whoami(request: Request) -> Any:
    return {"user": request.user.display_name, "scheme": request.auth.scheme, "claims": dict(request.auth.claims)}


ROUTES = [
    Route("/enter", enter, methods=["POST"]),
    Route("/leave", leave, methods=["POST"]),
    Route("/block", block, methods=["POST"]),
    Route("/me", whoami),
    Route("/perhaps", whoami, methods=["GET", "POST"], plugins={"auth": {"access": "optional"}}),
]


def board(**sessions: Any) -> Pegboard:
    return Pegboard(routes=list(ROUTES), plugins=[Auth(sessions={"keys": KEYS, **sessions})], config={})


def browser(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://here.example")


@pytest.mark.parametrize("kept", ["in memory", "in a file", "by an object"])
async def test_a_browser_logs_in_and_out(kept: str, tmp_path: Path) -> None:
    where: dict[str, Any] = {
        "in memory": {},
        "in a file": {"file": tmp_path / "s.db"},
        "by an object": {"store": MemorySessions()},
    }
    app = board(**where[kept])
    async with browser(app) as client:
        assert (await client.get("/me")).status_code == 401
        assert (await client.post("/enter")).text == "welcome"
        assert (await client.get("/me")).json() == {"user": "Ann", "scheme": "session", "claims": {"locale": "de"}}
        assert (await client.post("/leave")).status_code == 303
        assert (await client.get("/me")).status_code == 401
    await app.plugins[0].plugin.sessions.aclose()


async def test_only_logins_and_logouts_set_the_cookie() -> None:
    async with browser(board()) as client:
        assert "set-cookie" not in (await client.get("/perhaps")).headers
        assert "set-cookie" in (await client.post("/enter")).headers
        for path in ("/me", "/perhaps", "/nowhere"):
            assert "set-cookie" not in (await client.get(path)).headers
        assert "set-cookie" in (await client.post("/leave")).headers


async def test_caches_are_told_that_answers_depend_on_the_cookie() -> None:
    async with browser(board()) as client:
        assert (await client.get("/me")).headers["vary"] == "cookie"


async def test_a_session_that_is_over_is_anonymous_and_bad_credentials_of_others_are_still_an_answer() -> None:
    app = board()
    async with browser(app) as client:
        await client.post("/enter")
        await app.plugins[0].plugin.sessions.store.remove_all("ann")
        assert (await client.get("/perhaps")).json()["user"] == ""
        assert (await client.get("/me")).status_code == 401
        assert (await client.get("/nowhere")).status_code == 404


async def test_a_logout_everywhere_is_for_all_browsers_of_the_user() -> None:
    app = board()
    async with browser(app) as here, browser(app) as there, browser(app) as others:
        await here.post("/enter")
        await there.post("/enter")
        await others.post("/enter?name=bob")
        await here.post("/leave?everywhere")
        assert (await there.get("/me")).status_code == 401
        assert (await others.post("/block?name=bob")).text == "1"
        assert (await others.get("/me")).status_code == 401


async def test_requests_that_another_site_has_caused_do_not_count() -> None:
    app = board(trusted_origins=["https://partner.example"])
    async with browser(app) as client:
        await client.post("/enter")
        evil = {"origin": "https://evil.example"}
        assert (await client.get("/me", headers={"sec-fetch-site": "cross-site"})).status_code == 200
        assert (await client.post("/perhaps", headers={"sec-fetch-site": "cross-site"})).status_code == 403
        assert (await client.post("/perhaps", headers=evil)).status_code == 403
        assert (await client.post("/leave", headers=evil)).status_code == 403
        assert (await client.post("/perhaps", headers={"origin": "https://here.example"})).status_code == 200
        assert (await client.post("/perhaps", headers={"origin": "https://partner.example"})).status_code == 200
    async with browser(app) as client:
        refused = await client.post("/enter", headers=evil)
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
        assert (await client.post("/perhaps", headers=evil)).status_code == 200, "no cookie, nothing to protect"


async def test_without_sessions_a_login_says_what_to_do() -> None:
    app = Pegboard(routes=[Route("/enter", enter)], plugins=[Auth()], config={})
    async with browser(app) as client:
        with pytest.raises(RuntimeError, match=r"no sessions: configure them, \[auth.sessions\]"):
            await client.get("/enter")


async def test_a_mounted_board_uses_the_sessions_of_the_one_around_it() -> None:
    inner = Pegboard(routes=[Route("/enter", enter, methods=["POST"])], plugins=["none"], config={})
    mount = Mount("/inner", app=inner, plugins={"auth": {"access": "optional"}})
    app = Pegboard(routes=[mount, *ROUTES], plugins=[Auth(sessions={"keys": KEYS})], config={})
    async with browser(app) as client:
        assert (await client.post("/inner/enter")).status_code == 200
        assert (await client.get("/me")).json()["user"] == "Ann"


async def test_an_application_of_another_framework_logs_in_with_its_own_objects() -> None:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse as Answer
    from starlette.routing import Route as StarletteRoute

    async def enter(request: Any) -> Any:
        response = Answer("welcome")
        await log_in(request, response, "ann")
        return response

    inner = Starlette(routes=[StarletteRoute("/enter", enter, methods=["POST"])])
    mount = Mount("/inner", app=inner, plugins={"auth": {"access": "optional"}})
    app = Pegboard(routes=[mount, *ROUTES], plugins=[Auth(sessions={"keys": KEYS})], config={})
    async with browser(app) as client:
        assert (await client.post("/inner/enter")).text == "welcome"
        assert (await client.get("/me")).json()["user"] == "ann"


async def test_a_websocket_is_closed_once_its_user_has_logged_out_elsewhere() -> None:
    async def wait(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive()

    routes = [*ROUTES, WebSocketRoute("/ws", wait)]
    plugin = Auth(sessions={"keys": KEYS}, websocket_check=0.01)
    app = Pegboard(routes=routes, plugins=[plugin], config={})
    async with AsyncTestClient(app, base_url="https://here.example") as client, browser(app) as elsewhere:
        await client.post("/enter")
        await elsewhere.post("/enter")
        async with client.websocket_connect("/ws") as socket:
            await elsewhere.post("/leave?everywhere")
            assert await socket.receive() == {
                "type": "websocket.close",
                "code": 3000,
                "reason": "no longer allowed",
            }
