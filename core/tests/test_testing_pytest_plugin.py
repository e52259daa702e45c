"""The kit in pytest: fixtures that work without a conftest, an option that checks, and nothing at all otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import Head
from pegboard.routing import Route
from pegboard.testclient import TestClient
from pegboard.testing import CheckedBoard, HookRecorder, VirtualClock


class Stamp(Plugin):
    """Stamps every answer."""

    name = "stamp"

    @hookimpl
    def response(self, response: Head) -> None:
        response.headers["x-stamp"] = "1"


@pytest.fixture
def pegboard_plugin() -> Stamp:
    return Stamp()


# The fixtures


def test_the_board_has_the_plugin_under_test(board: CheckedBoard) -> None:
    assert [member.name for member in board.plugins] == ["stamp"]


def test_the_client_talks_to_it_and_the_recorder_sees(board_client: TestClient, hook_recorder: HookRecorder) -> None:
    assert board_client.get("/").headers["x-stamp"] == "1"
    assert board_client.get("/fail").status_code == 500
    hook_recorder.assert_ran("response", plugin="stamp", times=2)


async def hello(request: Request) -> str:
    return "hello"


def test_the_factory_makes_boards_with_routes_and_options(
    board_factory: Callable[..., Pegboard], hook_recorder: HookRecorder
) -> None:
    board = board_factory(plugins=[Stamp], routes=[Route("/only", hello)], debug=True)
    with TestClient(board) as client:
        assert client.get("/only").text == "hello"
        assert client.get("/json").status_code == 404
    assert board.debug
    hook_recorder.assert_ran("response", times=2)


def test_variables_of_the_environment_are_put_away(
    monkeypatch: pytest.MonkeyPatch, board_factory: Callable[..., Pegboard]
) -> None:
    assert not any(name.startswith("PEGBOARD_") for name in os.environ)
    assert board_factory([Stamp]).plugins


def test_the_clock_stands_still(virtual_clock: VirtualClock) -> None:
    from pegboard.stories import http

    perf_counter = vars(http)["perf_counter"]
    before = perf_counter()
    assert perf_counter() == before
    virtual_clock.advance(1)
    assert perf_counter() == before + 1


# In a pytest of its own

MODULE = '''
from pegboard import Plugin, hookimpl
from pegboard.responses import Head


class Stamp(Plugin):
    """Stamps every answer."""

    name = "stamp"

    @hookimpl
    def response(self, response: Head) -> None:
        response.headers["x-stamp"] = "1"


class Broken(Stamp):
    name = "broken"

    @hookimpl
    def request(self, request: object) -> None:
        raise ValueError("broken on purpose")
'''


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stamps_of_a_test.py").write_text(MODULE)
    (tmp_path / "test_own.py").write_text("def test_own() -> None:\n    pass\n")
    return tmp_path


@pytest.mark.slow
def test_one_line_checks_a_plugin_and_prints_its_tier(folder: Path) -> None:
    done = run_pytest(folder, "--pegboard-conformance", "stamps_of_a_test:Stamp", "--pegboard-tier", "silver")
    assert done.returncode == 0, done.stdout
    assert "stamp: silver" in done.stdout
    assert "not: is-documented" in done.stdout
    assert "test_own" not in done.stdout
    assert "calls a request" in done.stdout


@pytest.mark.slow
def test_a_plugin_below_the_tier_fails_in_words(folder: Path) -> None:
    chosen = "answer or reaches-endpoints or is-typed"
    done = run_pytest(folder, "--pegboard-conformance", "stamps_of_a_test:Broken", "-k", chosen, "test_own.py", "-n1")
    assert done.returncode == 1
    assert "broken is not silver: GET / (answer):" in done.stdout
    assert "hook 'request' raised ValueError: broken on purpose" in done.stdout
    assert "broken: not judged" in done.stdout


@pytest.mark.slow
def test_settings_come_from_a_file(folder: Path) -> None:
    (folder / "own.toml").write_text('[stamp]\nink = "blue"\n')
    done = run_pytest(
        folder, "--pegboard-conformance", "stamps_of_a_test:Stamp", "--pegboard-config", "own.toml", "-k", "starts"
    )
    assert done.returncode == 1
    assert "stamp is not bronze: no board starts with it" in done.stdout
    assert "ink" in done.stdout


BAD_USAGE = {
    "name": ("nobody", "", "no plugin called 'nobody' is installed"),
    "module": ("no_such_module:Stamp", "", "No module named 'no_such_module'"),
    "attribute": ("stamps_of_a_test:Stmp", "", "has no attribute 'Stmp'; did you mean Stamp?"),
    "no plugin": ("stamps_of_a_test:Head", "", "'stamps_of_a_test:Head' is no plugin: it has no attribute `name`"),
    "broken": ("broken_of_a_test:Stamp", "", "cannot be loaded: ZeroDivisionError: division by zero"),
    "file": ("stamps_of_a_test:Stamp", "no.toml", "expected a pegboard.toml"),
    "section": ("stamps_of_a_test:Stamp", "stmp.toml", "[stmp] is the section of no plugin; did you mean [stamp]?"),
}

IN_TURN = """
import contextlib, io, json, sys
import pytest

