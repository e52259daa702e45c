"""`pegboard add` changes a configuration file, and nothing else of it."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from command_line import pegboard, project

APP = "from pegboard import Pegboard\napp = Pegboard()\n"

SETTING = re.compile(r"# \w+ = (?!\.\.\.)")

CASES: dict[str, tuple[str, str]] = {
    "no file": ("pegboard.toml", ""),
    "a section of another": ("pegboard.toml", "[cors]\nmax_age = 60 # a minute\n"),
    "a list": ("pegboard.toml", 'plugins = ["cors"] # ]\n'),
    "a list over several lines": ("pegboard.toml", 'plugins = [\n    "cors",  # first ]\n    # last\n]\n\n[cors]\n'),
    "a list without a last comma": ("pegboard.toml", 'plugins = [\n    "cors"\n]\n'),
    "no newline at the end": ("pegboard.toml", "debug = false"),
    "lines of Windows": ("pegboard.toml", 'plugins = ["cors"]\r\n\r\n[cors]\r\nmax_age = 60\r\n'),
    "a project": (
        "pyproject.toml",
        '[project]\nname = "x"\n\n[tool.pegboard]\nplugins = ["cors"]\n\n[tool.other]\na = 1\n',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_section_is_added_and_all_else_stays(case: str, tmp_path: Path) -> None:
    name, text = CASES[case]
    folder = project(tmp_path, {"main.py": APP})
    path = folder / name
    if text:
        path.write_bytes(text.encode())
    shown = pegboard(folder, "add", "gzip")
    assert (shown.status, shown.err) == (0, "")
    assert path.exists() == bool(text)
    done = pegboard(folder, "add", "gzip", "--write", "--json")
    assert json.loads(done.out)["written"] is True
    was, now = tomllib.loads(text), tomllib.loads(path.read_bytes().decode())
    table = now["tool"]["pegboard"] if name == "pyproject.toml" else now
    assert table.pop("gzip") == {}
    if "plugins" in table:
        assert table["plugins"].pop() == "gzip"
    assert now == was
    assert path.read_bytes().decode().count("\r\n") in (0, path.read_bytes().decode().count("\n"))
    for line in text.splitlines():
        assert "#" not in line or line.split("#")[1] in path.read_bytes().decode()
    assert pegboard(folder, "check").status == 0


def test_what_is_there_already_is_not_added_again(tmp_path: Path) -> None:
    folder = project(tmp_path, {"main.py": APP, "pegboard.toml": 'plugins = ["gzip"]\n\n[gzip]\n'})
    done = pegboard(folder, "add", "gzip", "--write")
    assert done.out == "pegboard.toml has everything that gzip needs\n"
    assert (folder / "pegboard.toml").read_text() == 'plugins = ["gzip"]\n\n[gzip]\n'


def test_every_setting_can_be_taken_out_of_its_comment(tmp_path: Path) -> None:
    folder = project(tmp_path, {"main.py": APP})
    for name in ("cors", "gzip", "auth", "logging"):
        assert pegboard(folder, "add", name, "--write").status == 0
    path = folder / "pegboard.toml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line[2:] if SETTING.match(line) else line for line in lines))
    tomllib.loads(path.read_text())
    done = pegboard(folder, "check")
    assert done.status == 0, done.out


def test_a_list_in_code_is_named_and_left_alone(tmp_path: Path) -> None:
    folder = project(tmp_path, {"main.py": APP.replace("Pegboard()", 'Pegboard(plugins=["cors"])')})
    done = pegboard(folder, "add", "gzip", "--write")
    assert done.err == (
        "pegboard: the plugins are listed in another place (keyword argument of Pegboard()); add 'gzip' there\n"
    )
    assert done.status == 2


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ('plugins = ["-auth"]\n', ["-auth"]),
        ("plugins = []\n", ["gzip"]),
        ('plugins = ["-auth"]\nautoload = false\n', ["-auth", "gzip"]),
    ],
    ids=["all but one", "none", "none by themselves"],
)
def test_a_list_gets_the_name_only_where_the_plugin_is_off_without(
    configuration: str, expected: list[str], tmp_path: Path
) -> None:
    """A name in a list that only switches off would switch off all others."""
    folder = project(tmp_path, {"main.py": APP, "pegboard.toml": configuration})
    assert pegboard(folder, "add", "gzip", "--write").status == 0
    assert tomllib.loads((folder / "pegboard.toml").read_text())["plugins"] == expected
    found = {row["name"]: row["state"] for row in json.loads(pegboard(folder, "plugins", "--json").out)["plugins"]}
    assert (found["gzip"], found["auth"]) == ("on", "off")


def test_where_plugins_are_on_only_by_a_list_and_there_is_none_it_is_asked_for(tmp_path: Path) -> None:
    folder = project(tmp_path, {"main.py": APP, "pegboard.toml": "autoload = false\n"})
    done = pegboard(folder, "add", "gzip", "--write")
    assert done.err == (
        "pegboard: autoload is off, and no list has 'gzip'; write plugins = [\"gzip\"] in pegboard.toml first\n"
    )
    assert done.status == 2
