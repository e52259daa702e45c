"""From settings to the pages of a login."""

from typing import Any

import pytest

from pegboard import Pegboard, wrap
from pegboard.routing import Mount, Route
from pegboard_auth import Auth
from pegboard_auth.audit import Audit
from pegboard_auth.oidc_building import build_oidc
from pegboard_auth.settings import AuthSettings

OIDC: dict[str, Any] = {
    "issuer": "https://id.example",
    "client_id": "me",
    "redirect_uri": "https://app.example/login/callback",
}


def test_nothing_is_made_of_nothing() -> None:
    assert build_oidc(AuthSettings(), None, Audit()) is None


def test_the_pages_are_routes_of_the_board_and_open_to_everybody() -> None:
    plugin = Auth(sessions={"keys": ["k" * 32]}, oidc=OIDC)
    board = Pegboard(routes=[Route("/", lambda request: "home")], plugins=[plugin], config={})
    board.freeze()
    assert [str(board.url_path_for(f"auth-{name}")) for name in ("login", "callback", "logout")] == [
        "/login",
        "/login/callback",
        "/logout",
    ]


@pytest.mark.parametrize("kind", ["wrapped", "mounted at the root"])
def test_an_application_that_takes_all_paths_leaves_these_to_the_plugin(kind: str) -> None:
    async def everything(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("asked")

    plugin = Auth(sessions={"keys": ["k" * 32]}, oidc=OIDC)
    if kind == "wrapped":
        board = wrap(everything, plugins=[plugin], config={})
    else:
        board = Pegboard(routes=[Mount("/", app=everything)], plugins=[plugin], config={})
    board.freeze()
    for path in ("/login", "/login/callback"):
        scope: Any = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        assert board.plan_for(scope).route.path == path


@pytest.mark.parametrize("attempts", [0, 5])
def test_the_throttle_can_be_left_out(attempts: int) -> None:
    plugin = Auth(sessions={"keys": ["k" * 32]}, oidc={**OIDC, "address_attempts": attempts})
    Pegboard(routes=[], plugins=[plugin], config={}).freeze()
