"""What the README shows of sessions and logins works as shown."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider, serving

from pegboard import Pegboard
from pegboard.routing import Route
from pegboard_auth import Auth

pytestmark = pytest.mark.anyio

README = Path(__file__).parents[1] / "README.md"
KEY = "k" * 32


def block(heading: str, language: str) -> str:
    """The first block of code of a language under a heading."""
    section = README.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    code = re.search(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert code is not None
    return code[1]


def configured(heading: str, tmp_path: Path, **replacements: str) -> str:
    text = block(heading, "toml").replace('keys = ["..."]', f'keys = ["{KEY}"]')
    for old, new in replacements.items():
        text, count = re.subn(rf'^{old} = ".*?"', f'{old} = "{new}"', text, flags=re.MULTILINE)
        assert count == 1
    return text


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with serving(OpenIDProvider()) as served:
        yield served


async def test_the_login_page_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured("Sessions", tmp_path, file=str(tmp_path / "sessions.db"))
    (tmp_path / "pegboard.toml").write_text(f'plugins = ["auth"]\n[auth]\nlogin_path = "/enter"\n{config}')
    monkeypatch.chdir(tmp_path)
    stored = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")
    names: dict[str, Any] = {}
    exec(block("Sessions", "python").replace("$argon2id$...", stored), names)
    transport = httpx.ASGITransport(names["app"])
    async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as client:
        sent = await client.get("/?tab=1", headers={"accept": "text/html"})
        assert sent.headers["location"] == "/enter?next=/%3Ftab%3D1"
        login = sent.headers["location"]
        assert "<form" in (await client.get(login)).text
        for name, password in (("ann", "wrong"), ("bob", "right")):
            assert (await client.post(login, data={"name": name, "password": password})).status_code == 403
        entered = await client.post(login, data={"name": "ann", "password": "right"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/?tab=1")
        assert (await client.get("/")).text == "hello ann"
        assert (await client.post("/leave")).status_code == 303
        assert (await client.get("/")).status_code == 401
    await names["app"].plugins[0].plugin.sessions.aclose()


async def test_the_login_at_a_provider(
    provider: OpenIDProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heading = "Login at an OpenID provider"
    config = configured(heading, tmp_path, issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    assert set(tomllib.loads(config)["auth"]) == {"sessions", "oidc"}
    (tmp_path / "pegboard.toml").write_text(config)
    names: dict[str, Any] = {}
    exec(block(heading, "python"), names)
    assert isinstance(names["auth"], Auth)

    async def whoami(request: Any) -> str:
        return f"{request.user.identity} {sorted(request.auth.scopes)}"

    app = Pegboard(routes=[Route("/me", whoami)], plugins=[names["auth"]])
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="https://app.example") as browser,
        httpx.AsyncClient(verify=False) as elsewhere,
    ):
        for department, status_code in (("sales", 403), ("press", 303)):
            provider.claims = {"department": department}
            sent = await browser.get("/me", headers={"accept": "text/html"})
            begun = await browser.get(sent.headers["location"])
            assert parse_qs(urlsplit(begun.headers["location"]).query)["client_id"] == [CLIENT_ID]
            back = (await elsewhere.get(begun.headers["location"])).headers["location"]
            assert (await browser.get(back)).status_code == status_code
        assert (await browser.get("/me")).text == "staff:user-1 ['write']"
