"""The command line on projects that are broken, and on commands that make no sense, as golden files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import announced, check_golden, pegboard, project
from servers import environment

APP = """
from pegboard import Pegboard

app = Pegboard()


@app.get("/items/{item_id:int}")
async def item(request):
    return str(request.path_params["item_id"])
"""

SHADOWED = """

@app.get("/late")
async def late(request):
    return "never"
"""

OPEN_ROUTE = """

@app.get("/open", plugins={"auth": {"access": "public"}, "cors": {"allow_origins": ["*"]}})
async def open_to_all(request):
    return "open"
"""

DEPLOYED = """
debug = true

[cors]
allow_origins = ["https://app.example.org"]

[[auth.tokens]]
secret = "a-token-that-is-long-enough-for-a-test"
identity = "Ada"
"""

BROKEN_PLUGIN = {
    "acme_broken.py": "import no_such_module_anywhere\n",
    **announced("acme-broken", "broken", "acme_broken:Broken"),
}

MULTIPLE = "from pegboard import Pegboard\nshop = Pegboard()\nadmin = Pegboard()\n"

REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "no-command": ({}, ["rout"]),
    "no-application": ({}, ["routes"]),
    "no-application-to-run": ({}, ["run"]),
    "no-module": ({"shop.py": APP}, ["run", "shp:app"]),
    "no-attribute": ({"main.py": APP}, ["run", "main:ap"]),
    "no-file": ({"main.py": APP}, ["run", "mian.py"]),
    "not-a-reference": ({"main.py": APP}, ["run", "main:app:"]),
    "not-an-application": ({"main.py": "app = 42\n"}, ["run"]),
    "not-a-board": ({"main.py": "async def app(scope, receive, send): ...\n"}, ["routes"]),
    "nothing-in-the-module": ({"main.py": "x = 1\n"}, ["routes"]),
    "several-boards": ({"main.py": MULTIPLE}, ["routes"]),
    "two-applications": ({"main.py": APP}, ["run", "main:app", "--wrap", "main:app"]),
    "app-of-the-configuration": ({"main.py": APP, "pegboard.toml": 'app = "mian:app"\n'}, ["run"]),
    "no-hook": ({"main.py": APP}, ["hooks", "reqest"]),
    "no-such-host": ({"main.py": APP}, ["run", "--host", "203.0.113.1"]),
    "path-first": ({"main.py": APP}, ["explain", "/items", "GET"]),
    "no-slash": ({"main.py": APP}, ["explain", "GET", "items"]),
    "no-method": ({"main.py": APP}, ["explain", "G T", "/"]),
    "no-url": ({"main.py": APP}, ["explain", "GET", "http://[::1"]),
    "no-header": ({"main.py": APP}, ["explain", "GET", "/", "-H", "nothing"]),
    "no-section": ({"main.py": APP}, ["config", "show", "crs"]),
    "section-of-a-plugin-that-is-off": (
        {"main.py": APP, "pegboard.toml": 'plugins = ["-cors"]\n'},
        ["config", "show", "cors"],
    ),
    "no-plugin-to-add": ({"main.py": APP}, ["add", "crs"]),
    "add-what-is-blocked": ({"main.py": APP, "pegboard.toml": 'plugins = ["-cors"]\n'}, ["add", "cors"]),
    "no-route": ({"main.py": APP, "pegboard.toml": "plugins = []\n"}, ["explain", "GET", "/item/4"]),
    "an-endpoint": ({"main.py": APP}, ["run", "main:item"]),
    "no-file-to-write": ({"main.py": APP, "pegboard.lock/of": "somebody else"}, ["lock"]),
    "live-websocket": ({"main.py": APP}, ["explain", "WEBSOCKET", "/", "--live"]),
}

FOUND: dict[str, tuple[dict[str, str], list[str]]] = {
    "broken-module": ({"main.py": "def load():\n    raise OSError('no disk')\n\n\nload()\n"}, ["routes"]),
    "broken-syntax": ({"main.py": "app = (\n"}, ["run"]),
    "broken-import": ({"main.py": "import no_such_module_anywhere\n"}, ["run"]),
    "broken-exit": ({"main.py": "import sys\n\nsys.exit(0)\n"}, ["check"]),
    "broken-toml-check": ({"main.py": APP, "pegboard.toml": "[cors\n"}, ["check"]),
    "broken-factory": ({"main.py": "def app():\n    raise ValueError('not today')\n"}, ["run"]),
    "broken-plugin-run": ({"main.py": APP, **BROKEN_PLUGIN}, ["run"]),
    "broken-plugin-routes": ({"main.py": APP, **BROKEN_PLUGIN}, ["routes"]),
    "broken-plugin-plugins": ({"main.py": APP, **BROKEN_PLUGIN}, ["plugins"]),
    "broken-settings-plugins": ({"main.py": APP, "pegboard.toml": "[cors]\nmax_age = -1\n"}, ["plugins"]),
    "broken-toml-plugins": ({"main.py": APP, "pegboard.toml": "[cors\n"}, ["plugins"]),
    "broken-plugin-check": ({"main.py": APP, **BROKEN_PLUGIN}, ["check"]),
    "broken-plugin-add": ({"main.py": APP, **BROKEN_PLUGIN}, ["add", "broken"]),
    "broken-everything-check": (
        {
            "main.py": APP,
            "pegboard.toml": 'debg = true\norder = ["crs"]\n\n[gzip]\nminimum_size = "small"\n\n[crs]\nmax_age = 1\n',
            **BROKEN_PLUGIN,
        },
        ["check"],
    ),
    "broken-module-check": ({"main.py": "raise OSError('no disk')\n"}, ["check"]),
    "warning-check": ({"main.py": APP.replace("/items/{item_id:int}", "/{rest:path}") + SHADOWED}, ["check"]),
    "deploy-check": (
        {
            "main.py": APP + OPEN_ROUTE,
            "Dockerfile": 'RUN pip install uvicorn==1.0\nCMD ["uvicorn", "main:app"]\n',
            "pegboard.toml": DEPLOYED,
        },
        ["check", "--deploy", "--workers", "2"],
    ),
    "config-show-broken": ({"main.py": APP, "pegboard.toml": "[cors]\nmax_age = -1\n"}, ["config", "show"]),
    "unlisted-plugins": ({"main.py": APP, "pegboard.toml": 'plugins = ["crs"]\n'}, ["plugins"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    files, arguments = REFUSED[name]
    done = pegboard(project(tmp_path, files), *arguments)
    text = done.text(tmp_path).replace(tmp_path.name, "FOLDER")
    check_golden(f"refused/{name}", text)
    assert done.status == 2
    assert "Traceback" not in text


@pytest.mark.parametrize("name", FOUND)
def test_what_is_broken_says_so_itself(name: str, tmp_path: Path) -> None:
    files, arguments = FOUND[name]
    done = pegboard(project(tmp_path, files), *arguments)
    text = done.text(tmp_path)
    check_golden(f"broken/{name}", text)
    assert done.status == 1
    assert "pegboard/cli" not in text


@pytest.mark.parametrize(
    ("arguments", "said"), [(["routes", "--jsn"], "--json"), (["run", "--port", "70000"], "0<=x<=65535")]
)
def test_an_option_that_makes_no_sense_is_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    """The words are click's, and change with its versions."""
    done = pegboard(project(tmp_path, {"main.py": APP}), *arguments)
    assert said in done.err
    assert (done.status, done.out) == (2, "")


