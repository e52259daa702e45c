"""What is published works: five wheels, installed into an empty environment, serve the quickstart from there."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from servers import QUICKSTART, ROOT, Server, serving

DISTRIBUTIONS = ("core", "plugins/auth", "plugins/cors", "plugins/gzip", "plugins/logging")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels, built from copies of the sources."""
    out = tmp_path_factory.mktemp("wheels")
    for distribution in DISTRIBUTIONS:
        source = tmp_path_factory.mktemp("source") / distribution
        shutil.copytree(ROOT / distribution, source, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
        subprocess.run(build, check=True, capture_output=True)
    return sorted(out.glob("*.whl"))


@pytest.fixture(scope="module")
def server(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The quickstart, served from an environment that holds only wheels, in a folder that holds only its two files."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    core = next(wheel for wheel in wheels if wheel.name.startswith("pegboard-"))
    others = [str(wheel) for wheel in wheels if wheel != core]
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"{core}[standard]",
        *others,
    ]
    subprocess.run(install, check=True, capture_output=True)
    application = folder / "application"
    shutil.copytree(QUICKSTART, application, ignore=shutil.ignore_patterns("__pycache__"))
    with serving(application, folder / "server.log", python=str(python)) as running:
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
