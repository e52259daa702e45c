"""``pegboard new``: what it makes is green at once, under the checks that come with it."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import check_golden, pegboard
from servers import environment

BIN = Path(sys.executable).parent


def passes(folder: Path, *command: str) -> None:
    """Run one of the checks of a folder there."""
    arguments = [str(BIN / command[0]), *command[1:]]
    done = subprocess.run(arguments, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["plugin", "app"])
def test_what_is_made_is_listed_with_how_to_go_on(kind: str, tmp_path: Path) -> None:
    done = pegboard(tmp_path, "new", kind, "hello")
    check_golden(f"new/{kind}", done.text(tmp_path))
    assert done.status == 0


@pytest.mark.parametrize("name", ["x", "hello", "a-name-of-thirty-two-characters1"])
def test_a_new_plugin_is_formatted_and_linted_whatever_its_name(name: str, tmp_path: Path) -> None:
    assert pegboard(tmp_path, "new", "plugin", name).status == 0
    folder = tmp_path / f"pegboard-{name}"
    passes(folder, "ruff", "check", "--no-cache")
    passes(folder, "ruff", "format", "--check", "--no-cache")


@pytest.mark.slow
def test_a_new_plugin_is_typed(tmp_path: Path) -> None:
    assert pegboard(tmp_path, "new", "plugin", "hello").status == 0
    passes(tmp_path / "pegboard-hello", "mypy")


def test_a_new_application_passes_its_tests_and_the_check(tmp_path: Path) -> None:
    assert pegboard(tmp_path, "new", "app", "shop").status == 0
    folder = tmp_path / "shop"
    passes(folder, "ruff", "check", "--isolated", "--select", "E,F,I", "--no-cache")
    passes(folder, "ruff", "format", "--isolated", "--check", "--no-cache")
    passes(folder, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert pegboard(folder, "check", env={"PEGBOARD_PLUGINS": "none"}).status == 0


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pegboard-hello").mkdir()
    done = pegboard(tmp_path, "new", "plugin", "hello")
    check_golden("refused/new-folder-that-is-there", done.text(tmp_path))
    assert done.status == 2
    assert list((tmp_path / "pegboard-hello").iterdir()) == []


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    done = pegboard(tmp_path, "new", "plugin", "ServerTiming")
    check_golden("refused/new-bad-name", done.text(tmp_path))
    assert done.status == 2
    assert list(tmp_path.iterdir()) == []