def test_problems_are_json_where_json_is_asked_for(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": APP, **BROKEN_PLUGIN}), "routes", "--json")
    (problem,) = json.loads(done.out)["problems"]
    assert "plugin 'broken' (acme-broken 1.0) cannot be loaded" in problem
    assert (done.status, done.err) == (1, "")


PRINTING = """
from pegboard import Pegboard, hookimpl

print("imported")


class Loud:
    name = "loud"

    @hookimpl
    def setup(self, board):
        print("set up")


app = Pegboard(plugins=[Loud()])


@app.get("/")
async def home(request):
    print("asked")
    return "home"
"""


@pytest.mark.parametrize(
    "arguments", [["routes"], ["explain", "GET", "/", "--live"], ["check", "--lifespan"]], ids=" ".join
)
def test_what_an_application_prints_is_kept_apart(arguments: list[str], tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": PRINTING}), *arguments, "--json")
    assert json.loads(done.out)
    assert done.err.startswith("imported\nset up\n")
    assert done.status == 0


@pytest.mark.skipif(os.name == "nt", reason="the shell of POSIX")
@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("routes >&-", 0, ""),
        ("routes --json | true; exit 0", 0, ""),
        (
            "routes > /dev/full",
            2,
            "pegboard: cannot read or write the output: no space left on device; mend that, and try again\n",
        ),
    ],
    ids=["closed", "closed by its reader", "full"],
)
def test_an_output_that_takes_nothing_is_no_traceback(command: str, status: int, said: str, tmp_path: Path) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    folder = project(tmp_path, {"main.py": APP})
    shell = f'"{sys.executable}" -m pegboard {command}'
    done = subprocess.run(
        ["sh", "-c", shell], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (status, said)


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be removed")
def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    shell = f'rmdir "{folder}" && "{sys.executable}" -m pegboard plugins'
    done = subprocess.run(
        ["sh", "-c", shell], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr == "pegboard: the current folder is no longer there; change to one that is\n"
    assert done.returncode == 2


def test_a_broken_plugin_is_told_from_those_that_are_fine(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": APP, **BROKEN_PLUGIN}), "plugins", "--json")
    found = {row["name"]: row for row in json.loads(done.out)["plugins"]}
    assert found["broken"]["state"] == "broken"
    assert "No module named 'no_such_module_anywhere'" in found["broken"]["causes"][0]
    assert {found[name]["state"] for name in ("logging", "cors", "auth", "gzip")} == {"on"}


def test_without_an_application_the_plugins_of_the_folder_are_shown(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"pegboard.toml": 'plugins = ["cors"]\n'}), "plugins", "--json")
    found = {row["name"]: row["state"] for row in json.loads(done.out)["plugins"]}
    assert found == {"cors": "on", "auth": "off", "gzip": "off", "logging": "off"}
    assert "no application found" in done.err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_is_quiet(tmp_path: Path) -> None:
    code = "from pathlib import Path\nimport time\nPath('importing').touch()\ntime.sleep(60)\n"
    folder = project(tmp_path, {"main.py": code})
    process = subprocess.Popen(
        [sys.executable, "-m", "pegboard", "check"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (folder / "importing").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, "")


@pytest.mark.parametrize(("library", "command"), [("click", "plugins"), ("rich", "plugins"), ("uvicorn", "run")])
def test_the_command_line_without_its_libraries_names_the_extra(library: str, command: str, tmp_path: Path) -> None:
    """A module in the way stands for a library that is not installed."""
    missing = f"raise ModuleNotFoundError({library!r}, name={library!r})\n"
    blocked = project(tmp_path, {f"{library}.py": missing, "main.py": APP})
    done = pegboard(blocked, command)
    assert done.err == (
        f"pegboard: the command line needs {library}, which is not installed; "
        "install the extra that brings it: pip install 'pegboard[standard]'\n"
    )
    assert done.status == 2


def test_doctor_names_the_entry_points_that_fail(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, BROKEN_PLUGIN), "doctor", "--json")
    (problem,) = json.loads(done.out)["problems"]
    assert "plugin 'broken' (acme-broken 1.0) cannot be loaded" in problem
    assert done.status == 1


def test_a_store_in_memory_is_found_with_several_workers(tmp_path: Path) -> None:
    plugin = """
from pegboard import Pegboard, Plugin, Settings

class LimitSettings(Settings, frozen=True, kw_only=True):
    store: str = "memory"

class Limit(Plugin[LimitSettings]):
    name = "limit"
    Settings = LimitSettings

app = Pegboard(plugins=[Limit])
"""
    folder = project(tmp_path, {"main.py": plugin})
    assert pegboard(folder, "check", "--deploy").status == 0
    done = pegboard(folder, "check", "--deploy", env={"WEB_CONCURRENCY": "3"})
    assert "limit: store is 'memory', and 3 processes would have one each" in done.out
    assert done.status == 1


def test_a_lifespan_that_fails_is_found_when_it_is_asked_for(tmp_path: Path) -> None:
    code = """
from contextlib import asynccontextmanager
from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError

@asynccontextmanager
async def lifespan(board):
    raise ConfigurationError(["the database is not there"])
    yield

app = Pegboard(plugins=[], lifespan=lifespan)
"""
    folder = project(tmp_path, {"main.py": code})
    assert pegboard(folder, "check").status == 0
    done = pegboard(folder, "check", "--lifespan")
    assert "the database is not there" in done.out
    assert done.status == 1
