"""What is wrong at the start is said in one clear message, without a traceback, and the exit status is not 0."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from servers import QUICKSTART, command, environment, free_port

APP = """
from pegboard import Pegboard
{more}
app = Pegboard({arguments})
"""


def start(folder: Path, *, port: int | None = None, **env: str) -> tuple[int, str]:
    """Try to serve the application in ``folder``; gives the exit status and what was printed."""
    done = subprocess.run(
        command(port or free_port()),
        cwd=folder,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def application(folder: Path, arguments: str = "", more: str = "") -> Path:
    (folder / "main.py").write_text(APP.format(arguments=arguments, more=more))
    return folder


def announce(folder: Path, dist: str, name: str, value: str) -> None:
    """Announce a plugin in ``folder``, as an installed distribution does."""
    info = folder / f"{dist.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[pegboard.plugins]\n{name} = {value}\n")


def check(result: tuple[int, str], *parts: str) -> None:
    status, output = result
    assert status != 0, output
    assert "Traceback" not in output, output
    for part in parts:
        assert part in output, output


def test_a_plugin_that_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "acme_broken.py").write_text("import no_such_module_anywhere\n")
    announce(tmp_path, "acme-broken", "broken", "acme_broken:Broken")
    application(tmp_path)
    check(
        start(tmp_path),
        "Pegboard cannot start: 1 problem",
        "plugin 'broken' (acme-broken 1.0) cannot be loaded from 'acme_broken:Broken'",
        "No module named 'no_such_module_anywhere'",
        "PEGBOARD_PLUGINS=-broken",
    )


def test_a_broken_plugin_can_be_switched_off_from_outside(tmp_path: Path) -> None:
    (tmp_path / "acme_broken.py").write_text("import no_such_module_anywhere\n")
    announce(tmp_path, "acme-broken", "broken", "acme_broken:Broken")
    application(tmp_path)
    code = "import main; print(sorted(member.name for member in main.app.plugins))"
    env = environment({"PEGBOARD_PLUGINS": "-broken"})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "['auth', 'cors', 'gzip', 'logging']", done.stderr


def test_two_plugins_of_one_name(tmp_path: Path) -> None:
    announce(tmp_path, "acme-one", "same", "json:dumps")
    announce(tmp_path, "acme-two", "same", "json:loads")
    application(tmp_path)
    check(start(tmp_path), "two plugins are called 'same': acme-one 1.0 (json:dumps) and acme-two 1.0 (json:loads)")


def test_bad_values_in_the_configuration_file(tmp_path: Path) -> None:
    application(tmp_path)
    (tmp_path / "pegboard.toml").write_text('[gzip]\nminimum_size = "small"\n\n[crs]\nmax_age = 1\n')
    check(
        start(tmp_path),
        "Pegboard cannot start: 2 problems",
        "pegboard.toml:2: gzip.minimum_size",
        '"small"',
        "pegboard.toml:4: crs",
        "did you mean cors",
    )


def test_a_configuration_file_that_is_no_toml(tmp_path: Path) -> None:
    application(tmp_path)
    (tmp_path / "pegboard.toml").write_text("[gzip\n")
    check(start(tmp_path), "pegboard.toml:1")


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        check(start(QUICKSTART, port=port), "address already in use", str(port))


PLUGIN = """
import pegboard
class P(pegboard.Plugin):
    name = "p"
    {body}
"""


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("@pegboard.hookimpl\n    def requst(self): ...", "unknown hook 'requst' (did you mean 'request'?)"),
        ("phase = 'x'", "phase='x'; expected one of observe, guard"),
    ],
)
def test_a_plugin_that_breaks_the_contract(tmp_path: Path, body: str, part: str) -> None:
    check(start(application(tmp_path, "plugins=[P]", PLUGIN.format(body=body))), part)
