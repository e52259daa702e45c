"""Every command takes the application behind its other arguments, or as an option."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pegboard.cli.failures import Refused
from pegboard.cli.group import run

APP = """
from pegboard import Pegboard, Plugin, Settings, hookimpl


class WordSettings(Settings, frozen=True, kw_only=True):
    text: str = "hello"


class Word(Plugin[WordSettings]):
    name = "word"
    Settings = WordSettings

    @hookimpl
    def request(self): ...


board = Pegboard(plugins=[Word])


@board.get("/only-here")
async def only_here(request): ...
"""

COMMANDS = [
    ["plugins"],
    ["hooks"],
    ["hooks", "request"],
    ["routes"],
    ["explain", "GET", "/only-here"],
    ["config", "show"],
    ["config", "show", "word"],
    ["config", "schema"],
    ["check"],
    ["lock"],
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose application no convention finds; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "found_by_name.py").write_text(APP)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.startswith("found_by_name"):
            del sys.modules[name]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_application_stands_behind_or_is_an_option(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for place in (["found_by_name:board"], ["found_by_name.py"], ["--app", "found_by_name:board"]):
        (Path() / "pegboard.lock").unlink(missing_ok=True)
        assert run([*arguments, *place, "--json"]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1] == said[2]


def test_the_same_application_may_be_named_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["routes", "found_by_name:board", "--app", "found_by_name:board"]) == 0
    assert "/only-here" in capsys.readouterr().out


def test_two_applications_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["routes", "found_by_name:board", "--app", "other:board"]) == Refused.exit_code
    assert capsys.readouterr().err == (
        "pegboard: two applications are named, found_by_name:board and --app other:board; keep one\n"
    )


def test_a_word_that_is_no_application_stays_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hooks", "reqest", "found_by_name:board"]) == Refused.exit_code
    assert "there is no hook 'reqest'; did you mean request?" in capsys.readouterr().err
