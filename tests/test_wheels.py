"""What is published works: wheels, installed into an empty environment, serve the quickstart from there.

So does what an author makes with `pegboard new`, built, installed, tested and served in the same environment.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from servers import QUICKSTART, ROOT, Server, serving
from wheels import Environment, build_wheel, build_wheels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build_wheels(tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def environment(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with our wheels, and what they bring along."""
    made = Environment(tmp_path_factory.mktemp("environment"))
    core, *plugins = map(str, wheels)
    made.install(f"{core}[standard,testing]", *plugins)
    return made


@pytest.fixture(scope="module")
def server(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The quickstart, in a folder that holds only its two files."""
    folder = tmp_path_factory.mktemp("installed")
    application = folder / "application"
    shutil.copytree(QUICKSTART, application, ignore=shutil.ignore_patterns("__pycache__"))
    with serving(application, folder / "server.log", python=str(environment.python)) as running:
        yield running


def test_there_are_five_wheels_with_types_and_licences(wheels: list[Path]) -> None:
    assert sorted(wheel.name.split("-")[0] for wheel in wheels) == [
        "pegboard",
        "pegboard_auth",
        "pegboard_cors",
        "pegboard_gzip",
        "pegboard_logging",
    ]
    for wheel in wheels:
        names = subprocess.run(
            [sys.executable, "-m", "zipfile", "-l", wheel], check=True, capture_output=True, text=True
        ).stdout
        assert f"{wheel.name.split('-')[0]}/py.typed" in names
        assert "licenses/LICENSE" in names


def test_the_installed_quickstart_serves_with_all_four_plugins(server: Server) -> None:
    page = httpx.get(server.url + "/")
    assert page.status_code == 200
    for name in ("logging", "cors", "auth", "gzip"):
        assert f"<b>{name}</b> 0.1.0" in page.text
    answer = httpx.get(
        server.url + "/private",
        headers={"Authorization": "Bearer quickstart-token-for-trying-out", "Origin": "https://app.example.org"},
    )
    assert answer.json() == {"you are": "Ada"}
    assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
    assert httpx.get(server.url + "/items/1?details=1").headers["content-encoding"] in ("gzip", "br", "zstd")


def test_a_new_plugin_is_built_installed_tested_and_served_by_a_new_application(
    environment: Environment, tmp_path: Path
) -> None:
    for kind, name in (("plugin", "hello"), ("app", "shop")):
        environment.run("pegboard", "new", kind, name, folder=tmp_path)
    (tmp_path / "wheels").mkdir()
    wheel = build_wheel(tmp_path / "pegboard-hello", tmp_path / "wheels", tmp_path / "source")
    environment.install("--no-deps", str(wheel))
    environment.run("pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path / "pegboard-hello")
    environment.run("pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path / "shop")
    assert "pegboard-hello 0.1.0" in environment.run("pegboard", "doctor", folder=tmp_path)
    with serving(tmp_path / "shop", tmp_path / "log", python=str(environment.python)) as running:
        assert httpx.get(running.url + "/items/7").headers["x-hello"] == "hello"


TIMED = """
from pegboard import Pegboard
from pegboard.routing import Route
from pegboard_server_timing import measure


async def page(request):
    with measure(request, "db", "two queries"):
        return "page"


app = Pegboard(routes=[Route("/", page)])
"""


def test_a_plugin_by_others_is_installed_found_configured_and_gold(environment: Environment, tmp_path: Path) -> None:
    source = ROOT / "examples" / "pegboard-server-timing"
    (tmp_path / "wheels").mkdir()
    wheel = build_wheel(source, tmp_path / "wheels", tmp_path / "source")
    environment.install(str(wheel), "trio>=0.31")
    shutil.copytree(source / "tests", tmp_path / "project" / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "pyproject.toml", tmp_path / "project")
    done = environment.run("pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path / "project")
    assert "server-timing: gold" in done
    application = tmp_path / "application"
    application.mkdir()
    (application / "main.py").write_text(TIMED)
    (application / "pegboard.toml").write_text('plugins = ["server-timing"]\n\n[server-timing]\nshow = "always"\n')
    with serving(application, tmp_path / "log", python=str(environment.python)) as running:
        told = httpx.get(running.url + "/").headers["server-timing"]
    assert re.fullmatch(r'db;dur=[\d.]+;desc="two queries", total;dur=[\d.]+;desc="until the head"', told)
