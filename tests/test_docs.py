"""What the pages show works as shown."""

import re
from pathlib import Path
from typing import Any

import pytest
from board_harness import ask
from servers import ROOT

import pegboard
from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard.testclient import AsyncTestClient

pytestmark = pytest.mark.anyio

PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("*/README.md")),
    ROOT / "CONTRIBUTING.md",
]


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def names_of(code: str) -> dict[str, Any]:
    """What a block defines."""
    namespace: dict[str, Any] = {}
    exec(compile(code, "a block of a page", "exec"), namespace)
    return namespace


async def hello(request: Request) -> str:
    return "hello"


async def test_the_first_application_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pegboard.toml").write_text(blocks(ROOT / "README.md", "toml")[0])
    monkeypatch.chdir(tmp_path)
    app = names_of(blocks(ROOT / "README.md", "python")[0])["app"]
    origin = {"origin": "https://app.example.com"}
    answer = await ask(app, "/items/3?details", headers=origin)
    assert answer.body == b'{"id":3,"details":true}'
    assert answer.header("access-control-allow-origin") == "https://app.example.com"
    assert [member.name for member in app.plugins] == ["cors", "gzip"]


async def test_the_wrapped_application_of_the_readme() -> None:
    code = blocks(ROOT / "README.md", "python")[1].replace("existing_app", "existing_app.app")
    assert code.startswith("import pegboard\n")
    existing = Pegboard(routes=[Route("/", hello)], plugins=[])
    namespace: dict[str, Any] = {"existing_app": type("Module", (), {"app": existing})}
    exec(code, namespace)
    answer = await ask(namespace["app"], "/", headers={"origin": "https://app.example.com"})
    assert answer.header("access-control-allow-origin") == "https://app.example.com"


@pytest.mark.parametrize("page", ["README.md", "docs/hooks.md"])
async def test_the_smallest_plugin(page: str) -> None:
    (code,) = [block for block in blocks(ROOT / page, "python") if "class PoweredBy" in block]
    app = Pegboard(routes=[Route("/", hello)], plugins=[names_of(code)["PoweredBy"]])
    assert (await ask(app, "/")).header("x-powered-by") == "Pegboard"


async def test_the_plugin_bound_to_routes() -> None:
    (code,) = [block for block in blocks(ROOT / "docs/hooks.md", "python") if "class CacheControl(" in block]
    app = Pegboard(
        routes=[
            Route("/feed", hello, plugins={"cache-control": {"value": "max-age=60"}}),
            Mount("/live", routes=[Route("/", hello)], plugins={"cache-control": False}),
            Route("/", hello),
        ],
        plugins=[names_of(code)["CacheControl"]],
    )
    values = {path: (await ask(app, path)).header("cache-control") for path in ("/feed", "/live/", "/")}
    assert values == {"/feed": "max-age=60", "/live/": None, "/": "no-store"}


async def test_the_filter() -> None:
    (code,) = [block for block in blocks(ROOT / "docs/hooks.md", "python") if "class Upper" in block]
    app = Pegboard(routes=[Route("/", hello)], plugins=[names_of(code)["Shout"]])
    assert (await ask(app, "/")).body == b"HELLO"


async def test_the_lifespan_gives_state_to_requests() -> None:
    async def greet(request: Request) -> str:
        return str(request.state.greeting)

    (code,) = [block for block in blocks(ROOT / "docs/hooks.md", "python") if "class Greeting" in block]
    app = Pegboard(routes=[Route("/", greet)], plugins=[names_of(code)["Greeting"]])
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).text == "hello"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_package_says_what_it_offers() -> None:
    assert all(hasattr(pegboard, name) for name in pegboard.__all__)