answers = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        status = pytest.main(["-p", "no:cacheprovider", *arguments])
    answers.append((int(status), said.getvalue()))
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """What bad usage is answered with: status and words. One process is asked in turn; nothing of it runs a test."""
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "stamps_of_a_test.py").write_text(MODULE)
    (folder / "broken_of_a_test.py").write_text("1 / 0\n")
    (folder / "stmp.toml").write_text("[stmp]\n")
    asked = [
        ["--pegboard-conformance", plugin, *(["--pegboard-config", file] if file else [])]
        for plugin, file, _ in BAD_USAGE.values()
    ]
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, json.dumps(asked)], cwd=folder, capture_output=True, text=True, check=True
    )
    return dict(zip(BAD_USAGE, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_USAGE)
def test_bad_usage_is_told_in_a_sentence(case: str, refusals: dict[str, tuple[int, str]]) -> None:
    status, said = refusals[case]
    assert status == 4
    assert BAD_USAGE[case][-1] in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_module_of_the_current_folder_is_found(folder: Path) -> None:
    """Also by the script `pytest`, which does not look there by itself."""
    code = (
        "import sys; sys.path = [each for each in sys.path if each]; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    )
    asked = ["--pegboard-conformance", "stamps_of_a_test:Stamp", "-k", "is-typed", "-p", "no:cacheprovider"]
    done = subprocess.run([sys.executable, "-c", code, *asked], cwd=folder, capture_output=True, text=True, check=False)
    assert "stamp is not gold: no py.typed" in done.stdout


IDLE = """
import sys


def test_nothing_was_loaded() -> None:
    ours = {name for name in sys.modules if name.split(".")[0] == "pegboard"}
    assert ours == {"pegboard", "pegboard.testing", "pegboard.testing.pytest_plugin"}
    assert not {"httpx", "uvicorn", "blockbuster", "msgspec"} & set(sys.modules)
"""


@pytest.mark.slow
def test_a_run_that_does_not_use_it_loads_and_prints_nothing(folder: Path) -> None:
    (folder / "test_idle.py").write_text(IDLE)
    done = run_pytest(folder, "test_idle.py", "-p", "no:hypothesispytest", "-p", "no:faker")
    assert done.returncode == 0, done.stdout
    assert "onformance" not in done.stdout
    assert done.stderr == ""


@pytest.mark.slow
def test_it_can_be_switched_off(folder: Path) -> None:
    done = run_pytest(folder, "test_own.py", "-p", "no:pegboard")
    assert done.returncode == 0, done.stdout
    done = run_pytest(folder, "test_own.py", "-p", "no:pegboard", "--pegboard-conformance", "stamp")
    assert "unrecognized arguments" in done.stderr


@pytest.mark.slow
def test_a_board_without_a_plugin_under_test_says_what_to_define(folder: Path) -> None:
    (folder / "test_bare.py").write_text("def test_bare(board: object) -> None:\n    pass\n")
    done = run_pytest(folder, "test_bare.py")
    assert done.returncode == 1
    assert "define a fixture `pegboard_plugin`" in done.stdout


def test_every_public_name_is_there() -> None:
    import pegboard.testing as kit

    assert all(getattr(kit, name) is not None for name in kit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _: Any = kit.nothing
