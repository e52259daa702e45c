"""Each thing that is fine while developing and not in service is found, and its mended form is not."""

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from pegboard import Pegboard, Plugin, RouteHooks, Settings, hookimpl
from pegboard.cli import deploying
from pegboard.cli.deploying import deploy_findings
from pegboard.cli.requirements import Requirement
from pegboard.routing import Mount, Route, WebSocketRoute


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and nothing installed that is outdated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deploying, "outdated", lambda names: iter(()))
    return tmp_path


def found(board: Pegboard, workers: int = 1) -> list[str]:
    return deploy_findings(board, workers)


async def page(connection: Any) -> None: ...


class StoreSettings(Settings, frozen=True, kw_only=True):
    url: str = "memory://"


class LimitSettings(Settings, frozen=True, kw_only=True):
    store: StoreSettings = StoreSettings()


class Limit(Plugin[LimitSettings]):
    name = "limit"
    Settings = LimitSettings


class OriginSettings(Settings, frozen=True, kw_only=True):
    allow_origins: tuple[str, ...] = ()


class Origins(Plugin[OriginSettings]):
    name = "origins"
    Settings = OriginSettings

    @hookimpl
    def route(self, settings: OriginSettings) -> None: ...


class GuardSettings(Settings, frozen=True, kw_only=True):
    default: str = "deny"


class Guard(Plugin[GuardSettings]):
    """Asks who calls but on routes called `open`, as a plugin for authentication does."""

    name = "guard"
    provides = ("identity",)
    Settings = GuardSettings

    @hookimpl
    def route(self, route: Any) -> RouteHooks | None:
        return None if route.name == "open" else RouteHooks(request=self.ask, websocket=self.ask_websocket)

    def ask(self, request: Any) -> None: ...

    def ask_websocket(self, websocket: Any) -> None: ...


class Installed(Plugin):
    name = "installed"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("installed", f"{__name__}:Installed", "pegboard.plugins")
    monkeypatch.setattr("pegboard.discovery.entry_points", lambda **_: (entry,))
    monkeypatch.setattr("pegboard.discovery.resolve", lambda _: Installed)


@pytest.mark.usefixtures("installed")
def test_whatever_is_installed_being_on_is_found() -> None:
    (text,) = found(Pegboard())
    assert text.endswith('list those that are wanted: plugins = ["installed"]')
    assert found(Pegboard(plugins=["installed"])) == []
    assert found(Pegboard(autoload=False)) == []


def test_debug_is_found_with_its_place(folder: Path) -> None:
    (folder / "pegboard.toml").write_text("\ndebug = true\n")
    (text,) = found(Pegboard(plugins=[]))
    assert text == "debug is on (pegboard.toml:2), so errors are shown to clients; switch it off"


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: Pegboard(plugins=[Origins(allow_origins=("*",))]), ["origins"]),
        (lambda: Pegboard(plugins=[Origins(allow_origins=("https://a.example",))]), []),
        (
            lambda: Pegboard(
                routes=[Mount("/m", routes=[Route("/x", page, plugins={"origins": {"allow_origins": ["*"]}})])],
                plugins=[Origins()],
            ),
            ["origins on GET|HEAD /m/x"],
        ),
    ],
    ids=["on the board", "a name", "on a route"],
)
def test_wildcard_origins_are_found(make: Callable[[], Pegboard], names: list[str]) -> None:
    said = 'allow_origins has "*", so pages of any origin may read responses; name the origins'
    assert found(make()) == [f"{name}: {said}" for name in names]


def test_a_store_in_memory_is_found_with_several_workers() -> None:
    assert found(Pegboard(plugins=[Limit()]), workers=1) == []
    (text,) = found(Pegboard(plugins=[Limit()]), workers=3)
    assert text.startswith("limit: store.url is 'memory://', and 3 processes would have one each")
    assert found(Pegboard(plugins=[Limit(store={"url": "redis://"})]), workers=3) == []


def test_public_routes_are_found_where_others_ask_who_calls() -> None:
    routes = [Route("/open", page, name="open"), WebSocketRoute("/ws", page), WebSocketRoute("/out", page, name="open")]
    (text,) = found(Pegboard(routes=routes, plugins=[Guard()]))
    assert "guard does not ask who calls on GET|HEAD /open, WEBSOCKET /out;" in text
    assert found(Pegboard(routes=routes[1:2], plugins=[Guard()])) == []
    assert found(Pegboard(routes=routes, plugins=[Guard(default="allow")])) == []


@pytest.mark.parametrize(
    "name", ["Procfile", "Dockerfile", "Containerfile.web", "compose.yaml", "web.service", "up.sh"]
)
def test_a_server_without_a_graceful_time_out_is_found(name: str, folder: Path) -> None:
    (folder / name).write_text("uvicorn main:app --host 0.0.0.0\n")
    (text,) = found(Pegboard(plugins=[]))
    assert text.startswith(f"{name} starts uvicorn so that open streams hold its stop without limit")
    (folder / name).write_text("uvicorn main:app --timeout-graceful-shutdown 5\n")
    assert found(Pegboard(plugins=[])) == []


@pytest.mark.parametrize("text", ["RUN pip install uvicorn==1.0", "CMD pegboard run", ""])
def test_a_file_that_starts_no_such_server_is_fine(text: str, folder: Path) -> None:
    (folder / "Dockerfile").write_text(text)
    assert found(Pegboard(plugins=[])) == []


def test_old_versions_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    old = Requirement("anyio", ">=4", "", "3.9")
    monkeypatch.setattr("pegboard.cli.requirements.requirements_of", lambda _: iter([old]))
    texts = found(Pegboard(plugins=[]))
    assert "anyio 3.9 is older than pegboard asks for (>=4); upgrade it" in texts
    assert all(re.search("older|not safe", text) for text in texts)
